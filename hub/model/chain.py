"""The hash chain of a partition's ledger: how an entry is linked to the one before it."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC
from typing import TYPE_CHECKING, Final

import orjson

from hub.model.values import Entry, Head

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

GENESIS: Final = bytes(32)
"""The hash before the first entry of the first generation."""


def header_of(entry: Entry) -> list[int | str]:
    """Return what of an entry is hashed: place, kind, subject, outcome, time (UTC) and the SHA-256 of its body."""
    return [
        entry.generation,
        entry.partition,
        entry.position,
        entry.kind,
        entry.subject,
        entry.outcome,
        entry.ledgered_at.astimezone(UTC).isoformat(),
        hashlib.sha256(entry.body).hexdigest(),
    ]


def linked(previous: bytes, header: Sequence[int | str]) -> bytes:
    """SHA-256 over the previous hash and an entry's header, as a JSON array."""
    return hashlib.sha256(previous + orjson.dumps(header)).digest()


def link(previous: bytes, entry: Entry) -> bytes:
    """SHA-256 over the previous hash, the entry's header (a JSON array) and the SHA-256 of its body."""
    return linked(previous, header_of(entry))


class Chain:
    """Extends one partition's chain in memory; the store writes what comes of it."""

    def __init__(self, head: Head, now: datetime) -> None:
        """Start after `head`; every entry is ledgered at `now` (aware UTC)."""
        self.head = head
        self.entries: list[Entry] = []
        self._now = now

    def append(self, *, kind: str, subject: str, outcome: str, body: bytes) -> Entry:
        """Link one more entry and return it with its position and hash."""
        head = self.head
        draft = Entry(
            generation=head.generation,
            partition=head.partition,
            position=head.position + 1,
            kind=kind,
            subject=subject,
            outcome=outcome,
            ledgered_at=self._now,
            body=body,
            hash=b"",
        )
        entry = dataclasses.replace(draft, hash=link(head.hash, draft))
        self.entries.append(entry)
        self.head = Head(generation=head.generation, partition=head.partition, position=entry.position, hash=entry.hash)
        return entry


def first_break(previous: bytes, entries: Sequence[Entry]) -> int | None:
    """Return the index of the first entry whose hash does not follow from what stands before it; None if all do."""
    for index, entry in enumerate(entries):
        if link(previous, entry) != entry.hash:
            return index
        previous = entry.hash
    return None
