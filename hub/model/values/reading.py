"""What a source hands over as it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from hub.errors import Rejection


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record as a source holds it: its exact bytes, what they decode to, and where it stood.

    `tree` is a mapping of field name to text, number, bool, None, a nested mapping or a list of mappings.
    `refused` is set, and `tree` empty, where the bytes could not be decoded.
    """

    place: str
    raw: bytes
    tree: Mapping[str, Any]
    refused: Rejection | None = None
    handle: Any = None
    """What the source needs to acknowledge this record; opaque to the core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a department says of one of its days: how many cases began on it, and which, where it says so.

    `day` is a day of the hub's zone; `sha256` is hub.model.digest.numbers_digest of their numbers, or empty.
    """

    day: date
    cases: int
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """A bounded part of one read. `checkpoint` is where the source stands after it (JSON object, opaque to the core).

    `watermark`: everything that happened at the source before this instant has been delivered once this portion is.
    `emptied_at`: everything that the source held at this instant has been; what happened before it may still come.
    `final` marks the last portion of the read.
    """

    records: Sequence[Record]
    checkpoint: Mapping[str, Any] | None
    watermark: datetime | None = None
    emptied_at: datetime | None = None
    final: bool = False
    manifests: Sequence[Manifest] = ()
    """What the source says of its days, with the last portion of a read."""
