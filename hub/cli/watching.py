"""`sunlight clocks`, `sunlight alerts` and `sunlight alert`: for those who live in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.table import Table
from rich.text import Text

from hub.cli import common
from hub.errors import Fault, Misconfigured
from hub.supervision.instants import written

if TYPE_CHECKING:
    from datetime import tzinfo

    from hub.model.terms import ClockChange
    from hub.model.values import ClockRow

_STYLES = {"breached": "red", "running": "", "paused": "yellow", "met": "green", "void": "dim"}
_LEVELS = {"red": "red", "yellow": "yellow", "notice": "cyan"}


def clocks(
    case: Annotated[str, typer.Argument(help="The case's number, or its id.")],
    *,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Show every deadline clock 时限时钟 of one case, and how each due moment came about, step by step.

    And which of them were counted anew because calendar, catalogue or law changed: before, after, and why.

    Example: sunlight clocks ZJ2026-00013
    """
    hub = common.hub(settings)
    row = hub.queries.case(case) or hub.queries.case(hub.queries.case_by_number(case) or "")
    if row is None:
        raise Misconfigured(
            Fault(code="clocks.case", problem=f"there is no case {case}", hint="its number as the department wrote it")
        )
    zone = hub.settings.zone
    told = [told_clock(each, zone) for each in row["clocks"]]
    changes = [told_change(each, zone) for each in hub.queries.clock_changes(row["case_id"])]
    if as_json:
        common.print_json({"case_id": row["case_id"], "case_no": row["case_no"], "clocks": told, "changes": changes})
        return
    common.OUT.print(f"[bold]{row['case_no']}[/bold]  {row['state']}", highlight=False)
    for each in told:
        table = Table(title=f"{each['kind']}  due {each['due_at']}", title_justify="left", show_header=False)
        table.add_column("")
        table.add_column("", overflow="fold")
        table.add_row("state", Text(each["state"], style=_STYLES[each["state"]]))
        table.add_row("basis", Text(each["basis"]))
        for place, sentence in enumerate(each["derivation"], 1):
            table.add_row(str(place), Text(sentence))
        common.OUT.print(table)
    if not told:
        common.OUT.print("no limit is known for this case, so no clock runs: see its matter in the catalogue")
    if changes:
        _show_changes(changes)


def _show_changes(changes: list[dict[str, Any]]) -> None:
    table = Table(title="counted anew 重新计算", title_justify="left")
    for heading in ("at", "clock", "due before", "due after", "why"):
        table.add_column(heading, overflow="fold")
    for each in changes:
        why = "; ".join(f"{cause['what']}: {cause['before'] or '-'} → {cause['after']}" for cause in each["why"])
        table.add_row(each["changed_at"], each["kind"], each["old_due"] or "-", each["new_due"] or "-", Text(why))
    common.OUT.print(table)


def told_change(change: ClockChange, zone: tzinfo) -> dict[str, Any]:
    """Tell what changed terms did to one clock as plain data; instants in `zone`."""
    return {
        "clock_id": change.clock_id,
        "kind": change.kind,
        "changed_at": written(change.changed_at, zone),
        "old_due": written(change.old_due, zone) if change.old_due else None,
        "new_due": written(change.new_due, zone) if change.new_due else None,
        "old_state": change.old_state,
        "new_state": change.new_state,
        "why": [dict(each) for each in change.why],
    }


def told_clock(clock: ClockRow, zone: tzinfo) -> dict[str, Any]:
    """Tell one clock as plain data; instants in `zone`."""
    return {
        "clock_id": clock.clock_id,
        "kind": clock.kind,
        "occurrence": clock.occurrence,
        "state": clock.state,
        "basis": clock.basis,
        "started_at": written(clock.started_at, zone),
        "due_at": written(clock.due_at, zone),
        "stopped_at": written(clock.stopped_at, zone) if clock.stopped_at else None,
        "provisional": clock.provisional,
        "calendar_version": clock.calendar_version,
        "derivation": list(clock.derivation),
    }


def alerts(  # noqa: PLR0913 - one option a filter
    rule: Annotated[str, typer.Option("--rule", help="Only this rule: R14.")] = "",
    state: Annotated[str, typer.Option("--state", help="Only alerts in this state: raised.")] = "",
    level: Annotated[str, typer.Option("--level", help="Only this level: notice, yellow or red.")] = "",
    department: Annotated[str, typer.Option("--department", help="Only this department, by its id.")] = "",
    region: Annotated[str, typer.Option("--region", help="Only this region: 321281.")] = "",
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many, the newest.")] = 50,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """List alerts 预警, the newest change first.

    Example: sunlight alerts --level red --state pending
    """
    found = common.hub(settings).queries.alerts(
        rule=rule or None,
        state=state or None,
        level=level or None,
        department=department or None,
        region=region or None,
        limit=limit,
    )
    documents = [orjson.loads(each["document"]) for each in found]
    if as_json:
        common.print_json(documents)
        return
    table = Table(title=f"{common.counted(len(found), 'alert')} 预警", title_justify="left")
    for heading in ("rule", "level", "state", "case", "finding", "alert"):
        table.add_column(heading, overflow="fold")
    for each, document in zip(found, documents, strict=True):
        said = document["finding"]["zh"]
        cells = [each["rule_id"], Text(each["level"], style=_LEVELS[each["level"]]), each["state"]]
        table.add_row(*cells, Text(str(each["case_no"] or each["subject"])), Text(said), each["alert_id"][:8])
    common.OUT.print(table)
