"""`sunlight rules`: every rule of supervision, its numbers in force, their source, and who can be judged by it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.table import Table

from hub.cli import common
from hub.errors import Fault, Misconfigured
from hub.supervision.evaluable import missing, not_evaluable
from hub.supervision.rules import ALL_RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.model.values import Connection
    from hub.supervision.rules import Rule
    from hub.supervision.rules.rule import Parameter

_SCOPES: Final = {"case": "one case", "matter": "the catalogue", "city": "many cases"}


def rules(
    rule: Annotated[str, typer.Argument(help="Only this rule, in full: R14.")] = "",
    *,
    on: Annotated[str, typer.Option("--on", help="The day whose law holds, YYYY-MM-DD; today where left out.")] = "",
    connection: Annotated[str, typer.Option("--connection", help="Say which cannot be judged there, and why.")] = "",
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """List the 53 supervision rules 监察规则 with their parameters in force and the source of each.

    A parameter whose value is not known on a day is shown as unknown: the rule is off then.

    Example: sunlight rules R32 --on 2020-01-01
    """
    day = _day(on)
    hub = common.hub(settings)
    tuning = hub.settings.rules.tuning
    known = {**ALL_RULES, **hub.rules(ALL_RULES)}
    chosen = [known[rule.upper()]] if rule.upper() in known else list(known.values())
    if rule and rule.upper() not in ALL_RULES:
        problem, hint = f"there is no rule {rule}", f"one of {', '.join(ALL_RULES)}"
        raise Misconfigured(Fault(code="rules.unknown", problem=problem, hint=hint))
    lacking = _lacking(connection, hub.store.connections()) if connection else {}
    rows = [
        {**described(each, day, lacking.get(each.rule_id, ())), "is_off": each.rule_id in tuning.off} for each in chosen
    ]
    if as_json:
        common.print_json(rows)
    elif rule:
        _show_one(rows[0])
    else:
        _show(rows, with_lacking=bool(connection))


def described(rule: Rule, day: date, lacking: Any = ()) -> dict[str, Any]:  # noqa: ANN401 - a list of names
    """Describe a rule as it holds on a day."""
    return {
        "rule_id": rule.rule_id,
        "version": rule.version,
        "name": {"zh": rule.zh, "en": rule.en},
        "phase": rule.phase,
        "class": rule.class_,
        "level": rule.level,
        "type_code": rule.type_code,
        "mode": rule.mode,
        "is_shadow": rule.is_shadow,
        "looks_at": _SCOPES[rule.scope],
        "basis": rule.basis,
        "reads": list(rule.reads),
        "parameters": [_parameter(each, day) for each in rule.parameters],
        "not_evaluable_for_want_of": list(lacking),
    }


def _parameter(parameter: Parameter, day: date) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "value": str(parameter.value) if parameter.holds(day) else None,
        "unit": parameter.unit,
        "source": parameter.source,
        "valid_from": parameter.valid_from.isoformat() if parameter.valid_from else None,
        "valid_to": parameter.valid_to.isoformat() if parameter.valid_to else None,
    }


def _lacking(connection: str, known: Mapping[str, Connection]) -> Mapping[str, Any]:
    if connection not in known:
        problem, hint = f"connection {connection} is not registered", f"one of {', '.join(sorted(known)) or 'none yet'}"
        raise Misconfigured(Fault(code="rules.connection", problem=problem, hint=hint))
    offers = known[connection].offers
    if offers is None:
        return {}
    return {**not_evaluable(ALL_RULES, offers), **_city_wide(offers)}


def _city_wide(offers: frozenset[str]) -> Mapping[str, Any]:
    found = {name: missing(rule, offers) for name, rule in ALL_RULES.items() if rule.scope == "city"}
    return {name: names for name, names in found.items() if names}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text) if text else common.today()
    except ValueError as bad:
        problem, hint = f"{text!r} is no day", "write it as 2026-03-02"
        raise Misconfigured(Fault(code="rules.day", problem=problem, hint=hint)) from bad


def _show(rows: list[dict[str, Any]], *, with_lacking: bool) -> None:
    table = Table(title=f"Supervision rules 监察规则 ({len(rows)})", title_justify="left")
    headings = ["rule", "名称", "name", "level", "looks at", "parameters in force"]
    for heading in [*headings, *(["not evaluable for want of"] if with_lacking else [])]:
        table.add_column(heading, overflow="fold")
    for row in rows:
        numbers = ", ".join(_said(each) for each in row["parameters"])
        name = f"{row['name']['en']}{_tuned(row)}"
        cells = [row["rule_id"], row["name"]["zh"], name, row["level"], row["looks_at"], numbers]
        table.add_row(*cells, *([", ".join(row["not_evaluable_for_want_of"])] if with_lacking else []))
    common.OUT.print(table)


def _tuned(row: Mapping[str, Any]) -> str:
    return " (off)" if row["is_off"] else " (on trial)" if row["is_shadow"] else ""


def _said(parameter: Mapping[str, Any]) -> str:
    value = parameter["value"] if parameter["value"] is not None else "unknown (off)"
    return f"{parameter['name']} {value}"


def _show_one(row: Mapping[str, Any]) -> None:
    table = Table(title=f"{row['rule_id']} {row['name']['zh']} {row['name']['en']}", title_justify="left")
    table.add_column("")
    table.add_column("", overflow="fold")
    for name in ("level", "class", "phase", "type_code", "mode", "looks_at", "basis"):
        table.add_row(name, str(row[name]))
    table.add_row("reads", ", ".join(row["reads"]) or "-")
    for each in row["parameters"]:
        since = f", from {each['valid_from']}" if each["valid_from"] else ""
        table.add_row(each["name"], f"{_said(each).split(' ', 1)[1]} {each['unit']} ({each['source']}{since})")
    if row["not_evaluable_for_want_of"]:
        table.add_row("not evaluable for want of", ", ".join(row["not_evaluable_for_want_of"]))
    common.OUT.print(table)
