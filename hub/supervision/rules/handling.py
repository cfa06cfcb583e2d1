"""Rules on the time that handling takes: R10 to R17, R20, R32 to R34, R40, R41, R43."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Final

from hub.supervision.clocks import (
    ACCEPTANCE_LEAD_DAYS,
    IDLE_DAYS,
    PENALTY_LEAD_DAYS,
    PROMISE_LEAD_DAYS,
    PROMISE_LEAD_SHARE,
)
from hub.supervision.rules.deadlines import called, is_graver, missed, near, of_kind, overrun
from hub.supervision.rules.rule import Finding, Parameter, Rule, View

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPINIONS: Final = "实施意见 2008"
_LICENCE: Final = "01"
_IN_LAW: Final = date(2004, 7, 1)


def unanswered(rule: Rule, view: View) -> Iterator[Finding]:
    """Find licences not answered in the limit: they count as accepted from receipt (Licensing Law art. 32)."""
    if view.power_type() == _LICENCE:
        yield from missed(rule, view)


def stage_late(rule: Rule, view: View) -> Iterator[Finding]:
    """Find stages that overran while the case as a whole keeps its promise."""
    if not any(clock.row.state == "breached" for clock in of_kind("promised", view)):
        for clock in of_kind("stage", view):
            if clock.row.state == "breached":
                code = str(clock.start.detail.get("stage_code", ""))
                yield _named(overrun(rule, view, clock), f"环节{code}", f"stage {code}")


def suspended_long(rule: Rule, view: View) -> Iterator[Finding]:
    """Find special procedures past their limit (red at twice the limit), and suspensions in which nothing happens."""
    for clock in of_kind("special", view):
        if clock.row.state == "breached":
            yield overrun(rule, view, clock, level="yellow")
        if is_graver(clock, view):
            yield overrun(rule, view, clock, part="#red", level="red")
    for clock in of_kind("idle", view):
        if clock.row.state == "breached":
            yield overrun(rule, view, clock, part="#idle", level="yellow")


def penalty_late(rule: Rule, view: View) -> Iterator[Finding]:
    """Find penalties near their limit (notice) or past it (red); Penalty Law art. 60."""
    for clock in of_kind("penalty", view):
        if clock.noticed:
            yield called(rule, view, clock, part="#notice", level="notice")
        if clock.row.state == "breached":
            yield overrun(rule, view, clock)


def joint_late(rule: Rule, view: View) -> Iterator[Finding]:
    """Find opinions that are late (yellow, to the department asked), and the whole (red, to the lead)."""
    for clock in of_kind("joint_opinion", view):
        if clock.row.state == "breached":
            asked = clock.start.detail["joint"]["department_id"]
            late = overrun(rule, view, clock, level="yellow")
            yield replace(late, department_id=asked)
    for clock in of_kind("joint", view):
        if clock.row.state == "breached":
            yield overrun(rule, view, clock)


def untold(rule: Rule, view: View) -> Iterator[Finding]:
    """Find online cases without an answer online (notice), and public decisions not published (yellow)."""
    for clock in of_kind("feedback", view):
        if clock.row.state == "breached":
            yield overrun(rule, view, clock, part="#notice", level="notice")
    for clock in of_kind("publication", view):
        if clock.row.state == "breached":
            yield overrun(rule, view, clock, part="#yellow")


def _named(finding: Finding, zh: str, en: str) -> Finding:
    return replace(finding, zh=finding.zh.replace("：", f"：{zh}", 1), en=finding.en.replace(": ", f": {en}: ", 1))


R10: Final = Rule(
    rule_id="R10", version=1, zh="受理临期提醒", en="acceptance near its limit", phase="in", class_="efficiency",
    level="notice", type_code="1", basis="行政许可法 art. 32",
    reads=("case.received", "case.accepted|case.not_accepted|case.decided|case.closed", "clock:acceptance"),
    find=near, clock="acceptance",
    parameters=(Parameter(name="lead_days", value=ACCEPTANCE_LEAD_DAYS, unit="working_day", source=_OPINIONS),),
)  # fmt: skip
R11: Final = Rule(
    rule_id="R11", version=1, zh="逾期未告知视为受理", en="not answered in time, deemed accepted", phase="in",
    class_="enforcement", level="yellow", type_code="1", basis="行政许可法 art. 32",
    reads=("case.received", "case.accepted", "clock:acceptance"), find=unanswered, clock="acceptance",
    parameters=(
        Parameter(name="limit_days", value=5, unit="working_day", source="行政许可法 art. 32", valid_from=_IN_LAW),
    ),
)  # fmt: skip
R13: Final = Rule(
    rule_id="R13", version=1, zh="办理临期提醒", en="handling near its promised limit", phase="in",
    class_="efficiency", level="notice", type_code="1", basis=f"{_OPINIONS}: 提醒告知",
    reads=("case.accepted", "case.decided|case.closed", "clock:promised"), find=near, clock="promised",
    parameters=(
        Parameter(name="lead_days", value=PROMISE_LEAD_DAYS, unit="working_day", source=_OPINIONS),
        Parameter(name="lead_share", value=PROMISE_LEAD_SHARE, unit="share of the limit", source=_OPINIONS),
    ),
)  # fmt: skip
R14: Final = Rule(
    rule_id="R14", version=1, zh="承诺超时", en="promise overrun", phase="in", class_="efficiency", level="yellow",
    type_code="1", basis=f"{_OPINIONS}: 超时警示",
    reads=("case.accepted", "case.decided|case.closed", "clock:promised"), find=missed, clock="promised",
)  # fmt: skip
R15: Final = Rule(
    rule_id="R15", version=1, zh="法定超时", en="statutory limit overrun", phase="in", class_="enforcement",
    level="red", type_code="1", basis=f"行政许可法 art. 42; {_OPINIONS}: 违规查纠",
    reads=("case.accepted", "case.decided|case.closed", "clock:statutory"), find=missed, clock="statutory",
)  # fmt: skip
R16: Final = Rule(
    rule_id="R16", version=1, zh="环节超时", en="stage overrun", phase="in", class_="efficiency", level="yellow",
    type_code="1", basis=f"{_OPINIONS}: 流程", reads=("stage.started", "stage.completed", "catalogue:flow"),
    find=stage_late, clock="stage",
)  # fmt: skip
R17: Final = Rule(
    rule_id="R17", version=1, zh="即办件未即办", en="on-the-spot matter not done on the spot", phase="in",
    class_="efficiency", level="yellow", type_code="1", basis="行政许可法 art. 34",
    reads=("case.accepted", "case.closed", "case.case_type"), find=missed, clock="instant",
)  # fmt: skip
R20: Final = Rule(
    rule_id="R20", version=1, zh="特别程序超时或长期挂起", en="special procedure overrun or suspended for long",
    phase="in", class_="efficiency", level="red", type_code="1", basis="行政许可法 art. 45",
    reads=("special.started", "special.ended"), find=suspended_long, mode="manual", clock="special",
    parameters=(Parameter(name="idle_days", value=IDLE_DAYS, unit="working_day", source="hub"),),
)  # fmt: skip
R32: Final = Rule(
    rule_id="R32", version=1, zh="处罚超期", en="penalty overrun", phase="in", class_="enforcement", level="red",
    type_code="1", basis="行政处罚法 art. 60", reads=("penalty.filed", "penalty.decided", "clock:penalty"),
    find=penalty_late, mode="manual", clock="penalty",
    parameters=(
        Parameter(name="limit_days", value=90, unit="calendar_day", source="行政处罚法 art. 60",
                  valid_from=date(2021, 7, 15)),
        Parameter(name="lead_days", value=PENALTY_LEAD_DAYS, unit="calendar_day", source="hub"),
    ),
)  # fmt: skip
R33: Final = Rule(
    rule_id="R33", version=1, zh="并联超时", en="joint handling overrun", phase="in", class_="efficiency", level="red",
    type_code="1", basis="行政许可法 art. 42", reads=("joint.dispatched", "joint.opinion"), find=joint_late,
    mode="manual", clock="joint",
    parameters=(
        Parameter(name="limit_days", value=45, unit="working_day", source="行政许可法 art. 42", valid_from=_IN_LAW),
    ),
)  # fmt: skip
R34: Final = Rule(
    rule_id="R34", version=1, zh="初审报送超时", en="first review not forwarded in time", phase="in",
    class_="efficiency", level="yellow", type_code="1", basis="行政许可法 art. 43",
    reads=("case.accepted", "case.forwarded", "case.initial_review"), find=missed, clock="initial_review",
    parameters=(
        Parameter(name="limit_days", value=20, unit="working_day", source="行政许可法 art. 43", valid_from=_IN_LAW),
    ),
)  # fmt: skip
R40: Final = Rule(
    rule_id="R40", version=1, zh="送达超时", en="delivery overrun", phase="post", class_="efficiency", level="yellow",
    type_code="1", basis="行政许可法 art. 44; 行政处罚法 art. 61",
    reads=("case.decided|penalty.decided", "case.delivered|penalty.served|penalty.executed", "clock:delivery"),
    find=missed, clock="delivery",
)  # fmt: skip
R41: Final = Rule(
    rule_id="R41", version=1, zh="结果未反馈或未公开", en="result not answered online or not published", phase="post",
    class_="enforcement", level="yellow", type_code="8", basis="政府信息公开条例 art. 26; 国办发〔2018〕118号",
    reads=("case.fed_back|case.published|penalty.published",), find=untold, clock="publication",
    parameters=(
        Parameter(name="feedback_days", value=1, unit="working_day", source=_OPINIONS),
        Parameter(name="publication_days", value=7, unit="working_day", source="国办发〔2018〕118号"),
    ),
)  # fmt: skip
R43: Final = Rule(
    rule_id="R43", version=1, zh="罚款上缴超期", en="fine not deposited in time", phase="post", class_="integrity",
    level="yellow", type_code="7", basis="行政处罚法 art. 71", reads=("penalty.collected", "penalty.deposited"),
    find=missed, clock="deposit",
    parameters=(
        Parameter(name="limit_days", value=4, unit="working_day", source="行政处罚法 art. 71",
                  valid_from=date(2021, 7, 15)),
    ),
)  # fmt: skip

HANDLING: Final = (R10, R11, R13, R14, R15, R16, R17, R20, R32, R33, R34, R40, R41, R43)
