"""Tells the simulated city case by case, each from its own seed, so that any number of them needs no more memory."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, Final

from conformance.reference.people import an_applicant
from conformance.simulation.applications import APPLICATIONS
from conformance.simulation.directory import ARCHIVES, COUNTY, HOTLINE, HOUSING, LICENCE, MARKET, RESOURCES, URBAN
from conformance.simulation.model import SimCase, last_before, mondays, place_of, steps_of, workdays
from conformance.simulation.others import COMPLAINTS, COUNTIES, ENFORCEMENT, PUNISHMENTS, REPEATED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.simulation.model import Scenario

SCENARIOS: Final = (*APPLICATIONS, *PUNISHMENTS, *ENFORCEMENT, *COMPLAINTS, *COUNTIES)
LEAST_CASES: Final = 3 * len(SCENARIOS)
"""Fewest cases of a city: one of every kind, and twice as many ordinary ones."""

GROUP: Final = 3
"""Complaints that make one finding of R64."""

SERIAL_DIGITS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What the cases of one system have in common: the letters of their numbers, and what they say of themselves."""

    letters: str
    department: str
    region: str = "321200"
    about: tuple[tuple[str, Any], ...] = ()


OFFICES: Final = {
    "housing": Office(letters="ZJ", department=HOUSING,
                      about=(("matter_code", LICENCE), ("power_type", "01"), ("case_type", "2"))),
    "market": Office(letters="SJ", department=MARKET),
    "urban": Office(letters="CG", department=URBAN),
    "hotline": Office(letters="RX", department=HOTLINE),
    "resources": Office(letters="GZ", department=RESOURCES),
    "county": Office(letters="XS", department=COUNTY, region="321281",
                     about=(("power_type", "01"), ("case_type", "2"))),
    "archives": Office(letters="DA", department=ARCHIVES, about=(("case_type", "2"),)),
}  # fmt: skip
"""The systems of the city."""


def cast(seed: int, cases: int) -> array[int]:
    """Return which scenario each case has: every one by its share, at least once, in a drawn order."""
    if cases < LEAST_CASES:
        raise ValueError(f"a city of {cases} cases cannot hold every kind: ask for at least {LEAST_CASES}")
    numbers = array("H")
    for number, scenario in enumerate(SCENARIOS):
        count = max(1, round(scenario.share * cases)) if number else 0
        if scenario.name == REPEATED:
            count = max(1, round(count / GROUP)) * GROUP
        numbers.extend([number] * count)
    numbers.extend([0] * (cases - len(numbers)))
    shuffled = array("H", numbers[:cases])
    Random(seed).shuffle(shuffled)  # noqa: S311 - a reproducible stream is the point
    return shuffled


def cases_of(seed: int, cases: int) -> Iterator[SimCase]:
    """Yield the cases of a city; equal arguments give equal cities. ValueError where they are too few."""
    serials: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for number, chosen in enumerate(cast(seed, cases)):
        scenario = SCENARIOS[chosen]
        serials[scenario.system] += 1
        seen[scenario.name] += 1
        serial = f"{OFFICES[scenario.system].letters}2026-{serials[scenario.system]:0{SERIAL_DIGITS}}"
        yield _told(scenario, serial, Random(f"{seed}/{number}"), seed, seen[scenario.name] - 1)  # noqa: S311


def _told(scenario: Scenario, case_no: str, rng: Random, seed: int, order: int) -> SimCase:
    office = OFFICES[scenario.system]
    about: dict[str, Any] = {
        "case_no": case_no,
        "family": "application",
        "department_id": office.department,
        "region_code": office.region,
        "channel": "window",
        "disclosure": {"class": "public"},
        **dict(office.about),
        **scenario.about,
    }
    first = _first(scenario, rng)
    if scenario.name == REPEATED:
        group = order // GROUP
        first = _first(scenario, Random(f"{seed}/{REPEATED}/{group}")) + order % GROUP  # noqa: S311
        related = f"{OFFICES['housing'].letters}2026-{group + 1:0{SERIAL_DIGITS}}"
        about["complaint"] = {**about["complaint"], "related_case_no": related}
    who = an_applicant(rng, office.region)
    kind = about.pop("applicant_kind", who.kind)
    return SimCase(
        case_no=case_no,
        scenario=scenario,
        about=about,
        person=(who.name, kind, who.id_number, who.phone),
        steps=steps_of(scenario.life(rng), first),
    )


def _first(scenario: Scenario, rng: Random) -> int:
    """Draw the working day, by number, on which a case begins."""
    last = len(workdays()) - 1
    if scenario.to_end is not None:
        return last - scenario.to_end
    first = place_of(scenario.since) if scenario.since else 0
    room = last_before(scenario.until) if scenario.until else last - scenario.span
    if scenario.on_monday:
        return rng.choice([place for place in mondays() if first <= place <= room])
    return rng.randint(first, room)
