"""Decides how `mapping new` looks at what it is given: a file of records, a declaration, or a table of a database."""

from __future__ import annotations

import gzip
import itertools
import re
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from connectors import open_source
from connectors.codecs import SUFFIXES
from connectors.database_engine import Database
from connectors.encodings import canonical
from hub.errors import Fault, Misconfigured
from hub.mapping.drafting.origin import of_files, of_table
from hub.mapping.drafting.profile import Column, profiled
from hub.mapping.linting.contracts import Contract, UnreadableContract, read_contract, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hub.mapping.drafting.origin import Origin

RECORDS: Final = 20_000
"""Records of a file looked at: nearly every code a department has, in seconds."""

ROWS: Final = 2_000
"""Rows of a department's live table looked at: it has other work."""

PATHS: Final = 400
"""Paths of a declaration drafted from; one of thousands is drafted from a sample of what is really sent."""

HEAD_BYTES: Final = 1 << 20
"""Bytes by which the encoding is told, and the delimiter."""

_XML: Final = re.compile(rb"""\A(?:\xef\xbb\xbf)?\s*<\?xml[^>]*encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_CREATE: Final = re.compile(r"""create\s+table\s+(?:if\s+not\s+exists\s+)?["`\[]?([\w.]+)""", re.IGNORECASE)
_HINT: Final = "a CSV, JSONL or XML sample; DDL, table JSON, XSD, WSDL, JSON Schema; or a database URL with --table"


def sampled(given: str, *, table: str, record: str, encoding: str) -> tuple[Sequence[Column], Origin]:
    """Return the columns of what is `given`, a file or a database's URL, and how a mapping reaches such a source."""
    if "://" in given:
        return _of_table(given, table)
    path = Path(given)
    form = SUFFIXES.get(Path(path.name.removesuffix(".gz")).suffix.lower())
    if form is None or not path.is_file():
        return _of_contract(path, table)
    raw = _head(path)
    declared = canonical(encoding, place=given) if encoding else _encoding_of(raw, path)
    connect = {"delimiter": _delimiter(raw.decode(declared, errors="replace"))} if form == "csv" else {}
    records = _records(path, {**connect, **({"record": record} if record else {})}, declared)
    return profiled(records), of_files(form, encoding=declared, record=record, **connect)


def _head(path: Path) -> bytes:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            return stream.read(HEAD_BYTES)
    except (OSError, EOFError) as unreadable:
        raise Misconfigured(_no_sample(str(unreadable), str(path))) from unreadable


def _encoding_of(raw: bytes, path: Path) -> str:
    """Return the encoding in which the sample is sound: what it declares, UTF-8, or GB 18030; the draft names it."""
    found = _XML.match(raw)
    if found is not None:
        return canonical(found[1].decode(), place=str(path))
    for name in ("utf-8", "gb18030"):
        if _is_sound(raw, name):
            return name
    raise Misconfigured(_no_sample("it is neither UTF-8 nor GB 18030", str(path)))


def _is_sound(raw: bytes, name: str) -> bool:
    """Tell whether bytes decode, but for a character that the end may have cut."""
    try:
        raw.decode(name)
    except UnicodeDecodeError as bad:
        return len(raw) == HEAD_BYTES and bad.start > len(raw) - 4
    return True


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t|", key=first.count)


def _records(path: Path, connect: Mapping[str, str], encoding: str) -> Iterator[Mapping[str, Any]]:
    declared = SimpleNamespace(connection=path.name, kind="files", connect=connect, read={"encoding": encoding})
    with closing(open_source(declared, {}, path)) as source:
        records = itertools.chain.from_iterable(portion.records for portion in source.read(None))
        yield from (each.tree for each in itertools.islice(records, RECORDS) if each.refused is None)


def _of_contract(path: Path, table: str) -> tuple[Sequence[Column], Origin]:
    try:
        contract = read_contract(path)
    except (UnreadableContract, OSError) as bad:
        raise Misconfigured(_no_sample(str(bad), str(path))) from bad
    columns = _columns_of(contract)
    if path.suffix.lower() in {".sql", ".json"} and all(len(column.path) == 1 for column in columns):
        return columns, of_table(table or _table_in(path), columns, ())
    return columns, of_files("xml" if path.suffix.lower() in {".xsd", ".wsdl"} else "jsonl")


def _table_in(path: Path) -> str:
    """Return the table that a DDL creates first; of other declarations, the file's name."""
    found = _CREATE.search(text_of(path.read_bytes()))
    return found[1] if found else path.stem


def _columns_of(contract: Contract) -> list[Column]:
    """Return the paths at which values stand, not those of what holds them."""
    inner = {path[:depth] for path in contract.columns for depth in range(1, len(path))}
    paths = itertools.islice((path for path in contract.columns if path not in inner), PATHS)
    return [Column("/".join(path), path=path) for path in paths]


def _of_table(url: str, table: str) -> tuple[Sequence[Column], Origin]:
    try:
        database = Database(make_url(url), timeout_s=30, place=table)
    except ArgumentError as wrong:
        fault = Fault(code="mapping.no-sample", problem="this is no database URL", hint="see --help")
        raise Misconfigured(fault) from wrong
    schema, _, name = table.rpartition(".")
    with closing(database):
        columns = database.columns(name, schema or None)
        if not columns:
            hint = "name one that is there with --table"
            raise Misconfigured(Fault(code="mapping.no-table", problem=f"there is no table {table!r}", hint=hint))
        keys = database.primary_key(name, schema or None)
        query = sa.select(sa.table(name, *(sa.column(each) for each in columns), schema=schema or None)).limit(ROWS)
        with database.reading() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
    found = profiled(rows) or [Column(each) for each in columns]
    return found, of_table(table, found, keys)


def _no_sample(problem: str, file: str) -> Fault:
    return Fault(code="mapping.no-sample", problem=problem, file=file, hint=_HINT)
