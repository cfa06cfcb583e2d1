"""`sunlight conformance incident declare | withdraw | list`: days on which the hub itself was at fault."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.table import Table
from rich.text import Text

from conformance.certificate.issue import Approval
from hub.cli import bureau, common
from hub.errors import Fault, Misconfigured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.wiring import Hub

MOST_DAYS: Final = 31
"""Days that one declaration may name: a longer one is said month by month, with a reason each."""

OLD_FILE: Final = "incidents.txt"
"""Where incidents stood before they were acts; it is read no more."""

app = typer.Typer(help="Incidents of the hub 枢纽故障: days that count for nobody.", no_args_is_help=True)


class Role(StrEnum):
    """Who may say that the hub was at fault."""

    operator = "operator"
    supervisor = "supervisor"


_First = Annotated[str, typer.Argument(help="The day, or the first of them: 2026-03-04.")]
_Last = Annotated[str, typer.Option("--until", help="The last day; the first alone where left out.")]
_By = Annotated[str, typer.Option("--by", help="Who says so, by name.")]
_As = Annotated[Role, typer.Option("--role", help="As what.")]
_Why = Annotated[str, typer.Option("--why", help="What was the matter; it goes into the ledger.")]


@app.command()
def declare(
    first: _First, *, until: _Last = "", by: _By, role: _As = Role.operator, why: _Why,
    settings: common.SettingsFile = None,
) -> None:  # fmt: skip
    """Declare that the hub was at fault on some days: criteria count them for nobody, also where they have been judged.

    A leak (K9), drift (K10) and a life that ends (K12) are excused by no incident.

    Example: sunlight conformance incident declare 2026-03-04 --by 孙七 --role operator --why 机房断电
    """
    _say(common.hub(settings), days_of(first, until), stands=True, by=by, role=role, why=why)


@app.command()
def withdraw(
    first: _First, *, until: _Last = "", by: _By, role: _As = Role.supervisor, why: _Why,
    settings: common.SettingsFile = None,
) -> None:  # fmt: skip
    """Take a declaration back: these days count again, and are judged anew.

    Example: sunlight conformance incident withdraw 2026-03-04 --by 王五 --why 并未影响接收
    """
    _say(common.hub(settings), days_of(first, until), stands=False, by=by, role=role, why=why)


@app.command("list")
def list_(*, as_json: common.AsJson = False, settings: common.SettingsFile = None) -> None:
    """List the days on which the hub was at fault, who said so, and why."""
    hub = common.hub(settings)
    rows = [
        {"day": day.isoformat(), "by": by, "why": why} for day, (by, why) in sorted(hub.own_health.incidents().items())
    ]
    if (old := hub.settings.data_dir / "conformance" / OLD_FILE).is_file():
        typer.echo(f"{old} is read no more: declare its days (incident declare)", err=True)
    if as_json:
        common.print_json(rows)
        return
    table = Table("day 日期", "by 申报人", "why 原因", title=f"Incidents of the hub 枢纽故障: {len(rows)}")
    for row in rows:
        table.add_row(*(Text(row[name]) for name in ("day", "by", "why")))
    common.OUT.print(table)


def days_of(first: str, until: str) -> Sequence[date]:
    """Return the days from one to another; Misconfigured where they are none, or too many."""
    try:
        begins, ends = date.fromisoformat(first), date.fromisoformat(until or first)
    except ValueError as wrong:
        raise _refused(f"{first} {until}: no day", "write days as 2026-03-04") from wrong
    if not 0 <= (ends - begins).days < MOST_DAYS:
        raise _refused(f"{first} to {until}", f"1 to {MOST_DAYS} days, the first of them first")
    return [begins + timedelta(days=n) for n in range((ends - begins).days + 1)]


def _say(hub: Hub, days: Sequence[date], *, stands: bool, by: str, role: Role, why: str) -> None:
    if not by.strip() or not why.strip():
        raise _refused("it has a name and a reason", "say both: --by NAME --why TEXT")
    if days[-1] > hub.today():
        raise _refused(f"{days[-1]} is not over", "declare days once they have begun")
    what = "incident_declared" if stands else "incident_withdrawn"
    person = Approval(by=by, role=role.value, at=hub.clock.now(), reason=why)
    said = {"first": days[0].isoformat(), "last": days[-1].isoformat()}
    change = bureau.office(hub).entered(what, f"incident/{days[0]}/{days[-1]}", "", said, person)
    hub.own_health.declare(days, change, stands=stands, by=by, why=why)
    bureau.tell(hub)
    common.OUT.print(f"{what} {days[0]} – {days[-1]}", highlight=False)


def _refused(problem: str, hint: str) -> Misconfigured:
    return Misconfigured(Fault(code="conformance.incident", problem=problem, hint=hint))
