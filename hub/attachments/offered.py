"""Files that departments which cannot be asked send ahead: each waits under its digest until a case names it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from hub.attachments.shelf import INCOMING, Shelf
from hub.errors import Refused, Rejection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.attachments.ports import Fetcher
    from hub.ports import Vault

WAITS: Final = timedelta(days=7)
"""How long a file waits for the case that names it: longer than every retry of fetching takes."""

MOST_BYTES: Final = 1 << 30
"""Bytes of one connection's files that may wait at a time."""

_DIGEST: Final = re.compile("[0-9a-f]{64}")
_NAME: Final = re.compile(r"[a-z0-9._-]{1,100}")


class Offered:
    """The files that one connection has sent ahead; see hub.attachments.ports.Fetcher. Threads may share it."""

    def __init__(
        self, folder: Path, connection: str, further: Fetcher | None = None, vault: Vault | None = None
    ) -> None:
        """Keep them in `folder`, apart from those of others, sealed to `vault`; what is no digest `further` fetches."""
        if not _NAME.fullmatch(connection):
            problem = f"no connection: {connection[:100]!r}"
            raise ValueError(problem)
        self._own, self._further = folder / connection, further
        self.shelf = Shelf(self._own, vault)

    def fetch(self, uri: str) -> Iterator[bytes]:
        """See hub.attachments.ports.Fetcher; the address of a file that was sent ahead is its digest."""
        if not _DIGEST.fullmatch(uri):
            if self._further is None:
                hint = "send the file first: PUT /v1/records/{connection}/attachments/{sha256}"
                problem = "it is no file that was sent ahead"
                raise Refused(Rejection(stage="authorise", code="attachment.place", problem=problem, hint=hint))
            yield from self._further.fetch(uri)
            return
        parts = self.shelf.read(uri)
        if parts is None:
            raise FileNotFoundError(uri)
        yield from parts

    def size_bytes(self) -> int:
        """Count the bytes that wait."""
        return sum(path.stat().st_size for path in self._files())

    def forget(self, now: datetime) -> int:
        """Remove what has waited too long; return how many files."""
        left = [*self._files(), *(self._own / INCOMING).glob("*")]
        old = [path for path in left if datetime.fromtimestamp(path.stat().st_mtime, UTC) < now - WAITS]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def close(self) -> None:
        """Let go of connections."""
        if self._further is not None:
            self._further.close()

    def _files(self) -> Iterator[Path]:
        return (path for path in self._own.glob("??/*") if path.is_file())
