"""Adapters of the Clock port: the system's, one moved by hand, and one that replays history."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """The machine's clock. The one place that asks it."""

    def now(self) -> datetime:
        """Return the present instant, aware UTC."""
        return datetime.now(UTC)


class ManualClock:
    """Stands still until it is moved; it moves forward only. Replays and tests drive it."""

    def __init__(self, start: datetime) -> None:
        """Start at `start` (aware)."""
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant it was last moved to."""
        return self._now

    def move_to(self, instant: datetime) -> None:
        """Move to `instant` if that is later; time never goes back."""
        self._now = max(self._now, instant.astimezone(UTC))
