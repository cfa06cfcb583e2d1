"""Reads a folder, or a file, of this machine."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING

from connectors.folders.port import Stamp, waiting_name
from hub.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class LocalFolder:
    """See Folder."""

    def __init__(self, path: Path) -> None:
        """Stand for `path`."""
        self._path = path
        self._is_one: bool | None = None

    @property
    def place(self) -> str:
        """See Folder."""
        return str(self._path)

    def entries(self, below: str = "") -> Mapping[str, Stamp]:
        """See Folder."""
        try:
            if self._is_file():
                return {} if below else {self._path.name: _stamp_of(self._path.stat())}
            return {each.name: _stamp_of(each.stat()) for each in os.scandir(self._path / below)
                    if each.is_file(follow_symlinks=False)}  # fmt: skip
        except OSError as away:
            if below and isinstance(away, FileNotFoundError):
                return {}
            raise self._away(away) from away

    def stamp(self, name: str) -> Stamp:
        """See Folder."""
        return _stamp_of(self._at(name).stat())

    def open(self, name: str) -> IO[bytes]:
        """See Folder."""
        return self._at(name).open("rb")

    def rename(self, name: str, target: str) -> None:
        """See Folder."""
        self._make_room(target)
        self._at(name).rename(self._at(target))

    def write(self, name: str, content: bytes) -> None:
        """See Folder."""
        path, waiting = self._at(name), self._at(waiting_name(name))
        try:
            self._make_room(name)
            with waiting.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            waiting.rename(path)
        except OSError as away:
            raise self._away(away) from away

    def close(self) -> None:
        """Let go of nothing."""

    def _make_room(self, name: str) -> None:
        if "/" in name:
            self._at(name).parent.mkdir(exist_ok=True)

    def _at(self, name: str) -> Path:
        return (self._path.parent if self._is_file() else self._path) / name

    def _is_file(self) -> bool:
        """Tell whether this is one file, as it was when first looked at: it may have been renamed since."""
        if self._is_one is None and self._path.exists():
            self._is_one = self._path.is_file()
        return self._is_one is True

    def _away(self, away: OSError) -> Unavailable:
        hint = "check that the folder is there and readable, and its space and rights"
        return Unavailable(str(away.strerror or away), place=self.place, hint=hint)


def _stamp_of(status: os.stat_result) -> Stamp:
    return Stamp(status.st_size, status.st_mtime_ns)
