"""What becomes of each document that is sent to a receiver, and what the sender must remember of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

State = Literal["delivered", "refused", "again"]
"""What a receiver made of a document; `again`: it was refused, and somebody wants it sent once more."""

SAID_CHARS: Final = 300
"""Characters kept of what a receiver said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One document on its way to a receiver. `sequence` is its number on the feed; `said` what was answered last."""

    sequence: int
    document_id: str
    state: State
    said: str
    at: datetime


class Deliveries(Protocol):
    """Remembers where each receiver stands, wherever it is sent from. Raises Unavailable when the store is away."""

    def position(self, connection: str) -> int | None:
        """Return the number on the feed up to which all is dealt with; None for a receiver never sent to."""

    def settle(self, connection: str, *, position: int | None = None, note: Delivery | None = None) -> None:
        """Remember both in one step: how far the sender has come, and what became of a document. None changes nothing.

        A position never goes back.
        """

    def asked(self, connection: str, limit: int) -> Sequence[int]:
        """Return the numbers of what is to be sent once more, in order."""
