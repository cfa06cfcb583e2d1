"""What one case tells of how it was reported: a small row beside its facts, for the measures of truthfulness."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """How one case was reported (hub/supervision/conduct.py). Flags are 0 or 1, so that databases can sum them."""

    case_id: str
    department_id: str
    is_backfill: int
    """All of it came with a declared backfill: it is old on purpose."""
    is_incomplete: int
    """It ended without what its connection reports of other cases, or with placeholders."""
    placeholders: int
    """Fields filled with what says nothing."""
    is_late: int
    """An event reached the hub more than a reporting cycle after it happened."""
    backdated: int
    """Clocks met by an event that was first heard of after their end."""
    vanished: int
    """Clocks met only since an event's content was changed."""
    at_limit: int
    """It ended on the last day of its limit."""
    used_minutes: int
    """From acceptance to the end; -1 where it has not ended, or ended in no time."""
    handler: str
    """Who handled it last; empty where that is not reported."""
    serial_of: str
    serial: int
    """The case number, split before its last figures; 0 where it does not end with any."""
