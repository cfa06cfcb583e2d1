"""The command `sunlight`: what an operator, an integrator and a newcomer type."""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated, ClassVar, Final

import typer

from hub.cli import common
from hub.cli.ondemand import OnDemand
from hub.errors import HubError, Misconfigured

_ALWAYS: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
"""What every log record carries; the rest is what this one is about."""


class Commands(OnDemand):
    """All commands of `sunlight`, in the order in which its help shows them."""

    places: ClassVar = {
        "demo": "hub.cli.demo:demo",
        "simulate": "hub.cli.simulating:simulate",
        "verify-truth": "hub.cli.simulating:verify_truth",
        "migrate": "hub.cli.operate:migrate",
        "check": "hub.cli.checking:check",
        "doctor": "hub.cli.doctoring:doctor",
        "serve": "hub.cli.operate:serve",
        "run": "hub.cli.operate:run",
        "edge": "hub.cli.edging:edge",
        "import": "hub.cli.importing:import_",
        "truthfulness": "hub.cli.truthing:truthfulness",
        "summary": "hub.cli.summary:summary",
        "rules": "hub.cli.ruling:rules",
        "clocks": "hub.cli.watching:clocks",
        "coverage": "hub.cli.covering:coverage",
        "can-i-connect": "hub.cli.covering:can_i_connect",
        "alerts": "hub.cli.watching:alerts",
        "notifications": "hub.cli.notifications:notifications",
        "stats": "hub.cli.statistics:stats",
        "report": "hub.cli.reporting:report",
        "score": "hub.cli.scoring:app",
        "alert": "hub.cli.alert:app",
        "calendar": "hub.cli.calendars:app",
        "catalogue": "hub.cli.catalogue:app",
        "centre": "hub.cli.centres:app",
        "complaint": "hub.cli.complaints:app",
        "connection": "hub.cli.connecting:app",
        "deliveries": "hub.cli.delivering:app",
        "attachments": "hub.cli.attaching:app",
        "conformance": "hub.cli.conformance:app",
        "ledger": "hub.cli.ledger:app",
        "privacy": "hub.cli.privacy:app",
        "canary": "hub.cli.canarying:app",
        "quarantine": "hub.cli.quarantine:app",
        "public": "hub.cli.citizens:app",
        "key": "hub.cli.keys:app",
        "subscriber": "hub.cli.subscribing:app",
        "mapping": "hub.cli.mapping:app",
    }


app = typer.Typer(
    name="sunlight",
    cls=Commands,
    help="Sunlight Hub 阳光枢纽: connect departments, watch every deadline, raise and follow up alerts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


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
