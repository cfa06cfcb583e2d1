"""Reads JSON lines: one JSON object a line, in the declared encoding."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import orjson

from connectors.codecs.common import badly_encoded, is_deep, refused, too_deep, too_large
from connectors.codecs.lines import lines
from hub.model.values import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.codecs.common import CodecOptions
    from connectors.codecs.lines import Line


def read(stream: IO[bytes], options: CodecOptions) -> Iterator[Record]:
    """Yield one record a line; blank lines are none."""
    for line in lines(stream):
        raw = line.raw.rstrip(b"\r\n")
        if not raw.isspace() and raw:
            yield _record(line, raw, options)


def _record(line: Line, raw: bytes, options: CodecOptions) -> Record:
    place = f"{options.place}:{line.number}"
    if line.cut:
        return too_large(raw, place)
    try:
        tree = orjson.loads(raw if options.encoding == "utf-8" else raw.decode(options.encoding))
    except orjson.JSONDecodeError as broken:
        return _broken(raw, place, options, broken)
    except UnicodeDecodeError as wrong:
        return badly_encoded(raw, place, options.encoding, wrong)
    if is_deep(raw):
        return too_deep(raw, place)
    if not isinstance(tree, dict):
        return refused(raw, place, "no-object", "the line is JSON, but no object", hint="write one JSON object a line")
    return Record(place=place, raw=raw, tree=tree)


def _broken(raw: bytes, place: str, options: CodecOptions, broken: orjson.JSONDecodeError) -> Record:
    """Tell bytes of another encoding from text that is no JSON."""
    try:
        raw.decode(options.encoding)
    except UnicodeDecodeError as wrong:
        return badly_encoded(raw, place, options.encoding, wrong)
    return refused(raw, place, "bad-json", f"no JSON: {broken}", hint="write one complete JSON object a line")
