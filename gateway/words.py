"""The words of the console: every code's label in Chinese and English, names of departments, matters and regions."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hub.model.codes import code_list, region_name
from hub.supervision import alert_cycle
from hub.supervision.rules import ALL_RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

KEEP_S: Final = 30.0
"""Seconds after which a changed catalogue shows its names."""


class Label(NamedTuple):
    """One word in both languages."""

    zh: str
    en: str


STATES: Final[Mapping[str, Label]] = {
    "received": Label("已收件", "received"),
    "awaiting_supplement": Label("待补正", "awaiting supplement"),
    "accepted": Label("已受理", "accepted"),
    "in_progress": Label("办理中", "in progress"),
    "suspended": Label("特别程序", "suspended"),
    "decided": Label("已决定", "decided"),
    "closed": Label("已办结", "closed"),
    "delivered": Label("已送达", "delivered"),
    "rejected": Label("不予受理", "not accepted"),
    "withdrawn": Label("已撤回", "withdrawn"),
    "terminated": Label("已终止", "terminated"),
    "registered": Label("已登记", "registered"),
    "filed": Label("已立案", "filed"),
    "investigated": Label("调查终结", "investigated"),
    "notified": Label("已告知", "notified"),
    "hearing": Label("听证中", "hearing"),
    "heard": Label("已听证", "heard"),
    "served": Label("已送达当事人", "served"),
    "executed": Label("已执行", "executed"),
    "revoked": Label("已撤销", "revoked"),
    "approved": Label("已批准", "approved"),
    "imposed": Label("已实施", "imposed"),
    "lifted": Label("已解除", "lifted"),
    "planned": Label("已计划", "planned"),
    "carried_out": Label("已检查", "carried out"),
    "concluded": Label("已有结果", "concluded"),
    "rectifying": Label("整改中", "being rectified"),
    "rechecked": Label("已复查", "rechecked"),
    "announced": Label("已公告", "announced"),
    "enrolled": Label("已报名", "bidders registered"),
    "opened": Label("已开标", "bids opened"),
    "evaluated": Label("已评审", "evaluated"),
    "result_published": Label("结果公示", "result published"),
    "awarded": Label("已成交", "awarded"),
    "contracted": Label("已签约", "contract signed"),
    "dispatched": Label("已派单", "dispatched"),
    "returned": Label("已退单", "returned"),
    "signed_for": Label("已签收", "signed for"),
    "replied": Label("已反馈", "replied"),
    "followed_up": Label("已回访", "followed up"),
    "linked": Label("已并入", "linked to another"),
    "voided": Label("已作废", "entered in error"),
}
"""States of a case (docs/console.md), in the order of its life."""

CLOCKS: Final[Mapping[str, Label]] = {
    "acceptance": Label("受理时限", "acceptance"),
    "promised": Label("承诺时限", "promised"),
    "statutory": Label("法定时限", "statutory"),
    "delivery": Label("送达时限", "delivery"),
    "instant": Label("即办时限", "on the spot"),
    "stage": Label("环节时限", "stage"),
    "special": Label("特别程序时限", "special procedure"),
    "idle": Label("挂起时限", "suspension"),
    "joint": Label("并联时限", "joint handling"),
    "joint_opinion": Label("会办意见时限", "joint opinion"),
    "initial_review": Label("初审报送时限", "first review"),
    "feedback": Label("外网反馈时限", "answer online"),
    "publication": Label("公开时限", "publication"),
    "penalty": Label("处罚时限", "penalty"),
    "deposit": Label("罚款上缴时限", "fine deposited"),
    "coercion": Label("强制措施期限", "coercive measure"),
    "rating_contact": Label("差评联系时限", "bad rating: contact"),
    "rating_answer": Label("差评答复时限", "bad rating: answer"),
    "complaint_acceptance": Label("投诉受理时限", "complaint acceptance"),
    "complaint_signing": Label("投诉签收时限", "complaint signing"),
    "complaint": Label("投诉办理时限", "complaint handling"),
    "petition_registered": Label("信访登记转送时限", "petition: registration"),
    "petition": Label("信访办理时限", "petition"),
    "complaint_assist": Label("投诉协办时限", "assisting with a complaint"),
    "complaint_redo": Label("投诉重办时限", "doing a complaint again"),
    "alert_signing": Label("告警签收时限", "alert: signing"),
    "alert_feedback": Label("告警反馈时限", "alert: answer"),
    "alert_review": Label("申诉复核时限", "alert: review"),
    "alert_order": Label("督办时限", "supervision order"),
    "complaint_rework": Label("退回重办时限", "rework"),
}

ATTACHMENT_STATES: Final[Mapping[str, Label]] = {
    "pending": Label("待取", "pending"),
    "available": Label("可取", "available"),
    "unavailable": Label("取不到", "unavailable"),
    "blocked": Label("已拦截", "blocked"),
}

CLOCK_STATES: Final[Mapping[str, Label]] = {
    "running": Label("计时中", "running"),
    "paused": Label("暂停", "paused"),
    "met": Label("按时", "met"),
    "breached": Label("超时", "breached"),
    "void": Label("作废", "void"),
}

LEVELS: Final[Mapping[str, Label]] = {
    "red": Label("红牌", "red"),
    "yellow": Label("黄牌", "yellow"),
    "notice": Label("提醒", "notice"),
}
"""Levels of an alert, the gravest first."""

ALERT_STATES: Final[Mapping[str, Label]] = {
    "shadow": Label("试运行", "on trial"),
    "pending": Label("待确认", "pending"),
    "raised": Label("已发出", "raised"),
    "signed": Label("已签收", "signed for"),
    "answered": Label("已反馈", "answered"),
    "rectified": Label("已整改", "rectified"),
    "verified": Label("已核实", "verified"),
    "closed": Label("已销号", "closed"),
    "appealed": Label("申诉中", "appealed"),
    "under_review": Label("复核中", "under review"),
    "upheld": Label("维持", "upheld"),
    "downgraded": Label("降级", "downgraded"),
    "cleared": Label("已解除", "cleared"),
    "revoked": Label("已撤销", "revoked"),
}

OUTCOMES: Final[Mapping[str, Label]] = {
    "new": Label("新事件", "new"),
    "duplicate": Label("重复", "duplicate"),
    "revised": Label("更正", "revised"),
    "remapped": Label("重新映射", "remapped"),
    "conflicting": Label("内容冲突", "conflicting"),
    "parked": Label("搁置", "parked"),
}

COVERAGE: Final[Mapping[str, Label]] = {
    "not_started": Label("未启动", "not started"),
    "C0": Label("已登记", "registered"),
    "C1": Label("已连通", "connected"),
    "C2": Label("数据合格", "correct data"),
    "C3": Label("运行可靠", "reliable"),
    "C4": Label("双向贯通", "two-way"),
    "in_grace": Label("宽限期内", "in grace"),
    "suspended": Label("暂停", "suspended"),
    "expired": Label("已到期", "expired"),
    "revoked": Label("已吊销", "revoked"),
    "exempt": Label("豁免", "exempt"),
    "silent": Label("有证无数", "certified but silent"),
    "unknown": Label("不明", "unknown: no catalogue"),
}
"""How an obligation stands on the coverage board."""

RUNGS: Final[Mapping[str, Label]] = {
    "certified": Label("已认证", "certified"),
    "suspended": Label("已暂停", "suspended"),
    "shown": Label("测试已达到", "shown in the tests"),
    "fail": Label("有未通过项", "something fails"),
    "error": Label("测试工具故障", "the harness is broken"),
    "skip": Label("有未能演示项", "something could not be shown"),
    "review": Label("复核中", "under review"),
    "waiting": Label("等待中", "waiting"),
    "open": Label("未完成", "not complete"),
    "ahead": Label("尚未开始", "ahead"),
}
"""How one level of a connection stands."""

WHO: Final[Mapping[str, Label]] = {
    "department": Label("部门", "department"),
    "bureau": Label("监察局", "bureau"),
    "hub": Label("枢纽", "hub"),
    "connector": Label("连接器", "connector"),
    "joint": Label("双方", "both"),
}
"""Whose turn it is, and whose a failure is."""

CERTIFICATES: Final[Mapping[str, Label]] = {
    "active": Label("有效", "active"),
    "in_grace": Label("宽限期内", "in grace"),
    "conditional": Label("附条件", "conditional"),
    "suspended": Label("已暂停", "suspended"),
    "expired": Label("已到期", "expired"),
    "superseded": Label("已被取代", "superseded"),
    "revoked": Label("已吊销", "revoked"),
}

PHASES: Final[Mapping[str, Label]] = {
    "steady": Label("稳定", "steady"),
    "in_grace": Label("宽限", "in grace"),
    "suspended": Label("暂停", "suspended"),
    "on_probation": Label("考察", "on probation"),
    "expired": Label("到期", "expired"),
    "not_applicable": Label("不适用", "not applicable"),
}
"""How a criterion of live traffic stands."""

SEEN: Final[Mapping[str, Label]] = {
    "pass": Label("达标", "met"),
    "fail": Label("不达标", "not met"),
    "unknown": Label("不明", "unknown"),
    "not_applicable": Label("不适用", "not applicable"),
}

STAGES: Final[Mapping[str, Label]] = {
    "decode": Label("解码", "decode"),
    "map": Label("映射", "map"),
    "validate": Label("校验", "validate"),
    "authorise": Label("授权", "authorise"),
    "supervise": Label("监察", "supervise"),
}
"""Where on its way a record was refused."""

REASONS: Final[Mapping[str, Label]] = {
    "case_progressed": Label("办件已推进", "the case moved on"),
    "data_error": Label("数据错误", "data error"),
    "rule_error": Label("规则错误", "rule error"),
    "applicant_fault": Label("申请人原因", "applicant's fault"),
    "force_majeure": Label("不可抗力", "force majeure"),
    "system_fault": Label("系统故障", "system fault"),
    "self_corrected": Label("自查自纠", "self-corrected"),
    "remedied": Label("已恢复", "remedied"),
}


MOVES: Final[Mapping[str, Label]] = {
    "raise": Label("系统发出", "raised by the hub"),
    "clear": Label("自动解除", "cleared by the hub"),
    "excuse": Label("依据新证据撤销", "excused by late evidence"),
    **{move.name: Label(move.zh, move.en) for move in alert_cycle.MOVES.values()},
}
"""What happens to an alert."""

RECEIPTS: Final[Mapping[str, Label]] = {
    "drawing": Label("制作中", "being drawn"),
    "issued": Label("已制发，待签收", "issued, not signed for"),
    "signed": Label("已签收", "signed for"),
    "answered": Label("已回执", "answered"),
}
"""Whether a paper was received."""

TOLD: Final[Mapping[str, Label]] = {
    "raised": Label("新预警", "new alert"),
    "pending": Label("待确认", "to be confirmed"),
    "supervised": Label("督办", "supervision order"),
    "escalated": Label("升级", "escalated"),
    "appealed": Label("申诉", "appealed"),
    "unsigned": Label("逾期未签收", "not signed for"),
    "breached": Label("步骤超时", "a step is overdue"),
}
"""Why somebody was told of an alert."""

CHANNELS: Final[Mapping[str, Label]] = {
    "email": Label("邮件", "e-mail"),
    "webhook": Label("回调", "webhook"),
    "sms": Label("短信", "text message"),
}
"""How people are told."""

NOTIFIED: Final[Mapping[str, Label]] = {
    "waiting": Label("待发送", "waiting"),
    "sent": Label("已发送", "sent"),
    "failed": Label("未送达", "failed"),
    "nobody": Label("无人值班", "nobody on duty"),
}
"""What became of a notification."""

NEEDS: Final[Mapping[str, Label]] = {
    "note": Label("说明", "in words"),
    "ground": Label("理由类别", "ground"),
    "due_on": Label("办结期限", "to be done by"),
    "to": Label("报送对象", "to whom"),
}
"""What must be said with a move."""


def label(table: Mapping[str, Label], code: str) -> Label:
    """Return the label of `code`; the code itself where the table does not know it."""
    return table.get(code) or Label(code, code)


def rule_label(rule_id: str) -> Label:
    """Return the name of a rule."""
    rule = ALL_RULES.get(rule_id)
    return Label(rule.zh, rule.en) if rule else Label(rule_id, rule_id)


def event_label(event_type: str) -> Label:
    """Return the label of an event type, from the code list."""
    row = code_list("event_types").rows.get(event_type)
    return Label(row["zh"], row["en"]) if row else Label(event_type, event_type)


def county_of(region: str) -> str:
    """Return the county (six digits) that a region belongs to."""
    return region[:6]


def region_label(region: str) -> Label:
    """Return the name of a region's county."""
    county = county_of(region)
    row = code_list("regions").rows.get(county)
    return Label(region_name(county), str(row["en"]) if row else county)


class Names:
    """Names of departments and matters, from the catalogue as last loaded. Threads may share it."""

    def __init__(self, catalogue: Callable[[], Sequence[Mapping[str, Any]]]) -> None:
        """Ask `catalogue` when first needed and every KEEP_S."""
        self._catalogue = catalogue
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._departments: Mapping[str, str] = {}
        self._matters: Mapping[str, str] = {}

    def department(self, department_id: str) -> str:
        """Name a department; its id where the catalogue does not know it."""
        self._refresh()
        return self._departments.get(department_id, department_id)

    def matter(self, matter_code: str) -> str:
        """Name a matter; empty where the catalogue does not know it."""
        self._refresh()
        return self._matters.get(matter_code, "")

    def _refresh(self) -> None:
        with self._lock:
            if time.monotonic() - self._read_at < KEEP_S:
                return
            documents = self._catalogue()
            self._departments = {_department(each)["department_id"]: _short(_department(each)) for each in documents}
            self._matters = {
                matter["matter_code"]: matter["name"] for each in documents for matter in each.get("matters", ())
            }
            self._read_at = time.monotonic()


def _department(document: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = document["department"]
    return found


def _short(department: Mapping[str, Any]) -> str:
    return str(department.get("name") or department["department_id"])
