"""Unpacks what files come in: gzip, and zip archives, member by member, as they are read. Nothing is put on a disk
under a name that an archive gives, and nothing is unpacked that grows beyond all measure.
"""

from __future__ import annotations

import fnmatch
import gzip
import io
import os
import shutil
import stat
import tempfile
import zipfile
import zlib
from contextlib import contextmanager
from functools import partial
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GROWTH: Final = 400
"""How many times its size a file may unpack to: tables and XML stay far below, a bomb is near deflate's 1,032."""

HARMLESS_BYTES: Final = 64 << 20
"""Bytes that may be unpacked whatever the growth."""

MEMBERS: Final = 10_000
"""Most members of an archive."""

_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"
_EMPTY_ZIP: Final = b"PK\x05\x06"
_UTF8_NAME: Final = 0x800
_ENCRYPTED: Final = 0x1


class BrokenPackError(Exception):
    """What was packed cannot be unpacked, or must not be; the message says why, in a sentence."""


class Unpacked(NamedTuple):
    """One stream of what a file holds; `member` is its name in an archive, empty where the file is no archive."""

    member: str
    stream: IO[bytes]
    problem: str = ""
    """Why the member is not read; its stream is empty then."""


@contextmanager
def unpacked(stream: IO[bytes], *, archives: bool, members: str = "*") -> Iterator[Iterator[Unpacked]]:
    """Give what `stream` holds: itself, what gzip has packed, or the members of a zip that `members` names.

    `archives`: whether a zip is one; a workbook is one too, and is read as it stands. Raise BrokenPackError.
    """
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", stream))
    first = buffered.peek(4)[:4]
    if first[:2] == _GZIP:
        with gzip.open(buffered) as plain:
            yield iter([_measured("", cast("IO[bytes]", plain), buffered.tell)])
    elif archives and first in (_ZIP, _EMPTY_ZIP):
        with _seekable(buffered) as whole, _archive(whole) as archive:
            yield _members(archive, members)
    else:
        yield iter([Unpacked("", buffered)])


@contextmanager
def _seekable(stream: io.BufferedReader) -> Iterator[IO[bytes]]:
    """Give the stream if one can go back and forth in it, else a copy that nobody else sees."""
    if stream.seekable():
        yield stream
        return
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(stream, copy, 1 << 20)
        copy.seek(0)
        yield copy


def _archive(stream: IO[bytes]) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, ValueError, OSError) as broken:
        raise BrokenPackError(f"the archive is broken: {broken}") from broken
    if len(archive.filelist) > MEMBERS:
        raise BrokenPackError(f"the archive has {len(archive.filelist):,} members, over {MEMBERS:,}")
    return archive


def _members(archive: zipfile.ZipFile, pattern: str) -> Iterator[Unpacked]:
    for info in archive.infolist():
        name = _name(info)
        last = name.rpartition("/")[2]
        if info.is_dir() or last.startswith(".") or not fnmatch.fnmatchcase(last, pattern):
            continue
        problem = _harm(info, name)
        if problem:
            yield Unpacked(name, io.BytesIO(), problem)
            continue
        try:
            with archive.open(info) as plain:
                yield _measured(name, plain, partial(getattr, info, "compress_size"))
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error) as broken:
            yield Unpacked(name, io.BytesIO(), f"it cannot be unpacked: {broken}")


def _measured(name: str, plain: IO[bytes], packed: Callable[[], int]) -> Unpacked:
    return Unpacked(name, cast("IO[bytes]", _Measured(plain, packed)))


def _harm(info: zipfile.ZipInfo, name: str) -> str:
    """Say why a member is not read; empty where it is."""
    if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or ":" in name.partition("/")[0]:
        return "its name leads out of the archive"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "it is a link to another file"
    if info.flag_bits & _ENCRYPTED:
        return "it is locked with a password"
    return ""


def _name(info: zipfile.ZipInfo) -> str:
    """Return a member's name, of any bytes: without a mark of its own it is in whatever the writer's system used."""
    if info.flag_bits & _UTF8_NAME:
        return info.filename
    try:
        return os.fsdecode(info.filename.encode("cp437"))
    except UnicodeEncodeError:
        return info.filename


class _Measured(io.BufferedIOBase):
    """A stream that ends in an error where it grows beyond all measure of what it was packed in."""

    def __init__(self, plain: IO[bytes], packed: Callable[[], int]) -> None:
        super().__init__()
        self._plain, self._packed, self._count = plain, packed, 0

    def readable(self) -> bool:
        """See io.BufferedIOBase."""
        return True

    def read(self, size: int | None = -1) -> bytes:
        """See io.BufferedIOBase."""
        return self._counted(self._plain.read(-1 if size is None else size))

    def read1(self, size: int = -1) -> bytes:
        """See io.BufferedIOBase."""
        return self._counted(self._plain.read(size))

    def readline(self, size: int | None = -1) -> bytes:
        """See io.BufferedIOBase."""
        return self._counted(self._plain.readline(-1 if size is None else size))

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - a writable buffer
        """See io.BufferedIOBase."""
        part = self.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)

    def _counted(self, part: bytes) -> bytes:
        self._count += len(part)
        if self._count > HARMLESS_BYTES and self._count > GROWTH * max(1, self._packed()):
            raise BrokenPackError(f"it unpacks to over {GROWTH} times its size, as no table does")
        return part
