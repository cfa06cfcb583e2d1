"""What cases are judged by, as it is kept: notices of working days, changes of the catalogue, and what they moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """One loaded notice of a year's working days; of several of a year the one with the greatest `number` holds."""

    number: int
    year: int
    document: Mapping[str, Any]
    """The notice as it was loaded: year, title, number, rest, worked."""
    loaded_by: str
    loaded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockChange:
    """What changed terms did to one clock. A due moment of None: there was no such clock, or there is none now."""

    clock_id: str
    changed_at: datetime
    subject: str
    kind: str
    old_due: datetime | None
    new_due: datetime | None
    old_state: str
    new_state: str
    why: Sequence[Mapping[str, str]]
    """Each says `what` changed (calendar, basis, catalogue, law), and `before` and `after`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """Which cases changed terms may concern: those of these matters of a department, from a day on.

    `matters` None: all of the department's. Cases closed before `since` are not concerned; None: only open ones are.
    """

    department_id: str
    matters: frozenset[str] | None
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueChange:
    """One change of one department's catalogue: proposed by one person, in force once another has approved it."""

    change_id: str
    number: int
    """Counts changes in the order in which they were proposed."""
    department_id: str
    state: str
    """proposed, approved, refused, or imported: the first document of a department."""
    valid_from: str
    """The earliest day, YYYY-MM-DD, on which something of it holds; empty where it says none."""
    parts: Sequence[Mapping[str, Any]]
    """See hub/supervision/amendment.py."""
    note: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str = ""
    decided_at: datetime | None = None
    reason: str = ""
    is_ledgered: bool = True
    """False for an import that the ledger has yet to be told of."""
