"""`sunlight mapping new`: the first draft of a mapping, from what a source sends or says of itself."""

from __future__ import annotations

import itertools
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any, Final

import sqlalchemy as sa
import typer
from rich.table import Table
from rich.text import Text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from connectors import open_source
from connectors.codecs import SUFFIXES
from connectors.database_engine import Database
from hub.cli import common
from hub.errors import Fault, Misconfigured
from hub.mapping.drafting.draft import is_writable, looks_like_data, proposals, written
from hub.mapping.drafting.profile import Column, profiled
from hub.mapping.linting.contracts import UnreadableContract, read_contract

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SAMPLE: Final = 500
"""Records looked at: enough to know codes and forms of time, and quick."""


def new(
    *,
    from_: Annotated[
        str, typer.Option("--from", help="A CSV, JSONL or XML sample; DDL, XSD, WSDL; or a database URL.")
    ],
    table: Annotated[str, typer.Option(help="With a database URL: the table.")] = "",
    record: Annotated[str, typer.Option(help="Of XML: the element that is one record.")] = "",
    out: Annotated[Path | None, typer.Option(help="Write the draft there; else it is printed.")] = None,
    as_json: common.AsJson = False,
) -> None:
    """Draft a mapping that already lints, each line with its confidence and reason; nothing of the values is shown.

    Columns are known by their names in Chinese, English, initials of pinyin and the standard tables, and by what
    stands in them. What is left over is listed at the end.

    Example: sunlight mapping new --from january.csv --out mappings/taizhou-culture/permits.yaml
    """
    columns, form = _columns(from_, table, record)
    if not any(is_writable(column.name) for column in columns):
        raise Misconfigured(Fault(code="mapping.no-sample", problem="no column is to be seen", file=from_))
    if any(looks_like_data(column.name) for column in columns):
        problem, hint = "its first row holds data, no names of columns", "add a row of names, and draft again"
        raise Misconfigured(Fault(code="mapping.no-header", problem=problem, file=from_, hint=hint))
    found = proposals(columns)
    if as_json:
        common.print_json([{name: getattr(each, name) for name in each.__slots__} for each in found.values()])
    elif out is not None:
        _say(found)
    text = written(columns, name=table or Path(from_).stem, form=form)
    if out is not None:
        _create(out, text)
    elif not as_json:
        typer.echo(text, nl=False)


def _columns(given: str, table: str, record: str) -> tuple[Sequence[Column], str]:
    if "://" in given:
        return _of_table(given, table), "csv"
    path = Path(given)
    form = SUFFIXES.get(Path(path.name.removesuffix(".gz")).suffix.lower())
    if form is not None and path.is_file() and path.suffix != ".xsd":
        return profiled(_sampled(path, record)), form
    try:
        paths = read_contract(path).columns
        return [Column(steps[-1]) for steps in paths], "csv"
    except (UnreadableContract, OSError) as bad:
        hint = "a CSV, JSONL or XML sample; DDL, table JSON, XSD, WSDL, JSON Schema; or a database URL with --table"
        raise Misconfigured(Fault(code="mapping.no-sample", problem=str(bad), file=given, hint=hint)) from bad


def _sampled(path: Path, record: str) -> Iterator[Mapping[str, Any]]:
    connect = {"record": record} if record else {}
    declared = SimpleNamespace(connection=path.name, kind="files", connect=connect, read={})
    with closing(open_source(declared, {}, path)) as source:
        records = itertools.chain.from_iterable(portion.records for portion in source.read(None))
        yield from (each.tree for each in itertools.islice(records, SAMPLE) if each.refused is None)


def _of_table(url: str, table: str) -> Sequence[Column]:
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
        query = sa.select(sa.table(name, *(sa.column(each) for each in columns), schema=schema or None)).limit(SAMPLE)
        with database.reading() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
    return profiled(rows) or [Column(each) for each in columns]


def _say(found: Mapping[str, Any]) -> None:
    table = Table("target", "column", "confidence", "reason")
    for each in found.values():
        table.add_row(*(Text(cell) for cell in (each.target, each.column, f"{each.confidence:.2f}", each.reason)))
    common.OUT.print(table)


def _create(out: Path, text: str) -> None:
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as refused:
        problem = f"the draft cannot be written: {refused.strerror}"
        fault = Fault(code="mapping.no-draft", problem=problem, file=str(out), hint="name a new file")
        raise Misconfigured(fault) from refused
    common.ERR.print(f"drafted: {out}; next: sunlight mapping lint {out}", soft_wrap=True)
