"""What the figures tell: rates, means, percentiles and changes, each with its numerator and denominator.

docs/statistics.md holds the definitions in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from hub.statistics.periods import label, parsed, shifted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hub.statistics.asked import Asked

PERCENTILES: Final = (50, 90, 95)
_FIRST: Final = date.min


@dataclass(frozen=True, slots=True)
class Key:
    """What a line is about: the values of the dimensions, and the first day of the period."""

    place: tuple[str, ...] = ()
    period: date | None = None

    def __lt__(self, other: Key) -> bool:
        """Order by period, then by place."""
        return (self.period or _FIRST, self.place) < (other.period or _FIRST, other.place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The sums of one key, in how many cases took how many working days, and what was open before."""

    key: Key
    sums: Mapping[str, int]
    durations: Mapping[int, int]
    open_before: int

    @property
    def open_after(self) -> int:
        """Return what was open when the period ended."""
        return self.open_before + self.sums["opened"] - self.sums["closed"]


RATES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "on_time_rate": ("on_time", ("on_time", "late")),
    "early_rate": ("early", ("on_time", "late")),
    "late_by_law_rate": ("finished_late_by_law", ("on_time", "late")),
    "online_rate": ("opened_online", ("opened",)),
    "late_entry_rate": ("entered_late", ("opened",)),
    "supplement_rate": ("supplemented", ("opened",)),
    "dissatisfied_rate": ("dissatisfied", ("rated",)),
    "rework_rate": ("reworked", ("closed",)),
    "mean_used_days": ("used_days", ("timed",)),
    "mean_promised_days": ("promised_days", ("timed",)),
}
"""Numerator, and what its denominator is added up from. Where the denominator is 0 there is no rate."""


def total(lines: Iterable[Line]) -> Line:
    """Add up lines of one period into one; of several periods what was open before the first is not known here."""
    sums: dict[str, int] = {}
    durations: dict[int, int] = {}
    before = 0
    for line in lines:
        before += line.open_before
        for name, n in line.sums.items():
            sums[name] = sums.get(name, 0) + n
        for days, n in line.durations.items():
            durations[days] = durations.get(days, 0) + n
    return Line(key=Key(), sums=sums, durations=durations, open_before=before)


def rate(line: Line, name: str) -> float | None:
    """Return one of RATES, not rounded; None where there is nothing to divide by."""
    numerator, parts = RATES[name]
    below = sum(line.sums[part] for part in parts)
    return line.sums[numerator] / below if below else None


def percentile(durations: Mapping[int, int], percent: int) -> int | None:
    """Return the least number of working days within which so many percent of the cases were done (nearest rank).

    Exact, as durations are whole working days and every one is counted.
    """
    n = sum(durations.values())
    rank, seen = -(-n * percent // 100), 0
    for days in sorted(durations):
        seen += durations[days]
        if seen >= rank and n:
            return days
    return None


def told(line: Line, asked: Asked) -> dict[str, object]:
    """Tell one line as plain data: its dimensions, counts, rates and percentiles."""
    said: dict[str, object] = dict(zip(asked.places, line.key.place, strict=False))
    if line.key.period is not None:
        said = {"period": label(asked.period, line.key.period), **said}
    counts = {name: line.sums[name] for name in line.sums if name not in ("used_days", "promised_days")}
    rates = {name: _rounded(rate(line, name)) for name in RATES}
    percentiles = {f"used_days_p{percent}": percentile(line.durations, percent) for percent in PERCENTILES}
    return {**said, "open_before": line.open_before, **counts, "open_after": line.open_after, **rates, **percentiles}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


CHANGES: Final = ("opened", "accepted", "closed", "open_after")


def compared(
    now: Sequence[dict[str, object]], before: Sequence[dict[str, object]], asked: Asked, compare: str
) -> list[dict[str, object]]:
    """Put beside each line what it was a year or a month before, and by what share the counts changed."""
    earlier_ones = {_identity(each, asked): each for each in before}
    found = []
    for line in now:
        then = earlier_ones.get(_identity(line, asked, compare))
        changes = {name: _change(line[name], then[name]) for name in CHANGES} if then else dict.fromkeys(CHANGES)
        points = {
            name: _difference(line[name], then[name] if then else None) for name in ("on_time_rate", "mean_used_days")
        }
        found.append({**line, "before": then, "change": changes, "difference": points})
    return found


def _identity(line: Mapping[str, object], asked: Asked, compare: str = "") -> tuple[object, ...]:
    period = line.get("period")
    if isinstance(period, str) and compare:
        period = _label_before(period, asked.period, compare)
    return (period, *(line[name] for name in asked.places))


def _label_before(text: str, period: str, compare: str) -> str:
    months = 12 if compare == "year" else 1
    first = date.fromisocalendar(int(text[:4]), int(text[-2:]), 1) if period == "week" else parsed(text).start
    return label(period, shifted(first, -months))


def _change(now: object, then: object) -> float | None:
    return round(now / then - 1, 4) if isinstance(now, int) and isinstance(then, int) and then else None


def _difference(now: object, then: object) -> float | None:
    return round(now - then, 4) if isinstance(now, (int, float)) and isinstance(then, (int, float)) else None
