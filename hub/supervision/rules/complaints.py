"""Rules on how complaints are handled: R60 to R63, R65 to R67, R70 (R64 looks at many: rules/across.py)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from hub.supervision.clocks import HANDLING
from hub.supervision.families.complaint import SENDING, approver_of
from hub.supervision.families.holding import RETURNS
from hub.supervision.instants import written
from hub.supervision.rules.deadlines import called, is_graver, of_kind, overrun
from hub.supervision.rules.rule import Finding, Parameter, Rule, View, evidence, found
from hub.views import is_shielded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hub.supervision.caselog import Fact
    from hub.supervision.clocks import Clock

_DISPATCHED: Final = ("complaint.dispatched", "complaint.redispatched")
_PERSONAL: Final = (
    "complaint.transferred",
    "complaint.dispatched",
    "complaint.redispatched",
    "complaint.arbitrated",
    "complaint.assist_asked",
    "complaint.signed",
    "complaint.started",
    "complaint.replied",
)
"""Moves by which somebody gets to know a complaint, or is known to have it."""

_SENDING: Final = frozenset({*SENDING, "complaint.arbitrated"})
"""Moves by which it is given to a department, or is to be."""


def _handler(view: View) -> str:
    """Return the department that handles the complaint; empty, for its centre, where it was returned or passed on."""
    return view.case.holding.handler if view.case.holding is not None else ""


def unsigned(rule: Rule, view: View) -> Iterator[Finding]:
    """Find dispatches neither signed for nor returned: a notice after one working day, yellow after two."""
    for clock in of_kind("complaint_signing", view):
        handler = str(clock.start.detail.get("handling", {}).get("department_id", ""))
        if clock.row.state == "breached":
            yield replace(overrun(rule, view, clock, level="notice"), department_id=handler)
        if is_graver(clock, view):
            yield replace(overrun(rule, view, clock, part="#yellow"), department_id=handler)


def undecided(rule: Rule, view: View) -> Iterator[Finding]:
    """Find complaints neither accepted nor refused in time, petitions neither that nor passed on (Petition art. 22)."""
    for kind in ("complaint_acceptance", "petition_registered"):
        for clock in of_kind(kind, view):
            if clock.row.state == "breached":
                yield overrun(rule, view, clock)


def overdue(rule: Rule, view: View) -> Iterator[Finding]:
    """Find complaints near their limit (notice), past it (yellow), and past it by more than five days (red).

    Whoever assists has a limit of its own, and is told of it itself.
    """
    handler = _handler(view)
    for kind in HANDLING:
        for clock in of_kind(kind, view):
            whose = _named(clock.start) if kind == "complaint_assist" else handler
            if clock.noticed:
                near = called(rule, view, clock, part="#notice", level="notice")
                yield replace(near, department_id=whose)
            if clock.row.state == "breached":
                late = overrun(rule, view, clock, level="yellow")
                yield replace(late, department_id=whose)
            if is_graver(clock, view):
                yield replace(overrun(rule, view, clock, part="#red", level="red"), department_id=whose)


def _named(fact: Fact) -> str:
    return str(fact.detail.get("handling", {}).get("department_id", ""))


def returned_again(rule: Rule, view: View) -> Iterator[Finding]:
    """Find returns too late, without reason or basis, more often than is allowed, or after a designation.

    Those that the machine does not allow are of no effect; the others are in force, and found all the same.
    """
    marked = {each.event_id: each.reason for each in view.case.anomalies if each.rule == rule.rule_id}
    sent: Fact | None = None
    for fact in view.case.told:
        if fact.type in _DISPATCHED:
            sent = fact
        elif fact.type == "complaint.returned":
            problem = marked.get(fact.event_id, "").partition(" asks for ")[2] or _return_problem(
                rule, view, fact, sent
            )
            if problem:
                finding = found(
                    rule, fact.event_id, f"退单不当（{problem}）。", f"returned against the rule ({problem}).",
                    evidence(fact, fact.type, written(fact.occurred_at, view.calendar.zone), expected=problem),
                )  # fmt: skip
                yield replace(finding, department_id=_named(sent or fact))


def _return_problem(rule: Rule, view: View, fact: Fact, sent: Fact | None) -> str:
    """Say what is wrong with a return that is in force: its lateness, or what the centre says of its reasons."""
    if fact not in view.case.timeline:
        return ""
    if sent is not None and _is_late(rule, view, fact, sent):
        return _promptly(rule, view, fact)
    lacking = [name for name in ("reason", "basis") if view.reports(f"handling.{name}") and not _says(fact, name)]
    return f"its {' and '.join(lacking)}" if lacking else ""


def _says(fact: Fact, name: str) -> bool:
    return bool(str(fact.detail.get("handling", {}).get(name, "")).strip())


def _is_petition(view: View) -> bool:
    return bool(view.case.attributes.get("complaint", {}).get("track") == "petition")


def _is_late(rule: Rule, view: View, fact: Fact, sent: Fact) -> bool:
    day = view.calendar.day_of(fact.occurred_at)
    if _is_petition(view):
        last, _ = view.calendar.add_workdays(view.calendar.day_of(sent.occurred_at), rule.value("objection_days", day))
        return day > last
    return not fact.date_only and fact.occurred_at > sent.occurred_at + timedelta(hours=rule.value("hours", day))


def _promptly(rule: Rule, view: View, fact: Fact) -> str:
    day = view.calendar.day_of(fact.occurred_at)
    if _is_petition(view):
        return f"within {rule.value('objection_days', day)} working days"
    return f"within {rule.value('hours', day)} hours"


def granted_unlawfully(rule: Rule, view: View) -> Iterator[Finding]:
    """Find extensions of complaints that nobody else approved, late, second and too long ones (Petition art. 34)."""
    marked = {each.event_id: each.reason for each in view.case.anomalies if each.rule == rule.rule_id}
    kept = [fact for fact in view.case.told if fact.type == "complaint.extended"]
    granted = [fact for fact in kept if fact in view.case.timeline]
    for fact in kept:
        problems = [*_grant_problems(rule, view, fact)] if fact in granted else []
        if fact.event_id in marked:
            problems.append(
                ("handling.approved_by", approver_of(fact), marked[fact.event_id].partition(" asks for ")[2])
            )
        before = _granted_before(view, fact, granted)
        if before:
            problems.append(("count", str(before + 1), "1"))
        if problems:
            items = [evidence(fact, name, value, expected=expected) for name, value, expected in problems]
            names = ", ".join(name for name, _, _ in problems)
            yield found(
                rule, fact.event_id, f"投诉延期不合规定（{names}）。",
                f"the extension is against the rule ({names}).", *items,
            )  # fmt: skip


def _granted_before(view: View, fact: Fact, granted: Sequence[Fact]) -> int:
    """Count the extensions of the same try before this one."""
    clock = _extended(view, fact)
    since = clock.start.occurred_at if clock is not None else view.case.opened_at
    earlier = granted[: granted.index(fact)] if fact in granted else ()
    return sum(each.occurred_at >= since for each in earlier)


def _extended(view: View, fact: Fact) -> Clock | None:
    """Return the clock that an extension moves: that of the last try which had begun."""
    tries = (clock for kind in ("complaint", "petition", "complaint_redo") for clock in of_kind(kind, view))
    begun = [clock for clock in tries if clock.start.occurred_at <= fact.occurred_at]
    return max(begun, key=lambda clock: clock.start.occurred_at, default=None)


def _grant_problems(rule: Rule, view: View, fact: Fact) -> Iterator[tuple[str, str, str]]:
    due = _extended(view, fact)
    if due is not None and due.due.is_missed_by(fact.occurred_at):
        when = written(fact.occurred_at, view.calendar.zone)
        yield fact.type, when, f"< {written(due.row.due_at, view.calendar.zone)}"
    most = rule.value("petition_days", view.calendar.day_of(fact.occurred_at)) if _is_petition(view) else None
    said = fact.detail.get("extension") or fact.detail.get("handling", {}).get("limit") or {}
    if most is not None and said.get("n", 0) > most:
        yield "handling.limit", str(said["n"]), f"<= {most}"


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
    """Find complaints handled by the person complained of, and reports 举报 sent to the unit complained of.

    A report goes to bodies that take reports alone: in ordinary dispatch it is where it must not be.
    """
    bodies = view.catalogue.report_bodies()
    about = view.case.attributes.get("complaint", {})
    person, unit = about.get("respondent_person", ""), about.get("respondent_department", "")
    is_report = about.get("kind") == "report" or about.get("track") == "report"
    for fact in view.case.told:
        if fact.type not in _PERSONAL:
            continue
        handling = fact.detail.get("handling", {})
        staff = {handling.get("staff_code", ""), fact.detail.get("operator", {}).get("staff_code", "")}
        if person and person in staff:
            yield _leak(rule, fact, "handling.staff_code", person, "anybody but the person complained of")
        elif is_report and unit and handling.get("department_id") == unit:
            yield _leak(rule, fact, "handling.department_id", unit, "anybody but the unit complained of")
        elif is_report and fact.type in _SENDING and handling.get("department_id", "") not in ("", *bodies):
            sent_to = str(handling["department_id"])
            yield _leak(rule, fact, "handling.department_id", sent_to, "a discipline-inspection body")


def _leak(rule: Rule, fact: Fact, name: str, value: str, expected: str) -> Finding:
    return found(
        rule, fact.event_id, "投诉举报内容送达被投诉人或被举报单位。", "it reached those it is about.",
        evidence(fact, name, value, expected=expected),
    )  # fmt: skip


def substantiated(rule: Rule, view: View) -> Iterator[Finding]:
    """Find complaints found true that name a case: the case is to be looked at by the rule of their category.

    Which case it is stays in the complaint where its complainant stays unknown: the case tells who that is.
    """
    related = view.case.attributes.get("complaint", {}).get("related_case_no", "")
    shown = "（保密）" if is_shielded(view.case.attributes) else related
    for fact in view.case.all("complaint.replied", "complaint.closed"):
        if related and fact.detail.get("handling", {}).get("outcome") == "substantiated":
            category = view.case.attributes["complaint"].get("category", "other")
            yield found(
                rule, "case", f"投诉查实，关联办件{shown}，按{category}核查。",
                f"found true: look at case {shown} for {category}.",
                evidence(fact, "handling.outcome", "substantiated"), evidence(fact, "related_case_no", shown),
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
    reads=("complaint.dispatched", "complaint.signed|complaint.started|complaint.returned"),
    parameters=(Parameter(name="notice_days", value=1, unit="working_day", source="hub"),
                Parameter(name="yellow_days", value=2, unit="working_day", source="hub")),
)  # fmt: skip
R61: Final = Rule(
    rule_id="R61", version=1, zh="投诉受理决定超时", en="complaint not accepted or refused in time", phase="in",
    class_="efficiency", level="yellow", type_code="9",
    basis="实施意见 2008: 投诉受理; 信访工作条例 art. 22", find=undecided,
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
    level="yellow", type_code="9", basis="12345热线办法; 信访工作条例 art. 23", find=returned_again,
    reads=("complaint.returned",),
    parameters=(Parameter(name="hours", value=24, unit="hour", source="Anyang, a city's rule: a parameter"),
                Parameter(name="objection_days", value=5, unit="working_day", source="信访工作条例 art. 23"),
                Parameter(name="returns", value=RETURNS, unit="return", source="hub")),
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
    reads=("complaint.dispatched",
           "case.complaint.respondent_person|case.complaint.respondent_department|case.complaint.kind"),
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
