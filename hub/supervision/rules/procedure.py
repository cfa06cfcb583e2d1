"""Rules on how a case is handled: R12, R18, R19, R21 to R24, R31."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from hub.supervision.families.complaint import COMPLAINT
from hub.supervision.instants import instant, written
from hub.supervision.lifecycle import POSITION, move_of
from hub.supervision.pauses import LAWFUL_PAUSES
from hub.supervision.rules.complaints import granted_unlawfully
from hub.supervision.rules.deadlines import of_kind
from hub.supervision.rules.rule import Finding, Parameter, Rule, View, evidence, found

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from hub.supervision.caselog import Fact
    from hub.supervision.families.transition import Transition
    from hub.supervision.fold import Anomaly

_PENALTY_LAW: Final = date(2021, 7, 15)
_IN_LAW: Final = date(2004, 7, 1)
_DECIDED: Final = ("penalty.decided",)
_NOTICE: Final = "penalty.notified"


def asked_again(rule: Rule, view: View) -> Iterator[Finding]:
    """Find notices of supplements that ask for what the first did not: all is told at once (Licensing Law art. 32)."""
    notices = view.case.all("case.supplement_requested")
    listed = [fact for fact in notices if "supplement" in fact.detail]
    if not listed or listed[0] is not notices[0]:
        return
    first = {*listed[0].detail["supplement"]["items"]}
    for notice in listed[1:]:
        more = [item for item in notice.detail["supplement"]["items"] if item not in first]
        if more:
            yield found(
                rule, notice.event_id, f"再次补正要求了首次未告知的{'、'.join(more)}。",
                f"a further notice asks for what the first did not name: {', '.join(more)}.",
                evidence(listed[0], "supplement.items", "; ".join(sorted(first))),
                evidence(notice, "supplement.items", "; ".join(more)),
            )  # fmt: skip


def extended_unlawfully(rule: Rule, view: View) -> Iterator[Finding]:
    """Find extensions without approver or notice, too long, repeated, or approved when the limit was over (art. 42)."""
    yield from granted_unlawfully(rule, view)
    extensions = view.case.all("case.extended")
    is_joint = view.case.first("joint.dispatched") is not None
    for place, fact in enumerate(extensions):
        problems = [*_extension_problems(rule, view, fact, is_joint=is_joint)]
        if place:
            problems.append(("count", str(place + 1), "1"))
        if problems:
            items = [evidence(fact, name, value, expected=expected) for name, value, expected in problems]
            names = ", ".join(name for name, _, _ in problems)
            yield found(
                rule, fact.event_id, f"延期不合法（{names}）。", f"the extension is not lawful ({names}).", *items
            )


def _extension_problems(rule: Rule, view: View, fact: Fact, *, is_joint: bool) -> Iterator[tuple[str, str, str]]:
    said: Mapping[str, Any] = fact.detail.get("extension", {})
    most = rule.value("joint_days" if is_joint else "days", view.calendar.day_of(fact.occurred_at))
    if view.reports("extension.approved_by") and not said.get("approved_by"):
        yield "extension.approved_by", "", "the head of the body"
    if view.reports("extension.notified_at") and not said.get("notified_at"):
        yield "extension.notified_at", "", "the applicant was told, with reasons"
    if most is not None and said.get("unit") == "working_day" and said.get("n", 0) > most:
        yield "extension.n", str(said["n"]), f"<= {most}"
    approved = said.get("approved_at")
    due = _due_before(view, fact)
    if approved and due is not None and instant(approved, view.calendar.zone) >= due:
        yield "extension.approved_at", approved, f"< {written(due, view.calendar.zone)}"


def _due_before(view: View, extension: Fact) -> datetime | None:
    """Return when the decision was due as that stood before an extension which came too late changed nothing."""
    dues = [clock.row.due_at for kind in ("promised", "statutory") for clock in of_kind(kind, view)]
    late = [due for due in dues if due <= extension.occurred_at]
    return min(late, default=None)


def suspended_unlawfully(rule: Rule, view: View) -> Iterator[Finding]:
    """Find special procedures outside the law's or the matter's list, without basis, or not told in writing (art. 45).

    Red where the statutory limit, which runs on, has been broken.
    """
    is_broken = any(clock.row.state == "breached" for clock in of_kind("statutory", view))
    for fact in view.case.all("special.started"):
        problems = [*_suspension_problems(view, fact)]
        if problems:
            items = [evidence(fact, name, value, expected=expected) for name, value, expected in problems]
            kind = fact.detail.get("special", {}).get("kind", "other")
            finding = found(
                rule, fact.event_id, f"特别程序{kind}不合法，期限照计。",
                f"the special procedure {kind} is not lawful: the limit runs on.", *items,
                level="red" if is_broken else "yellow",
            )  # fmt: skip
            yield finding


def _suspension_problems(view: View, fact: Fact) -> Iterator[tuple[str, str, str]]:
    said = fact.detail.get("special", {})
    matter = view.matter(fact.occurred_at)
    allowed = LAWFUL_PAUSES
    if matter is not None and matter.special_procedures is not None:
        allowed = LAWFUL_PAUSES & matter.special_procedures
    if said.get("kind", "other") not in allowed:
        yield "special.kind", said.get("kind", "other"), ", ".join(sorted(allowed)) or "none"
    if view.reports("special.basis") and not said.get("basis"):
        yield "special.basis", "", "the legal basis"
    if view.reports("special.notified_at") and not said.get("notified_at"):
        yield "special.notified_at", "", "the applicant was told in writing"


def out_of_order(rule: Rule, view: View) -> Iterator[Finding]:
    """Find events that come after what they must precede, and fees or licences before their time.

    It takes a pair: where an event is only missing between two others nothing stands in the wrong order. Of a complaint
    whoever said it answers for it.
    """
    facts = {fact.event_id: fact for fact in view.case.told}
    for anomaly in view.case.anomalies:
        if anomaly.rule == rule.rule_id and _is_disorder(view, anomaly):
            fact, asked = facts[anomaly.event_id], anomaly.reason.partition(" asks for ")[2]
            finding = _disorder(rule, view, fact, asked or f"not after {anomaly.state}")
            yield finding if view.case.holding is None else replace(finding, department_id=fact.department_id)
    yield from _premature(rule, view, "fee.charged", "case.accepted")
    yield from _premature(rule, view, "doc.issued", "case.decided")


def _is_disorder(view: View, anomaly: Anomaly) -> bool:
    move = move_of(view.case.family, anomaly.type)
    if view.case.holding is not None:
        return anomaly.is_void or bool(anomaly.state and move and _is_misplaced(view, move, anomaly))
    if move is None or not anomaly.state:
        return False
    if move.target is not None:
        return move.target != anomaly.state and POSITION[move.target] <= POSITION[anomaly.state]
    sources = move.sources or frozenset()
    is_late = POSITION[anomaly.state] > max(POSITION[source] for source in sources)
    later = (move_of(view.case.family, fact.type) for fact in _after(view, anomaly.event_id))
    return is_late or any(each is not None and each.target in sources for each in later)


def _is_misplaced(view: View, move: Transition, anomaly: Anomaly) -> bool:
    """Tell whether a complaint's move is out of place: unless it leaves out what its connection does not report."""
    if move.target is None or POSITION[move.target] <= POSITION[anomaly.state]:
        return True
    before = [name for name, each in COMPLAINT.items() if each.target in (move.sources or ())]
    return any(view.reports(name) for name in before)


def _after(view: View, event_id: str) -> Sequence[Fact]:
    place = next(place for place, fact in enumerate(view.case.told) if fact.event_id == event_id)
    return view.case.told[place + 1 :]


def _premature(rule: Rule, view: View, early: str, before: str) -> Iterator[Finding]:
    first = view.case.first(before)
    for fact in view.case.all(early):
        if first is not None and _precedes(view, fact, first):
            yield _disorder(rule, view, fact, f"not before {before}")


def _precedes(view: View, fact: Fact, other: Fact) -> bool:
    if fact.date_only or other.date_only:
        return view.calendar.day_of(fact.occurred_at) < view.calendar.day_of(other.occurred_at)
    return fact.occurred_at < other.occurred_at


def _disorder(rule: Rule, view: View, fact: Fact, expected: str) -> Finding:
    when = written(fact.occurred_at, view.calendar.zone)
    return found(
        rule, fact.event_id, f"{fact.type}发生的顺序不合流程。", f"{fact.type} stands where it may not.",
        evidence(fact, fact.type, when, expected=expected),
    )  # fmt: skip


def skipped(rule: Rule, view: View) -> Iterator[Finding]:
    """Find decisions with a mandatory stage missing before them: of the flow, and of the Penalty Law (44, 58, 62)."""
    decision = view.case.first("case.decided") or view.case.first("penalty.decided")
    if decision is None:
        return
    done = {_code(fact) for fact in view.case.timeline if not _precedes(view, decision, fact)}
    for code in _mandatory(rule, view, decision):
        if code not in done and _is_reported(view, code):
            yield found(
                rule, code, f"作出决定前未见必经环节{code}。", f"decided without the mandatory stage {code}.",
                evidence(decision, decision.type, written(decision.occurred_at, view.calendar.zone)),
                {"field": "stage", "value": "", "expected": code},
            )  # fmt: skip


def _mandatory(rule: Rule, view: View, decision: Fact) -> Iterator[str]:
    matter = view.matter(decision.occurred_at)
    if matter is not None:
        yield from (stage.code for stage in matter.stages if stage.is_mandatory and stage.code not in _STANDING)
    in_force = rule.value("prior_notice", view.calendar.day_of(decision.occurred_at))
    if decision.type in _DECIDED and in_force and view.case.attributes.get("procedure") != "simplified":
        yield _NOTICE
        if view.case.first("hearing.requested") is not None:
            yield "hearing.held"


_STANDING: Final = frozenset({_NOTICE, "hearing.held"})
"""Stages that the law makes mandatory whatever the catalogue says."""


def _code(fact: Fact) -> str:
    return str(fact.detail.get("stage_code") or fact.type)


def _is_reported(view: View, code: str) -> bool:
    return view.reports(code) if "." in code else view.reports("stage.completed") or view.reports("stage.started")


def single_officer(rule: Rule, view: View) -> Iterator[Finding]:
    """Find inspections and investigations for which one officer is named alone (Penalty Law art. 42)."""
    if not view.reports("operator.second_staff_code"):
        return
    for fact in view.case.all("penalty.investigated", "inspection.carried_out"):
        said = fact.detail.get("operator", {})
        if said.get("staff_code") and not said.get("second_staff_code"):
            yield found(
                rule, f"second:{fact.event_id}", "执法人员少于两人。", "fewer than two officers.",
                evidence(fact, "operator.second_staff_code", "", expected="a second officer"),
            )  # fmt: skip


def incomplete(rule: Rule, view: View) -> Iterator[Finding]:
    """Find decisions without a mandatory stage, and acts that ask for two officers with one."""
    yield from skipped(rule, view)
    yield from single_officer(rule, view)


def accepted_incomplete(rule: Rule, view: View) -> Iterator[Finding]:
    """Find cases accepted while a required material was neither received nor deferred 容缺."""
    accepted = view.case.first("case.accepted")
    matter = view.matter(view.case.opened_at)
    if accepted is None:
        return
    deferrable = {each.name for each in matter.materials if each.is_deferrable} if matter else set()
    required = {each.name for each in matter.materials if each.is_required} if matter else set()
    for row in view.case.attributes.get("materials", ()):
        is_required = row.get("required", row["name"] in required)
        is_deferred = row.get("deferred", False) and (not matter or not matter.materials or row["name"] in deferrable)
        if is_required and row.get("received") is False and not is_deferred:
            yield found(
                rule, row["name"], f"缺少必要材料{row['name']}即受理。", f"accepted without {row['name']}.",
                evidence(accepted, "materials", row["name"], expected="received, or deferred 容缺"),
            )  # fmt: skip


def asked_too_much(rule: Rule, view: View) -> Iterator[Finding]:
    """Find materials asked for or taken that the matter's list does not name."""
    matter = view.matter(view.case.opened_at)
    if matter is None or not matter.materials:
        return
    listed = {each.name for each in matter.materials}
    first = view.case.told[0]
    asked = dict.fromkeys(
        [
            *(row["name"] for row in view.case.attributes.get("materials", ())),
            *(
                i
                for f in view.case.all("case.supplement_requested")
                for i in f.detail.get("supplement", {}).get("items", ())
            ),
        ]
    )
    for name in asked:
        if name not in listed:
            yield found(
                rule, name, f"收取或要求了目录外材料{name}。", f"{name} is not on the matter's list.",
                evidence(first, "materials", name, expected=", ".join(sorted(listed))),
            )  # fmt: skip


def unreasoned(rule: Rule, view: View) -> Iterator[Finding]:
    """Find refusals without a reason, or without telling how to object (Licensing Law arts. 32, 38)."""
    for fact in view.case.all("case.not_accepted", "case.decided", "complaint.not_accepted"):
        result = fact.detail.get("result", {})
        if fact.type == "case.decided" and result.get("code") != "denied":
            continue
        reason = fact.detail.get("handling", {}).get("reason") or result.get("reason")
        lacking = [] if reason or not view.reports("result.reason") else ["reason"]
        is_told = result.get("remedy") or fact.type == "complaint.not_accepted"
        lacking += [] if is_told or not view.reports("result.remedy") else ["remedy"]
        if lacking:
            yield found(
                rule, fact.event_id, "不予决定未说明理由或救济途径。", "refused without reason or remedies.",
                *(evidence(fact, f"result.{name}", "", expected="stated") for name in lacking),
            )  # fmt: skip


R12: Final = Rule(
    rule_id="R12", version=1, zh="多次补正", en="supplements not asked for at once", phase="in", class_="enforcement",
    level="yellow", type_code="2", basis="行政许可法 art. 32",
    reads=("case.supplement_requested", "supplement.items"), find=asked_again,
)  # fmt: skip
R18: Final = Rule(
    rule_id="R18", version=1, zh="违规延期", en="unlawful extension", phase="in", class_="enforcement", level="red",
    type_code="2", basis="行政许可法 art. 42; 信访工作条例 art. 34", reads=("case.extended|complaint.extended",),
    find=extended_unlawfully, mode="manual",
    parameters=(
        Parameter(name="days", value=10, unit="working_day", source="行政许可法 art. 42", valid_from=_IN_LAW),
        Parameter(name="joint_days", value=15, unit="working_day", source="行政许可法 art. 42", valid_from=_IN_LAW),
        Parameter(name="petition_days", value=30, unit="calendar_day", source="信访工作条例 art. 34"),
    ),
)  # fmt: skip
R19: Final = Rule(
    rule_id="R19", version=1, zh="违规挂起", en="unlawful suspension", phase="in", class_="enforcement", level="red",
    type_code="2", basis="行政许可法 art. 45", reads=("special.started", "special.kind"), find=suspended_unlawfully,
    mode="manual",
)  # fmt: skip
R21: Final = Rule(
    rule_id="R21", version=1, zh="逆序办理", en="out of order", phase="in", class_="enforcement", level="red",
    type_code="2", basis="实施意见 2008: 固化流程", reads=(("case.accepted|penalty.decided|coercion.imposed|"
    "inspection.carried_out|deal.announced|complaint.registered"),), find=out_of_order, mode="manual",
)  # fmt: skip
R22: Final = Rule(
    rule_id="R22", version=1, zh="漏环节", en="mandatory stage skipped", phase="in", class_="enforcement", level="red",
    type_code="2", basis="行政处罚法 arts. 42, 44, 58, 62",
    reads=("case.decided|penalty.decided|inspection.carried_out",), find=incomplete, mode="manual",
    parameters=(
        Parameter(name="prior_notice", value=True, unit="stage", source="行政处罚法 art. 44", valid_from=_PENALTY_LAW),
    ),
)  # fmt: skip
R23: Final = Rule(
    rule_id="R23", version=1, zh="缺件受理", en="accepted without a required material", phase="in",
    class_="enforcement", level="yellow", type_code="3", basis="行政许可法 art. 32",
    reads=("case.accepted", "case.materials"), find=accepted_incomplete,
)  # fmt: skip
R24: Final = Rule(
    rule_id="R24", version=1, zh="超范围收件", en="material not on the list", phase="in", class_="integrity",
    level="yellow", type_code="3", basis="行政许可法 art. 31",
    reads=("case.materials|supplement.items", "catalogue:materials"), find=asked_too_much,
)  # fmt: skip
R31: Final = Rule(
    rule_id="R31", version=1, zh="不予未说明理由", en="refused without reason", phase="in", class_="enforcement",
    level="yellow", type_code="2", basis="行政许可法 arts. 32, 38",
    reads=("case.not_accepted|case.decided|complaint.not_accepted", "result.reason|result.remedy"), find=unreasoned,
)  # fmt: skip

PROCEDURE: Final = (R12, R18, R19, R21, R22, R23, R24, R31)
