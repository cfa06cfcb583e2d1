"""Writes a file so that after a crash it is there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def write_durably(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Replace `path` by `content` in one step, and return only once that is on disk. OSError where it cannot be."""
    with _written_beside(path, content, mode) as draft:
        draft.replace(path)
    _sync_folder(path.parent)


def create_durably(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Create `path` with `content` in one step; FileExistsError where another was first, even in the same instant."""
    with _written_beside(path, content, mode) as draft:
        path.hardlink_to(draft)
    _sync_folder(path.parent)


@contextmanager
def _written_beside(path: Path, content: bytes, mode: int) -> Iterator[Path]:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
