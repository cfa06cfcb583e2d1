"""Rules on how complaints are handled: R60 to R63, R65 to R67, R70 (R64 looks at many: rules/across.py)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from hub.supervision.instants import written
from hub.supervision.rules.deadlines import called, is_graver, missed, of_kind, overrun
from hub.supervision.rules.rule import Finding, Parameter, Rule, View, evidence, found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.supervision.caselog import Fact

_DISPATCHED: Final = ("complaint.dispatched", "complaint.redispatched")
_LIMITED: Final = ("complaint", "petition")
_PERSONAL: Final = ("complaint.dispatched", "complaint.redispatched", "complaint.started", "complaint.replied")


def _handler(view: View) -> str:
    """Return the department that the complaint was last sent to."""
    sent = view.case.all(*_DISPATCHED)
    return str(sent[-1].detail.get("handling", {}).get("department_id", "")) if sent else ""


def unsigned(rule: Rule, view: View) -> Iterator[Finding]:
    """Find dispatches neither signed for nor returned: a notice after one working day, yellow after two."""
    for clock in of_kind("complaint_signing", view):
        handler = str(clock.start.detail.get("handling", {}).get("department_id", ""))
        if clock.row.state == "breached":
            yield replace(overrun(rule, view, clock, level="notice"), department_id=handler)
        if is_graver(clock, view):
            yield replace(overrun(rule, view, clock, part="#yellow"), department_id=handler)


def overdue(rule: Rule, view: View) -> Iterator[Finding]:
    """Find complaints near their limit (notice), past it (yellow), and past it by more than five days (red)."""
    handler = _handler(view)
    for kind in _LIMITED:
        for clock in of_kind(kind, view):
            if clock.noticed:
                near = called(rule, view, clock, part="#notice", level="notice")
                yield replace(near, department_id=handler)
            if clock.row.state == "breached":
                late = overrun(rule, view, clock, level="yellow")
                yield replace(late, department_id=handler)
            if is_graver(clock, view):
                yield replace(overrun(rule, view, clock, part="#red", level="red"), department_id=handler)


def returned_again(rule: Rule, view: View) -> Iterator[Finding]:
    """Find returns after 24 hours, second returns, and returns after the complaint was designated."""
    returns = 0
    sent: Fact | None = None
    for fact in view.case.timeline:
        if fact.type in _DISPATCHED:
            sent = fact
        elif fact.type == "complaint.returned":
            returns += 1
            problem = _return_problem(rule, view, fact, sent, returns)
            if problem:
                department = str((sent or fact).detail.get("handling", {}).get("department_id", ""))
                finding = found(
                    rule, fact.event_id, f"退单不当（{problem}）。", f"returned against the rule ({problem}).",
                    evidence(fact, fact.type, written(fact.occurred_at, view.calendar.zone), expected=problem),
                )  # fmt: skip
                yield replace(finding, department_id=department)


def _return_problem(rule: Rule, view: View, fact: Fact, sent: Fact | None, returns: int) -> str:
    hours = rule.value("hours", view.calendar.day_of(fact.occurred_at))
    if sent is not None and sent.detail.get("handling", {}).get("designated"):
        return "not after designation"
    if returns > 1:
        return "once only"
    if sent is not None and not fact.date_only and fact.occurred_at > sent.occurred_at + timedelta(hours=hours):
        return f"within {hours} hours"
    return ""


def left_unsolved(rule: Rule, view: View) -> Iterator[Finding]:
    """Find complaints found unsolved and not sent back in two days, and complaints closed without a follow-up."""
    for clock in of_kind("complaint_rework", view):
        if clock.row.state == "breached":
            yield replace(overrun(rule, view, clock), department_id=_handler(view))
    closed = view.case.first("complaint.closed")
    if closed is not None and view.reports("complaint.followed_up"):
        before = view.case.all("complaint.followed_up")
        if not any(fact.occurred_at <= closed.occurred_at for fact in before):
            yield found(
                rule, "closed", "未经回访即办结。", "closed without a follow-up.",
                evidence(closed, closed.type, written(closed.occurred_at, view.calendar.zone), expected="a follow-up"),
            )  # fmt: skip


def leaked(rule: Rule, view: View) -> Iterator[Finding]:
    """Find complaints handled by the person complained of, and reports 举报 sent to the unit complained of."""
    about = view.case.attributes.get("complaint", {})
    person, unit = about.get("respondent_person", ""), about.get("respondent_department", "")
    is_report = about.get("kind") == "report" or about.get("track") == "report"
    for fact in view.case.all(*_PERSONAL):
        handling = fact.detail.get("handling", {})
        staff = {handling.get("staff_code", ""), fact.detail.get("operator", {}).get("staff_code", "")}
        if person and person in staff:
            yield _leak(rule, fact, "handling.staff_code", person, "anybody but the person complained of")
        elif is_report and unit and handling.get("department_id") == unit:
            yield _leak(rule, fact, "handling.department_id", unit, "anybody but the unit complained of")


def _leak(rule: Rule, fact: Fact, name: str, value: str, expected: str) -> Finding:
    return found(
        rule, fact.event_id, "投诉举报内容送达被投诉人或被举报单位。", "it reached those it is about.",
        evidence(fact, name, value, expected=expected),
    )  # fmt: skip


def substantiated(rule: Rule, view: View) -> Iterator[Finding]:
    """Find complaints found true that name a case: the case is to be looked at by the rule of their category."""
    related = view.case.attributes.get("complaint", {}).get("related_case_no", "")
    for fact in view.case.all("complaint.replied", "complaint.closed"):
        if related and fact.detail.get("handling", {}).get("outcome") == "substantiated":
            category = view.case.attributes["complaint"].get("category", "other")
            yield found(
                rule, "case", f"投诉查实，关联办件{related}，按{category}核查。",
                f"found true: look at case {related} for {category}.",
                evidence(fact, "handling.outcome", "substantiated"), evidence(fact, "related_case_no", related),
            )  # fmt: skip
            return


def unverified_rating(rule: Rule, view: View) -> Iterator[Finding]:
    """Find bad real-name ratings without contact in one working day, or without an answer in five."""
    for clock in of_kind("rating_contact", view):
        if clock.row.state == "breached":
            yield overrun(rule, view, clock, part="#contact")
    for clock in of_kind("rating_answer", view):
        if clock.row.state == "breached":
            yield overrun(rule, view, clock, part="#answer")


R60: Final = Rule(
    rule_id="R60", version=1, zh="投诉签收超时", en="complaint not signed for in time", phase="in", class_="efficiency",
    level="yellow", type_code="9", basis="实施意见 2008: 投诉受理", find=unsigned, clock="complaint_signing",
    reads=("complaint.dispatched", "complaint.signed|complaint.replied"),
    parameters=(Parameter(name="notice_days", value=1, unit="working_day", source="hub"),
                Parameter(name="yellow_days", value=2, unit="working_day", source="hub")),
)  # fmt: skip
R61: Final = Rule(
    rule_id="R61", version=1, zh="投诉受理决定超时", en="complaint not accepted or refused in time", phase="in",
    class_="efficiency", level="yellow", type_code="9", basis="实施意见 2008: 投诉受理", find=missed,
    clock="complaint_acceptance",
    reads=("complaint.registered", "complaint.accepted|complaint.not_accepted|complaint.dispatched"),
    parameters=(Parameter(name="limit_days", value=5, unit="working_day", source="实施意见 2008"),),
)  # fmt: skip
R62: Final = Rule(
    rule_id="R62", version=1, zh="投诉办理临期或超时", en="complaint near or past its limit", phase="in",
    class_="efficiency", level="red", type_code="9", basis="信访工作条例 art. 34; 12345热线办法", find=overdue,
    clock="complaint", mode="manual",
    reads=("complaint.dispatched|complaint.registered", "complaint.replied|complaint.closed"),
    parameters=(Parameter(name="limit_days", value=5, unit="working_day", source="local rule of the hotline"),
                Parameter(name="red_days", value=5, unit="working_day", source="hub")),
)  # fmt: skip
R63: Final = Rule(
    rule_id="R63", version=1, zh="反复退单", en="returned against the rule", phase="in", class_="efficiency",
    level="yellow", type_code="9", basis="12345热线办法", find=returned_again, reads=("complaint.returned",),
    parameters=(Parameter(name="hours", value=24, unit="hour", source="Anyang, a city's rule: a parameter"),),
)  # fmt: skip
R65: Final = Rule(
    rule_id="R65", version=1, zh="回访不满意未重办", en="unsolved and not done again", phase="post",
    class_="efficiency", level="yellow", type_code="9", basis="12345热线办法: 回访", find=left_unsolved,
    clock="complaint_rework",
    reads=("complaint.followed_up|complaint.closed",),
    parameters=(Parameter(name="limit_days", value=2, unit="working_day", source="hub"),),
)  # fmt: skip
R66: Final = Rule(
    rule_id="R66", version=1, zh="投诉泄露", en="complaint leaked", phase="in", class_="integrity", level="red",
    type_code="7", basis="信访工作条例 art. 30", find=leaked, mode="manual",
    reads=("complaint.dispatched", "case.complaint.respondent_person|case.complaint.respondent_department"),
)  # fmt: skip
R67: Final = Rule(
    rule_id="R67", version=1, zh="投诉查实关联", en="complaint found true", phase="post", class_="efficiency",
    level="yellow", type_code="9", basis="实施意见 2008: 投诉受理", find=substantiated,
    reads=("complaint.replied|complaint.closed", "handling.outcome", "case.complaint.related_case_no"),
)  # fmt: skip
R70: Final = Rule(
    rule_id="R70", version=1, zh="差评未核实", en="bad rating not looked into", phase="post", class_="efficiency",
    level="yellow", type_code="9", basis="政务服务好差评", find=unverified_rating, clock="rating_answer",
    reads=("case.evaluated", "evaluation.real_name", "evaluation.contacted|evaluation.answered"),
    parameters=(Parameter(name="contact_days", value=1, unit="working_day", source="Anyang art. 52"),
                Parameter(name="answer_days", value=5, unit="working_day", source="hub")),
)  # fmt: skip

COMPLAINTS: Final = (R60, R61, R62, R63, R65, R66, R67, R70)
