"""A town whose catalogue says everything: flow, materials, fees, tiers, staff. And one trial of every rule in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hub.supervision.catalogue import Catalogue
from tests.support.casework import DEPARTMENT, a_fact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.supervision.caselog import Fact

OTHER: Final = "1132120001400001XL"
LICENCE: Final = "town-licence"
SPOT: Final = "town-spot"
FINE: Final = "town-fine"

DOCUMENT: Final = {
    "department": {
        "department_id": DEPARTMENT,
        "name": "住房和城乡建设局",
        "region_code": "321200",
        "staff": [{"staff_code": "A", "stages": ["shencha", "shenpi"]}, {"staff_code": "B", "posts": ["审批岗"]}],
    },
    "matters": [
        {
            "matter_code": LICENCE,
            "version": "1",
            "name": "建筑工程施工许可",
            "power_type": "01",
            "case_type": "2",
            "valid_from": "2020-01-01",
            "promised_limit": {"n": 10, "unit": "working_day"},
            "statutory_limit": {"n": 20, "unit": "working_day"},
            "delegates": [OTHER],
            "materials": [{"name": "申请表"}, {"name": "图纸", "deferrable": True}],
            "charged": True,
            "fee_items": [{"code": "F1", "name": "工本费", "min": "5.00", "max": "10.00", "basis": "价目表"}],
            "special_procedures_allowed": ["testing", "hearing"],
            "flow": {
                "stages": [
                    {
                        "code": "shencha",
                        "name": "审查",
                        "limit": {"n": 3, "unit": "working_day"},
                        "mandatory": True,
                        "separate_from": ["shenpi"],
                    },
                    {"code": "shenpi", "name": "审批", "limit": {"n": 5, "unit": "working_day"}},
                ]
            },
        },
        {
            "matter_code": SPOT,
            "version": "1",
            "name": "备案",
            "power_type": "10",
            "case_type": "1",
            "valid_from": "2020-01-01",
            "charged": False,
        },
        {
            "matter_code": FINE,
            "version": "1",
            "name": "违法建设处罚",
            "power_type": "02",
            "valid_from": "2020-01-01",
            "discretion_table": [
                {"violation_code": "V1", "tier": "轻", "min": "100", "max": "1000"},
                {"violation_code": "V1", "tier": "重", "min": "1000", "max": "5000", "factors": ["拒不改正"]},
            ],
        },
    ],
}
BODY: Final = "11321200001402095N"
"""Takes reports 举报."""

TOWN: Final = Catalogue([DOCUMENT, {"department": {"department_id": BODY, "takes_reports": True}}])


def licence(kind: str, day: str, *, occurrence: str = "", **fields: Any) -> Fact:
    """Return a fact of a licence of the town at nine in the morning."""
    about = {"matter_code": LICENCE, "case_type": "2", **fields.pop("case", {})}
    when = day if "T" in day else f"2026-{day}T09:00:00+08:00"
    return a_fact(kind, when, occurrence=occurrence, case=about, **fields)


def penalty(kind: str, day: str, *, occurrence: str = "", **fields: Any) -> Fact:
    """Return a fact of a penalty of the town."""
    about = {"family": "punishment", "matter_code": FINE, "power_type": "02", **fields.pop("case", {})}
    return licence(kind, day, occurrence=occurrence, case=about, **fields)


def complaint(kind: str, day: str, *, occurrence: str = "", **fields: Any) -> Fact:
    """Return a fact of a complaint that the hotline took."""
    said = {"channel": "hotline", "kind": "complaint", "track": "hotline", "category": "delay"}
    said |= fields.pop("complaint", {})
    about = {"family": "complaint", "matter_code": "", "power_type": "", "complaint": said}
    return licence(kind, day, occurrence=occurrence, case=about, **fields)


def to(department: str, **handling: Any) -> dict[str, Any]:
    """Return the handling of a dispatch to a department."""
    return {"department_id": department, **handling}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One rule tried: what breaks it, what narrowly does not, and what, coming late, excuses it."""

    rule: str
    facts: Sequence[Fact]
    near: Sequence[Fact]
    excuse: Sequence[Fact]
    horizon: str
    level: str
    evidence: tuple[str, str, str, str]
    """What the evidence must hold: the event's type (empty: none says it), field, value, and what was expected."""


RECEIVED: Final = licence("case.received", "03-02")
ACCEPTED: Final = licence("case.accepted", "03-03")
NOT_OURS: Final = {"reason": "不属于本单位职责", "basis": "热线办法第九条"}
SENT: Final = complaint("complaint.dispatched", "03-02", handling=to(DEPARTMENT))
LAWFUL_EXTENSION: Final = {
    "n": 10, "unit": "working_day", "approved_by": "局长", "approved_at": "2026-03-10", "notified_at": "2026-03-10",
}  # fmt: skip
LAWFUL_PAUSE: Final = {"kind": "testing", "basis": "条例第9条", "notified_at": "2026-03-04"}
REASONED: Final = {"code": "not_accepted", "reason": "不属于本机关职权", "remedy": "可申请行政复议"}


def _extended(extension: dict[str, Any], **more: Any) -> Fact:
    return licence("case.extended", "03-11", occurrence="1", extension=extension, **more)


def _paused(special: dict[str, Any], **more: Any) -> Fact:
    return licence("special.started", "03-04", occurrence="1", special=special, **more)


def _with(*materials: dict[str, Any], kind: str = "case.accepted", day: str = "03-03", **more: Any) -> Fact:
    return licence(kind, day, case={"materials": list(materials)}, **more)


def _stage(code: str, day: str, staff: str, **more: Any) -> Fact:
    operator = {"staff_code": staff}
    return licence("stage.completed", day, occurrence=code, stage_code=code, operator=operator, **more)


def _fee(amount: str, **more: Any) -> Fact:
    return licence("fee.charged", "03-05", occurrence="1", fee={"item_code": "F1", "amount": amount}, **more)


def _fined(amount: str, *, tier: str = "轻", **more: Any) -> Fact:
    said = {"violation_code": "V1", "tier_code": tier, "amount": amount}
    return penalty("penalty.decided", "03-10", discretion=said, result={"code": "penalised"}, **more)


def _on_the_spot(amount: str, **more: Any) -> Fact:
    about = {"procedure": "simplified", "matter_code": "", "applicant": {"kind": "1"}}
    return penalty("penalty.decided", "03-10", discretion={"amount": amount}, case=about, **more)


def _asked(occurrence: str, day: str, *items: str, **more: Any) -> Fact:
    return licence("case.supplement_requested", day, occurrence=occurrence, supplement={"items": list(items)}, **more)


def _published(class_: str, **more: Any) -> Fact:
    return licence("case.published", "03-12", case={"disclosure": {"class": class_}}, **more)


def _replied(outcome: str, **more: Any) -> Fact:
    about = {"related_case_no": "2026-0007"}
    return complaint("complaint.replied", "03-05", complaint=about, handling={"outcome": outcome}, **more)


def _reported(to_whom: str, **more: Any) -> Fact:
    about = {"kind": "report", "track": "report", "respondent_department": DEPARTMENT}
    return complaint("complaint.dispatched", "03-02", complaint=about, handling=to(to_whom), **more)


def _rated(kind: str, day: str, **more: Any) -> Fact:
    return licence(kind, day, occurrence="1", **more)


BAD: Final = _rated("case.evaluated", "03-02", evaluation={"score_code": "5", "real_name": True})
JOINT: Final = {"department_id": OTHER, "limit": {"n": 5, "unit": "working_day"}}
SPOT_CASE: Final = {"matter_code": SPOT, "case_type": "1", "power_type": "10"}
SPOT_ACCEPTED: Final = licence("case.accepted", "03-03", case=SPOT_CASE)
SPOT_CLOSED: Final = licence("case.closed", "2026-03-03T16:00:00+08:00", case=SPOT_CASE)
LATER: Final = {"source_version": 1, "on_change": "revise", "position": 9}
"""What a corrected row has: a higher version of the same event."""

TRIALS: Final = (
    Trial(rule="R01", facts=[licence("case.received", "03-02", case={"matter_code": "nowhere"})], near=[RECEIVED],
          excuse=[ACCEPTED], horizon="03-03", level="red",
          evidence=("case.received", "matter_code", "nowhere", "an active entry of the catalogue")),
    Trial(rule="R02", facts=[licence("case.received", "03-02", case={"department_id": OTHER, "matter_code": SPOT})],
          near=[licence("case.received", "03-02", case={"department_id": OTHER})],
          excuse=[licence("case.accepted", "03-03", case={"department_id": DEPARTMENT, "matter_code": SPOT})],
          horizon="03-03", level="red",
          evidence=("case.received", "department_id", "1132120001400001XL", "11321200014000028L")),
    Trial(rule="R10", facts=[RECEIVED], near=[RECEIVED, ACCEPTED], excuse=[ACCEPTED], horizon="03-07",
          level="notice", evidence=("", "due_at", "2026-03-10T00:00:00+08:00", "")),
    Trial(rule="R11", facts=[RECEIVED], near=[RECEIVED, licence("case.accepted", "03-09")],
          excuse=[_asked("1", "03-05", "图纸")], horizon="03-11", level="yellow",
          evidence=("", "due_at", "2026-03-10T00:00:00+08:00", "")),
    Trial(rule="R12", facts=[RECEIVED, _asked("1", "03-03", "图纸"), _asked("2", "03-05", "申请表")],
          near=[RECEIVED, _asked("1", "03-03", "图纸", "申请表"), _asked("2", "03-05", "申请表")],
          excuse=[_asked("1", "03-03", "图纸", "申请表", **LATER)], horizon="03-06", level="yellow",
          evidence=("case.supplement_requested", "supplement.items", "图纸", "")),
    Trial(rule="R13", facts=[ACCEPTED], near=[ACCEPTED, licence("case.decided", "03-12")],
          excuse=[licence("case.decided", "03-12")], horizon="03-14", level="notice",
          evidence=("", "due_at", "2026-03-18T00:00:00+08:00", "")),
    Trial(rule="R14", facts=[ACCEPTED], near=[ACCEPTED, licence("case.decided", "03-17")],
          excuse=[licence("case.decided", "03-17")], horizon="03-20", level="yellow",
          evidence=("", "due_at", "2026-03-18T00:00:00+08:00", "")),
    Trial(rule="R15", facts=[ACCEPTED], near=[ACCEPTED, licence("case.decided", "03-31")],
          excuse=[licence("case.decided", "03-31")], horizon="04-08", level="red",
          evidence=("", "due_at", "2026-04-01T00:00:00+08:00", "")),
    Trial(rule="R16", facts=[ACCEPTED, licence("stage.started", "03-03", occurrence="1", stage_code="shencha")],
          near=[ACCEPTED, licence("stage.started", "03-03", occurrence="1", stage_code="shencha"),
                _stage("shencha", "03-06", "A")],
          excuse=[_stage("shencha", "03-06", "A")], horizon="03-10", level="yellow",
          evidence=("", "due_at", "2026-03-07T00:00:00+08:00", "")),
    Trial(rule="R17", facts=[SPOT_ACCEPTED], near=[SPOT_ACCEPTED, SPOT_CLOSED], excuse=[SPOT_CLOSED],
          horizon="03-05", level="yellow", evidence=("", "due_at", "2026-03-04T00:00:00+08:00", "")),
    Trial(rule="R18", facts=[ACCEPTED, _extended({**LAWFUL_EXTENSION, "n": 11})],
          near=[ACCEPTED, _extended(LAWFUL_EXTENSION)], excuse=[_extended(LAWFUL_EXTENSION, **LATER)],
          horizon="03-12", level="red", evidence=("case.extended", "extension.n", "11", "<= 10")),
    Trial(rule="R19", facts=[ACCEPTED, _paused({**LAWFUL_PAUSE, "kind": "expert_review"})],
          near=[ACCEPTED, _paused(LAWFUL_PAUSE)], excuse=[_paused(LAWFUL_PAUSE, **LATER)], horizon="03-05",
          level="yellow", evidence=("special.started", "special.kind", "expert_review", "hearing, testing")),
    Trial(rule="R20", facts=[ACCEPTED, _paused({**LAWFUL_PAUSE, "limit": {"n": 5, "unit": "working_day"}})],
          near=[ACCEPTED, _paused({**LAWFUL_PAUSE, "limit": {"n": 5, "unit": "working_day"}}),
                licence("special.ended", "03-11", occurrence="1", special={"kind": "testing"})],
          excuse=[licence("special.ended", "03-11", occurrence="1", special={"kind": "testing"})], horizon="03-13",
          level="yellow", evidence=("", "due_at", "2026-03-12T00:00:00+08:00", "")),
    Trial(rule="R21", facts=[licence("case.decided", "03-10"), licence("case.accepted", "03-12")],
          near=[ACCEPTED, licence("case.decided", "03-10")], excuse=[licence("case.accepted", "03-03", **LATER)],
          horizon="03-13", level="red",
          evidence=("case.accepted", "case.accepted", "2026-03-12T09:00:00+08:00", "not after decided")),
    Trial(rule="R22", facts=[ACCEPTED, licence("case.decided", "03-10")],
          near=[ACCEPTED, _stage("shencha", "03-05", "A"), licence("case.decided", "03-10")],
          excuse=[_stage("shencha", "03-05", "A")], horizon="03-11", level="red",
          evidence=("", "stage", "", "shencha")),
    Trial(rule="R23", facts=[_with({"name": "申请表", "received": False})],
          near=[_with({"name": "图纸", "received": False, "deferred": True})],
          excuse=[_with({"name": "申请表", "received": True}, kind="stage.completed", day="03-04", occurrence="9")],
          horizon="03-05", level="yellow",
          evidence=("case.accepted", "materials", "申请表", "received, or deferred 容缺")),
    Trial(rule="R24", facts=[_with({"name": "户口簿", "received": True})],
          near=[_with({"name": "申请表", "received": True})],
          excuse=[_with({"name": "申请表", "received": True}, kind="stage.completed", day="03-04", occurrence="9")],
          horizon="03-05", level="yellow", evidence=("case.accepted", "materials", "户口簿", "图纸, 申请表")),
    Trial(rule="R25", facts=[ACCEPTED, _stage("shencha", "03-04", "A"), _stage("shenpi", "03-05", "A")],
          near=[ACCEPTED, _stage("shencha", "03-04", "A"), _stage("shenpi", "03-05", "B")],
          excuse=[_stage("shenpi", "03-05", "B", **LATER)], horizon="03-06", level="yellow",
          evidence=("stage.completed", "operator.staff_code", "A", "")),
    Trial(rule="R26", facts=[ACCEPTED, _stage("shencha", "03-04", "Z")],
          near=[ACCEPTED, _stage("shencha", "03-04", "A")], excuse=[_stage("shencha", "03-04", "A", **LATER)],
          horizon="03-06", level="red",
          evidence=("stage.completed", "operator.staff_code", "Z", "somebody in the staff register on that day")),
    Trial(rule="R27", facts=[ACCEPTED, _fee("10.01")], near=[ACCEPTED, _fee("10.00")],
          excuse=[_fee("5.00", **LATER)], horizon="03-06", level="red",
          evidence=("fee.charged", "fee.amount", "10.01", "5.00 to 10.00")),
    Trial(rule="R28", facts=[_fined("1000.01")], near=[_fined("1000.00")], excuse=[_fined("900", **LATER)],
          horizon="03-11", level="red", evidence=("penalty.decided", "discretion.amount", "1000.01", "100 to 1000")),
    Trial(rule="R30", facts=[_on_the_spot("200.01")], near=[_on_the_spot("200")],
          excuse=[_on_the_spot("100", **LATER)], horizon="03-11", level="red",
          evidence=("penalty.decided", "discretion.amount", "200.01", "<= 200")),
    Trial(rule="R31", facts=[RECEIVED, licence("case.not_accepted", "03-04", result={"code": "not_accepted"})],
          near=[RECEIVED, licence("case.not_accepted", "03-04", result=REASONED)],
          excuse=[licence("case.not_accepted", "03-04", result=REASONED, **LATER)], horizon="03-06",
          level="yellow", evidence=("case.not_accepted", "result.reason", "", "stated")),
    Trial(rule="R32", facts=[penalty("penalty.filed", "01-05")],
          near=[penalty("penalty.filed", "01-05"), penalty("penalty.dismissed", "04-07")],
          excuse=[penalty("penalty.dismissed", "03-01")], horizon="04-20", level="red",
          evidence=("", "due_at", "2026-04-08T00:00:00+08:00", "")),
    Trial(rule="R33", facts=[ACCEPTED, licence("joint.dispatched", "03-03", occurrence="1", joint=JOINT)],
          near=[ACCEPTED, licence("joint.dispatched", "03-03", occurrence="1", joint=JOINT),
                licence("joint.opinion", "03-10", occurrence="1", joint=JOINT)],
          excuse=[licence("joint.opinion", "03-10", occurrence="1", joint=JOINT)], horizon="03-12", level="yellow",
          evidence=("", "due_at", "2026-03-11T00:00:00+08:00", "")),
    Trial(rule="R34", facts=[licence("case.accepted", "03-03", case={"initial_review": True})],
          near=[licence("case.accepted", "03-03", case={"initial_review": True}), licence("case.forwarded", "03-31")],
          excuse=[licence("case.forwarded", "03-30")], horizon="04-08", level="yellow",
          evidence=("", "due_at", "2026-04-01T00:00:00+08:00", "")),
    Trial(rule="R40", facts=[ACCEPTED, licence("case.decided", "03-09", result={"code": "granted"})],
          near=[ACCEPTED, licence("case.decided", "03-09", result={"code": "granted"}),
                licence("case.delivered", "03-23")],
          excuse=[licence("case.delivered", "03-23")], horizon="03-25", level="yellow",
          evidence=("", "due_at", "2026-03-24T00:00:00+08:00", "")),
    Trial(rule="R41", facts=[ACCEPTED, licence("case.decided", "03-09")],
          near=[ACCEPTED, licence("case.decided", "03-09"), licence("case.published", "03-18")],
          excuse=[licence("case.published", "03-18")], horizon="03-20", level="yellow",
          evidence=("", "due_at", "2026-03-19T00:00:00+08:00", "")),
    Trial(rule="R42", facts=[ACCEPTED, _published("restricted")], near=[ACCEPTED, _published("public")],
          excuse=[_published("public", **LATER)], horizon="03-13", level="red",
          evidence=("case.published", "case.published", "2026-03-12T09:00:00+08:00", "not published")),
    Trial(rule="R43", facts=[penalty("penalty.collected", "03-02", occurrence="1", payment={"amount": "100"})],
          near=[penalty("penalty.collected", "03-02", occurrence="1", payment={"amount": "100"}),
                penalty("penalty.deposited", "03-06", occurrence="1", payment={"amount": "100"})],
          excuse=[penalty("penalty.deposited", "03-06", occurrence="1", payment={"amount": "100"})],
          horizon="03-10", level="yellow", evidence=("", "due_at", "2026-03-07T00:00:00+08:00", "")),
    Trial(rule="R44", facts=[licence("case.received", "03-02", recorded_at="2026-03-20")],
          near=[licence("case.received", "03-02", recorded_at="2026-03-03")],
          excuse=[licence("case.received", "03-02", recorded_at="2026-03-03", **LATER)], horizon="03-03",
          level="notice",
          evidence=("case.received", "recorded_at", "2026-03-20T00:00:00+08:00", "< 2026-03-04T00:00:00+08:00")),
    Trial(rule="R45", facts=[ACCEPTED, licence("case.accepted", "03-04", raw="other", position=2)],
          near=[licence("case.accepted", "03-03", on_change="revise"),
                licence("case.accepted", "03-04", on_change="revise", raw="other", position=2)],
          excuse=[licence("case.corrected", "03-05", occurrence="1", correction_of=ACCEPTED.event_id)],
          horizon="03-06", level="red", evidence=("case.accepted", "occurred_at", "2026-03-03T09:00:00+08:00", "")),
    Trial(rule="R60", facts=[SENT], near=[SENT, complaint("complaint.signed", "03-03", occurrence="1")],
          excuse=[complaint("complaint.signed", "03-03", occurrence="1")], horizon="03-04", level="notice",
          evidence=("", "due_at", "2026-03-04T00:00:00+08:00", "")),
    Trial(rule="R61", facts=[complaint("complaint.registered", "03-02")],
          near=[complaint("complaint.registered", "03-02"), complaint("complaint.accepted", "03-09")],
          excuse=[complaint("complaint.accepted", "03-09")], horizon="03-11", level="yellow",
          evidence=("", "due_at", "2026-03-10T00:00:00+08:00", "")),
    Trial(rule="R62", facts=[SENT], near=[SENT, complaint("complaint.replied", "03-09", occurrence="1")],
          excuse=[complaint("complaint.replied", "03-09", occurrence="1")], horizon="03-11", level="yellow",
          evidence=("", "due_at", "2026-03-10T00:00:00+08:00", "")),
    Trial(rule="R63", facts=[SENT, complaint("complaint.returned", "03-04", occurrence="1", handling=NOT_OURS)],
          near=[SENT, complaint("complaint.returned", "03-03", occurrence="1", handling=NOT_OURS)],
          excuse=[complaint("complaint.returned", "03-03", occurrence="1", handling=NOT_OURS, **LATER)],
          horizon="03-05", level="yellow",
          evidence=("complaint.returned", "complaint.returned", "2026-03-04T09:00:00+08:00", "within 24 hours")),
    Trial(rule="R65", facts=[SENT, _replied("undetermined"), complaint("complaint.closed", "03-06")],
          near=[SENT, _replied("undetermined"), complaint("complaint.followed_up", "03-06", occurrence="1"),
                complaint("complaint.closed", "03-06")],
          excuse=[complaint("complaint.followed_up", "03-06", occurrence="1")], horizon="03-09", level="yellow",
          evidence=("complaint.closed", "complaint.closed", "2026-03-06T09:00:00+08:00", "a follow-up")),
    Trial(rule="R66", facts=[_reported(DEPARTMENT)], near=[_reported(BODY)], excuse=[_reported(BODY, **LATER)],
          horizon="03-03", level="red",
          evidence=("complaint.dispatched", "handling.department_id", DEPARTMENT,
                    "anybody but the unit complained of")),
    Trial(rule="R67", facts=[SENT, _replied("substantiated")], near=[SENT, _replied("unsubstantiated")],
          excuse=[_replied("unsubstantiated", **LATER)], horizon="03-06", level="yellow",
          evidence=("complaint.replied", "related_case_no", "2026-0007", "")),
    Trial(rule="R70", facts=[ACCEPTED, BAD],
          near=[ACCEPTED, BAD, _rated("evaluation.contacted", "03-03")],
          excuse=[_rated("evaluation.contacted", "03-03")], horizon="03-05", level="yellow",
          evidence=("", "due_at", "2026-03-04T00:00:00+08:00", "")),
)  # fmt: skip
"""One trial of every rule that looks at one case."""
