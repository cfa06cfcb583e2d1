"""Replays history: moves a clock from one poll or due instant to the next, and only once everything earlier is settled.

Speed is pacing alone: what happens, and in which order, is the same however fast it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hub.clock import ManualClock
    from hub.drain import Line

AFTER: Final = timedelta(microseconds=1)
"""How far past a due instant the clock must stand for the instant to have passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What is replayed: `reveal` lets the sources show all that was known by an instant, `next_after` says when they
    show something new.
    """

    start: datetime
    end: datetime
    reveal: Callable[[datetime], None]
    next_after: Callable[[datetime], datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """One process that holds the whole line: its clock, its sources, and what stands behind them."""

    clock: ManualClock
    line: Line
    reads: Sequence[Callable[[], int]]
    """Each polls one source and returns how many messages it put into the intake queues."""
    next_wake: Callable[[], datetime | None]
    every: timedelta
    """How often the sources are polled, in replayed time."""

    def run(self, history: History, shown: Callable[[datetime], None]) -> int:
        """Replay `history` to its end; `shown` is told each instant once it is settled. Return the number of steps."""
        steps = 0
        moment: datetime | None = history.start
        while moment is not None and moment <= history.end:
            self._settle(history, moment)
            shown(moment)
            steps += 1
            moment = self._next(history, moment)
        self._settle(history, history.end)
        shown(history.end)
        return steps + 1

    def _settle(self, history: History, moment: datetime) -> None:
        self.clock.move_to(moment)
        history.reveal(moment)
        self.line.settle(sum(read() for read in self.reads))

    def _next(self, history: History, moment: datetime) -> datetime | None:
        """Return the next poll that finds something, or the next instant at which a deadline has passed.

        A deadline that has passed and is not judged yet waits for its source's word: that comes with a later poll.
        """
        news, wake = history.next_after(moment), self.next_wake()
        poll = _poll_after(news, history.start, self.every) if news else None
        due = None if wake is None else wake + AFTER if wake >= moment else moment + self.every
        return min((each for each in (poll, due) if each is not None), default=None)


def _poll_after(news: datetime, start: datetime, every: timedelta) -> datetime:
    """Return the first poll at or after `news`."""
    return start + -((start - news) // every) * every
