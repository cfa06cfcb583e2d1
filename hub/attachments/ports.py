"""What fetching attachments needs from the world: each docstring is the contract its adapters are tested against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from hub.model.attachments import Attachment


class Wanted(Protocol):
    """Remembers every file that the ledger names, and how it stands. Raises Unavailable when the store is away."""

    def learn(self, now: datetime, limit: int) -> int:
        """Take up what the next at most `limit` ledger entries of each chain name; return how many were looked at.

        Their files are known and the place in the chain is remembered in one step. A file that is there stays;
        one that is not is tried anew where something else is said of it now.
        """

    def due(self, now: datetime, limit: int) -> Sequence[Attachment]:
        """Return at most `limit` files whose `next_at` has come, the longest waiting first."""

    def settle(self, attachment: Attachment) -> None:
        """Remember how a file stands."""

    def over(self, before: datetime, limit: int) -> Sequence[Attachment]:
        """Return at most `limit` files that are there and whose cases ended before an instant."""

    def is_shared(self, attachment: Attachment) -> bool:
        """Tell whether another case has the same file, and it is there."""


class Fetcher(Protocol):
    """Fetches files from where one connection's are. Belongs to one thread."""

    def fetch(self, uri: str) -> Iterator[bytes]:
        """Yield a file's bytes as they come, the whole of it or raise.

        Refused: the address is none that may be asked, and nothing was sent there; FileNotFoundError: there is no
        such file; Unavailable: time may help; Misconfigured: the operator must.
        """

    def close(self) -> None:
        """Let go of connections."""


class Scanner(Protocol):
    """Looks for malware."""

    def found(self, path: Path) -> str:
        """Return what was found in a file; empty where nothing was. Unavailable: it could not be looked at."""
