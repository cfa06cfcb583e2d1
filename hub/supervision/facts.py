"""What is counted of a case: a pure function of its judgement (hub/model/facts.py says what each field means)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.model.facts import CaseFacts
from hub.supervision.law import LAW, law_limit
from hub.supervision.spans import ONLINE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from hub.supervision.calendar import WorkCalendar
    from hub.supervision.catalogue import Catalogue, Limit, Matter
    from hub.supervision.clocks import Clock
    from hub.supervision.fold import Case
    from hub.supervision.judge import Judgement
    from hub.supervision.law import LawParameter

DECISION_CLOCKS: Final = ("promised", "instant", "statutory", "joint", "penalty", "coercion", "complaint", "petition")
"""Kinds of clock that limit the matter itself, the governing one first. Acceptance, stages, delivery, publication and
the steps of a complaint have clocks and rules of their own, and do not make a case late."""

BY_LAW: Final = frozenset({"statutory", "joint", "penalty", "coercion", "petition"})
"""Kinds whose limit is the law's, not a promise."""


def facts_of(
    judgement: Judgement, catalogue: Catalogue, calendar: WorkCalendar, law: Sequence[LawParameter] = LAW
) -> CaseFacts | None:
    """Return what is counted of a case; None for one that was entered in error, which leaves every figure.

    A duplicate complaint that was linked to another is not counted either: the matter is counted once, there.

    Catalogue, calendar and law are those that it was judged by.
    """
    case = judgement.case
    if case.state in ("voided", "linked"):
        return None
    matter = catalogue.matter(
        case.attributes.get("matter_code", ""), calendar.day_of(case.opened_at), case.attributes["department_id"]
    )
    clocks = _decision_clocks(judgement.clocks)
    return CaseFacts(
        **_identity(judgement, matter),
        **_days(case, clocks, calendar),
        **_times(clocks, calendar),
        **_limits(clocks, matter, case.attributes.get("power_type", ""), calendar, law),
        **_standing(clocks, calendar),
        **_marks(judgement),
    )


def _decision_clocks(clocks: Sequence[Clock]) -> Sequence[Clock]:
    """Return the decision clocks, the governing one first; what was given up was neither in time nor late."""
    found = [clock for clock in clocks if clock.row.kind in DECISION_CLOCKS and clock.row.state != "void"]
    return sorted(found, key=lambda clock: DECISION_CLOCKS.index(clock.row.kind))


def _identity(judgement: Judgement, matter: Matter | None) -> dict[str, Any]:
    case, row, said = judgement.case, judgement.row, judgement.case.attributes
    return {
        "case_id": row.case_id,
        "connection_id": row.connection_id,
        "department_id": _whose(case) or row.department_id,
        "region_code": row.region_code,
        "matter_code": row.matter_code,
        "power_type": said.get("power_type") or (matter.power_type if matter else ""),
        "family": case.family,
        "channel": said.get("channel") or said.get("complaint", {}).get("channel", ""),
        "case_type": said.get("case_type") or (matter.case_type if matter else ""),
        "disclosure": row.disclosure,
        "state": row.state,
        "result": _result(case),
    }


def _whose(case: Case) -> str:
    """Return the department that handles a complaint, which counts to it; empty, for its centre, where none does."""
    return case.holding.handler if case.holding is not None else ""


def _result(case: Case) -> str:
    for fact in reversed(case.timeline):
        said = fact.detail.get("result", {}).get("code") or fact.detail.get("handling", {}).get("outcome")
        if said:
            return str(said)
    return "not_accepted" if case.state == "rejected" else ""


def _days(case: Case, clocks: Sequence[Clock], calendar: WorkCalendar) -> dict[str, Any]:
    def day(moment: datetime | None) -> date | None:
        return None if moment is None else calendar.day_of(moment)

    accepted, decided, delivered = (_first(case, types) for types in (_ACCEPTED, _DECIDED, _DELIVERED))
    stopped = clocks[0].row.stopped_at if clocks else case.closed_at
    return {
        "opened_on": calendar.day_of(case.opened_at),
        "accepted_on": day(accepted),
        "decided_on": day(decided),
        "closed_on": day(case.closed_at),
        "delivered_on": day(delivered),
        "finished_on": day(stopped),
    }


_ACCEPTED: Final = frozenset({"case.accepted", "penalty.filed", "coercion.approved", "complaint.accepted"})
_DECIDED: Final = frozenset(
    {"case.decided", "penalty.decided", "penalty.dismissed", "coercion.decided", "complaint.replied"}
)
_DELIVERED: Final = frozenset({"case.delivered", "penalty.served"})


def _first(case: Case, types: frozenset[str]) -> datetime | None:
    return next((fact.occurred_at for fact in case.timeline if fact.type in types), None)


def _times(clocks: Sequence[Clock], calendar: WorkCalendar) -> dict[str, Any]:
    if not clocks:
        return {"used_workdays": None, "paused_workdays": 0, "promised_workdays": None}
    governing = clocks[0]
    start, paused = calendar.day_of(governing.row.started_at), governing.paused_workdays

    def since(day: date) -> int:
        return max(0, calendar.workdays_between(start, day) - paused)

    stopped = governing.row.stopped_at
    return {
        "used_workdays": None if stopped is None else since(calendar.day_of(stopped)),
        "paused_workdays": paused,
        "promised_workdays": since(governing.due.day),
    }


def _limits(
    clocks: Sequence[Clock],
    matter: Matter | None,
    power_type: str,
    calendar: WorkCalendar,
    law: Sequence[LawParameter],
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    started = next((clock.row.started_at for clock in clocks), None)
    for kind in ("promised", "statutory"):
        limit = matter.limits.get(kind) if matter else None
        if limit is None and started is not None:
            known = power_type or (matter.power_type if matter else "")
            limit = _by_law(kind, clocks, known, calendar.day_of(started), law)
        found |= {f"{kind}_n": limit.n if limit else None, f"{kind}_unit": limit.unit if limit else ""}
    return found


def _by_law(
    kind: str, clocks: Sequence[Clock], power_type: str, day: date, law: Sequence[LawParameter]
) -> Limit | None:
    """Return what the law says where the catalogue is silent; of families with a clock of their own, that clock's."""
    if kind == "promised":
        return None
    kinds = ["statutory", *(clock.row.kind for clock in clocks if clock.row.kind in BY_LAW)]
    return next((found.limit for name in kinds if (found := law_limit(name, power_type, day, law))), None)


def _standing(clocks: Sequence[Clock], calendar: WorkCalendar) -> dict[str, Any]:
    governing = clocks[0] if clocks else None
    missed = any(clock.row.state == "breached" for clock in clocks)
    finished = governing is not None and governing.stop is not None
    on_time = finished and not missed and all(_is_firm(clock, calendar) for clock in clocks)
    return {
        "on_time": on_time,
        "early": on_time and governing is not None and _days_left(governing, calendar) > 0,
        "late": finished and missed,
        "late_by_law": any(clock.row.state == "breached" and clock.row.kind in BY_LAW for clock in clocks),
        "open_late": not finished and missed,
        "is_provisional": any(clock.due.provisional for clock in clocks),
    }


def _is_firm(clock: Clock, calendar: WorkCalendar) -> bool:
    """Tell whether it is known if a clock that was not missed was met: its due day is, or it stopped long before."""
    stopped = clock.row.stopped_at
    return not clock.due.provisional or (stopped is not None and not calendar.is_provisional(calendar.day_of(stopped)))


def _days_left(clock: Clock, calendar: WorkCalendar) -> int:
    stopped = clock.row.stopped_at
    return 0 if stopped is None else calendar.workdays_between(calendar.day_of(stopped), clock.due.day)


def _marks(judgement: Judgement) -> dict[str, Any]:
    case = judgement.case
    types = {fact.type for fact in case.timeline}
    return {
        "supplement": "case.supplement_requested" in types,
        "special": bool(case.special_procedures),
        "extension": bool(case.extensions),
        "late_entry": any(finding.rule_id == "R44" for finding in judgement.findings),
        "online": case.attributes.get("channel") in ONLINE,
        "reworked": not types.isdisjoint({"complaint.reworked", "case.reopened"}),
        "rating": _rating(case),
    }


def _rating(case: Case) -> int | None:
    for fact in reversed(case.timeline):
        said = fact.detail
        code = said.get("evaluation", {}).get("score_code") or said.get("handling", {}).get("satisfaction")
        if code:
            return int(code)
    return None
