"""Reads a dBase or FoxPro table (DBF): one record a row, each by itself; memo files, which lie beside, are not read."""

from __future__ import annotations

import shutil
import struct
import tempfile
from datetime import date, datetime
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any, Final

import orjson
from dbfread import DBF, DBFNotFound
from dbfread.field_parser import FieldParser

from connectors.codecs.common import badly_encoded, refused
from hub.model.values import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connectors.codecs.common import CodecOptions

KEPT_BYTES: Final = 1 << 16
"""How much of a table that cannot be read is kept as evidence."""

_MEMO: Final = frozenset("MGPB")
"""Types of fields whose values lie in another file."""

_BROKEN: Final = (ValueError, KeyError, IndexError, AttributeError, TypeError, struct.error, OSError, DBFNotFound)
"""What dbfread lets through where a table is no table."""


def read(stream: IO[bytes], options: CodecOptions) -> Iterator[Record]:
    """Yield one record a row that is not deleted; a table that cannot be read, or breaks off, is one refused record."""
    with tempfile.NamedTemporaryFile(suffix=".dbf") as file:
        shutil.copyfileobj(stream, file)
        file.flush()
        number = 0
        try:
            table = DBF(file.name, encoding=options.encoding, raw=True, ignore_missing_memofile=True)
            parser = FieldParser(table)
            for number, row in enumerate(table, start=1):
                yield _record(row, table, parser, options, number)
            ends_early = number < table.header.numrecords - _deleted(table)
        except _BROKEN as broken:
            ends_early, said = True, f": {type(broken).__name__}"
        else:
            said = ""
        if ends_early:
            file.seek(0)
            problem, place = f"the table breaks off after row {number}{said}", f"{options.place}:{number + 1}"
            yield refused(file.read(KEPT_BYTES), place, "bad-dbf", problem, hint="export the table again, whole")


def _deleted(table: Any) -> int:  # noqa: ANN401 - dbfread ships no types
    return sum(1 for _ in table.deleted)


def _record(row: Mapping[str, bytes], table: Any, parser: Any, options: CodecOptions, number: int) -> Record:  # noqa: ANN401
    place, raw = f"{options.place}:{number}", b" ".join(row.values())
    tree: dict[str, Any] = {}
    for field in table.fields:
        if field.type in _MEMO:
            continue
        try:
            tree[field.name] = _plain(parser.parse(field, row[field.name]))
        except UnicodeDecodeError as wrong:
            return badly_encoded(raw, place, options.encoding, wrong)
        except (*_BROKEN, ArithmeticError):
            problem = f"the field {field.name} holds no value of its type"
            return refused(raw, place, "bad-row", problem, hint="mend the row, or export the table again")
    return Record(place=place, raw=orjson.dumps(tree, option=orjson.OPT_SORT_KEYS), tree=tree)


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a field holds
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1 << 53 else value
    if isinstance(value, bytes):
        return value.hex() or None
    return value if value != "" else None
