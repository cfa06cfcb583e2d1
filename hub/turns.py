"""Decides when a source is asked: within its hours, and not again and again while it fails."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from hub.errors import HubError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

FAILURES: Final = 5
"""Failures in a row after which a source is left alone for a while."""

PAUSE_S: Final = 60.0
"""Seconds of the first such while; each further one is twice as long."""

LONGEST_S: Final = 900.0
"""Seconds of the longest: a source that is back is found within them."""


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of a day in which a source may be asked, by its own clock; none declared: all."""

    spans: Sequence[tuple[time, time]]
    zone: tzinfo

    def are_open(self, now: datetime) -> bool:
        """Tell whether the source may be asked at `now` (aware). A span may go over midnight."""
        at = now.astimezone(self.zone).time()
        return not self.spans or any(
            begins <= at < ends if begins < ends else at >= begins or at < ends for begins, ends in self.spans
        )


def hours_in(text: str, zone: tzinfo) -> Hours:
    """Read `20:00-06:00, 12:00-13:00`; raise ValueError where it is no such list."""
    spans = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        begins, found, ends = part.partition("-")
        if not found:
            raise ValueError(part)
        spans.append((time.fromisoformat(begins.strip()), time.fromisoformat(ends.strip())))
    return Hours(tuple(spans), zone)


class Breaker:
    """Counts a source's failures in a row. Once they are many it is left alone, then tried, before it is read again."""

    def __init__(self) -> None:
        """Begin without a failure."""
        self._failures = 0
        self._until: datetime | None = None
        self._said: HubError | None = None

    @property
    def is_tried(self) -> bool:
        """Tell whether the source is to be tried before it is read."""
        return self._until is not None

    def check(self, now: datetime) -> None:
        """Raise Unavailable while the source is to be left alone."""
        if self._until is not None and now < self._until:
            until = self._until.isoformat(timespec="seconds")
            problem = f"left alone until {until}, after {self._failures} failures in a row: {self._said}"
            raise Unavailable(problem, hint="see `sunlight doctor`") from self._said

    def failed(self, now: datetime, problem: HubError) -> None:
        """Count a failure."""
        self._failures += 1
        self._said = problem
        if self._failures >= FAILURES:
            pause_s = min(PAUSE_S * 2.0 ** (self._failures - FAILURES), LONGEST_S)
            self._until = now + timedelta(seconds=pause_s * random.uniform(0.75, 1))  # noqa: S311 - jitter, no secret

    def succeeded(self) -> None:
        """Forget all failures."""
        self._failures, self._until = 0, None
