"""Decides what a source contract says: which paths a record has, of what type, and which values they take."""

from __future__ import annotations

import csv
import gzip
import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

import orjson

from hub.errors import in_words
from hub.mapping.linting import schemas
from hub.mapping.linting.xml_schemas import XmlSchemas, xml_tree
from hub.mapping.paths import bare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path as File

Path = tuple[str, ...]
ColumnType = Literal["any", "text", "instant", "day", "number", "integer", "boolean", "nested"]

SAMPLE_RECORDS: Final = 2000
"""Records read of a sample: enough for its types, and no wait in an editor."""

SAMPLE_BYTES: Final = 16 << 20
"""Bytes read of a contract or sample."""

_VALUES_KEPT: Final = 200
"""Distinct values kept of one path; beyond them it is no code."""

_TYPES: Final[Mapping[str, ColumnType]] = {
    "int": "integer", "integer": "integer", "bigint": "integer", "smallint": "integer", "tinyint": "integer",
    "number": "number", "numeric": "number", "decimal": "number", "float": "number", "double": "number",
    "real": "number", "money": "number", "date": "day", "datetime": "instant", "timestamp": "instant",
    "timestamptz": "instant", "boolean": "boolean", "bool": "boolean", "string": "text", "varchar": "text",
    "varchar2": "text",
    "nvarchar": "text", "char": "text", "character": "text", "text": "text", "object": "nested", "array": "nested",
}  # fmt: skip
"""What databases, XML Schema and JSON Schema call the types that the check tells apart."""


class UnreadableContract(Exception):
    """The contract cannot be read; the message says why."""


@dataclass(slots=True, kw_only=True)
class Column:
    """What is known of one path of the source."""

    type: ColumnType = "any"
    enumerated: frozenset[str] | None = None
    """All its values, where the contract lists them."""
    seen: set[str] = field(default_factory=set)
    """Values of a sample, up to a limit."""
    is_required: bool = False
    """Whether whoever takes such records insists on it."""
    crowded: bool = False
    """Whether the sample has more values than were kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """The paths of the source's records; steps are those a mapping writes."""

    columns: Mapping[Path, Column]
    is_sample: bool = False
    is_complete: bool = True
    """Whether a path that is not here cannot come: false for samples of records that leave fields out."""

    def column(self, path: Path) -> Column | None:
        """Return what is known of `path`; None where the contract has no such path."""
        return self.columns.get(bare(path))

    def names_below(self) -> Mapping[Path, frozenset[str]]:
        """Return the names that stand directly below each path, the record's own below the empty one."""
        names: dict[Path, set[str]] = {}
        for path in self.columns:
            names.setdefault(path[:-1], set()).add(path[-1])
        return {path: frozenset(below) for path, below in names.items()}


def type_named(name: str) -> ColumnType:
    """Return the type that a database or schema calls `name`: `NUMBER(10,2)`, `xs:dateTime`, `varchar(20)`."""
    word = re.split(r"[\s(]", name.strip().lower().rpartition(":")[2])[0]
    return _TYPES.get(word, "any")


def read_contract(file: File) -> Contract:
    """Read a contract by what the file is: XSD, WSDL, JSON Schema, table metadata, DDL, or a sample."""
    try:
        raw = file.read_bytes()[: SAMPLE_BYTES + 1]
        if file.suffix == ".gz":
            raw = gzip.GzipFile(fileobj=io.BytesIO(raw)).read(SAMPLE_BYTES + 1)
    except (OSError, EOFError) as unreadable:
        raise UnreadableContract(getattr(unreadable, "strerror", None) or "it is no gzip file") from unreadable
    if len(raw) > SAMPLE_BYTES:
        raise UnreadableContract(f"it has over {SAMPLE_BYTES} bytes")
    suffix = (file.with_suffix("") if file.suffix == ".gz" else file).suffix.lower()
    reader = _READERS.get(suffix)
    if reader is None:
        raise UnreadableContract(f"no contract ends in {suffix or 'nothing'}: known are {', '.join(sorted(_READERS))}")
    try:
        contract = _xsd(raw, file) if reader is _xsd else reader(raw)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError, csv.Error) as bad:
        raise UnreadableContract(in_words(bad)[:200]) from bad
    if not contract.columns:
        raise UnreadableContract("it names no column")
    return contract


def text_of(raw: bytes) -> str:
    """Decode a contract: UTF-8, and where it is none, GB 18030."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("gb18030", errors="replace")


def sample_of(records: Iterable[Any], *, is_complete: bool) -> Contract:
    """Profile records: every path in them, and the values it takes."""
    columns: dict[Path, Column] = {}
    for _, record in zip(range(SAMPLE_RECORDS), records, strict=False):
        _profile(record, (), columns)
    return Contract(columns=columns, is_sample=True, is_complete=is_complete)


def _profile(value: Any, path: Path, columns: dict[Path, Column]) -> None:  # noqa: ANN401 - any record
    if isinstance(value, dict):
        for name, child in value.items():
            columns.setdefault((*path, str(name)), Column())
            _profile(child, (*path, str(name)), columns)
    elif isinstance(value, list):
        for child in value:
            _profile(child, path, columns)
    elif path and value is not None and value != "":
        _keep(columns[path], value)


def _keep(column: Column, value: object) -> None:
    if len(column.seen) < _VALUES_KEPT:
        column.seen.add(str(value).lower() if isinstance(value, bool) else str(value))
    else:
        column.crowded = True


def _csv(raw: bytes) -> Contract:
    text = text_of(raw)
    first = text.partition("\n")[0]
    delimiter = max(",;\t|", key=first.count)
    return sample_of(csv.DictReader(io.StringIO(text), delimiter=delimiter), is_complete=True)


def _jsonl(raw: bytes) -> Contract:
    return sample_of((orjson.loads(line) for line in raw.splitlines() if line.strip()), is_complete=False)


def _json(raw: bytes) -> Contract:
    document = orjson.loads(raw)
    if isinstance(document, dict) and isinstance(document.get("columns"), (list, dict)):
        return _table(document["columns"])
    if isinstance(document, dict) and ("$schema" in document or isinstance(document.get("properties"), dict)):
        return declared(schemas.json_schema_paths(document, document))
    return sample_of(document if isinstance(document, list) else [document], is_complete=False)


def _table(columns: Any) -> Contract:  # noqa: ANN401 - a list of objects or names, or an object
    if isinstance(columns, dict):
        return declared(((name,), str(kind), None, False) for name, kind in columns.items())
    rows = [{"name": each} if isinstance(each, str) else each for each in columns]
    return declared(
        ((row["name"],), str(row.get("type", "")), row.get("values"), bool(row.get("required"))) for row in rows
    )


def declared(paths: Iterable[tuple[Path, str, Iterable[Any] | None, bool]]) -> Contract:
    """Return the contract of paths: each with its type's name, its values where listed, whether it is required."""
    columns = {}
    for path, kind, values, is_required in paths:
        listed = None if values is None else frozenset(str(value) for value in values)
        columns[path] = Column(type=type_named(kind), enumerated=listed, is_required=is_required)
    return Contract(columns=columns)


def _sql(raw: bytes) -> Contract:
    return declared(((name,), kind, None, required) for name, kind, required in schemas.ddl_columns(text_of(raw)))


def _xsd(raw: bytes, file: File | None = None) -> Contract:
    schema = XmlSchemas(raw, file)
    return Contract(columns=declared(schema.paths()).columns, is_complete=schema.is_complete)


def _xml(raw: bytes) -> Contract:
    return sample_of([xml_tree(raw)], is_complete=False)


_READERS: Final[Mapping[str, Callable[[bytes], Contract]]] = {
    ".csv": _csv, ".jsonl": _jsonl, ".ndjson": _jsonl, ".json": _json, ".sql": _sql, ".xsd": _xsd, ".wsdl": _xsd,
    ".xml": _xml,
}  # fmt: skip
