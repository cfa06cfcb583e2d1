"""Decides how long a certificate is valid: as long as the clock, the schema's life and its evidence all allow."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LIFE_MONTHS: Final = 12
"""A certificate is good for a year at most."""

SCHEMA_GRACE_DAYS: Final = 90
"""Two versions of the case schema hold side by side for a quarter: cities are slow, and slower than that is never."""

EVIDENCE_MONTHS: Final[Mapping[str, int]] = {"C1": 12, "C2": 12, "C3": 6, "C4": 6, "attested": 6}
"""How old evidence may become, by the level it shows: order, lateness and outages tell of how things are run, and that
changes sooner than a mapping does; what is only attested is believed for half a year. What is registered (C0) does not
age: the declaration holds until another is signed."""

RULE: Final = (
    f"min(issued+{LIFE_MONTHS}mo, schema.obsoleted_at+{SCHEMA_GRACE_DAYS}d, oldest evidence limit, first waiver's end)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """The day from whose beginning a certificate holds no more, and which of the limits set it."""

    not_after: date
    governed_by: str


def life(
    *,
    issued: date,
    evidence: Mapping[str, date],
    schema_obsoleted_on: date | None,
    waived_until: Iterable[tuple[str, date]] = (),
    at_most: date | None = None,
) -> Life:
    """Return how long a certificate issued on a day holds; `evidence` has the oldest day by level, and `attested`.

    `waived_until` has the tests it rests on a waiver for, each with the last day on which that holds; `at_most` is the
    end of a certificate that this one is issued again for: a rule lengthens none.
    """
    limits = {"issued": months_after(issued, LIFE_MONTHS)}
    if schema_obsoleted_on is not None:
        limits["schema"] = schema_obsoleted_on + timedelta(days=SCHEMA_GRACE_DAYS)
    ageing = {level: day for level, day in evidence.items() if level in EVIDENCE_MONTHS}
    limits |= {f"evidence {level}": months_after(day, EVIDENCE_MONTHS[level]) for level, day in ageing.items()}
    limits |= {f"waiver {test}": last + timedelta(days=1) for test, last in waived_until}
    limits |= {"certificate issued again": at_most} if at_most is not None else {}
    name = min(limits, key=lambda each: (limits[each], each))
    return Life(not_after=limits[name], governed_by=name)


def months_after(day: date, months: int) -> date:
    """Return the same day so many months later; the last day of that month where there is no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
