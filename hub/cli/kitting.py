"""`sunlight conformance kit` and `recompute`: a session held where no hub is, and held again here on its bytes."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.table import Table

from conformance.bindings import bindings_of
from conformance.checks.transport import filled
from conformance.kit import HELD_AGAIN, Kit, pack, source_files, unpack
from conformance.lines import document_of
from conformance.real import bundled, sessions_of
from conformance.runner import Runner, new_header
from conformance.suite import load_suite
from conformance.verdicts import exit_code, standing_of
from hub import wiring
from hub.cli import common, session_room
from hub.errors import Fault, Misconfigured
from hub.sandbox import find
from hub.supervision.instants import HUB_ZONE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.lab import Lab
    from conformance.model import Summary
    from conformance.real import Connected
    from conformance.sessions import Session
    from conformance.suite import Suite

_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")


def kit(
    session: session_room.SessionName,
    *,
    out: Annotated[Path, typer.Option("--out", help="Write the kit there.")],
    data: Annotated[
        Path | None, typer.Option(help="The export that the session was held on, if not the folder.", exists=True)
    ] = None,
    settings: common.SettingsFile = None,
) -> None:
    """Pack a session that was held offline: the bytes of its source, and what came of it here. Bring it to the hub.

    Example: sunlight conformance kit taizhou.press.permits --out press-kit.zip
    """
    with session_room.told():
        found, _, _ = session_room.session_of(settings, session)
        sandbox = session_room.sandbox_hub(settings)
        declaration = wiring.load_mapping(find(sandbox.settings.mappings.folder, found.header.connection)).declaration
        if data is None and declaration.kind != "files":
            problem, hint = "a kit holds files, and this connection hands over otherwise", "give an export: --data FILE"
            raise Misconfigured(Fault(code="kit.kind", problem=problem, file=found.header.connection, hint=hint))
        place = data or Path(filled(str(declaration.connect["path"]), os.environ))
        out.write_bytes(pack(found, source_files(place, str(declaration.connect.get("pattern", "*")))))
    typer.echo(f"{out}: bring it to the hub: sunlight conformance recompute {out.name}", err=True)


def recompute(
    file: Annotated[Path, typer.Argument(help="A kit.", exists=True, dir_okay=False)],
    *,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Hold the session of a kit again, on the bytes in it. What the kit claims is shown, and counts for nothing.

    The connection's mapping and declaration are those of this hub's sandbox. Exit codes as of `run`.

    Example: sunlight conformance recompute press-kit.zip
    """
    with session_room.told(), contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        brought = unpack(file.read_bytes(), folder / "kit")
        suite = load_suite()
        held, summary = _held_again(stack, brought, suite, folder, settings)
    rows = [
        {"test": name, "claimed": str(standing_of(brought.claimed.result(name))), "found": str(standing_of(result))}
        for name in held.header.planned
        for result in [held.result(name)]
    ]
    if as_json:
        common.print_json({**document_of(summary, HUB_ZONE), "recomputed": rows})
    else:
        table = Table("test", "claimed", "found here", title=f"{held.header.connection} {held.header.session}")
        for row in rows:
            table.add_row(row["test"], row["claimed"], row["found"], style="bold red" if _differs(row) else "")
        common.OUT.print(table)
        typer.echo(f"{sum(map(_differs, rows))} of {len(rows)} verdicts are not as claimed", err=True)
    raise typer.Exit(exit_code(summary))


def _differs(row: Mapping[str, str]) -> bool:
    return row["claimed"] != row["found"]


def _held_again(
    stack: contextlib.ExitStack, brought: Kit, suite: Suite, folder: Path, settings: Path | None
) -> tuple[Session, Summary]:
    """Run every planned test on a stand of its own that takes in the kit's bytes, in a record of its own.

    Cases bear the marker of the session that the kit is of; what this hub holds under that name stays as it is.
    """
    claimed, sandbox = brought.claimed.header, session_room.sandbox_hub(settings)
    live = session_room.live_hub(settings)
    connected = session_room.connected_to(sandbox, live, claimed.connection, (brought.source, None, None))
    connected = replace(connected, environment={**connected.environment, **_named(connected, brought.source)})
    stack.callback(sandbox.close)
    stack.callback(connected.live.close)
    sessions, zone = sessions_of(sandbox.settings), sandbox.settings.zone.key
    lab = _lab(stack, connected, claimed.session, folder)
    name = claimed.session + HELD_AGAIN
    lab = replace(lab, recorded=lambda: sessions.get(name).evidence())
    bindings = bindings_of(connected.mapping, connected.mapping_file, lab.declared, suite, zone=zone)
    if not (sessions.folder / name).is_dir():
        now = sandbox.clock.now()
        header = new_header(lab.declared, suite, claimed.target, bindings=bindings, session=name, now=now)
        sessions.begin(header)
    planned = sessions.get(name).header
    if planned.bindings != bindings:
        problem, hint = "this hub holds that session with another mapping or declaration", "begin a new one: run --new"
        raise Misconfigured(Fault(code="kit.session", problem=problem, file=name, hint=hint))
    runner = Runner(sessions=sessions, suite=suite, lab=lab, clock=sandbox.clock, calendar=lab.calendar)
    session = runner.run(name, only=planned.planned)
    today = sandbox.clock.now().astimezone(sandbox.settings.zone).date()
    if session.footer is not None:
        bundled(sandbox.settings, session, suite, today)
    return session, session.summary(suite, today)


def _lab(stack: contextlib.ExitStack, connected: Connected, session: str, folder: Path) -> Lab:
    """Return the session's lab with a fresh pilot, into which nothing comes but what the kit holds."""
    clock = connected.sandbox.clock
    lab = connected.lab(
        session,
        clock,
        folder,
        lambda given, moment: wiring.build(given, clock=moment),
        session_room.gateway_parts,
    )
    stack.callback(lab.stands.close)
    lab.pilot.bus.close()
    pilot = lab.stands.new(connected.mapping, connected.catalogues, clock)
    with contextlib.closing(connected.sandbox.source(connected.mapping, connected.data)) as source:
        pilot.read(source)
    return replace(lab, pilot=pilot)


def _named(connected: Connected, source: Path) -> Mapping[str, str]:
    """Return the kit's folder under the name by which the mapping knows the department's."""
    name = _VARIABLE.fullmatch(str(connected.mapping.declaration.connect.get("path", "")))
    return {name[1]: str(source)} if name else {}


def add_to(app: typer.Typer) -> None:
    """Add the commands about kits to `sunlight conformance`."""
    app.command("kit")(kit)
    app.command("recompute")(recompute)
