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
    sync_folder(path.parent)


def create_durably(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Create `path` with `content` in one step; FileExistsError where another was first, even in the same instant."""
    with _written_beside(path, content, mode) as draft:
        path.hardlink_to(draft)
    sync_folder(path.parent)


def make_folder_durably(folder: Path) -> None:
    """Make a folder with all above it that is missing, and return only once each is on disk."""
    missing = [each for each in (folder, *folder.parents) if not each.is_dir()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in reversed(missing):
        sync_folder(each.parent)


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


def sync_folder(folder: Path) -> None:
    """Return only once the names in a folder are on disk as they are now."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
