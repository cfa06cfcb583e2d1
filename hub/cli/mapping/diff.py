"""`sunlight mapping diff`: which events change when one mapping takes another's place, on records that are there."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.table import Table
from rich.text import Text

from connectors import open_source
from hub.cli import common
from hub.mapping import TOKEN_KEY, fingerprint, tried
from hub.mapping.difference import Change, changes
from hub.mapping.examples import ENVIRONMENT, read_examples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.mapping import CompiledMapping

EXAMPLES: Final = "examples"

DIFFERS: Final = 1
"""Exit code where the two differ on any record."""

_SHOWN: Final = 50
"""Records shown in full; all are counted."""


def diff(
    old: Annotated[Path, typer.Argument(help="The mapping as it is.", exists=True, dir_okay=False)],
    new: Annotated[Path, typer.Argument(help="The mapping that shall take its place.", exists=True, dir_okay=False)],
    *,
    on: Annotated[str, typer.Option("--on", help="A file of records, read as OLD declares; or `examples`, OLD's own.")],
    as_json: common.AsJson = False,
) -> None:
    """Map every record by both mappings and show which events appear, disappear or change, field by field.

    Exit code 0: no record's events differ; 1: some do; 2: a mapping or the records cannot be read.

    Example: sunlight mapping diff permits.yaml permits-2.yaml --on january.csv
    """
    environment = os.environ if os.environ.get(TOKEN_KEY) else ENVIRONMENT
    before, after = (tried(path, environment=environment) for path in (old, new))
    found, totals = Counter[str](), Counter[str]()
    shown: list[tuple[str, list[Change]]] = []
    for place, tree in _counted(_records(before, old, on)):
        differ = changes(before, after, tree)
        totals["records"] += 1
        totals["differ"] += bool(differ)
        found.update(change.kind for change in differ)
        if differ and len(shown) < _SHOWN:
            shown.append((place, differ))
    parts = [name for name, value in fingerprint(old).parts.items() if value != fingerprint(new).parts[name]]
    _say(shown, totals, found, parts, as_json=as_json)
    raise typer.Exit(DIFFERS if totals["differ"] else 0)


def _records(mapping: CompiledMapping, path: Path, on: str) -> Iterator[tuple[str, Any]]:
    """Yield place and tree of every record that can be read; what cannot is no matter of mappings."""
    if on == EXAMPLES:
        yield from ((example.name, example.record) for example in read_examples(path)[0])
        return
    with closing(open_source(mapping.declaration, os.environ, Path(on))) as source:
        for portion in source.read(None):
            yield from ((record.place, record.tree) for record in portion.records if record.refused is None)


def _counted(records: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    with common.progress() as bar:
        task = bar.add_task("compare", total=None, unit=" records")
        for record in records:
            yield record
            bar.advance(task)


def _say(
    shown: list[tuple[str, list[Change]]], totals: Counter[str], found: Counter[str], parts: list[str], *, as_json: bool
) -> None:
    if as_json:
        listed = [{"place": place, "changes": [dataclasses.asdict(each) for each in differ]} for place, differ in shown]
        common.print_json({**totals, "changes": dict(found), "fingerprint_parts": parts, "shown": listed})
        return
    for place, differ in shown:
        table = Table(title=Text(place), title_justify="left")
        for heading in ("what", "event", "field", "before", "after"):
            table.add_column(heading, overflow="fold")
        for each in differ:
            table.add_row(*(Text(cell) for cell in (each.kind, each.event, each.path, each.before, each.after)))
        common.OUT.print(table)
    kinds = "".join(f", {kind}: {count:,}" for kind, count in sorted(found.items()))
    common.OUT.print(f"{common.counted(totals['records'], 'record')}, {totals['differ']:,} differ{kinds}")
    common.OUT.print(f"fingerprint: {', '.join(parts) + ' differ' if parts else 'the same meaning'}")
