"""`sunlight conformance run`: runs a connection's tests in the sandbox, or goes on where its last session waits."""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from conformance.bindings import bindings_of
from conformance.carrying import carried
from conformance.certificate.signing import pinned_in
from conformance.kit import HELD_AGAIN
from conformance.real import FOLDER, bundled, sessions_of
from conformance.resetting import reset_at
from conformance.roundtrip.real import played
from conformance.runner import Runner, new_header, session_name
from conformance.shipping import check_age, unpack
from conformance.suite import load_suite
from conformance.verdicts import exit_code
from hub import wiring
from hub.cli import common
from hub.cli.conforming import show_session
from hub.cli.next_step import next_steps
from hub.cli.quiet import logging_to
from hub.cli.session_room import (
    NO_FILES,
    Connection,
    Files,
    Target,
    connected_to,
    gateway_parts,
    live_hub,
    sandbox_hub,
    told,
)
from hub.clock import SystemClock
from hub.errors import Fault, Misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from conformance.lab import Lab
    from conformance.model import Level, Result, Summary
    from conformance.real import Connected
    from conformance.sessions import Session, Sessions
    from conformance.shipping import Shipment
    from conformance.suite import Suite


LOG_FILE: Final = "run.log"
"""Where the log lines of the last run go, in the sandbox's folder of conformance."""


def run(  # noqa: PLR0913 - one parameter an option
    connection: Connection,
    *,
    level: Target = "C2",
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Run this test again; may be given more than once.")
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="Begin a new session though one is there.")] = False,
    data: Annotated[Path | None, typer.Option(help="An export of the source, in its stead.", exists=True)] = None,
    counts: Annotated[
        Path | None, typer.Option(help="The department's own counts: JSON, 'matter|state|day': n.", exists=True)
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="The department's own case numbers, one a line.", exists=True)
    ] = None,
    shipped: Annotated[
        Path | None, typer.Option(help="What an edge has pulled (ship), in the source's stead.", exists=True)
    ] = None,
    edge_keys: Annotated[Path | None, typer.Option(help="The edge's pinned keys (JWKS).", exists=True)] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show log lines here; they go to a file in the sandbox otherwise.")
    ] = False,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Run a connection's tests, or go on where its last session waits. A session lasts as long as it needs to.

    Only what reaches the sandbox after the session began counts in it; `sunlight conformance reset CONNECTION` empties
    a sandbox that earlier trials have filled.

    After a change of the mapping a new session runs only the tests that the change touches; --new runs all of them.

    Exit code 0: certifiable; 1: something fails; 2: incomplete; 3: the harness is broken; 4: usage; 5: unknown.

    Example: sunlight conformance run taizhou.press.permits --level C2
    """
    with told(), contextlib.ExitStack() as stack:
        sandbox, live = sandbox_hub(settings), live_hub(settings)
        stack.callback(sandbox.close)
        stack.callback(live.close)
        if not (verbose or os.environ.get("SUNLIGHT_LOG")):
            stack.enter_context(logging_to(sandbox.settings.data_dir / FOLDER / LOG_FILE))
        bar = stack.enter_context(common.progress())
        task = bar.add_task(connection, total=None, unit=" tests")
        session, summary = run_session(
            stack, sandbox, live, Wish(connection=connection, level=level, only=tuple(only or ()), is_new=new),
            files=(data, counts, keys), shipment=_shipment(connection, shipped, edge_keys),
            each=lambda _: bar.update(task, advance=1),
        )  # fmt: skip
    show_session(session, summary, as_json=as_json, obstacles=0)
    if not as_json:
        typer.echo("\n".join(next_steps(summary)), err=True)
    raise typer.Exit(exit_code(summary))


def _shipment(connection: str, shipped: Path | None, keys: Path | None) -> Shipment | None:
    """Read a shipment, which counts only where a pinned key has signed it."""
    if shipped is None:
        return None
    if keys is None:
        problem, hint = "whose key has signed it is not said", "pin the edge's key: --edge-keys edge.jwks"
        raise Misconfigured(Fault(code="edge.keys", problem=problem, file=str(shipped), hint=hint))
    shipment = unpack(shipped.read_bytes(), connection, pinned_in(keys))
    check_age(shipment, SystemClock().now())
    return shipment


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be run of a connection: up to a level, only some tests, or everything in a new session."""

    connection: str
    level: Level
    only: Sequence[str] = ()
    is_new: bool = False
    goes_on: Callable[[], bool] = lambda: True
    """Asked after each test: where it says no the rest is left."""


def run_session(
    stack: contextlib.ExitStack,
    sandbox: wiring.Hub,
    live: wiring.Hub,
    wish: Wish,
    *,
    files: Files = NO_FILES,
    shipment: Shipment | None = None,
    each: Callable[[Result], None] = lambda _: None,
) -> tuple[Session, Summary]:
    """Run what is wished for in the sandbox, `stack` gives up what it takes."""
    suite = load_suite()
    if unknown := [name for name in wish.only if name not in suite.tests]:
        problem, hint = f"no such test: {', '.join(unknown)}", "sunlight conformance plan"
        raise Misconfigured(Fault(code="conformance.test", problem=problem, hint=hint))
    connected = replace(connected_to(sandbox, live, wish.connection, files), shipment=shipment)
    sessions, clock = sessions_of(sandbox.settings), sandbox.clock
    lab = _begun(stack, connected, wish, suite)
    begun = sessions.get(lab.session).header.started_at
    lab = replace(lab, since=begun, recorded=lambda: sessions.get(lab.session).evidence())
    connected.read_into(lab.pilot)
    with played(connected, lab, begun) as own:
        runner = Runner(sessions=sessions, suite=suite, lab=own, clock=clock, calendar=lab.calendar)
        session = runner.run(lab.session, only=wish.only, told=each, goes_on=wish.goes_on)
    today = clock.now().astimezone(sandbox.settings.zone).date()
    if session.footer is not None:
        bundled(sandbox.settings, session, suite, today)
    return session, session.summary(suite, today)


def own_last(sessions: Sessions, connection: str, now: datetime, emptied_at: datetime | None = None) -> Session | None:
    """Return the last session of a connection that was held on its source: none that was held again on a kit.

    None either that began before the sandbox was emptied, what it rests on is gone; nor one that a clock which ran
    ahead has dated after all that follow.
    """
    own = [each for each in sessions.all() if each.header.connection == connection and each.header.started_at <= now]
    own = [each for each in own if emptied_at is None or each.header.started_at > emptied_at]
    return next((each for each in reversed(own) if not each.header.session.endswith(HELD_AGAIN)), None)


def _begun(stack: contextlib.ExitStack, connected: Connected, wish: Wish, suite: Suite) -> Lab:
    """Return the lab of the session to go on with: the last one, or a new one where anything it is bound to changed."""
    sandbox, clock = connected.sandbox, connected.sandbox.clock
    sessions = sessions_of(sandbox.settings)
    emptied_at = reset_at(sandbox.settings)
    last = None if wish.is_new else own_last(sessions, wish.connection, clock.now(), emptied_at)
    name = last.header.session if last else session_name(clock.now())
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    lab = connected.lab(name, clock, folder, lambda given, moment: wiring.build(given, clock=moment), gateway_parts)
    stack.callback(lab.stands.close)
    stack.callback(lab.pilot.bus.close)
    stack.callback(lab.pilot.line.release)
    zone = sandbox.settings.zone.key
    bindings = bindings_of(connected.mapping, connected.mapping_file, lab.declared, suite, zone=zone)
    if last is not None and last.header.bindings == bindings and last.header.target == wish.level:
        return lab
    name = session_name(clock.now()) if last else name
    header = new_header(lab.declared, suite, wish.level, bindings=bindings, session=name, now=clock.now())
    sessions.begin(header)
    for result in carried(last, header, suite) if last else ():
        sessions.add(name, result)
    return replace(lab, session=name)
