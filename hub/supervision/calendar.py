"""Which days are working days, and how limits in days are counted (全国年节及纪念日放假办法)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, timedelta, tzinfo
from functools import lru_cache
from importlib.metadata import version
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import chinese_calendar
from chinese_calendar.constants import holidays as _holidays
from chinese_calendar.constants import workdays as _workdays

from hub.supervision import instants
from hub.supervision.instants import HUB_ZONE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

_SATURDAY: Final = 5
_MOMENT: Final = timedelta(microseconds=1)
"""A limit that ends with a day is over at the next day's first moment: it depends on the day before."""

_STRETCH: Final = re.compile(r"(\d{4})(?:-(\d{4}))?:[0-9a-f]{12}")

_YEARS_MOST: Final = 50
"""Years of a clock beyond which its calendar is not told apart any more."""

_LIBRARY: Final = "chinesecalendar"

STATUTORY_FIXED: Final = ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))
"""Statutory days of the solar calendar (month, day): State Council Order 795 of 2024, in force from 2025."""

STATUTORY_MOVING: Final[Mapping[int, tuple[tuple[int, int], ...]]] = {
    2027: ((2, 5), (2, 6), (2, 7), (2, 8), (4, 5), (6, 9), (9, 15)),
    2028: ((1, 25), (1, 26), (1, 27), (1, 28), (4, 4), (5, 28), (10, 3)),
    2029: ((2, 12), (2, 13), (2, 14), (2, 15), (4, 4), (6, 16), (9, 22)),
    2030: ((2, 2), (2, 3), (2, 4), (2, 5), (4, 5), (6, 5), (9, 12)),
}
"""Spring Festival (its eve and three days), Qingming, Dragon Boat and Mid-Autumn of years not yet announced. What is
counted from them is provisional, so later years may be missing without harm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Year:
    """One year as tables. `before[k]` counts the working days among its first k days; `days` are their ordinals."""

    first: int
    before: tuple[int, ...]
    days: tuple[int, ...]
    provisional: bool
    digest: str
    """Names what the year says: the same table, by whatever notice, has the same name."""


class WorkCalendar:
    """Counts working days in local days of the hub's zone. Immutable in effect; tables of years are built on need."""

    __slots__ = ("_announced", "_overrides", "_stretches", "_years", "version", "zone")

    def __init__(
        self,
        overrides: Mapping[date, bool] | None = None,
        *,
        announced: Collection[int] = (),
        zone: tzinfo = HUB_ZONE,
    ) -> None:
        """Take local overrides (day: is it worked?) and the years whose notice they hold in full."""
        self._overrides = dict(overrides or {})
        self._announced = frozenset(announced)
        self._years: dict[int, _Year] = {}
        self._stretches: dict[tuple[int, int], str] = {}
        self.zone = zone
        self.version = _version(self._overrides, self._announced)

    def is_workday(self, day: date) -> bool:
        """Tell whether `day` is worked; assumed (weekends and statutory days) in a year without a notice."""
        year = self._year(day.year)
        place = day.toordinal() - year.first
        return year.before[place + 1] > year.before[place]

    def is_provisional(self, day: date) -> bool:
        """Tell whether `day` lies in a year whose working days are not announced."""
        return self._year(day.year).provisional

    def add_workdays(self, day: date, n: int) -> tuple[date, bool]:
        """Return the nth working day after `day`, which is not counted itself, and whether that is provisional.

        Civil Code art. 201: the day of the event does not count.
        """
        if n <= 0:
            return day, self.is_provisional(day)
        number, year = day.year, self._year(day.year)
        place, provisional = year.before[day.toordinal() - year.first + 1] + n, year.provisional
        while place > len(year.days):
            place, number = place - len(year.days), number + 1
            if number > MAXYEAR:
                return date.max, True
            year = self._year(number)
            provisional = provisional or year.provisional
        return date.fromordinal(year.days[place - 1]), provisional

    def back_workdays(self, day: date, n: int) -> date:
        """Return the nth working day before `day`; `day` itself for n = 0."""
        if n <= 0:
            return day
        number, year = day.year, self._year(day.year)
        place = year.before[day.toordinal() - year.first] - n
        while place < 0:
            number -= 1
            if number < MINYEAR:
                return date.min
            year = self._year(number)
            place += len(year.days)
        return date.fromordinal(year.days[place])

    def workdays_between(self, a: date, b: date) -> int:
        """Count the working days after `a` up to and including `b`; 0 where `b` is not later."""
        return max(0, self._worked_by(b, a.year) - self._worked_by(a, a.year)) if b > a else 0

    def roll_forward(self, day: date) -> tuple[date, bool]:
        """Move the last day of a calendar-day limit to the next working day if it is a holiday; say if provisional.

        Civil Procedure Law art. 85, imported by Administrative Reconsideration Law art. 88.
        """
        return (day, self.is_provisional(day)) if self.is_workday(day) else self.add_workdays(day, 1)

    def day_of(self, moment: datetime) -> date:
        """Return the local day of an instant."""
        return instants.local(moment, self.zone).date()

    def start_of(self, day: date) -> datetime:
        """Return the first moment of a local day, aware UTC."""
        return instants.start_of(day, self.zone)

    def end_of(self, day: date) -> datetime:
        """Return the moment a local day is over (24:00), aware UTC."""
        return instants.end_of(day, self.zone)

    def is_announced(self, year: int) -> bool:
        """Tell whether the working days of a year are known."""
        return not self._year(year).provisional

    def version_between(self, start: datetime, due: datetime) -> str:
        """Name what the calendar says of the years from `start` to `due`: what a clock between them depends on.

        Another year's notice leaves it as it is, so that only the clocks that a notice concerns are counted anew.
        """
        first, last = self.day_of(start).year, self.day_of(due - _MOMENT).year
        key = (first, max(first, min(last, first + _YEARS_MOST)))
        known = self._stretches.get(key)
        if known is None:
            known = self._stretches[key] = self._stretch(*key)
        return known

    def is_present(self, version: str) -> bool:
        """Tell whether this calendar still says of a clock's years what it said under the name `version`."""
        found = _STRETCH.fullmatch(version)
        if found is None:
            return False
        first = int(found[1])
        return self._stretch(first, int(found[2] or first)) == version

    def _stretch(self, first: int, last: int) -> str:
        digests = "".join(self._year(number).digest for number in range(first, last + 1))
        years = str(first) if first == last else f"{first}-{last}"
        return f"{years}:{hashlib.sha256(digests.encode()).hexdigest()[:12]}"

    def _worked_by(self, day: date, since: int) -> int:
        """Count the working days from the start of year `since` up to and including `day`."""
        year = self._year(day.year)
        whole = sum(len(self._year(number).days) for number in range(since, day.year))
        return whole + year.before[day.toordinal() - year.first + 1]

    def _year(self, number: int) -> _Year:
        known = self._years.get(number)
        if known is None:
            known = self._years[number] = self._tabulate(number)
        return known

    def _tabulate(self, number: int) -> _Year:
        worked = dict(_base_year(number))
        worked.update({day: flag for day, flag in self._overrides.items() if day.year == number})
        provisional = not (_is_announced(number) or number in self._announced)
        table = bytes(worked.values()) + (b"?" if provisional else b"!")
        return _Year(
            first=date(number, 1, 1).toordinal(),
            before=tuple(accumulate(worked.values(), initial=0)),
            days=tuple(day.toordinal() for day, flag in worked.items() if flag),
            provisional=provisional,
            digest=hashlib.sha256(table).hexdigest(),
        )


@lru_cache(maxsize=256)
def _base_year(number: int) -> Mapping[date, bool]:
    """Tell for every day of a year, in order, whether it is worked: by the notice, or assumed where there is none."""
    first = date(number, 1, 1)
    length = date(number, 12, 31).toordinal() - first.toordinal() + 1
    days = [first + timedelta(days=offset) for offset in range(length)]
    if _is_announced(number):
        return {day: day in _workdays or (day.weekday() < _SATURDAY and day not in _holidays) for day in days}
    off = STATUTORY_FIXED + STATUTORY_MOVING.get(number, ())
    return {day: day.weekday() < _SATURDAY and (day.month, day.day) not in off for day in days}


@lru_cache(maxsize=256)
def _is_announced(number: int) -> bool:
    """Tell whether the library holds the State Council's notice for a year; it says so by not failing."""
    try:
        chinese_calendar.is_workday(date(number, 1, 1))
    except NotImplementedError:
        return False
    return True


def _version(overrides: Mapping[date, bool], announced: Collection[int]) -> str:
    """Name this calendar: the library's version, and a digest of what was added to it."""
    base = f"{_LIBRARY}-{version(_LIBRARY)}"
    if not overrides and not announced:
        return base
    added = [f"{day.isoformat()}={int(flag)}" for day, flag in sorted(overrides.items())]
    text = ";".join([*added, *(str(number) for number in sorted(announced))])
    return f"{base}+{hashlib.sha256(text.encode()).hexdigest()[:12]}"
