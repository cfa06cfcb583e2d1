"""Reads one JSON document that holds many records: a list, or an object with the list at a declared path."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, Final

import orjson

from connectors.codecs.common import badly_encoded, is_deep, refused, too_deep
from hub.model.values import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.codecs.common import CodecOptions

DOCUMENT_BYTES: Final = 64 << 20
"""Largest document: it is read whole. What is longer is JSON lines, which are not."""

KEPT_BYTES: Final = 1 << 16
"""How much of a document that cannot be read is kept as evidence."""


def read(stream: IO[bytes], options: CodecOptions) -> Iterator[Record]:
    """Yield one record an object of the list; the whole document is one refused record where it has none."""
    raw = stream.read(DOCUMENT_BYTES + 1)
    if len(raw) > DOCUMENT_BYTES:
        problem, hint = f"the document has over {DOCUMENT_BYTES:,} bytes", "deliver JSON lines, one record a line"
        yield refused(raw[:KEPT_BYTES], options.place, "too-large", problem, hint=hint)
        return
    try:
        document = orjson.loads(raw.decode("utf-8-sig" if options.encoding == "utf-8" else options.encoding))
    except UnicodeDecodeError as wrong:
        yield badly_encoded(raw[:KEPT_BYTES], options.place, options.encoding, wrong)
        return
    except orjson.JSONDecodeError as broken:
        problem = f"no JSON: {broken}"
        yield refused(raw[:KEPT_BYTES], options.place, "bad-json", problem, hint="deliver one complete document")
        return
    yield from _records(document, raw, options)


def _records(document: Any, raw: bytes, options: CodecOptions) -> Iterator[Record]:  # noqa: ANN401 - any JSON
    for step in options.rows:
        document = document.get(step) if isinstance(document, dict) else None
    if document is None:
        problem = f"the document has no {'/'.join(options.rows) or 'records'}"
        yield refused(raw[:KEPT_BYTES], options.place, "no-rows", problem, hint="name the list's path under rows")
        return
    for number, row in enumerate(document if isinstance(document, list) else [document], start=1):
        yield _record(row, f"{options.place}:{number}")


def _record(row: Any, place: str) -> Record:  # noqa: ANN401 - any JSON
    try:
        raw = orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # beyond its own depth: the row alone is odd, and its bytes are those of the whole document
        return too_deep(b"", place)
    if is_deep(raw):
        return too_deep(raw, place)
    if not isinstance(row, dict):
        return refused(raw, place, "no-object", "the row is no object", hint="name the list's path under rows")
    return Record(place=place, raw=raw, tree=row)
