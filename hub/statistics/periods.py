"""Days, weeks, months, quarters and years as statistics count them: local days, weeks from Monday (GB/T 7408)."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from hub.errors import Fault, Misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MONTHS: Final = 12
_QUARTER: Final = 3
YEARS: Final = range(1970, 2101)
"""Years that are asked about: nothing is counted in others, and a series over them all can still be drawn."""

YEAR_DIGITS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The days from `start` to `last`, both included."""

    start: date
    last: date

    @property
    def until(self) -> date:
        """Return the first day after."""
        return self.last + timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A span cut where months begin: whole months, and the days before and after them."""

    months: Span | None
    days: Sequence[Span]


def cut(span: Span) -> Parts:
    """Cut a span into whole months and the days that are left over."""
    first = span.start if span.start.day == 1 else month_after(span.start)
    end = span.until.replace(day=1)
    if first >= end:
        return Parts(months=None, days=(span,))
    months = Span(start=first, last=end - timedelta(days=1))
    edges = ((span.start, first), (end, span.until))
    return Parts(months=months, days=tuple(Span(start=a, last=b - timedelta(days=1)) for a, b in edges if a < b))


def month_after(day: date) -> date:
    """Return the first day of the month after that of `day`."""
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def shifted(day: date, months: int) -> date:
    """Return the same day so many months later (or earlier); the month's last day where it has no such day."""
    place = day.year * MONTHS + day.month - 1 + months
    year, month = divmod(place, MONTHS)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def earlier(span: Span, compare: str) -> Span:
    """Return the span to compare with: the same days a `year` or a `month` before; whole months stay whole."""
    months = {"year": MONTHS, "month": 1}[compare]
    return Span(start=shifted(span.start, -months), last=shifted(span.until, -months) - timedelta(days=1))


def _quarter(day: date) -> date:
    return date(day.year, (day.month - 1) // _QUARTER * _QUARTER + 1, 1)


FIRST_DAY: Final[Mapping[str, Callable[[date], date]]] = {
    "day": lambda day: day,
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
    "quarter": _quarter,
    "year": lambda day: date(day.year, 1, 1),
}
"""The first day of the period that a day lies in, by the period's name."""


def label(period: str, first: date) -> str:
    """Name a period by its first day: 2026-11-27, 2026-W48, 2026-11, 2026-Q4, 2026."""
    if period == "week":
        year, week, _ = first.isocalendar()
        return f"{year}-W{week:02}"
    if period == "quarter":
        return f"{first.year}-Q{(first.month - 1) // _QUARTER + 1}"
    return first.isoformat()[: {"day": 10, "month": 7, "year": 4}[period]]


def parsed(text: str) -> Span:
    """Read a day, month, quarter or year: 2026-11-27, 2026-11, 2026-Q4, 2026; Misconfigured for anything else."""
    try:
        return _parsed(text)
    except ValueError as wrong:
        hint = "write a year 2026, a quarter 2026-Q4, a month 2026-11 or a day 2026-11-27, from 1970 to 2100"
        raise Misconfigured(Fault(code="statistics.period", problem=f"{text!r} is no period", hint=hint)) from wrong


def _parsed(text: str) -> Span:
    year, _, rest = text.partition("-")
    if len(year) != YEAR_DIGITS or int(year) not in YEARS:
        raise ValueError(text)
    if rest.startswith("Q"):
        start = date(int(year), int(rest[1:]) * _QUARTER - 2, 1)
        return Span(start=start, last=shifted(start, _QUARTER) - timedelta(days=1))
    if not rest:
        return Span(start=date(int(year), 1, 1), last=date(int(year), MONTHS, 31))
    if "-" in rest:
        day = date.fromisoformat(text)
        return Span(start=day, last=day)
    start = date(int(year), int(rest), 1)
    return Span(start=start, last=month_after(start) - timedelta(days=1))
