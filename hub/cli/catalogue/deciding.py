"""`sunlight catalogue changes | approve | refuse`: what was proposed, and the second pair of eyes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from hub.cli import common
from hub.cli.acting import awaited, whoever
from hub.cli.catalogue.common import told_change
from hub.errors import Fault, Misconfigured
from hub.terms_desk import undecidable

if TYPE_CHECKING:
    from hub.model.terms import CatalogueChange
    from hub.wiring import Hub

_Name = Annotated[str, typer.Argument(help="The change's number, its id, or its id's first characters.")]


def changes(
    name: Annotated[str, typer.Argument(help="Only this change, in full.")] = "",
    *,
    state: Annotated[str, typer.Option("--state", help="Only those proposed, approved, refused or imported.")] = "",
    department: Annotated[str, typer.Option("--department", help="Only this department's, by its code.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many, the newest.")] = 50,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """List the changes of the catalogue, the newest first: who proposed, who decided, when, and from when it holds.

    One in full shows every field before and after, and what R03 to R06 would say of it.

    Example: sunlight catalogue changes --state proposed
    """
    hub = common.hub(settings)
    if name:
        _show_one(told_change(hub, found(hub, name), whole=True), as_json=as_json)
        return
    listed = hub.queries.catalogue_changes(state=state or None, department=department or None, limit=limit)
    told = [told_change(hub, each) for each in listed]
    if as_json:
        common.print_json(told)
        return
    table = Table(title=f"{common.counted(len(told), 'change')} of the catalogue 目录变更", title_justify="left")
    for heading in ("no.", "department", "what", "from", "state", "proposed by", "decided by"):
        table.add_column(heading, overflow="fold")
    for each in told:
        what = ", ".join(each["parts"][:3]) + (f" and {len(each['parts']) - 3} more" if len(each["parts"]) > 3 else "")  # noqa: PLR2004 - what fits
        cells = (str(each["number"]), each["department_id"], what, each["valid_from"], each["state"])
        table.add_row(*map(Text, (*cells, each["proposed_by"], each["decided_by"])))
    common.OUT.print(table)


def approve(
    change: _Name,
    *,
    by: Annotated[str, typer.Option("--by", help="Who approves; whoever is logged in where left out.")] = "",
    note: Annotated[str, typer.Option("--note", help="What was looked at, in words.")] = "",
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Approve a change 法制审核通过: it is in force from then on. Never by whoever proposed it.

    Look at it first: sunlight catalogue changes 3. Clocks that it concerns are counted anew, with a trace.

    Example: sunlight catalogue approve 3 --by 王五 --note 依据齐全
    """
    _decide(common.hub(settings), change, approved=True, by=by, note=note, as_json=as_json)


def refuse(
    change: _Name,
    *,
    note: Annotated[str, typer.Option("--note", help="The reason, in words. Needed.")] = "",
    by: Annotated[str, typer.Option("--by", help="Who refuses; whoever is logged in where left out.")] = "",
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Refuse a change, with a reason. It stays in the history, and changes nothing.

    Example: sunlight catalogue refuse 3 --by 王五 --note 设定依据已废止
    """
    _decide(common.hub(settings), change, approved=False, by=by, note=note, as_json=as_json)


def _decide(hub: Hub, name: str, *, approved: bool, by: str, note: str, as_json: bool) -> None:
    change, person = found(hub, name), whoever(by)
    act = hub.terms.decide(change.change_id, approve=approved, by=person, note=note)
    if wrong := undecidable(change, by=person, approve=approved, reason=note):
        raise Misconfigured(Fault(code=wrong.code, problem=wrong.problem, hint=wrong.hint))
    outcome = awaited(hub, act)
    if as_json:
        common.print_json({"change_id": change.change_id, "number": change.number, "act_id": act, "outcome": outcome})
    else:
        common.OUT.print(outcome, highlight=False, soft_wrap=True)


def found(hub: Hub, name: str) -> CatalogueChange:
    """Return one change by its number or id; Misconfigured where there is none."""
    change = hub.queries.catalogue_change(name)
    if change is None:
        hint = "see `sunlight catalogue changes`; what was just proposed is entered once supervision runs"
        raise Misconfigured(Fault(code="catalogue.unknown", problem=f"there is no change {name}", hint=hint))
    return change


def _show_one(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        common.print_json(told)
        return
    common.OUT.print(Text(f"no. {told['number']}  {told['state']}  {told['department_id']}  {told['change_id']}"))
    common.OUT.print(Text(f"proposed by {told['proposed_by']} at {told['proposed_at']}: {told['note'] or '-'}"))
    if told["decided_by"]:
        common.OUT.print(
            Text(f"{told['state']} by {told['decided_by']} at {told['decided_at']}: {told['reason'] or '-'}")
        )
    for part in told["details"]:
        table = Table("field", "before", "after", title=f"{part['part']}: {part['what']}", title_justify="left")
        for each in part["fields"]:
            table.add_row(each["field"], Text(str(each["before"] or "-")), Text(str(each["after"] or "-")))
        common.OUT.print(table)
    for each in told.get("lint", ()):
        common.OUT.print(Text(f"{each['rule_id']} {each['zh']} {each['en']}"))
