"""Who may do what with a complaint, walked through plainly: which events count, and what is said of others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.oracle.machine import MOVES, PLACE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.supervision.caselog import Fact

THEIRS = {
    "complaint.returned", "complaint.signed", "complaint.started", "complaint.extension_requested", "complaint.replied",
}  # fmt: skip
"""What the department says that handles a complaint; whoever assists says that it has; the centre says everything."""

STRICT = {
    "complaint.transferred", "complaint.assist_asked", "complaint.returned", "complaint.arbitrated",
    "complaint.redispatched", "complaint.extension_requested", "complaint.extension_refused", "complaint.extended",
}  # fmt: skip
"""What comes to nothing where it may not stand."""


def speaking(told: Sequence[Fact]) -> Sequence[Fact]:
    """Return the events that say what a case is about: of a complaint its centre's alone."""
    registered = [each.department_id for each in told if each.type == "complaint.registered"]
    return [each for each in told if not registered or each.department_id == registered[0]]


SENDS = {"complaint.dispatched", "complaint.redispatched", "complaint.arbitrated", "complaint.assist_asked"}
"""By which a report goes to whoever takes reports, and to nobody else."""


def walked(told: Sequence[Fact], about: dict[str, Any], bodies: set[str]) -> tuple[list[Fact], dict[str, str]]:  # noqa: C901, PLR0912 - one plain walk
    """Return the events that count, and of those that are in fault the rule that speaks, by event id."""
    says = about.get("complaint", {})
    is_report = "report" in (says.get("kind"), says.get("track"))
    centre = next((e.department_id for e in told if e.type == "complaint.registered"), told[0].department_id)
    state, handler, helpers, returns, fixed = "-", "", set(), 0, False
    counted, faults = [], {}
    for each in told:
        said = each.detail.get("handling", {})
        named, who = said.get("department_id", ""), each.department_id
        before, after = MOVES.get(each.type, ({state}, ""))
        lawful = state in before
        fault = ""
        if who != centre and not (who == handler and each.type in THEIRS):
            fault = "" if who in helpers and each.type == "complaint.assisted" else "R21"
        elif (each.type == "complaint.returned" and (fixed or returns >= 1)) or (
            each.type == "complaint.returned" and who != centre and not (said.get("reason") and said.get("basis"))
        ):
            fault = "R63"
        elif each.type == "complaint.extended" and not (said.get("approved_by") or each.detail.get("extension")):
            fault = "R18"
        elif (is_report and named and named == says.get("respondent_department")) or (
            is_report and named and each.type in SENDS and named not in bodies
        ):
            fault = "R66"
        leads = bool(after) and PLACE[after] > PLACE[state]
        if fault and fault != "R66" and not lawful:
            fault = "R21"
        if not fault and not lawful and (who != centre or (each.type in STRICT and not leads)):
            fault = "R21"
        if fault:
            faults[each.event_id] = fault
            continue
        if not lawful and state != "-":
            faults[each.event_id] = "R21"
        if each.type in ("complaint.dispatched", "complaint.redispatched"):
            handler, fixed = named or handler, fixed or said.get("designated") is True
        elif each.type == "complaint.returned":
            handler, returns = "", returns + 1
        elif each.type == "complaint.assist_asked":
            helpers.add(named)
        if after and (lawful or leads):
            state = after
        counted.append(each)
    return counted, faults
