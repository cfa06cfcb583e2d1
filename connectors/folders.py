"""Decides how a folder of files is reached: on this machine or over SFTP. A further way is a class and a line here."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from connectors.sftp import SftpFolder, sftp_options
from hub.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.options import Options

SFTP: Final = "sftp"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells one content of a file from another, as far as the folder says."""

    size_bytes: int
    mtime_ns: int


class Folder(Protocol):
    """A folder of files, or one file alone. Raises Unavailable when it is away, FileNotFoundError for a file not there.

    A name is text in which bytes that are no UTF-8 stand as surrogates (PEP 383), as this machine's own names do.
    """

    @property
    def place(self) -> str:
        """Name it to people."""

    def entries(self) -> Mapping[str, Stamp]:
        """Return its files by name."""

    def stamp(self, name: str) -> Stamp:
        """Return what a file is now."""

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading from its beginning."""

    def rename(self, name: str, target: str) -> None:
        """Give a file another name, which none has."""

    def close(self) -> None:
        """Let go of the connection."""


class LocalFolder:
    """A folder, or a file, of this machine."""

    def __init__(self, path: Path) -> None:
        """Stand for `path`."""
        self._path = path

    @property
    def place(self) -> str:
        """See Folder."""
        return str(self._path)

    def entries(self) -> Mapping[str, Stamp]:
        """See Folder."""
        try:
            if self._path.is_file():
                return {self._path.name: _stamp_of(self._path.stat())}
            return {each.name: _stamp_of(each.stat()) for each in os.scandir(self._path) if each.is_file()}
        except OSError as away:
            raise self._away(away) from away

    def stamp(self, name: str) -> Stamp:
        """See Folder."""
        return _stamp_of(self._at(name).stat())

    def open(self, name: str) -> IO[bytes]:
        """See Folder."""
        return self._at(name).open("rb")

    def rename(self, name: str, target: str) -> None:
        """See Folder."""
        self._at(name).rename(self._at(target))

    def close(self) -> None:
        """Let go of nothing."""

    def _at(self, name: str) -> Path:
        return self._path.with_name(name) if self._path.is_file() or self._path.name == name else self._path / name

    def _away(self, away: OSError) -> Unavailable:
        hint = "check that the folder is there and readable"
        return Unavailable(str(away.strerror or away), place=self.place, hint=hint)


def _stamp_of(status: os.stat_result) -> Stamp:
    return Stamp(status.st_size, status.st_mtime_ns)


def open_folder(connect: Options, *, place: str) -> Folder:
    """Read where a mapping says that its files are: a `path`, or an `sftp://` address."""
    address = connect.text("path")
    if urlsplit(address).scheme == SFTP:
        return SftpFolder(sftp_options(connect, address, place=place), Stamp)
    return LocalFolder(Path(address))
