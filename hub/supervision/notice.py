"""A year's notice of holidays (国务院办公厅关于部分节假日安排的通知): what it means, and whether it can be right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from hub.supervision.calendar import STATUTORY_FIXED, STATUTORY_MOVING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hub.supervision.calendar import WorkCalendar

WORKING_DAYS: Final = (244, 254)
"""Working days of a year, least and most: from 2008 to 2026 the notices came to 247 to 252."""

ASKED_FROM: Final = (12, 1)
"""Month and day from which the next year's notice is missed: in most years it is out in November."""

_ORDER_795: Final = 2025
"""Year from which the statutory days are those of State Council Order 795; earlier ones had fewer."""

_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice: which days of a year are rest, and which days of a weekend are worked."""

    year: int
    title: str
    number: str
    rest: tuple[date, ...]
    worked: tuple[date, ...]

    def days(self) -> Mapping[date, bool]:
        """Tell of every day of the year whether it is worked."""
        rest, worked = frozenset(self.rest), frozenset(self.worked)
        return {day: day in worked or (day.weekday() < _SATURDAY and day not in rest) for day in _days(self.year)}

    def document(self) -> dict[str, Any]:
        """Write it as the ledger keeps it."""
        return {
            "year": self.year,
            "title": self.title,
            "number": self.number,
            "rest": [day.isoformat() for day in self.rest],
            "worked": [day.isoformat() for day in self.worked],
        }


def notice_from(document: Mapping[str, Any]) -> Notice:
    """Read a notice that satisfies schemas/act.v1."""
    return Notice(
        year=document["year"],
        title=document["title"],
        number=document["number"],
        rest=tuple(date.fromisoformat(each) for each in document["rest"]),
        worked=tuple(date.fromisoformat(each) for each in document["worked"]),
    )


def implausible(notice: Notice) -> Sequence[str]:
    """Say everything about a notice that cannot be right: a wrong one would move thousands of deadlines."""
    return [*_misplaced(notice), *_forgotten(notice), *_miscounted(notice)]


def _misplaced(notice: Notice) -> Iterator[str]:
    for name, days in (("rest", notice.rest), ("worked", notice.worked)):
        yield from (f"{day} is not in {notice.year}" for day in days if day.year != notice.year)
        yield from (f"{day} stands twice among the {name} days" for day in sorted(set(days)) if days.count(day) > 1)
    both = sorted(set(notice.rest) & set(notice.worked))
    yield from (f"{day} is both rest and worked" for day in both)
    for day in notice.worked:
        if day.weekday() < _SATURDAY:
            yield f"{day} is a {day:%A}: it is worked anyhow; only weekends are listed as worked"


def _forgotten(notice: Notice) -> Iterator[str]:
    if notice.year < _ORDER_795:
        return
    statutory = STATUTORY_FIXED + STATUTORY_MOVING.get(notice.year, ())
    worked = notice.days()
    for month, day in sorted(statutory):
        if worked.get(date(notice.year, month, day)):
            yield f"{notice.year}-{month:02}-{day:02} is a statutory holiday (国务院令第795号), and would be worked"


def _miscounted(notice: Notice) -> Iterator[str]:
    total, (least, most) = sum(notice.days().values()), WORKING_DAYS
    if not least <= total <= most:
        yield f"the year would have {total} working days; every notice so far came to {least} to {most}"


def without_notice(calendar: WorkCalendar, today: date) -> int | None:
    """Return the year whose notice is missed on `today`: this one, and from 1 December the next; None if none is."""
    if not calendar.is_announced(today.year):
        return today.year
    following = today.year + 1
    return following if (today.month, today.day) >= ASKED_FROM and not calendar.is_announced(following) else None


def said_of(year: int) -> str:
    """Say that a year's notice is missing, and what to do."""
    return (
        f"the working days of {year} are not known: deadlines that reach into it are provisional and not judged. "
        f"Load the notice: sunlight calendar load NOTICE 尚未载入{year}年节假日安排"
    )


def _days(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)
