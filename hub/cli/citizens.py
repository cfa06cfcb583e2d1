"""`sunlight public`: the codes by which people see their cases and complaints over the public site."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from hub.citizens.contact import open_contact
from hub.citizens.progress import COMPLAINT, case_told, complaint_told
from hub.citizens.sending import CASE
from hub.citizens.tracking import number_in, secret_for
from hub.cli import acting, common
from hub.errors import Fault, Misconfigured
from hub.supervision.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from hub.supervision.rules import Rule

app = typer.Typer(name="public", help="What the public site 公开网站 gives people.", no_args_is_help=True)


@app.callback()
def _public() -> None:
    """What the public site 公开网站 gives people."""


@app.command("token")
def token(
    number: Annotated[str, typer.Argument(help="The number of a case or a complaint.")],
    *,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Print the code by which an applicant or a complainant sees a case over the public site.

    Give it to nobody else: whoever has it sees how the case stands, and may rate it. It is made of the hub's key each
    time, and kept nowhere. Several cases have one number where departments number alike: each has a code of its own.

    Example: sunlight public token ZJ2026-00001
    """
    hub = common.hub(settings)
    key, zone, rules = hub.citizens_key, hub.settings.zone, hub.rules(RULES)
    found = [_coded(key, row, zone, rules) for row in hub.public_reading.numbered(_named(number))]
    if not found:
        hint = "see sunlight summary, or the console's cases"
        raise Misconfigured(Fault(code="public.no-case", problem=f"there is no case {number!r}", hint=hint))
    if as_json:
        common.print_json(found)
        return
    table = Table("number 编号", "code 查询码", "department 部门", "state 状态", "shown 可查")
    for each in found:
        shown = "yes 是" if each["shown"] else "no 否: class " + each["disclosure"]
        table.add_row(each["case_no"], each["code"], each["department_id"], each["state"], shown)
    common.OUT.print(table)


@app.command("contact")
def contact(
    number: Annotated[str, typer.Argument(help="The number of a complaint.")],
    *,
    why: Annotated[str, typer.Option("--why", help="What it is needed for; the ledger keeps it.")],
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Open how a complainant can be reached. Who opens it, and why, is entered in the ledger first.

    Example: sunlight public contact TS-WMW2-8M3D-WCQ8 --why "follow-up call"
    """
    hub = common.hub(settings)
    zone, rules = hub.settings.zone, hub.rules(RULES)
    rows = [row for row in hub.public_reading.numbered(_named(number)) if complaint_told(row, zone, rules)]
    if not rows or not why.strip():
        problem = f"there is no complaint {number!r}" if not rows else "say why it is opened"
        raise Misconfigured(
            Fault(code="public.contact", problem=problem, hint='sunlight public contact NUMBER --why "…"')
        )
    with contextlib.closing(hub.bus()) as bus:
        opened = open_contact(
            rows[0], vault=hub.vault, publish=lambda message: bus.publish([message]), by=acting.whoever(""),
            why=why.strip(), now=hub.clock.now(), zone=zone,
        )  # fmt: skip
    if as_json:
        common.print_json(opened)
        return
    for name, value in opened.items():
        common.OUT.print(f"{name}: {escape(value)}", soft_wrap=True)


def _named(number: str) -> str:
    return number_in(number) or number.strip()


def _coded(key: bytes, row: dict[str, Any], zone: tzinfo, rules: Mapping[str, Rule]) -> dict[str, Any]:
    complaint = complaint_told(row, zone, rules)
    code = secret_for(key, COMPLAINT, row["case_no"]) if complaint else secret_for(key, CASE, row["case_id"])
    names = ("case_no", "case_id", "department_id", "state", "disclosure")
    return {**{name: row[name] for name in names}, "code": code, "shown": bool(complaint or case_told(row, zone))}
