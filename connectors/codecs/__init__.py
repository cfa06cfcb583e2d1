"""Codecs turn a stream of bytes into records: one module, one function, one line in the table each."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING, Final, TypeAlias

from connectors.codecs import csv_, dbf, fixed, json_, jsonl, row, workbook, xes, xml
from connectors.codecs.common import CodecOptions, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hub.model.values import Record

Codec: TypeAlias = "Callable[[IO[bytes], CodecOptions], Iterator[Record]]"
"""Yields every record of a stream, a broken one as refused; memory is bounded whatever the stream's size."""

CODECS: Final[Mapping[str, Codec]] = {
    "csv": csv_.read,
    "dbf": dbf.read,
    "fixed": fixed.read,
    "json": json_.read,
    "jsonl": jsonl.read,
    "tsv": csv_.read_tabs,
    "xes": xes.read,
    "xlsx": workbook.read,
    "xml": xml.read,
}

SUFFIXES: Final[Mapping[str, str]] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".dbf": "dbf",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".ods": "xlsx",
    ".xes": "xes",
    ".xls": "xlsx",
    ".xlsx": "xlsx",
    ".xml": "xml",
}
"""What a file's name says of its format, where the mapping does not say it."""

_ONE: Final[Mapping[str, Callable[[bytes, CodecOptions], Record]]] = {
    "xes": xes.read_one,
    "row": row.read_one,
    "json": row.read_one,
    "xlsx": row.read_one,
    "dbf": row.read_one,
}
"""Formats whose single record is not a file of itself."""


def decode_one(raw: bytes, form: str, options: CodecOptions) -> Record:
    """Decode the exact bytes of one record again, as `CODECS[form]` (or `row`, of a database) first did."""
    if form in _ONE:
        return _ONE[form](raw, options)
    nothing = refused(raw, options.place, "no-record", "the bytes hold no record", hint="deliver the file again")
    return next(CODECS[form](io.BytesIO(raw), options), nothing)


__all__ = ["CODECS", "SUFFIXES", "Codec", "CodecOptions", "decode_one"]
