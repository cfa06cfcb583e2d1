"""What the catalogue's commands share: the documents in force, lint, and a change told as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.errors import Fault, Misconfigured
from hub.supervision import catalogue_lint
from hub.supervision.amendment import amended, named, told
from hub.supervision.instants import written
from hub.supervision.rules import ALL_RULES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from hub.model.terms import CatalogueChange
    from hub.supervision.catalogue_lint import Lint
    from hub.wiring import Hub


def documents(hub: Hub) -> dict[str, Mapping[str, Any]]:
    """Return the documents in force, by department."""
    return {each["department"]["department_id"]: each for each in hub.store.catalogue()}


def document_of(hub: Hub, department: str) -> Mapping[str, Any]:
    """Return a department's document by its code, or the one name that it has; Misconfigured where there is none."""
    held = documents(hub)
    if department in held:
        return held[department]
    for each in held.values():
        if department in (each["department"]["name"], each["department"].get("short_name")):
            return each
    known = ", ".join(f"{name} {each['department']['name']}" for name, each in held.items()) or "none yet"
    raise Misconfigured(Fault(code="catalogue.department", problem=f"there is no department {department}", hint=known))


def linted(hub: Hub, document: Mapping[str, Any], only: Collection[tuple[str, str]] | None = None) -> Sequence[Lint]:
    """Return what R03 to R06 would find, as the operator has tuned them."""
    calendar = hub.calendar()
    rules = hub.rules(ALL_RULES)
    today = calendar.day_of(hub.clock.now())
    return catalogue_lint.lint(document, rules=rules, calendar=calendar, today=today, only=only)


def told_lint(lint: Lint) -> dict[str, Any]:
    """Tell one finding as plain data."""
    finding = lint.finding
    return {
        "rule_id": finding.rule_id,
        "matter_code": lint.matter_code,
        "version": lint.version,
        "zh": finding.zh,
        "en": finding.en,
        "evidence": [dict(each) for each in finding.evidence],
    }


def told_change(hub: Hub, change: CatalogueChange, *, whole: bool = False) -> dict[str, Any]:
    """Tell one change as plain data; `whole` with every field that differs, and what the rules would say."""
    zone = hub.settings.zone
    said: dict[str, Any] = {
        "change_id": change.change_id,
        "number": change.number,
        "department_id": change.department_id,
        "state": change.state,
        "valid_from": change.valid_from,
        "parts": [named(part) for part in change.parts],
        "note": change.note,
        "proposed_by": change.proposed_by,
        "proposed_at": written(change.proposed_at, zone),
        "decided_by": change.decided_by,
        "decided_at": written(change.decided_at, zone) if change.decided_at else None,
        "reason": change.reason,
    }
    if whole:
        old = documents(hub).get(change.department_id) if change.state == "proposed" else None
        said["details"] = [told(part, old) for part in change.parts]
        if change.state == "proposed":
            said["lint"] = [told_lint(each) for each in linted(hub, amended(old, change.parts), _versions(change))]
    return said


def _versions(change: CatalogueChange) -> set[tuple[str, str]]:
    keys = [part["key"].rpartition("|") for part in change.parts if part["kind"] == "matter"]
    return {(code, version) for code, _, version in keys}
