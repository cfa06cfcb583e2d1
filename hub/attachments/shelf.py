"""Keeps files by their digest in a folder: each is there whole, or not at all, whenever the power fails."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from hub.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

INCOMING: Final = "incoming"
"""Folder of drafts. What stands there after a crash is nobody's, and is cleared when the next process begins."""


@dataclass(slots=True)
class Draft:
    """A file on its way in: written as it comes, counted and digested."""

    path: Path
    file: IO[bytes]
    size_bytes: int = 0
    _digest: Any = field(default_factory=hashlib.sha256)

    def write(self, part: bytes) -> None:
        """Take a part."""
        self.file.write(part)
        self._digest.update(part)
        self.size_bytes += len(part)

    def flush(self) -> None:
        """Let others read what was written."""
        self.file.flush()

    @property
    def sha256(self) -> str:
        """Return the digest of what was written so far."""
        return str(self._digest.hexdigest())


class Shelf:
    """A folder of files by digest: `ab/cd…` within it. Processes may share it; only its owner can read it."""

    def __init__(self, folder: Path) -> None:
        """Keep in `folder`, which is made when first written to."""
        self._folder = folder

    def clear(self) -> None:
        """Remove what a crash left behind. For the one process that fetches."""
        for left in (self._folder / INCOMING).glob("*"):
            left.unlink(missing_ok=True)

    @contextmanager
    def draft(self) -> Iterator[Draft]:
        """Open a place to write to; what is not kept by the end is gone."""
        incoming = self._folder / INCOMING
        try:
            incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, name = tempfile.mkstemp(dir=incoming)
        except OSError as full:
            raise self._away(full) from full
        path = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield Draft(path, file)
        except OSError as full:
            if isinstance(full, FileNotFoundError):
                raise
            raise self._away(full) from full
        finally:
            path.unlink(missing_ok=True)

    def keep(self, draft: Draft) -> None:
        """Put a draft on the shelf under its digest, durably; the same bytes are kept once."""
        place = self._place(draft.sha256)
        try:
            draft.file.flush()
            os.fsync(draft.file.fileno())
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft.path.replace(place)
            for folder in (place.parent, self._folder):
                _sync(folder)
        except OSError as full:
            raise self._away(full) from full

    def path(self, sha256: str) -> Path | None:
        """Return where a file stands; None where it does not."""
        place = self._place(sha256)
        return place if place.is_file() else None

    def _place(self, sha256: str) -> Path:
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):  # noqa: PLR2004 - SHA-256 in hexadecimal
            problem = f"no digest: {sha256[:80]!r}"
            raise ValueError(problem)
        return self._folder / sha256[:2] / sha256[2:]

    def _away(self, away: OSError) -> Unavailable:
        hint = "check the space and the rights of the folder"
        return Unavailable(away.strerror or str(away), place=str(self._folder), hint=hint)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
