"""What all codecs share: their options, their limits, and how a record that cannot be read is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hub.errors import Rejection
from hub.model.values import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

RECORD_BYTES: Final = 16 << 20
"""Largest record that is read: beyond it the file is no longer a list of records (an unclosed tag or quote)."""

CHUNK_BYTES: Final = 1 << 18
"""Bytes asked of a file at a time: large enough for speed, small enough to forget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodecOptions:
    """How a stream of bytes is to be read. `place` names it to people: the file's name."""

    place: str = ""
    encoding: str = "utf-8"
    delimiter: str = ","
    columns: tuple[str, ...] = ()
    """Column names of a CSV without a header row; empty where the first row has them."""
    widths: Mapping[str, int] = field(default_factory=dict)
    """Bytes that each field of a line of fixed width takes, in order."""
    record: str = ""
    """Local name of the XML element that is one record; empty where the whole file is one."""
    sheet: str = ""
    """Name of a workbook's sheet; empty for the first."""
    rows: tuple[str, ...] = ()
    """Path of the list within a JSON document; empty where the document is the list."""
    namespaces: Mapping[str, str] = field(default_factory=dict)
    """The mapping's prefix by XML namespace."""


LEVELS: Final = 100
"""Levels of nesting in JSON that are read: every reader has some limit, and real records have ten."""


def is_deep(raw: bytes) -> bool:
    """Tell whether JSON is nested deeper than that; quotes are not looked at, so that text may count as deep."""
    if raw.count(b"[") + raw.count(b"{") <= LEVELS:
        return False
    depth = deepest = 0
    for found in _BRACKETS.finditer(raw):
        depth += 1 if found[0] in (b"[", b"{") else -1
        deepest = max(deepest, depth)
        if deepest > LEVELS:
            return True
    return False


_BRACKETS: Final = re.compile(rb"[\[\]{}]")


def too_deep(raw: bytes, place: str) -> Record:
    """Return a record refused because it is nested too deep."""
    problem = f"values lie more than {LEVELS} within one another"
    return refused(raw, place, "too-deep", problem, hint="write flat records")


def refused(raw: bytes, place: str, code: str, problem: str, *, value: str = "", hint: str) -> Record:
    """Return a record that keeps `raw` and says why it could not be decoded."""
    why = Rejection(stage="decode", code=f"decode.{code}", problem=problem, hint=hint, place=place, value=value[:80])
    return Record(place=place, raw=raw, tree={}, refused=why)


def badly_encoded(raw: bytes, place: str, encoding: str, wrong: UnicodeDecodeError) -> Record:
    """Return a record refused because its bytes are not of the declared encoding."""
    return refused(
        raw,
        place,
        "bad-encoding",
        f"byte {wrong.start} of the record is not {encoding}: {wrong.reason}",
        value=raw[wrong.start : wrong.end].hex(" "),
        hint="declare the encoding the system really writes under read.encoding, or correct the record",
    )


def too_large(raw: bytes, place: str) -> Record:
    """Return a record refused because it does not end."""
    problem = f"no end within {RECORD_BYTES:,} bytes; what follows is not kept"
    return refused(raw, place, "too-large", problem, hint="look for an unclosed tag or a missing line feed")
