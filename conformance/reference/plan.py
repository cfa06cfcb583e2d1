"""Plans the generated city: which cases it has, how each goes, what a right hub must find, and what it must refuse."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Final

from conformance.reference.directory import HOUSING, MARKET, PLATFORM, WATER, departments
from conformance.reference.people import an_applicant
from conformance.reference.scenarios import ORDINARY, PLANTED, SETTLED_DAYS
from conformance.reference.story import CityCase, Life, Teller, at
from hub.supervision.calendar import WorkCalendar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from conformance.reference.directory import CityDepartment, CityMatter
    from conformance.reference.scenarios import Scenario
    from conformance.reference.story import Step

SEED: Final = 20080808
"""The day of the implementation opinions; any number does."""

CASES: Final = 800
START: Final = date(2026, 3, 2)
END: Final = date(2026, 6, 30)
"""The demo's size and span: four months with Qingming, Labour Day and its worked Saturday, and Dragon Boat in them."""

RULES: Final = ("R10", "R13", "R14", "R15", "R19", "R20", "R40", "R44", "R45")
"""Rules for which the truth is complete: a case that is not named must not be charged."""

LEAST_CASES: Final = 2 * len(PLANTED)
"""Fewest cases of a plan: one of every planted kind, and as many ordinary ones."""

SATURDAY_SHARE: Final = 0.1
"""Share of plain online applications that come in on a Saturday."""

CHANNELS: Final = ("window", "online", "mobile")
UNDECODABLE: Final = "undecodable"
UNKNOWN_CODE: Final = "unknown code"
MISSING_DATE: Final = "missing date"

FAULTS: Final = {
    HOUSING: (UNKNOWN_CODE, MISSING_DATE, UNKNOWN_CODE),
    MARKET: (UNDECODABLE, UNKNOWN_CODE, MISSING_DATE, UNDECODABLE),
    PLATFORM: (UNDECODABLE, UNKNOWN_CODE, MISSING_DATE),
    WATER: (UNKNOWN_CODE, MISSING_DATE),
}
"""What is wrong with the records that must end in the quarantine, by connection: a database hands over decoded text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dirt:
    """One record that must be refused, and when it is keyed in."""

    connection: str
    kind: str
    keyed_at: datetime
    case: CityCase
    """A case that only this record tells of; it is not among the plan's cases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CityPlan:
    """A city's months. Days are local; `end` is the last day, over at 24:00.

    `truth`: for each rule the numbers of the cases for which an alert must have been raised by the end, whatever became
    of it later (cleared, revoked); every other case must have none. It holds for a hub that reads every source at
    least hourly and within the day, judging with a horizon no more than 24 hours behind.
    `near_misses`: for each rule the cases that narrowly do not break it. `quarantine_truth`: refused records by
    connection.
    """

    seed: int
    start: date
    end: date
    cases: Sequence[CityCase]
    dirt: Sequence[Dirt]
    truth: Mapping[str, frozenset[str]]
    near_misses: Mapping[str, frozenset[str]]

    @property
    def quarantine_truth(self) -> Mapping[str, int]:
        """Return the number of records of each connection that must be refused."""
        return Counter(dirt.connection for dirt in self.dirt)

    @property
    def starts_at(self) -> datetime:
        """Return the first moment of the city."""
        return at(self.start, 0)

    @property
    def ends_at(self) -> datetime:
        """Return the moment the city's last day is over."""
        return at(self.end + timedelta(days=1), 0)


def plan(seed: int = SEED, cases: int = CASES, start: date = START, end: date = END) -> CityPlan:
    """Plan a city; equal arguments give equal plans. ValueError where the months or the cases are too few."""
    if cases < LEAST_CASES:
        raise ValueError(f"a city of {cases} cases cannot hold every planted kind: ask for at least {LEAST_CASES}")
    planner = _Planner(seed, start, end)
    told = [planner.case(scenario) for scenario in _cast(cases)]
    soiled = [(fault, planner.soiled(connection)) for connection, faults in FAULTS.items() for fault in faults]
    numbered = _numbered([*told, *(case for _, case in soiled)], start.year)
    kept = tuple(numbered[: len(told)])
    return CityPlan(
        seed=seed,
        start=start,
        end=end,
        cases=kept,
        dirt=tuple(_dirt(fault, case) for (fault, _), case in zip(soiled, numbered[len(told) :], strict=True)),
        truth=_by_rule(kept, {scenario.name: scenario.truth for scenario in PLANTED}),
        near_misses=_by_rule(kept, {scenario.name: scenario.near for scenario in (*PLANTED, *ORDINARY)}),
    )


def _numbered(cases: Sequence[CityCase], year: int) -> list[CityCase]:
    """Number cases as they came in, by department and by system; return them in the order given."""
    places = sorted(range(len(cases)), key=lambda place: (cases[place].steps[0].keyed_at, place))
    serials: Counter[str] = Counter()
    numbered = list(cases)
    for place in places:
        department = cases[place].department
        serials.update((department.letters, department.connection))
        case_no = f"{department.letters}{year}-{serials[department.letters]:05d}"
        numbered[place] = replace(cases[place], case_no=case_no, key=serials[department.connection])
    return numbered


def _dirt(fault: str, case: CityCase) -> Dirt:
    return Dirt(connection=case.department.connection, kind=fault, keyed_at=case.steps[0].keyed_at, case=case)


def _cast(cases: int) -> Iterator[Scenario]:
    """Yield one scenario a case: every planted one by its share, at least once; ordinary ones for the rest."""
    planted = [scenario for scenario in PLANTED for _ in range(max(1, round(scenario.share * cases)))]
    yield from planted
    left = cases - len(planted)
    for place in range(left):
        yield _ordinary((place + 0.5) / left)


def _ordinary(share: float) -> Scenario:
    for scenario in ORDINARY:
        share -= scenario.share
        if share < 0:
            return scenario
    return ORDINARY[0]


def _by_rule(told: Sequence[CityCase], rules: Mapping[str, Sequence[str]]) -> Mapping[str, frozenset[str]]:
    return {rule: frozenset(case.case_no for case in told if rule in rules.get(case.scenario, ())) for rule in RULES}


class _Planner:
    """Draws cases one after another from one seeded stream."""

    def __init__(self, seed: int, start: date, end: date) -> None:
        self.rng = Random(seed)  # noqa: S311 - a reproducible stream is the point
        self.start, self.end = start, end
        self.ends_at = at(end + timedelta(days=1), 0)
        self.calendar = WorkCalendar()
        self.days = [start + timedelta(days=offset) for offset in range((end - start).days + 1)]
        self.days = [day for day in self.days if self.calendar.is_workday(day)]
        self.offices = departments()

    def case(self, scenario: Scenario) -> CityCase:
        """Draw one case of a scenario: who handles it, when it comes in, how it goes."""
        department, matter = self._matter(scenario)
        channel = self.rng.choice(CHANNELS)
        life = scenario.life(self.rng, matter)
        received = self._saturday(self._received(scenario, matter), scenario, life, channel)
        told = self._teller(department, matter).tell(life, received)
        steps = [step for step in told if step.keyed_at < self.ends_at]
        return self._drawn(department, matter, channel, scenario.name, steps)

    def soiled(self, connection: str) -> CityCase:
        """Draw a case of which only one record tells, to be spoilt."""
        department = next(each for each in self.offices if each.connection == connection)
        matter = next(each for each in department.matters if each.is_promised)
        steps = self._teller(department, matter).tell(Life(), self.rng.choice(self.days))[:1]
        return self._drawn(department, matter, "window", "", steps)

    def _teller(self, department: CityDepartment, matter: CityMatter) -> Teller:
        return Teller(
            calendar=self.calendar,
            rng=self.rng,
            matter=matter,
            letters=department.letters,
            decides=department.connection != WATER,
        )

    def _matter(self, scenario: Scenario) -> tuple[CityDepartment, CityMatter]:
        """Draw one of the departments and matters that a scenario fits."""
        fitting = [
            (department, matter)
            for department in self.offices
            for matter in department.matters
            if scenario.fits(matter)
            and not (scenario.needs_decisions and department.connection == WATER)
            and self._room(scenario, matter) >= 0
        ]
        if not fitting:
            raise ValueError(f"the months are too short for '{scenario.name}': end the city later")
        return self.rng.choice(fitting)

    def _room(self, scenario: Scenario, matter: CityMatter) -> int:
        """Return the last working day of the city, by number, on which such a case may come in."""
        last = len(self.days) - 1
        if scenario.open_to_end:
            return last - matter.promised_days - SETTLED_DAYS - 1
        return last if scenario.span is None else last - scenario.span(matter) - SETTLED_DAYS

    def _received(self, scenario: Scenario, matter: CityMatter) -> date:
        room = self._room(scenario, matter)
        if scenario.open_to_end:
            first = len(self.days) - matter.statutory_days
            return self.days[self.rng.randint(max(0, min(first, room)), room)]
        return self.days[self.rng.randint(0, room)]

    def _saturday(self, received: date, scenario: Scenario, life: Life, channel: str) -> date:
        """Move some plain applications that nobody has to be at a window for to the Saturday of their week."""
        if scenario.name != "plain" or channel == "window" or not life.accept or self.rng.random() >= SATURDAY_SHARE:
            return received
        return min(received + timedelta(days=(5 - received.weekday()) % 7), self.end)

    def _drawn(
        self, department: CityDepartment, matter: CityMatter, channel: str, scenario: str, steps: Sequence[Step]
    ) -> CityCase:
        return CityCase(
            department=department,
            matter=matter,
            applicant=an_applicant(self.rng, department.region_code),
            channel=channel,
            scenario=scenario,
            steps=tuple(steps),
        )
