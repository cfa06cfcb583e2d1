"""`sunlight quarantine`: what was refused, why, its bytes, and another try."""

from __future__ import annotations

import contextlib
import getpass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from connectors import reopen_record
from hub import wiring
from hub.cli import common
from hub.errors import Fault, Misconfigured
from hub.quarantine import open_bytes
from hub.quarantine import replay as replay_record

app = typer.Typer(help="Look at refused records, and replay them when their cause is mended.")


@app.command("list")
def list_(
    connection: Annotated[str, typer.Option(help="Only this connection.")] = "",
    limit: Annotated[int, typer.Option(help="At most this many, newest first.")] = 50,
    *,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """List what is in quarantine: stage, code, path and what to do."""
    rows = common.hub(settings).queries.quarantine(connection=connection or None, limit=limit)
    if as_json:
        common.print_json([{name: value for name, value in row.items() if name != "sealed"} for row in rows])
        return
    table = Table("id", "connection", "stage", "code", "path", "problem", "what to do", "state")
    for row in rows:
        table.add_row(
            row["rejection_id"][:8],
            *(str(row[name]) for name in ("connection_id", "stage", "code", "path", "problem", "hint", "state")),
        )
    common.OUT.print(table)


@app.command()
def show(
    rejection: Annotated[str, typer.Argument(help="The id, or its first characters.")],
    *,
    open_: Annotated[bool, typer.Option("--open", help="Unseal and print the bytes; the ledger remembers.")] = False,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Show one refused record: where it stood, why it was refused, what to do, and with --open its bytes.

    Example: sunlight quarantine show 5b1e77 --open
    """
    hub = common.hub(settings)
    item = _item(hub, rejection)
    shown = {name: value for name, value in item.items() if name != "sealed"}
    if open_:
        with contextlib.closing(hub.bus()) as bus:
            raw = open_bytes(
                item["sealed"],
                rejection_id=item["rejection_id"],
                vault=hub.vault,
                bus=bus,
                by=getpass.getuser(),
                now=hub.clock.now(),
            )
        shown["bytes"] = raw.decode("utf-8", errors="backslashreplace")
    if as_json:
        common.print_json(shown)
        return
    for name, value in shown.items():
        common.OUT.print(f"[bold]{name:14}[/bold] {escape(str(value))}", soft_wrap=True, highlight=False)


@app.command()
def replay(
    rejection: Annotated[str, typer.Argument(help="The id, or its first characters.")],
    mapping: Annotated[Path, typer.Argument(help="The mapping file as it is now.", dir_okay=False)],
    *,
    settings: common.SettingsFile = None,
) -> None:
    """Map a refused record once more, after its mapping or code table was mended.

    What it says now goes the usual way; if it is refused again it stays in quarantine with the new reason beside it.

    Example: sunlight quarantine replay 5b1e77 mappings/taizhou-housing/permits.yaml
    """
    hub = common.hub(settings)
    item = _item(hub, rejection)
    loaded = wiring.load_mapping(mapping)
    if loaded.declaration.connection != item["connection_id"]:
        raise Misconfigured(
            Fault(
                code="quarantine.mapping",
                problem=f"the record came by {item['connection_id']}, not by {loaded.declaration.connection}",
                file=str(mapping),
                hint="name the mapping file of that connection",
            )
        )
    with contextlib.closing(hub.bus()) as bus:
        acts = {"rejection_id": item["rejection_id"], "bus": bus, "by": getpass.getuser(), "now": hub.clock.now()}
        raw = open_bytes(item["sealed"], vault=hub.vault, **acts)
        record = reopen_record(loaded.declaration, raw, item["place"])
        totals = replay_record(record, intake=hub.intake(loaded, bus), **acts)
    outcome = "refused again" if totals.quarantined else f"replayed: {totals.events} events are on their way"
    common.OUT.print(outcome)
    raise typer.Exit(1 if totals.quarantined else 0)


def _item(hub: wiring.Hub, rejection: str) -> dict[str, Any]:
    item = hub.queries.quarantine_item(rejection)
    if item is None:
        raise Misconfigured(
            Fault(
                code="quarantine.unknown",
                problem=f"nothing, or more than one thing, in quarantine begins with {rejection!r}",
                hint="sunlight quarantine list --json shows whole ids",
            )
        )
    return item
