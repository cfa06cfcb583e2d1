"""`sunlight deliveries`: what became of the documents that were sent to receivers."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from hub.cli import common


def deliveries(
    connection: Annotated[str, typer.Argument(help="Only this receiver: the id of its outbound mapping.")] = "",
    *,
    refused: Annotated[bool, typer.Option("--refused", help="Only what was not delivered.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Notes shown of each receiver, the newest.")] = 20,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Show what was sent from this machine, to whom, and what they answered.

    Example: sunlight deliveries taizhou.housing.alerts --refused
    """
    kept = common.hub(settings).deliveries
    names = [connection] if connection else kept.connections()
    notes = {name: [each for each in kept.of(name) if each["state"] == "refused" or not refused] for name in names}
    if as_json:
        common.print_json({name: each[-limit:] for name, each in notes.items()})
        return
    for name, found in notes.items():
        count = Counter(each["state"] for each in found)
        table = Table(title=f"{name}: {count['delivered']} delivered, {count['refused']} refused", title_justify="left")
        for heading in ("sequence", "state", "at", "answer"):
            table.add_column(heading, overflow="fold")
        for each in found[-limit:]:
            cells = (str(each["sequence"]), each["state"], each["at"], each["said"])
            table.add_row(*(Text(cell) for cell in cells), style="red" if each["state"] == "refused" else "")
        common.OUT.print(table)
    if not names:
        common.OUT.print("nothing was sent from here: see docs/mapping-out.md")
