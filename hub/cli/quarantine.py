"""`sunlight quarantine`: what was refused, why, its bytes, and another try."""

from __future__ import annotations

import contextlib
import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from connectors import reopen_record
from hub import wiring
from hub.admission import Admission
from hub.cli import common
from hub.errors import Fault, Misconfigured
from hub.quarantine import open_bytes, replay_message
from hub.quarantine import replay as replay_record
from hub.refused import PLACE as MESSAGE_PLACE

if TYPE_CHECKING:
    from hub.errors import Rejection
    from hub.mapping import CompiledMapping

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
    if not rows:
        common.OUT.print("nothing is in quarantine")
        return
    table = Table(show_lines=True)
    table.add_column("id, state", no_wrap=True)
    table.add_column("connection, place", overflow="fold")
    table.add_column("stage, code, path, what to do", overflow="fold")
    for row in rows:
        said = {name: escape(str(value)) for name, value in row.items() if name != "sealed"}
        table.add_row(
            f"{row['rejection_id'][:8]}\n{said['state']}{_times(row['seen'])}",
            f"{said['connection_id']}\n{said['place']}",
            f"{said['stage']} [bold]{said['code']}[/bold] {said['path']}\n{said['problem']}: {said['hint']}",
        )
    common.OUT.print(table)


def _times(seen: int) -> str:
    return f", {seen}×" if seen > 1 else ""


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
    item = item_of(hub, rejection)
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
    """Map a refused record once more, after its mapping or code table was mended; send a refused message once more.

    What it says now goes the usual way. Refused again for the same reason it stays as it is, counted once more; for
    another reason, that stands in its place.

    Example: sunlight quarantine replay 5b1e77 mappings/taizhou-housing/permits.yaml
    """
    hub = common.hub(settings)
    item = item_of(hub, rejection)
    if item["state"] == "replayed":
        problem, hint = (
            f"{item['rejection_id']} has been replayed already",
            "see what is open: sunlight quarantine list",
        )
        raise Misconfigured(Fault(code="quarantine.replayed", problem=problem, hint=hint))
    loaded = wiring.load_mapping(mapping)
    if loaded.declaration.connection != item["connection_id"]:
        raise Misconfigured(_another_connection(item, loaded, mapping))
    with contextlib.closing(hub.bus()) as bus:
        how = {"rejection_id": item["rejection_id"], "bus": bus, "by": getpass.getuser(), "now": hub.clock.now()}
        raw = open_bytes(item["sealed"], vault=hub.vault, **how)
        again = _message if item["place"].startswith(MESSAGE_PLACE) else _record
        refused, said = again(hub, item, loaded, raw, how)
    common.OUT.print(said, soft_wrap=True, highlight=False, markup=False)
    raise typer.Exit(1 if refused else 0)


def _record(
    hub: wiring.Hub, item: dict[str, Any], loaded: CompiledMapping, raw: bytes, how: dict[str, Any]
) -> tuple[bool, str]:
    """Take a refused record in again."""
    record = reopen_record(loaded.declaration, raw, item["place"])
    before = (item["stage"], item["code"], item["path"])
    totals, why = replay_record(record, refused=before, intake=hub.intake(loaded, how["bus"]), **how)
    return bool(why), _refused_again(why) if why else f"replayed: {_on_their_way(totals.events)}"


def _message(
    hub: wiring.Hub, item: dict[str, Any], _loaded: CompiledMapping, raw: bytes, how: dict[str, Any]
) -> tuple[bool, str]:
    """Send a refused message again, as the connections are registered now."""
    trusted = wiring.bus_user(hub.settings.bus_url)
    gate = Admission(connections=hub.store.connections(), trusted=trusted, partition=0, partitions=1)
    why = replay_message(raw, connection_id=item["connection_id"], gate=gate, **how)
    if why is None:
        return False, f"replayed: {_on_their_way(1)}"
    return True, _refused_again(why)


def _refused_again(why: Rejection) -> str:
    parts = (f"refused again: {why.code}", why.path, why.problem, why.hint)
    return ": ".join(part for part in parts if part)


def _on_their_way(events: int) -> str:
    return "1 event is on its way" if events == 1 else f"{events} events are on their way"


def _another_connection(item: dict[str, Any], loaded: CompiledMapping, mapping: Path) -> Fault:
    return Fault(
        code="quarantine.mapping",
        problem=f"the record came by {item['connection_id']}, not by {loaded.declaration.connection}",
        file=str(mapping),
        hint="name the mapping file of that connection",
    )


def item_of(hub: wiring.Hub, rejection: str) -> dict[str, Any]:
    """Return the one entry whose id begins so; Misconfigured where there is none, or more than one."""
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
