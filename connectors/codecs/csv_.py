"""Reads CSV as RFC 4180 has it, strictly: a row that breaks the rules is one refused record, its neighbours are sound.

A record's raw bytes are the header row's and its own, exactly as they stand in the file: a CSV file of one record,
which can be decoded again by itself.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import replace
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

from connectors.codecs.common import badly_encoded, refused, too_large
from connectors.codecs.lines import Line, lines
from hub.mapping.values import outline
from hub.model.values import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connectors.codecs.common import CodecOptions
    from hub.errors import Rejection

COLUMNS: Final = 4096
"""Most columns of a CSV: four times what any database's table has."""

OPEN_QUOTE_BYTES: Final = 1 << 20
"""How far a quoted field is followed over line breaks before its opening quote is held to be a stray one."""

_HINT: Final = "quote fields that hold delimiters, quotes or line breaks, and double the quotes inside (RFC 4180)"


class _Row(NamedTuple):
    """One row with its exact bytes, and what it decodes to: its fields, or why there are none."""

    number: int
    raw: bytes
    fields: list[str]
    refused: Rejection | None = None


def read(stream: IO[bytes], options: CodecOptions) -> Iterator[Record]:
    """Yield one record a row, under the header row's names or `options.columns`; blank lines are none."""
    rows = _Rows(stream, options)
    header, names = b"", list(options.columns)
    if not names:
        first = next(rows, None)
        if first is None:
            return
        wrong = _header_fault(first, options)
        if wrong is not None:
            yield wrong
            return
        header, names = _with_line_feed(first.raw), first.fields
    for row in rows:
        yield _record(row, header, names, options)


def read_tabs(stream: IO[bytes], options: CodecOptions) -> Iterator[Record]:
    """Yield the rows of a table whose fields are parted by tabs."""
    return read(stream, replace(options, delimiter="\t"))


def _record(row: _Row, header: bytes, names: list[str], options: CodecOptions) -> Record:
    raw = header + row.raw
    place = f"{options.place}:{row.number}"
    if row.refused is not None:
        return Record(place=place, raw=raw, tree={}, refused=replace(row.refused, place=place))
    if len(row.fields) != len(names):
        problem = f"the row has {len(row.fields)} fields, the header {len(names)}"
        return refused(raw, place, "wrong-fields", problem, value=outline(row.fields[0]), hint=_HINT)
    tree: Mapping[str, Any] = dict(zip(names, row.fields, strict=True))
    return Record(place=place, raw=raw, tree=tree)


def _header_fault(row: _Row, options: CodecOptions) -> Record | None:
    """Refuse the whole file, once, where its header row cannot name the fields of any record."""
    place = f"{options.place}:{row.number}"
    if row.refused is not None:
        problem = f"the header row cannot be read, so no row of this file was: {row.refused.problem}"
        return refused(row.raw, place, "bad-header", problem, hint=row.refused.hint)
    if len(row.fields) > COLUMNS:
        problem = (
            f"the header row has {len(row.fields):,} columns, more than {COLUMNS:,}, so no row of this file was read"
        )
        return refused(row.raw, place, "bad-header", problem, hint="look for lost line feeds, or the wrong delimiter")
    first = {name: number for number, name in reversed(list(enumerate(row.fields, 1)))}
    again = next((number for number, name in enumerate(row.fields, 1) if first[name] != number), None)
    if again is None:
        return None
    problem = f"columns {first[row.fields[again - 1]]} and {again} of the header row have one name, so no row was read"
    hint = "give every column a name of its own; where the file has no header row, name them in connect.columns"
    return refused(row.raw, place, "bad-header", problem, hint=hint)


class _Rows:
    """The rows of a stream, one after the other. Keeps the lines it has looked ahead at, never more than a limit."""

    def __init__(self, stream: IO[bytes], options: CodecOptions) -> None:
        self._lines = lines(stream)
        self._ahead: deque[Line] = deque()
        self._options = options
        self._fields = _field_pattern(options.delimiter)

    def __iter__(self) -> _Rows:
        return self

    def __next__(self) -> _Row:
        while True:
            line = self._ahead.popleft() if self._ahead else next(self._lines)
            if line.raw.strip(b"\r\n"):
                return self._row(line)

    def _row(self, line: Line) -> _Row:
        if line.cut:
            return _Row(line.number, line.raw, [], too_large(line.raw, "").refused)
        if not line.raw.count(b'"') & 1:
            return self._parse(line.number, line.raw) or self._stray(line)
        taken = self._to_closing_quote(line)
        raw = b"".join((line.raw, *(each.raw for each in taken)))
        row = self._parse(line.number, raw)
        if row is not None:
            return row
        self._ahead.extendleft(reversed(taken))
        return self._stray(line)

    def _to_closing_quote(self, line: Line) -> list[Line]:
        """Take the lines that follow up to the one that closes the quote which `line` leaves open."""
        taken: list[Line] = []
        size = len(line.raw)
        while size <= OPEN_QUOTE_BYTES:
            following = self._ahead.popleft() if self._ahead else next(self._lines, None)
            if following is None:
                break
            taken.append(following)
            size += len(following.raw)
            if following.raw.count(b'"') & 1:
                break
        return taken

    def _parse(self, number: int, raw: bytes) -> _Row | None:
        """Split one row; None where its quotes are not as they must be."""
        encoding = self._options.encoding
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError as wrong:
            if self._split(raw.decode(encoding, "replace")) is None:
                return None
            return _Row(number, raw, [], badly_encoded(raw, "", encoding, wrong).refused)
        fields = self._split(text)
        return None if fields is None else _Row(number, raw, fields)

    def _split(self, text: str) -> list[str] | None:
        delimiter = self._options.delimiter
        text = text.removesuffix("\n").removesuffix("\r")
        if '"' not in text:
            return text.split(delimiter)
        found = self._fields.findall(text + delimiter)
        if sum(len(whole) for whole, _, _ in found) != len(text) + len(delimiter):
            return None
        return [quoted.replace('""', '"') if whole[0] == '"' else plain for whole, quoted, plain in found]

    def _stray(self, line: Line) -> _Row:
        """Refuse one physical line: of its encoding if that is wrong, else of its quotes."""
        encoding = self._options.encoding
        try:
            line.raw.decode(encoding)
        except UnicodeDecodeError as wrong:
            return _Row(line.number, line.raw, [], badly_encoded(line.raw, "", encoding, wrong).refused)
        problem = "a quote stands where none may stand, or is never closed"
        return _Row(line.number, line.raw, [], refused(line.raw, "", "stray-quote", problem, hint=_HINT).refused)


@lru_cache(maxsize=8)
def _field_pattern(delimiter: str) -> re.Pattern[str]:
    """Match one field and the delimiter after it; possessive, so that no input makes it go back."""
    d = re.escape(delimiter)
    return re.compile(rf'("((?:[^"]++|"")*+)"{d}|([^"{d}]*+){d})')


def _with_line_feed(raw: bytes) -> bytes:
    return raw if raw.endswith(b"\n") else raw + b"\n"
