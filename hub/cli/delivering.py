"""`sunlight deliveries`: what became of the documents that were sent to receivers, and sending refused ones again."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from hub.cli import common

app = typer.Typer(no_args_is_help=True, help="What was sent to receivers, and what they answered.")

Receiver = Annotated[str, typer.Argument(help="The receiver: the id of its outbound mapping.")]


@app.command("list")
def list_(
    connection: Receiver = "",
    *,
    refused: Annotated[bool, typer.Option("--refused", help="Only what was not delivered.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Documents shown of each receiver, the newest.")] = 20,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Show what was sent, to whom, and what they answered.

    Example: sunlight deliveries list taizhou.housing.alerts --refused
    """
    with closing(common.hub(settings)) as hub:
        kept = hub.deliveries
        counts = {name: found for name, found in kept.counts().items() if connection in ("", name)}
        states = ("refused", "again") if refused else ()
        notes = {name: kept.of(name, limit=limit, states=states) for name in counts}
    if as_json:
        common.print_json({name: [asdict(each) for each in found] for name, found in notes.items()})
        return
    for name, found in notes.items():
        told = ", ".join(f"{counts[name].get(state, 0)} {word}" for state, word in _WORDS.items())
        table = Table(title=f"{name}: {told}", title_justify="left")
        for heading in ("sequence", "state", "at", "answer"):
            table.add_column(heading, overflow="fold")
        for each in found:
            cells = (str(each.sequence), each.state, each.at.isoformat(timespec="seconds"), each.said)
            table.add_row(*(Text(cell) for cell in cells), style="" if each.state == "delivered" else "red")
        common.OUT.print(table)
    if not notes:
        common.OUT.print("nothing was sent: see docs/mapping-out.md")


_WORDS = {"delivered": "delivered", "refused": "refused", "again": "to be sent again"}


@app.command("retry")
def retry(
    connection: Receiver,
    sequences: Annotated[list[int] | None, typer.Argument(help="Numbers to send again; all refused ones else.")] = None,
    *,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Let refused documents be sent again, by whoever sends for that receiver, before what is new.

    They are written anew by the mapping as it is now, and bear the key they had: a receiver that has one of them
    already says so. Mend first what it was refused for.

    Example: sunlight deliveries retry taizhou.housing.alerts 4711 4712
    """
    with closing(common.hub(settings)) as hub:
        count = hub.deliveries.again(connection, sequences or ())
    if as_json:
        common.print_json({"connection": connection, "again": count})
    else:
        common.OUT.print(f"{connection}: {count} to be sent again")
    if sequences and count < len(set(sequences)):
        common.OUT.print("not all of these were refused: see sunlight deliveries list --refused", style="red")
        raise typer.Exit(1)
