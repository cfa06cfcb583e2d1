"""What commands about test sessions share: the sandbox, its connections, their sessions, and how they end."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from conformance.model import Level
from conformance.real import Connected, sessions_of
from conformance.suite import load_suite
from conformance.verdicts import UNKNOWN, USAGE
from hub import wiring
from hub.cli import common, operate
from hub.cli.gatewaying import parts_of
from hub.clock import SystemClock
from hub.errors import Fault, HubError, Misconfigured
from hub.sandbox import find, sandbox_of

if TYPE_CHECKING:
    from conformance.model import Summary
    from conformance.sessions import Session
    from conformance.suite import Suite
    from gateway.reading import Parts, Pushed

HARNESS: Final = 3
_OUR_OWN: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE})
"""What the disc here lacks; any other file that cannot be read or written is one that the caller named."""

Connection = Annotated[str, typer.Argument(help="The connection's id; it must be in the sandbox (connection add).")]
SessionName = Annotated[str, typer.Argument(help="The session's name, or a connection's id for its last session.")]
Files = tuple[Path | None, Path | None, Path | None]
"""What a department gives in place of its source: an export, its own counts, its own case numbers."""

NO_FILES: Final[Files] = (None, None, None)

Target = Annotated[Level, typer.Option("--level", help="The level that is aimed at.")]


@contextlib.contextmanager
def told() -> Iterator[None]:
    """End with 4 for what the caller can mend, and with 3 where the harness itself cannot run."""
    try:
        yield
    except Misconfigured as wrong:
        typer.echo(str(wrong), err=True)
        raise typer.Exit(USAGE) from wrong
    except HubError as problem:
        typer.echo(f"{problem.code}: {problem}", err=True)
        raise typer.Exit(HARNESS) from problem
    except OSError as refused:
        typer.echo(f"{refused.filename or 'the data folder'}: {refused.strerror or refused}", err=True)
        raise typer.Exit(HARNESS if refused.errno in _OUR_OWN else USAGE) from refused


def sandbox_hub(settings: Path | None) -> wiring.Hub:
    """Return the sandbox, whether or not --sandbox was said."""
    hub = common.hub(settings)
    return hub if common.IN_SANDBOX.get() else common.hub_under(sandbox_of(hub.settings))


def session_of(settings: Path | None, name: str) -> tuple[Session, Summary, Suite]:
    """Return a session by its name, or the last of a connection; end with 5 where there is none."""
    sandbox, suite = sandbox_hub(settings), load_suite()
    sessions = sessions_of(sandbox.settings)
    found = sessions.last(name) or (sessions.get(name) if (sessions.folder / name).is_dir() else None)
    if found is None:
        typer.echo(f"unknown: no session {name}; sunlight conformance list", err=True)
        raise typer.Exit(UNKNOWN)
    today = SystemClock().now().astimezone(sandbox.settings.zone).date()
    return found, found.summary(suite, today), suite


def check_planned(session: Session, test: str) -> None:
    """Raise Misconfigured where a test is not a session's own."""
    if test not in session.header.planned:
        hint = "sunlight conformance show"
        raise Misconfigured(
            Fault(
                code="conformance.test", problem=f"{test} is not planned in it", file=session.header.session, hint=hint
            )
        )


def live_hub(settings: Path | None) -> wiring.Hub:
    """Return the live hub, whether or not --sandbox was said."""
    token = common.IN_SANDBOX.set(False)
    try:
        return common.hub(settings)
    finally:
        common.IN_SANDBOX.reset(token)


def gateway_parts(hub: wiring.Hub, pushed: Mapping[str, Pushed]) -> Parts:
    """Hand the gateway of a test stand what it needs."""
    return parts_of(hub, hub.queries, pushing=pushed)


def prepared(hub: wiring.Hub) -> wiring.Hub:
    """Return a hub whose store is as this program needs it."""
    operate.prepare(hub)
    return hub


def connected_to(sandbox: wiring.Hub, live: wiring.Hub, connection: str, files: Files = NO_FILES) -> Connected:
    """Return a connection of the sandbox with what its lab is made of. `files`: an export, counts, case numbers."""
    file = find(sandbox.settings.mappings.folder, connection)
    mapping = wiring.load_mapping(file)
    catalogue = wiring.load_catalogue(file.parent / "department.yaml")
    operate.prepare(sandbox)
    sandbox.register([mapping], [catalogue])
    operate.prepare(live)
    data, counts, keys = files
    return Connected(
        sandbox=sandbox,
        live=live,
        mapping=mapping,
        mapping_file=file,
        catalogues=[catalogue],
        environment=os.environ,
        data=data,
        counts=counts,
        keys=keys,
    )
