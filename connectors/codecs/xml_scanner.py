"""Cuts the records out of an XML stream, each with its exact bytes, holding no more of the stream than one of them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Final, NamedTuple

from connectors.codecs.common import CHUNK_BYTES, RECORD_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME: Final = rb"(?:[\w.-]{1,30}:)?"
"""A prefix, whatever it is."""

ANY: Final = ""
"""Stands for a root element of any name."""


_ANY_NAME: Final = rb"[A-Za-z_\x80-\xff][\w.\x80-\xff-]{0,100}"


class _Tokens(NamedTuple):
    """What is looked for. What may hold the words without meaning them is stepped over.

    Where a record begins before the last has ended, the last is cut there: it is broken, the next may be sound.
    """

    root: re.Pattern[bytes]
    outside: re.Pattern[bytes]
    inside: re.Pattern[bytes]


@lru_cache(maxsize=64)
def _tokens(root: str, record: str) -> _Tokens:
    name, word = (
        re.escape(record.encode()),
        re.escape(root.encode("latin-1")) or rb"[A-Za-z_\x80-\xff][\w.\x80-\xff-]{0,100}",
    )
    begins = rb"(?P<open>" + _NAME + name + rb"(?=[\s/>]))"
    return _Tokens(
        root=re.compile(rb"<" + _NAME + word + rb"(?=[\s/>])[^>]*>"),
        outside=re.compile(
            rb"<(?:(?P<comment>!--)|(?P<cdata>!\[CDATA\[)|" + begins + rb"|(?P<end>/" + _NAME + word + rb"\s{0,30}>))"
        ),
        inside=re.compile(
            rb"<(?:(?P<comment>!--)|(?P<cdata>!\[CDATA\[)|" + begins + rb"|(?P<close>/" + _NAME + name + rb"\s{0,30}>))"
        ),
    )


_AFTER: Final = {"comment": re.compile(rb"-->"), "cdata": re.compile(rb"\]\]>")}
_TAG_END: Final = re.compile(rb">")
_TOKEN_BYTES: Final = 192
"""No token above is longer: so many bytes are searched again when more of the stream has come."""

_PROLOGUE_BYTES: Final = 1 << 20
"""How far into a file its root element must begin."""


class Slice(NamedTuple):
    """The bytes of one record and where it stands, from 1. `whole` is false where the stream or the limit cut it."""

    raw: bytes
    number: int
    line: int
    whole: bool = True


class Scanner:
    """Walks over one stream. `prologue` is what stands before and in its root's tag; `complete` that it was closed."""

    def __init__(self, stream: IO[bytes], *, root: str = "log", record: str = "trace") -> None:
        """Read the beginning of `stream`, up to its root element; cut out the elements `record`, by local names."""
        self._tokens = _tokens(root, record)
        self._stream = stream
        self._data = b""
        self._at = 0
        self._ended = False
        self._line = 1
        self.complete = False
        opened = self._search(self._tokens.root, 0, _PROLOGUE_BYTES, again=_PROLOGUE_BYTES)
        self.root = opened.group() if opened else b""
        if opened and not root:
            self._tokens = _tokens(_local_name(self.root), record)
        self.prologue = self._data[: opened.end()] if opened else self._data[:_PROLOGUE_BYTES]
        if opened:
            self._drop(opened.end())

    @property
    def rest(self) -> bytes:
        """Return what stands after the last record, as far as it was read."""
        return self._data[self._at :]

    def slices(self) -> Iterator[Slice]:
        """Yield the records in order."""
        number = 0
        while self._next_record():
            number += 1
            line = self._line
            end, whole = self._end_of_record()
            raw = self._data[self._at : end]
            self._drop(end)
            yield Slice(raw, number, line, whole)

    def _next_record(self) -> bool:
        """Move to where the next record begins; tell whether there is one.

        The root's end ends nothing here: an element within it may bear its name; what comes after is read too.
        """
        while True:
            found = self._search(self._tokens.outside, self._at)
            if found is None:
                if not self._discard():
                    return False
            elif found.lastgroup == "open":
                self._drop(found.start())
                self.complete = False
                return True
            elif found.lastgroup == "end":
                self._drop(found.end())
                self.complete = True
            else:
                kind = found.lastgroup or ""
                self._drop(found.end())
                self._skip_to(_AFTER[kind])

    def _end_of_record(self) -> tuple[int, bool]:
        """Return where the record that begins here ends, and whether it was closed."""
        tag = self._search(_TAG_END, self._at, RECORD_BYTES)
        if tag is not None and self._data[tag.start() - 1 : tag.start()] == b"/":
            return tag.end(), True
        position = tag.end() if tag else len(self._data)
        while found := self._search(self._tokens.inside, position, RECORD_BYTES):
            if found.lastgroup == "close":
                return found.end(), True
            if found.lastgroup == "open":
                return found.start(), True
            closed = self._search(_AFTER[found.lastgroup or ""], found.end(), RECORD_BYTES)
            if closed is None:
                break
            position = closed.end()
        return len(self._data), self._ended

    def _search(
        self, pattern: re.Pattern[bytes], start: int, limit: int = CHUNK_BYTES, *, again: int = _TOKEN_BYTES
    ) -> re.Match[bytes] | None:
        """Find `pattern` from `start` on, reading on while less than `limit` bytes are held.

        So many bytes are searched `again` when more has come: the pattern's longest match.
        """
        offset = start - self._at
        while True:
            found = pattern.search(self._data, self._at + offset)
            if self._ended or (found and found.end() + _TOKEN_BYTES <= len(self._data)):
                return found
            if len(self._data) - self._at >= limit:
                return found
            if not found:
                offset = max(offset, len(self._data) - self._at - again)
            self._more()

    def _more(self) -> None:
        chunk = self._stream.read(CHUNK_BYTES)
        self._ended = not chunk
        self._data = self._data[self._at :] + chunk
        self._at = 0

    def _skip_to(self, pattern: re.Pattern[bytes]) -> None:
        while (found := self._search(pattern, self._at)) is None:
            if not self._discard():
                return
        self._drop(found.end())

    def _discard(self) -> bool:
        """Forget what was searched in vain; tell whether the stream may hold more."""
        if self._ended:
            return False
        self._drop(max(self._at, len(self._data) - _TOKEN_BYTES))
        return True

    def _drop(self, position: int) -> None:
        self._line += self._data.count(b"\n", self._at, position)
        self._at = position


def _local_name(tag: bytes) -> str:
    """Return the local name of an opening tag."""
    return re.split(rb"[\s/>]", tag[1:])[0].rpartition(b":")[2].decode("latin-1")
