"""Reads lines of fixed width: each field takes so many bytes of the declared encoding, filled up with blanks.

The systems that write such files count bytes: a Chinese character takes two in GB 18030, three in UTF-8.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from connectors.codecs.common import badly_encoded, refused, too_large
from connectors.codecs.lines import lines
from hub.model.values import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.codecs.common import CodecOptions
    from connectors.codecs.lines import Line


def read(stream: IO[bytes], options: CodecOptions) -> Iterator[Record]:
    """Yield one record a line; blank lines are none. Blanks around a field are not part of it."""
    for line in lines(stream):
        if line.raw.strip():
            yield _record(line, options)


def _record(line: Line, options: CodecOptions) -> Record:
    raw, place = line.raw.rstrip(b"\r\n"), f"{options.place}:{line.number}"
    if line.cut:
        return too_large(raw, place)
    whole = sum(options.widths.values())
    if len(raw.rstrip(b" ")) > whole or len(raw) < whole - _last_width(options):
        problem = f"the line has {len(raw)} bytes, its fields take {whole}"
        hint = "compare connect.widths, in bytes, with the file; only the last field may be cut short"
        return refused(raw, place, "wrong-width", problem, hint=hint)
    tree, at = {}, 0
    for name, width in options.widths.items():
        try:
            tree[name] = raw[at : at + width].decode(options.encoding).strip(" \u3000")
        except UnicodeDecodeError as wrong:
            return badly_encoded(raw, place, options.encoding, wrong)
        at += width
    return Record(place=place, raw=raw, tree=tree)


def _last_width(options: CodecOptions) -> int:
    return list(options.widths.values())[-1]
