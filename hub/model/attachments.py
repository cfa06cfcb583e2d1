"""Attachments 附件 of cases: what a document says of its files, and how each of them stands with the hub."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

State = Literal["pending", "available", "unavailable", "blocked"]
"""Not tried yet; kept and verified; not to be had, and tried again at `next_at`; refused for good."""

STATES: Final[tuple[State, ...]] = ("pending", "available", "unavailable", "blocked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One file of one case. What its department said of it never changes; how it stands does."""

    case_id: str
    sha256: str
    name: str
    media_type: str
    size_bytes: int
    uri: str
    connection_id: str
    state: State = "pending"
    problem: str = ""
    """Why it is not available: a stable code, such as `attachment.gone`; empty where it is."""
    said: str = ""
    """The same for people."""
    attempts: int = 0
    next_at: datetime | None = None
    """When it is tried again; None: not any more."""
    changed_at: datetime


def attachments_of(document: Mapping[str, Any], at: datetime) -> Sequence[Attachment]:
    """Return the files of a case event (schemas/case-event.v1), each to be fetched from `at` on."""
    data = document["data"]
    return [
        Attachment(
            case_id=data["case"]["case_id"],
            sha256=each["sha256"],
            name=each["name"],
            media_type=each["media_type"],
            size_bytes=each["size"],
            uri=each["uri"],
            connection_id=data["connection_id"],
            next_at=at,
            changed_at=at,
        )
        for each in data["case"].get("attachments", ())
    ]
