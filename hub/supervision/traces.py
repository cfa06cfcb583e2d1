"""What a case leaves for rules that look at many: its penalty, what it complains about, and the cases it refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hub.model.values import Trace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from hub.supervision.calendar import WorkCalendar
    from hub.supervision.fold import Case

NOT_COUNTED: Final = frozenset({"voided", "withdrawn"})
"""States of cases that leave no trace. A duplicate that was linked leaves one alone: to which it was."""

_COMPLAINED: Final = frozenset({"complaint", "report"})
"""Kinds of complaint that hold something against a department; enquiries and suggestions do not."""


_OPEN: Final = frozenset({"public", "intranet"})
"""Classes of cases of which alerts about no single case may speak: those are for whoever may see the intranet."""


def traces_of(case: Case, calendar: WorkCalendar) -> Sequence[Trace]:
    """Return what a case leaves, in a fixed order."""
    if case.state in NOT_COUNTED:
        return ()
    return tuple(
        Trace(
            case_id=case.case_id,
            kind=kind,
            n=n,
            department_id=department or case.attributes["department_id"],
            region_code=case.attributes["region_code"],
            day=day,
            document={**document, "is_told": case.attributes["disclosure"]["class"] in _OPEN},
        )
        for n, (kind, department, day, document) in enumerate(_left(case, calendar), 1)
    )


_Left: TypeAlias = "tuple[str, str, date, Mapping[str, Any]]"
"""Kind, department (empty: that of the case), day and document of a trace."""


def _left(case: Case, calendar: WorkCalendar) -> Iterator[_Left]:
    yield from _penalties(case, calendar)
    if case.family == "complaint" and case.state != "linked":
        yield from _complaints(case, calendar)
    for fact in case.timeline:
        if fact.detail.get("refers_to"):
            said = {"about": fact.type, "number": fact.detail["refers_to"], "event_id": fact.event_id}
            yield "reference", "", calendar.day_of(fact.occurred_at), said


def _penalties(case: Case, calendar: WorkCalendar) -> Iterator[_Left]:
    decided = case.first("penalty.decided")
    said = decided.detail.get("discretion", {}) if decided else {}
    if decided is not None and {"violation_code", "tier_code", "amount"} <= said.keys():
        chosen = {"violation": said["violation_code"], "tier": said["tier_code"], "amount": str(said["amount"])}
        yield "penalty", "", calendar.day_of(decided.occurred_at), chosen


def _complaints(case: Case, calendar: WorkCalendar) -> Iterator[_Left]:
    about = case.attributes.get("complaint", {})
    if about.get("kind") not in _COMPLAINED:
        return
    day = calendar.day_of(case.opened_at)
    related = about.get("related_case_no", "")
    chosen = {"matter_code": case.attributes.get("matter_code", ""), "related_case_no": related}
    yield "complaint", about.get("respondent_department", ""), day, chosen
    if related:
        yield "reference", "", day, {"about": "complaint", "number": related, "event_id": case.told[0].event_id}
