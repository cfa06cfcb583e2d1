"""Handling: who signs, returns, asks for more time, assists, does it again — and what the hub makes of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.checks.common import shown, wrong
from conformance.finding import Finding, passed, waits
from conformance.roundtrip.course import IT, course
from conformance.roundtrip.script import BASIS, BY_KEY, OTHER, REASON

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from conformance.lab import Lab

APPROVAL: Final = {"n": 3, "unit": "working_day", "approved_by": "分管主任（职务）"}


def _of(events: Sequence[Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    """Return what was said of one kind."""
    return [each["data"] for each in events if each["data"]["type"] == f"complaint.{kind}"]


def said_of(lab: Lab, key: str, *kinds: str) -> tuple[list[Mapping[str, Any]], Finding | None]:
    """Return what the department said of a scripted complaint, one of each kind; or what is to be said meanwhile.

    What it owes is waited for until the limit has passed that the hub counts for it.
    """
    events = lab.complaints.answers(key)
    found = [said[0] for kind in kinds if (said := _of(events, kind))]
    if len(found) == len(kinds):
        return found, None
    missing = [kind for kind in kinds if not _of(events, kind)]
    case = lab.pilot.case(BY_KEY[key].case_no(lab.session))
    late = [clock.kind for clock in case.get("clocks", ()) if clock.state == "breached" and _is_its(clock.kind)]
    zh, en = (
        f"脚本投诉“{BY_KEY[key].shows.zh}”缺 {shown(missing)}",
        f"of the scripted complaint {key} nothing came: {shown(missing)}",
    )
    if not late:
        return found, waits(zh, en)
    fix = ("按脚本在系统中办理该投诉", "act on that complaint in the system as the script says")
    return found, wrong(
        "department",
        zh,
        en,
        expected=list(kinds),
        got=f"nothing, and the time for {shown(late)} is over",
        fix=fix,
        pointer=BY_KEY[key].case_no(lab.session),
    )


def _is_its(kind: str) -> bool:
    return kind in {"complaint", "complaint_assist", "complaint_redo", "complaint_signing"}


def accepts_by_name(lab: Lab) -> Finding:
    """CPL-02: whoever takes it up is named, with when it is to be done; the clock runs from the dispatch."""
    found, waiting = said_of(lab, "whole", "signed", "started")
    if waiting is not None:
        return waiting
    signed, started = found
    lab.keep("STT", "accepted.json", [signed, started])
    handler = started.get("handling", {}).get("staff_code") or started.get("operator", {}).get("staff_code", "")
    planned = started.get("promised_due_at") or started.get("handling", {}).get("limit")
    if not handler or not planned:
        return wrong(
            "department",
            "承办未报承办人或计划完成日",
            "who handles it, or until when, is not said",
            expected="handling.staff_code and promised_due_at",
            got={"handler": handler, "planned": planned},
            pointer="/data/handling",
            fix=(
                "承办时填写承办人与计划完成日",
                "map handling.staff_code and promised_due_at with what says that it is taken up",
            ),
        )
    one = course(lab)
    sent = one.sent()
    one.wait(hours=6)
    one.move("signed", by=IT)
    one.move("started", by=IT, staff_code="TST001")
    clocks = [(clock.started_at, clock.state) for clock in one.clocks("complaint")]
    if clocks != [(sent, "running")]:
        return wrong(
            "hub",
            "投诉时钟不自派单起算",
            "the clock does not run from the dispatch",
            expected=f"one, from {sent}",
            got=clocks,
        )
    return passed(
        "承办人、计划完成日齐全，时钟自派单起算", "handler and planned day are told; the clock runs from dispatch"
    )


def returns_are_bounded(lab: Lab) -> Finding:
    """CPL-03: a return says why and on what basis; one too many leads to arbitration; the clock is never reset."""
    found, waiting = said_of(lab, "returned", "returned", "signed", "replied")
    if waiting is not None:
        return waiting
    returns = _of(lab.complaints.answers("returned"), "returned")
    lab.keep("STT", "returns.json", returns)
    for each in returns:
        said = each.get("handling", {})
        if not said.get("reason") or not said.get("basis"):
            return wrong(
                "department",
                "退单未说明理由或依据",
                "a return does not say why, or on what basis",
                expected="handling.reason and handling.basis",
                got=said,
                pointer="/data/handling",
                fix=("退单须填理由与依据", "map handling.reason and handling.basis of a return"),
            )
    return _bounded(lab, found)


def _bounded(lab: Lab, found: Sequence[Mapping[str, Any]]) -> Finding:
    one = course(lab)
    sent = one.sent()
    one.move("returned", by=IT)
    unreasoned = one.state
    one.move("returned", by=IT, reason=REASON, basis=BASIS)
    once = one.state
    one.wait(hours=1)
    one.move("redispatched", to=IT)
    one.move("returned", by=IT, reason=REASON, basis=BASIS)
    twice, alarms = one.state, [rule for rule, _ in one.alerts()]
    one.move("arbitrated", to=IT, designated=True)
    one.move("redispatched", to=IT, designated=True)
    one.move("returned", by=IT, reason=REASON, basis=BASIS)
    designated, clocks = one.state, [clock.started_at for clock in one.clocks("complaint")]
    seen = {"no reason": unreasoned, "first": once, "second": twice, "after designation": designated}
    lab.keep("LOG", "course.json", {**seen, "alerts": alarms, "answers": len(found)})
    expected = {
        "no reason": "dispatched",
        "first": "returned",
        "second": "dispatched",
        "after designation": "dispatched",
    }
    if seen != expected or "R63" not in alarms:
        return wrong(
            "hub",
            "退单未受约束",
            "returns are not bounded",
            expected={**expected, "alert": "R63"},
            got={**seen, "alerts": alarms},
        )
    if clocks != [sent]:
        return wrong("hub", "退单重置了时钟", "a return reset the clock", expected=[sent], got=clocks)
    return passed("退单有理由依据，超限仲裁，时钟不重置", "returns are reasoned and bounded, and reset nothing")


def extensions_need_approval(lab: Lab) -> Finding:
    """CPL-04: more time is asked for with a reason and a limit; until somebody approves, the deadline stays."""
    found, waiting = said_of(lab, "extended", "extension_requested", "replied")
    if waiting is not None:
        return waiting
    said = found[0].get("handling", {})
    if not said.get("reason") or not said.get("limit"):
        return wrong(
            "department",
            "延期申请未说明理由或天数",
            "a request for more time says neither why nor how much",
            expected="handling.reason and handling.limit",
            got=said,
            pointer="/data/handling",
            fix=("延期申请须填理由与天数", "map handling.reason and handling.limit of a request for more time"),
        )
    one = course(lab)
    one.sent()
    one.move("signed", by=IT)
    due: dict[str, datetime] = {"at first": _due(one)}
    one.move(
        "extension_requested", by=IT, reason="需现场勘查", limit={"n": 3, "unit": "working_day"}, staff_code="TST001"
    )
    due["asked for"] = _due(one)
    one.move("extended", extension={"n": 3, "unit": "working_day"})
    due["nobody approved"] = _due(one)
    one.move("extended", by=IT, approved_by=APPROVAL["approved_by"], extension=APPROVAL)
    due["by the department itself"] = _due(one)
    one.move("extended", approved_by=APPROVAL["approved_by"], extension=APPROVAL)
    due["approved"] = _due(one)
    lab.keep("STT", "due.json", due)
    approved = due.pop("approved")
    if len(set(due.values())) > 1 or approved <= due["at first"]:
        return wrong(
            "hub",
            "未批先延，或批而未延",
            "the deadline moved without approval, or did not move with it",
            expected="moved by the approval alone",
            got={name: str(at) for name, at in {**due, "approved": approved}.items()},
        )
    return passed("批准后才有新期限", "a new deadline only after approval")


def _due(one: Any) -> datetime:
    due: datetime = one.clocks("complaint")[0].due_at
    return due


def silence_alarms(lab: Lab) -> Finding:
    """CPL-07: a complaint left alone raises an alarm, then a graver one, which whoever supervises sees."""
    silent = BY_KEY["silent"].case_no(lab.session)
    case, said = lab.pilot.case(silent), lab.complaints.answers("silent")
    if not case or not case.get("clocks"):
        return waits("等待派单", "waiting for the order to go out")
    if said:
        return wrong(
            "department",
            "应静置的投诉被办理",
            "the complaint that was to be left alone was acted on",
            expected="nothing",
            got=said[0]["data"]["type"],
            pointer=silent,
            fix=(
                "该投诉按脚本不办：开新会话（run --new）并静置",
                "leave that complaint alone, as the script says, in a new session: run --new",
            ),
        )
    told = sorted((alert.rule_id, alert.level) for alert in case["alerts"])
    signing = [clock for clock in case["clocks"] if clock.kind == "complaint_signing"]
    if not told and all(clock.state == "running" for clock in signing):
        return waits("等待签收时限届满", "waiting until the limit for signing has passed")
    one = course(lab)
    one.sent()
    levels: dict[str, Sequence[tuple[str, str]]] = {"at once": one.alerts()}
    for name, days in (("after a day", 2), ("after two", 2), ("past the limit", 7)):
        one.wait(days=days)
        levels[name] = one.alerts()
    shown = [row for row in one.stand.hub.queries.feed("intranet", after=0, limit=1000) if row["kind"] == "alert"]
    lab.keep("LOG", "alarms.json", {"of the script": told, **levels, "told to subscribers": len(shown)})
    lab.keep("STT", "clocks.json", [[clock.kind, clock.state] for clock in one.case["clocks"]])
    grown = [len(each) for each in levels.values()]
    if ("R60", "notice") not in told or grown[0] or not grown[1] or not grown[1] < grown[2] < grown[3] or not shown:
        return wrong(
            "hub",
            "沉默未告警、未升级或监察不可见",
            "silence raises no alarm, none graver, or none that anybody sees",
            expected="R60 notice, then yellow, then R62",
            got={"script": told, **levels},
        )
    return passed("限内未签收即告警并升级", "silence alarms, and more and more")


def assisting_is_tracked(lab: Lab) -> Finding:
    """CPL-08: whoever assists answers within its own limit; lead and assisting departments have a clock each."""
    found, waiting = said_of(lab, "assisted", "assisted")
    if waiting is not None:
        return waiting
    one = course(lab)
    one.sent()
    one.move("signed", by=IT)
    one.move("assist_asked", to=OTHER, limit={"n": 2, "unit": "working_day"})
    assist, lead = one.clocks("complaint_assist"), one.clocks("complaint")
    one.move("assisted", by=OTHER, reply="无异议")
    met = [clock.state for clock in one.clocks("complaint_assist")]
    lab.keep(
        "STT",
        "clocks.json",
        {"answer": found, "assisting": [c.due_at for c in assist], "lead": [c.due_at for c in lead]},
    )
    if len(assist) != 1 or len(lead) != 1 or assist[0].due_at >= lead[0].due_at or met != ["met"]:
        return wrong(
            "hub",
            "主办、协办期限未各自跟踪",
            "lead and assisting departments are not tracked apart",
            expected="a clock each, the assisting one met",
            got={"assisting": len(assist), "lead": len(lead), "met": met},
        )
    return passed("主办、协办各有期限", "lead and assisting departments have a deadline each")


def rework_reopens_the_same(lab: Lab) -> Finding:
    """CPL-09: a complainant who is not satisfied has the same complaint reopened, and it is answered again under it."""
    case_no, events = BY_KEY["reworked"].case_no(lab.session), lab.complaints.answers("reworked")
    replies = _of(events, "replied")
    strange = [no for no in lab.pilot.cases() if no.startswith(case_no) and no != case_no]
    if strange:
        return wrong(
            "department",
            "重办另立了投诉件",
            "what was reopened is answered under another number",
            expected=case_no,
            got=strange,
            pointer="/data/case/case_no",
            fix=("重办仍用原投诉编号", "answer under the complaint's own number"),
        )
    if len(replies) < 2:  # noqa: PLR2004 - before and after
        _, waiting = said_of(lab, "reworked", "replied", "done again")
        return waiting or waits("等待重办答复", "waiting for the second answer")
    one = course(lab)
    one.sent()
    one.move("signed", by=IT)
    one.move("replied", by=IT, outcome="undetermined", reply="已处理")
    one.move("followed_up", solved=False, satisfaction="1")
    before = one.state
    one.move("reworked", reason="问题依旧")
    after, orders = one.state, [each["data"]["move"] for each in one.letters(lab.complaints.side.orders)]
    one.move("replied", by=IT, outcome="substantiated", reply="已整改")
    lab.keep("STT", "states.json", {"before": before, "after": after, "then": one.state, "orders": orders})
    if (after, one.state) != ("in_progress", "replied") or "reworked" not in orders or len(one.stand.cases()) != 1:
        return wrong(
            "hub",
            "不满意回访未重开原件",
            "a dissatisfied call-back does not reopen the same complaint",
            expected="in_progress, then replied; an order to do it again",
            got={"after": after, "then": one.state, "orders": orders},
        )
    return passed("不满意即重开原件，再次答复", "the same complaint is reopened and answered again")
