"""`sunlight alert`: one alert with its history and deadlines, and what people do to it."""

from __future__ import annotations

import getpass
import time
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.table import Table
from rich.text import Text

from hub.cli import common
from hub.cli.watching import told_clock
from hub.errors import Fault, Misconfigured
from hub.supervision.alert_cycle import GROUNDS, MOVES, Deed, legal

if TYPE_CHECKING:
    from hub.model.values import AlertRow
    from hub.wiring import Hub

app = typer.Typer(
    help="Look at one alert 预警, and follow it up: sign, answer, rectify, verify, close, appeal, review."
)

_WAIT_S: Final = 10.0
"""Seconds that a command waits for the ledger to take what it sent."""

AlertName = Annotated[
    str, typer.Argument(help="The alert's id, or its first characters, as `sunlight alerts` shows them.")
]


@app.command()
def show(alert: AlertName, *, as_json: common.AsJson = False, settings: common.SettingsFile = None) -> None:
    """Show one alert: what was found, what happened to it, what is due, and what can be done now.

    Example: sunlight alert show 3f9a1c20
    """
    hub = common.hub(settings)
    row = found(hub, alert)
    clocks = [told_clock(each, hub.settings.zone) for each in hub.queries.clocks(row.alert_id)]
    can = [move.name for move in legal(row.state)]
    if as_json:
        common.print_json({**row.document, "clocks": clocks, "moves": can})
        return
    common.OUT.print(f"[bold]{row.rule_id}[/bold] {row.level} {row.state}  {row.alert_id}", highlight=False)
    common.OUT.print(Text(f"{row.document['finding']['zh']} {row.document['finding']['en']}"))
    _show_history(row)
    for each in clocks:
        common.OUT.print(f"{each['kind']}: due {each['due_at']}, {each['state']}", highlight=False)
    common.OUT.print(f"what can be done now: {', '.join(can) or 'nothing any more'}", highlight=False)


def _show_history(row: AlertRow) -> None:
    table = Table(title="history 处理经过", title_justify="left")
    for heading in ("at", "move", "by", "role", "to", "said"):
        table.add_column(heading, overflow="fold")
    for each in row.document.get("history", ()):
        said = " ".join(each[name] for name in ("ground", "note", "due_on", "to_whom") if name in each)
        table.add_row(each["at"], each["move"], Text(each["by"]), each["role"], each["to"], Text(said))
    common.OUT.print(table)


@app.command()
def move(  # noqa: PLR0913 - one option for each thing that may have to be said
    alert: AlertName,
    what: Annotated[str, typer.Argument(help=f"What to do: {', '.join(MOVES)}.")],
    *,
    by: Annotated[str, typer.Option("--by", help="Who does it; whoever is logged in where left out.")] = "",
    note: Annotated[str, typer.Option("--note", help="The reason, in words.")] = "",
    ground: Annotated[str, typer.Option("--ground", help=f"With dismiss and revoke: {', '.join(GROUNDS)}.")] = "",
    due_on: Annotated[str, typer.Option("--due-on", help="With order: the last day, YYYY-MM-DD.")] = "",
    to: Annotated[
        str, typer.Option("--to", help="With escalate: to whom; with attribute: department, connector or hub.")
    ] = "",
    settings: common.SettingsFile = None,
) -> None:
    """Do something to an alert, for the record: who, when and why go into the ledger, also where it is refused.

    The operator speaks for whoever `--by` names; departments do it themselves at the gateway, with keys of their own.

    Example: sunlight alert move 3f9a1c20 order --note 限期整改 --due-on 2026-12-01 --by 王五
    """
    hub = common.hub(settings)
    row = found(hub, alert)
    role = MOVES[what].role if what in MOVES else ""
    deed = Deed(
        move=what,
        by=by_whom(by),
        role=role,
        at=hub.clock.now(),
        department_id=row.department_id if role == "department" else "",
        note=note,
        ground=ground,
        due_on=due_on,
        to=to,
    )
    if not role:
        hint = f"one of {', '.join(MOVES)}"
        raise Misconfigured(Fault(code="alert.move", problem=f"nobody can {what!r} an alert", hint=hint))
    asked = hub.act_on(row, deed)
    if asked.refused is not None:
        raise Misconfigured(Fault(code=asked.refused.code, problem=asked.refused.problem, hint=asked.refused.hint))
    typer.echo(awaited(hub, asked.act_id))


def awaited(hub: Hub, act_id: str) -> str:
    """Return what became of an act; supervision must be running for anything to become of it."""
    until = time.monotonic() + _WAIT_S
    while (outcome := hub.queries.act(act_id)) is None and time.monotonic() < until:
        time.sleep(0.1)
    return outcome or f"sent as {act_id}; it is entered once `sunlight serve` or `sunlight run supervise` is at work"


def found(hub: Hub, name: str) -> AlertRow:
    """Return the alert of that id, or whose id begins so; Misconfigured where there is none, or more than one."""
    row = hub.queries.alert(name)
    if row is None:
        problem = f"there is no alert {name}, or more than one begins with that"
        raise Misconfigured(Fault(code="alert.unknown", problem=problem, hint="see `sunlight alerts`"))
    return row


def by_whom(name: str) -> str:
    """Return who does something: as said, else whoever is logged in."""
    return name or getpass.getuser()
