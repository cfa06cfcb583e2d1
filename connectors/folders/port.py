"""What every folder of files owes, wherever it stands: its listing, and files read, renamed and written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

AWAY: Final = "check that the server runs and can be reached, and that the folder is there"
"""What helps where a folder cannot be reached."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells one content of a file from another, as far as the folder says."""

    size_bytes: int
    mtime_ns: int


class Folder(Protocol):
    """A folder of files, or one file alone. Belongs to one thread.

    Raises Unavailable when it is away, Misconfigured where it lets nobody in, FileNotFoundError for a file not there.
    A name is text in which bytes that are no UTF-8 stand as surrogates (PEP 383), as this machine's own names do.
    `below/name` is a file of a folder in this one.
    """

    @property
    def place(self) -> str:
        """Name it to people."""

    def entries(self, below: str = "") -> Mapping[str, Stamp]:
        """Return its files by name, or those of the folder `below` it: none where that is not there."""

    def stamp(self, name: str) -> Stamp:
        """Return what a file is now."""

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading from its beginning; one that breaks off raises Unavailable, never looks ended."""

    def rename(self, name: str, target: str) -> None:
        """Give a file another name, which none has; the folder of `below/name` is made where it lacks."""

    def write(self, name: str, content: bytes) -> None:
        """Make a file of that content, which gets its name last; the folder of `below/name` is made where it lacks."""

    def close(self) -> None:
        """Let go of the connection."""


def told(name: str) -> str:
    """Return a file's name as text that any document can hold: bytes that are not UTF-8 are spelt out."""
    return os.fsencode(name).decode(errors="backslashreplace")


def waiting_name(name: str) -> str:
    """Return the name under which a file is written before it gets its own: one that no reader takes."""
    below, slash, last = name.rpartition("/")
    return f"{below}{slash}.{last}.part"
