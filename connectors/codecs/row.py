"""Writes a database row as exact bytes and reads it back: a JSON object of column to text, bytes as base64."""

from __future__ import annotations

import base64
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final

import orjson

from connectors.codecs.common import CodecOptions, badly_encoded, refused
from hub.model.values import Record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

ROW_PLACE: Final = "table "
"""How the place of a table's row begins."""

_BYTES: Final = "base64"
"""Key of the object that stands for a column of bytes: what they say depends on the declared encoding."""

_BIGGEST: Final = 1 << 53
"""Whole numbers from here on are written as text: not every reader of JSON keeps them."""


def raw_row(values: Mapping[str, Any], zone: ZoneInfo) -> bytes:
    """Return a row's canonical bytes. Instants are written in `zone`, so that the server's session does not matter."""
    return orjson.dumps({name: _plain(value, zone) for name, value in values.items()}, option=orjson.OPT_SORT_KEYS)


def read_one(raw: bytes, options: CodecOptions) -> Record:
    """Return the record of a row's canonical bytes."""
    try:
        tree = {name: _decoded(value, options.encoding) for name, value in orjson.loads(raw).items()}
    except UnicodeDecodeError as wrong:
        return badly_encoded(raw, options.place, options.encoding, wrong)
    except (orjson.JSONDecodeError, AttributeError, ValueError):
        return refused(raw, options.place, "bad-row", "the bytes are no row", hint="replay what was read from a table")
    return Record(place=options.place, raw=raw, tree=tree)


def _plain(value: Any, zone: ZoneInfo) -> Any:  # noqa: ANN401, PLR0911 - whatever a database holds; one line a type
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, int):
        return value if -_BIGGEST < value < _BIGGEST else str(value)
    if isinstance(value, (bytes, memoryview)):
        return {_BYTES: base64.b64encode(bytes(value)).decode()}
    if isinstance(value, datetime):
        return (value.astimezone(zone) if value.tzinfo else value).isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [_plain(item, zone) for item in value]
    if isinstance(value, dict):
        return {str(name): _plain(item, zone) for name, item in value.items()}
    return repr(value) if isinstance(value, float) else str(value)


def _decoded(value: Any, encoding: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, dict) and value.keys() == {_BYTES}:
        return base64.b64decode(value[_BYTES]).decode(encoding)
    return value
