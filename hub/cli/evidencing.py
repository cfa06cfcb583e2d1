"""`sunlight conformance evidence`: opens single pieces, which the ledger remembers, and lets go of what is over."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.cli import common
from hub.cli.opening import named, opened, purged
from hub.cli.session_room import SessionName, check_planned, live_hub, prepared, sandbox_hub, session_of, told
from hub.errors import Fault, Misconfigured

app = typer.Typer(help="Open evidence 证据, which is sealed and whose opening the ledger remembers; let go of the old.")


@app.command("open")
def open_(
    session: SessionName,
    test: Annotated[str, typer.Argument(help="The test that rests on it.")],
    sha256: Annotated[str, typer.Argument(help="Its digest, or what only its digest begins with.")],
    *,
    by: Annotated[str, typer.Option(help="Who opens it.")],
    why: Annotated[str, typer.Option(help="For what need.")],
    out: Annotated[Path, typer.Option(help="Write the bytes there.")],
    settings: common.SettingsFile = None,
) -> None:
    """Open one piece of evidence. The ledger is told first who opened it, and why.

    Example: sunlight conformance evidence open 20260302-7f3a ENC-01 9f86d0 --by 李四 --why 复核异议 --out name.bin
    """
    with told():
        found, _, _ = session_of(settings, session)
        check_planned(found, test)
        if not why.strip():
            problem, hint = "evidence is opened for a reason", "say it: --why TEXT"
            raise Misconfigured(Fault(code="evidence.why", problem=problem, file=test, hint=hint))
        live, sandbox = prepared(live_hub(settings)), sandbox_hub(settings).settings
        out.write_bytes(opened(live, sandbox, found, named(found, test, sha256), test, by=by, why=why))


@app.command()
def purge(*, as_json: common.AsJson = False, settings: common.SettingsFile = None) -> None:
    """Let go of evidence that is older than 24 months, and of bundles that hold it. Digests and verdicts stay.

    The role `conformance` does it each day.

    Example: sunlight conformance evidence purge --json
    """
    with told():
        live, sandbox = prepared(live_hub(settings)), sandbox_hub(settings).settings
        gone = purged(live, sandbox)
    if as_json:
        common.print_json({"purged": list(gone)})
        return
    typer.echo(f"{len(gone)} pieces of evidence are gone", err=True)
