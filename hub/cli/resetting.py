"""`sunlight conformance reset`: empties the sandbox, so that an earlier trial's data spoils no new session."""

from __future__ import annotations

from typing import Annotated

import typer

from conformance.real import sessions_of
from conformance.resetting import reset as emptied
from hub.cli import common
from hub.cli.session_room import Connection, live_hub, told
from hub.errors import Fault, Misconfigured
from hub.sandbox import find, sandbox_of


def reset(
    connection: Connection,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Empty the sandbox in which a connection is tried: every record, case and refusal in it goes, of all connections.

    Keys, connections, sessions and evidence stay; the live hub is never touched. The next run begins a new session. A
    source that was told what was taken (a sign in its table, a file moved away) has to be set back there.

    Example: sunlight conformance reset taizhou.press.permits
    """
    with told():
        live = live_hub(settings)
        sandbox = sandbox_of(live.settings)
        find(sandbox.mappings.folder, connection)
        of = {each.header.connection: each for each in sessions_of(sandbox).all()}
        still_open = {name: each.header.session for name, each in of.items() if each.footer is None}
        _ask(connection, still_open, str(sandbox.data_dir), is_sure=yes)
        emptied(sandbox, live.settings, live.clock.now())
    if as_json:
        common.print_json({"sandbox": str(sandbox.data_dir), "connection": connection, "open sessions": still_open})
        return
    typer.echo(f"{sandbox.data_dir}: emptied. Begin anew: sunlight conformance run {connection}", err=True)


def _ask(connection: str, still_open: dict[str, str], place: str, *, is_sure: bool) -> None:
    """Say what goes, and go on only where somebody agrees; Misconfigured otherwise, and nothing was touched."""
    typer.echo(f"{place}: everything that was tried in the sandbox goes, {connection}'s and every other's", err=True)
    for name, session in sorted(still_open.items()):
        typer.echo(f"  {name}: its session {session} is not ended, and is not gone on with", err=True)
    if is_sure:
        return
    try:
        agreed = typer.confirm("确定清空沙箱？ Empty the sandbox?", err=True)
    except typer.Abort:
        agreed = False
    if not agreed:
        hint = "answer yes, or say --yes"
        raise Misconfigured(Fault(code="sandbox.kept", problem="nothing was touched", file=place, hint=hint))


def add_to(app: typer.Typer) -> None:
    """Add it to `sunlight conformance`."""
    app.command("reset")(reset)
