"""What is told to receivers and subscribers, and in which places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """One numbered document of one view. `body` is the document with `sequence` and `streamsequence` in it."""

    sequence: int
    """Position among all documents of all views."""
    streamsequence: int
    """Position within (view, kind, county)."""
    view: str
    kind: str
    county: str
    key: str
    message_id: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A view in which a case is shown again: what the ledger holds of it before this place is published there anew."""

    case_id: str
    view: str
    generation: int
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one ledger entry appears on the feed: one view, its routing key, and the document redacted for it."""

    view: str
    kind: str
    county: str
    key: str
    document: Mapping[str, Any]
