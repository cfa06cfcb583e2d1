"""`sunlight catalogue list | show | lint`: what is in force, a matter's versions, and what the rules would say."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from hub.cli import common
from hub.cli.catalogue.common import document_of, documents, linted, told_change, told_lint
from hub.cli.catalogue.lists import places, proposals
from hub.errors import Fault, Misconfigured
from hub.supervision.catalogue import Catalogue

if TYPE_CHECKING:
    from hub.supervision.matter import Limit, Matter
    from hub.wiring import Hub


def list_(
    department: Annotated[str, typer.Option("--department", help="Only this department's, by code or name.")] = "",
    *,
    on: Annotated[str, typer.Option("--on", help="The versions that hold on this day; today where left out.")] = "",
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """List the matters 事项 in force, with their limits.

    Example: sunlight catalogue list --on 2020-01-01
    """
    hub = common.hub(settings)
    day = _day(on)
    chosen = [document_of(hub, department)] if department else list(documents(hub).values())
    told = [_told(matter) for matter in Catalogue(chosen).matters() if matter.is_valid(day)]
    told.sort(key=lambda each: (each["department_id"], each["matter_code"], each["valid_from"]))
    if as_json:
        common.print_json(told)
        return
    table = Table(title=f"{common.counted(len(told), 'matter')} in force on {day} 职权目录", title_justify="left")
    for heading in ("department", "matter", "name", "type", "version", "from", "promised", "statutory", "status"):
        table.add_column(heading, overflow="fold")
    for each in told:
        names = ("department_id", "matter_code", "name", "power_type", "version", "valid_from")
        table.add_row(*(Text(each[name]) for name in names), each["promised"], each["statutory"], each["status"])
    common.OUT.print(table)


def show(
    matter: Annotated[str, typer.Argument(help="The matter's code 实施编码.")],
    *,
    department: Annotated[str, typer.Option("--department", help="Only this department's, by code or name.")] = "",
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Show every version of a matter, whole, and the changes that made it: who proposed and who approved, and when.

    Example: sunlight catalogue show 11321200014000028L3320117001000
    """
    hub = common.hub(settings)
    chosen = [document_of(hub, department)] if department else list(documents(hub).values())
    versions: list[dict[str, Any]] = [
        {"department_id": each["department"]["department_id"], **row}
        for each in chosen
        for row in each.get("matters", ())
        if row["matter_code"] == matter
    ]
    if not versions:
        hint = "see `sunlight catalogue list`"
        raise Misconfigured(Fault(code="catalogue.matter", problem=f"there is no matter {matter}", hint=hint))
    history = _history(hub, matter)
    told = {"matter_code": matter, "versions": versions, "changes": history}
    if as_json:
        common.print_json(told)
        return
    for row in versions:
        table = Table(title=f"{row['name']} version {row['version']}", title_justify="left", show_header=False)
        table.add_column("")
        table.add_column("", overflow="fold")
        for name, value in row.items():
            table.add_row(name, Text(str(value)))
        common.OUT.print(table)
    for each in history:
        decided = f", decided by {each['decided_by']} at {each['decided_at']}" if each["decided_by"] else ""
        said = (
            f"no. {each['number']} {each['state']}: proposed by {each['proposed_by']} at {each['proposed_at']}{decided}"
        )
        common.OUT.print(Text(said))


def lint(
    what: Annotated[
        str, typer.Argument(help="A list (XLSX, XLS, ODS), a department.yaml, or a department. All if none.")
    ] = "",
    *,
    department: Annotated[str, typer.Option("--department", help="Whose a list is, where its rows do not say.")] = "",
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Say what the rules on the catalogue (R03 to R06) would find, with the place in the file. Nothing is changed.

    R03 lacks an element, R04 promises more than the law allows, R05 stages longer than the promise, R06 discretion
    without tiers or with gaps. Exit code 2 where anything is found.

    Example: sunlight catalogue lint 权责清单.xlsx --department 11321200014000028L
    """
    hub = common.hub(settings)
    found = [*_lint_file(hub, Path(what), department)] if Path(what).is_file() else [*_lint_held(hub, what)]
    if as_json:
        common.print_json(found)
    else:
        for each in found:
            said = f"{each['place']}: {each['rule_id']}: {each['zh']} {each['en']}"
            common.OUT.print(said, soft_wrap=True, highlight=False, markup=False)
        common.OUT.print(common.counted(len(found), "finding"), highlight=False)
    raise typer.Exit(2 if found else 0)


def _lint_file(hub: Hub, path: Path, department: str) -> list[dict[str, Any]]:
    """Lint what a file would make of the catalogue, as far as its rows can be taken."""
    where = places(hub, path, department)
    found: list[dict[str, Any]] = []
    for name, document in proposals(hub, path, department).items():
        for each in linted(hub, document, {key[1:] for key in where if key[0] == name}):
            place = where[name, each.matter_code, each.version]
            found.append({"place": place, "department_id": name, **told_lint(each)})
    return found


def _lint_held(hub: Hub, department: str) -> list[dict[str, Any]]:
    chosen = [document_of(hub, department)] if department else list(documents(hub).values())
    return [
        {"place": f"{name} {each.matter_code} version {each.version}", "department_id": name, **told_lint(each)}
        for document in chosen
        for name in [document["department"]["department_id"]]
        for each in linted(hub, document)
    ]


def _history(hub: Hub, matter: str) -> list[dict[str, Any]]:
    changes = hub.queries.catalogue_changes(limit=100_000)
    return [
        told_change(hub, each)
        for each in changes
        if any(part["kind"] == "matter" and part["key"].rpartition("|")[0] == matter for part in each.parts)
    ]


def _told(matter: Matter) -> dict[str, Any]:
    return {
        "department_id": matter.department_id,
        "matter_code": matter.matter_code,
        "name": matter.name,
        "power_type": matter.power_type,
        "version": matter.version,
        "valid_from": matter.valid_from.isoformat(),
        "valid_to": matter.valid_to.isoformat() if matter.valid_to else None,
        "status": matter.status,
        "promised": _limit(matter.limits.get("promised")),
        "statutory": _limit(matter.limits.get("statutory")),
    }


def _limit(limit: Limit | None) -> str:
    return "" if limit is None else f"{limit.n} {limit.unit.replace('_', ' ')}s"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text) if text else common.today()
    except ValueError as bad:
        problem, hint = f"{text!r} is no day", "write it as 2026-03-02"
        raise Misconfigured(Fault(code="catalogue.day", problem=problem, hint=hint)) from bad
