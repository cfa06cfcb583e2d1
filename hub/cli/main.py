"""The command `sunlight`: what an operator, an integrator and a newcomer type."""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated, Final

import typer

from hub.cli import (
    calendars,
    catalogue,
    certifying,
    checking,
    common,
    conforming,
    connecting,
    covering,
    delivering,
    demo,
    doctoring,
    dossiers,
    edging,
    following,
    importing,
    keys,
    kitting,
    ledger,
    mapping,
    notifications,
    operate,
    owing,
    papering,
    quarantine,
    reporting,
    ruling,
    simulating,
    statistics,
    subscribing,
    summary,
    watching,
)
from hub.cli.scoring import add_scores
from hub.errors import HubError, Misconfigured

_ALWAYS: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
"""What every log record carries; the rest is what this one is about."""

app = typer.Typer(
    name="sunlight",
    help="Sunlight Hub 阳光枢纽: connect departments, watch every deadline, raise and follow up alerts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.demo)
app.command("simulate")(simulating.simulate)
app.command("verify-truth")(simulating.verify_truth)
app.command("migrate")(operate.migrate)
app.command("check")(checking.check)
app.command("doctor")(doctoring.doctor)
app.command("serve")(operate.serve)
app.command("run")(operate.run)
app.command("edge")(edging.edge)
app.command("import")(importing.import_)
add_scores(app)
app.command("summary")(summary.summary)
app.command("rules")(ruling.rules)
app.command("clocks")(watching.clocks)
app.command("coverage")(covering.coverage)
app.command("can-i-connect")(covering.can_i_connect)
app.command("alerts")(watching.alerts)
following.app.command("issue")(papering.issue)
following.app.command("papers")(papering.papers)
following.app.command("dossier")(dossiers.dossier)
app.command("notifications")(notifications.notifications)
app.command("stats")(statistics.stats)
app.command("report")(reporting.report)
app.add_typer(following.app, name="alert")
app.add_typer(calendars.app, name="calendar")
app.add_typer(catalogue.app, name="catalogue")
app.add_typer(connecting.app, name="connection")
app.add_typer(delivering.app, name="deliveries")
app.add_typer(conforming.app, name="conformance")
app.add_typer(ledger.app, name="ledger")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(keys.app, name="key")
app.add_typer(subscribing.app, name="subscriber")
app.add_typer(mapping.app, name="mapping")


certifying.add_to(conforming.app)
kitting.add_to(conforming.app)
conforming.app.command("owed")(owing.owed)


@app.callback()
def options(
    context: typer.Context,
    *,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Act on the sandbox, where new connections are tried.")
    ] = False,
) -> None:
    """Sunlight Hub 阳光枢纽: connect departments, watch every deadline, raise and follow up alerts.

    Settings come from ./settings.toml; SUNLIGHT_STORE_URL, SUNLIGHT_BUS_URL and SUNLIGHT_DATA_DIR stand above it.
    A first look: `sunlight demo`. A real source: `sunlight check`, `sunlight migrate`, `sunlight serve`.
    """
    common.IN_SANDBOX.set(sandbox)
    context.with_resource(common.giving_up())


TALKATIVE: Final = ("httpx", "httpcore", "zeep", "smbprotocol", "paramiko")
"""Libraries whose lines would show addresses with keys in them, headers with logins, and documents."""


def main() -> None:
    """Run the command. Exit code 2: what the operator can mend, one fault a line; 3: what only time mends."""
    handler = logging.StreamHandler()
    handler.addFilter(_with_details)
    logging.basicConfig(
        level=os.environ.get("SUNLIGHT_LOG", "WARNING").upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s%(details)s",
        handlers=[handler],
    )
    for library in TALKATIVE:
        logging.getLogger(library).setLevel(logging.WARNING)
    try:
        app()
    except Misconfigured as wrong:
        sys.stderr.write(f"{wrong}\n")
        sys.exit(2)
    except HubError as problem:
        sys.stderr.write(f"{problem.code}: {problem}\n")
        sys.exit(3)
    except OSError as refused:
        sys.stderr.write(f"system: {refused.filename or ''}: {refused.strerror or refused}\n")
        sys.exit(2)


def _with_details(record: logging.LogRecord) -> bool:
    """Let a line say what it is about: `connection=… problem=…` behind its message."""
    given = ((name, " ".join(str(value).split())) for name, value in vars(record).items() if name not in _ALWAYS)
    record.details = "".join(f" {name}={value}" for name, value in given)
    return True
