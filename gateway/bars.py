"""Decides how a case's clocks are drawn: every bar on one scale of time, in percent of the drawing's width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from hub.model.values import ClockRow

WIDTH: Final = 1000.0
"""Units of the drawing: its `viewBox` is this wide."""

MARGIN: Final = 0.03
"""Share of the span left free at the right, so that a due mark at the end is seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One clock on the scale: the limit from start to due, the time used, and what ran over."""

    start: float
    due: float
    used: float
    """Where the time used ends, at most `due`."""
    over: float
    """Where the overrun ends; `due` if there is none."""
    warn: float | None
    stopped: bool
    overdue_days: float


def clock_bars(clocks: Sequence[ClockRow], now: datetime) -> Sequence[Bar]:
    """Place every clock of a case between the first start and the last moment that matters."""
    if not clocks:
        return ()
    first = min(clock.started_at for clock in clocks)
    last = max(max(clock.due_at, _end(clock, now)) for clock in clocks)
    span = max((last - first).total_seconds(), 1.0) * (1 + MARGIN)

    def at(instant: datetime) -> float:
        return round(max(0.0, (instant - first).total_seconds()) / span * WIDTH, 1)

    return [_bar(clock, now, at) for clock in clocks]


def _bar(clock: ClockRow, now: datetime, place: Callable[[datetime], float]) -> Bar:
    end = _end(clock, now)
    over_s = max(0.0, (end - clock.due_at).total_seconds())
    return Bar(
        start=place(clock.started_at),
        due=place(clock.due_at),
        used=place(min(end, clock.due_at)),
        over=place(max(end, clock.due_at)),
        warn=place(clock.warn_at) if clock.warn_at else None,
        stopped=clock.stopped_at is not None,
        overdue_days=round(over_s / 86_400, 1),
    )


def _end(clock: ClockRow, now: datetime) -> datetime:
    """Return where a clock stands: where it stopped, else the present, never before its start."""
    return max(clock.stopped_at or now, clock.started_at)
