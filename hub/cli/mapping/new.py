"""`sunlight mapping new`: the first draft of a mapping, from what a source sends or says of itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from hub.cli import common
from hub.cli.mapping.sampling import sampled
from hub.errors import Fault, Misconfigured
from hub.mapping.drafting.draft import is_writable, looks_like_data, written
from hub.mapping.drafting.matching import proposals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.mapping.drafting.profile import Column


def new(
    *,
    from_: Annotated[
        str, typer.Option("--from", help="A CSV, JSONL or XML sample; DDL, XSD, WSDL; or a database URL.")
    ],
    table: Annotated[str, typer.Option(help="With a database URL or DDL: the table.")] = "",
    record: Annotated[str, typer.Option(help="Of XML: the element that is one record.")] = "",
    encoding: Annotated[str, typer.Option(help="Of a sample: utf-8 or gb18030. Default: the one it is sound in.")] = "",
    out: Annotated[Path | None, typer.Option(help="Write the draft there; else it is printed.")] = None,
    as_json: common.AsJson = False,
) -> None:
    """Draft a mapping that already lints, each line with its confidence and reason; nothing of the values is shown.

    Columns are known by their names in Chinese, English, initials of pinyin and the standard tables, and by what
    stands in them; a source of a shipped family extends its base. What is left over is listed at the end.

    Example: sunlight mapping new --from january.csv --out mappings/taizhou-culture/permits.yaml
    """
    columns, origin = sampled(from_, table=table, record=record, encoding=encoding)
    _check(columns, from_)
    found = proposals(columns)
    if as_json:
        common.print_json([{name: getattr(each, name) for name in each.__slots__} for each in found.values()])
    elif out is not None:
        _say(found)
    text = written(columns, name=table or Path(from_).name.partition(".")[0], origin=origin)
    if out is not None:
        _create(out, text)
    elif not as_json:
        typer.echo(text, nl=False)


def _check(columns: Sequence[Column], given: str) -> None:
    """Refuse a sample that has no names of columns, or whose names are somebody's data."""
    if not any(is_writable(column.name) for column in columns):
        raise Misconfigured(Fault(code="mapping.no-sample", problem="no column is to be seen", file=given))
    if any(looks_like_data(column.name) or column.name in column.values for column in columns):
        problem, hint = "its first row holds data, no names of columns", "add a row of names, and draft again"
        raise Misconfigured(Fault(code="mapping.no-header", problem=problem, file=given, hint=hint))


def _say(found: Mapping[str, Any]) -> None:
    table = Table("target", "column", "confidence", "reason")
    for each in found.values():
        table.add_row(*(Text(cell) for cell in (each.target, each.column, f"{each.confidence:.2f}", each.reason)))
    common.OUT.print(table)


def _create(out: Path, text: str) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as refused:
        problem = f"the draft cannot be written: {refused.strerror}"
        fault = Fault(code="mapping.no-draft", problem=problem, file=str(out), hint="name a new file")
        raise Misconfigured(fault) from refused
    common.ERR.print(f"drafted: {out}; next: sunlight mapping lint {out}", soft_wrap=True)
