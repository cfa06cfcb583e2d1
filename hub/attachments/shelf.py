"""Keeps files by their digest in a folder: each is there whole, or not at all, whenever the power fails."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from hub.attachments.sealing import MAGIC, opened, sealed
from hub.errors import Fault, Misconfigured, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.ports import Vault

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

    def __init__(self, folder: Path, vault: Vault | None = None) -> None:
        """Keep in `folder`, which is made when first written to, sealed to `vault`; without one as they are."""
        self._folder, self._vault = folder, vault

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
        """Put a draft on the shelf under its digest, durably, sealed where there is a vault; the same bytes once."""
        place = self._place(draft.sha256)
        try:
            draft.file.flush()
            if self._vault is None:
                os.fsync(draft.file.fileno())
                self._put(draft.path, place)
            else:
                self._put(self._sealed(draft.path, self._vault), place)
        except OSError as full:
            raise self._away(full) from full

    def _sealed(self, plain: Path, vault: Vault) -> Path:
        """Write a file sealed, among the drafts."""
        descriptor, name = tempfile.mkstemp(dir=self._folder / INCOMING)
        path = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file, plain.open("rb") as parts:
                file.writelines(sealed(_chunks(parts), vault.seal))
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return path

    def _put(self, draft: Path, place: Path) -> None:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft.replace(place)
        for folder in (place.parent, self._folder):
            _sync(folder)

    def read(self, sha256: str) -> Iterator[bytes] | None:
        """Return the parts of a file as it came; None where it is not there.

        Misconfigured: it is sealed, and the vault's private key is not here. Damaged: it is not what was kept.
        """
        path = self.path(sha256)
        return None if path is None else self._read(path)

    def _read(self, path: Path) -> Iterator[bytes]:
        with path.open("rb") as file:
            yield from opened(file, self._open)

    def _open(self, key: bytes) -> bytes:
        if self._vault is None:
            fault = Fault(
                code="vault.closed", problem="the file is sealed, and there is no vault", file=str(self._folder)
            )
            raise Misconfigured(fault)
        return self._vault.open(key)

    def seal_old(self) -> int:
        """Seal what was kept before files were sealed; return how many. Whoever reads meanwhile reads the same."""
        count = 0
        for path in self._folder.glob("??/*") if self._vault is not None else ():
            with path.open("rb") as file:
                is_old = file.read(len(MAGIC)) != MAGIC
            if is_old and self._vault is not None:
                (self._folder / INCOMING).mkdir(parents=True, exist_ok=True, mode=0o700)
                self._put(self._sealed(path, self._vault), path)
                count += 1
        return count

    def forget(self, sha256: str) -> None:
        """Let a file go, durably; one that is not there is gone already."""
        place = self._place(sha256)
        try:
            place.unlink(missing_ok=True)
            if place.parent.is_dir():
                _sync(place.parent)
        except OSError as stuck:
            raise self._away(stuck) from stuck

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


_CHUNK: Final = 1 << 16


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while part := file.read(_CHUNK):
        yield part


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
