"""Cuts the traces out of an XES stream, each with its exact bytes, holding no more of the stream than one trace."""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Final, NamedTuple

from connectors.codecs.common import CHUNK_BYTES, RECORD_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME: Final = rb"(?:[\w.-]{1,30}:)?"
_OPEN: Final = rb"(?P<open>" + _NAME + rb"trace(?=[\s/>]))"
_OUTSIDE: Final = re.compile(rb"<(?:(?P<comment>!--)|" + _OPEN + rb"|(?P<end>/" + _NAME + rb"log\s{0,30}>))")
_INSIDE: Final = re.compile(
    rb"<(?:(?P<comment>!--)|(?P<cdata>!\[CDATA\[)|" + _OPEN + rb"|(?P<close>/" + _NAME + rb"trace\s{0,30}>))"
)
"""What may hold the word without meaning it is stepped over. Where a trace begins before the last has ended, the last
is cut there: it is broken, the next may be sound."""

_AFTER: Final = {"comment": re.compile(rb"-->"), "cdata": re.compile(rb"\]\]>")}
_TAG_END: Final = re.compile(rb">")
_LOG: Final = re.compile(rb"<" + _NAME + rb"log(?=[\s/>])[^>]*>")
_TOKEN_BYTES: Final = 96
"""No token above is longer: so many bytes are searched again when more of the stream has come."""

_PROLOGUE_BYTES: Final = 1 << 20
"""How far into a file its log element must begin."""


class Slice(NamedTuple):
    """The bytes of one trace and where it stands, from 1. `whole` is false where the stream or the limit cut it."""

    raw: bytes
    number: int
    line: int
    whole: bool = True


class Scanner:
    """Walks over one stream. `prologue` is what stands before and in its log element; `complete` that it was closed."""

    def __init__(self, stream: IO[bytes]) -> None:
        """Read the beginning of `stream`, up to its log element."""
        self._stream = stream
        self._data = b""
        self._at = 0
        self._ended = False
        self._line = 1
        self.complete = False
        opened = self._search(_LOG, 0, _PROLOGUE_BYTES)
        self.log = opened.group() if opened else b""
        self.prologue = self._data[: opened.end()] if opened else self._data[:_PROLOGUE_BYTES]
        if opened:
            self._drop(opened.end())

    @property
    def rest(self) -> bytes:
        """Return what stands after the last trace, as far as it was read."""
        return self._data[self._at :]

    def slices(self) -> Iterator[Slice]:
        """Yield the traces in order."""
        number = 0
        while self._next_trace():
            number += 1
            line = self._line
            end, whole = self._end_of_trace()
            raw = self._data[self._at : end]
            self._drop(end)
            yield Slice(raw, number, line, whole)

    def _next_trace(self) -> bool:
        """Move to where the next trace begins; tell whether there is one."""
        while True:
            found = self._search(_OUTSIDE, self._at)
            if found is None:
                if not self._discard():
                    return False
            elif found.lastgroup == "open":
                self._drop(found.start())
                return True
            elif found.lastgroup == "end":
                self._drop(found.end())
                self.complete = True
                return False
            else:
                self._drop(found.end())
                self._skip_to(_AFTER["comment"])

    def _end_of_trace(self) -> tuple[int, bool]:
        """Return where the trace that begins here ends, and whether it was closed."""
        tag = self._search(_TAG_END, self._at, RECORD_BYTES)
        if tag is not None and self._data[tag.start() - 1 : tag.start()] == b"/":
            return tag.end(), True
        position = tag.end() if tag else len(self._data)
        while found := self._search(_INSIDE, position, RECORD_BYTES):
            if found.lastgroup == "close":
                return found.end(), True
            if found.lastgroup == "open":
                return found.start(), True
            closed = self._search(_AFTER[found.lastgroup or ""], found.end(), RECORD_BYTES)
            if closed is None:
                break
            position = closed.end()
        return len(self._data), self._ended

    def _search(self, pattern: re.Pattern[bytes], start: int, limit: int = CHUNK_BYTES) -> re.Match[bytes] | None:
        """Find `pattern` from `start` on, reading on while less than `limit` bytes are held."""
        offset = start - self._at
        while True:
            found = pattern.search(self._data, self._at + offset)
            if self._ended or (found and found.end() + _TOKEN_BYTES <= len(self._data)):
                return found
            if len(self._data) - self._at >= limit:
                return found
            if not found:
                offset = max(offset, len(self._data) - self._at - _TOKEN_BYTES)
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
