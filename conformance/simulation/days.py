"""Says what the simulated county says of its days: how many cases began on each, and the digest of their numbers."""

from __future__ import annotations

import os
from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import orjson

from conformance.simulation.model import exports
from hub.model.digest import numbers_digest

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.simulation.model import SimCase

SPEAKING: Final = "county"
"""The system that says its days, week by week beside its records."""

TOLD_LATE_ON: Final = date(2026, 6, 1)
"""What began on this day is told of at once, and handed over a week later: then it balances."""

MISNAMED_ON: Final = date(2026, 6, 3)
"""Of this day the numbers are as many as were handed over, and one of them is another."""

LOST_ON: Final = date(2026, 6, 9)
"""Of this day one case more is told of than is ever handed over."""

PENDING_ON: Final = date(2026, 6, 24)
"""So of this one, but the word comes at the end, and may be made good until the day after."""

UNBALANCED: Final = (MISNAMED_ON, LOST_ON)
"""Days of which the word differs from what the hub holds, a day after it was given and later."""

WEEK_DAYS: Final = 7


class Days:
    """Counts a system's cases by the day on which they began, and writes its word on each week's seven days."""

    def __init__(self) -> None:
        """Begin with none."""
        self._numbers: dict[date, set[str]] = defaultdict(set)

    def count(self, case: SimCase) -> None:
        """Count one case."""
        received = [step for step in case.steps if step.type == "case.received"] or case.steps
        self._numbers[min(step.occurred_at for step in received).date()].add(case.case_no)

    def write(self, folder: Path) -> None:
        """Write a file a week, dated to when it is handed over: the days before that of the hand-over."""
        for moment in exports():
            days = [moment.date() - timedelta(days=back) for back in range(WEEK_DAYS, 0, -1)]
            path = folder / f"{SPEAKING}-{moment:%Y%m%d}.days"
            path.write_bytes(orjson.dumps({"days": [self._word(day) for day in days]}) + b"\n")
            os.utime(path, (moment.timestamp(),) * 2)

    def _word(self, day: date) -> dict[str, str | int]:
        numbers = self._told(day)
        return {"day": day.isoformat(), "cases": len(numbers), "sha256": numbers_digest(numbers)}

    def _told(self, day: date) -> set[str]:
        numbers = set(self._numbers[day])
        if day in (LOST_ON, PENDING_ON):
            return {*numbers, f"LOST-{day}"}
        if day == MISNAMED_ON:
            return {*sorted(numbers)[1:], f"MISNAMED-{day}"}
        return numbers
