"""`sunlight mapping drift`: what sources have begun to send that their mappings were not written for."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from hub.cli import common


def drift(
    connection: Annotated[str, typer.Argument(help="One connection. Default: all.")] = "",
    *,
    forget: Annotated[bool, typer.Option("--forget", help="Take what comes with the next read for the usual.")] = False,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """List new columns, new codes and changed types in what connections deliver, as the readers here have met them.

    Exit code 0: nothing is new; 1: something is. A mapping that is in step again begins anew with --forget.

    Example: sunlight mapping drift taizhou.housing.permits
    """
    drifts = common.hub(settings).drifts
    names = [connection] if connection else drifts.connections()
    found = {name: drifts.load(name).findings for name in names}
    if forget:
        for name in names:
            drifts.forget(name)
        common.OUT.print(f"forgotten: {', '.join(names) or 'nothing'}")
        return
    if as_json:
        common.print_json({name: [dataclasses.asdict(each) for each in some] for name, some in found.items()})
    else:
        table = Table("connection", "what", "column", "detail")
        for name, some in found.items():
            for each in some:
                table.add_row(*(Text(cell) for cell in (name, each.kind, each.column, each.detail)))
        common.OUT.print(table if table.row_count else "nothing is new")
    raise typer.Exit(1 if any(found.values()) else 0)
