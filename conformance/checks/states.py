"""States: the life cycle as it was, illegal moves that are kept and marked, suspension that stops the clock."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from conformance.checks.common import awaited, instant, unheard, wrong
from conformance.finding import Finding, passed, skipped
from hub.supervision.caselog import decode, in_force
from hub.supervision.fold import fold, step
from hub.supervision.lifecycle import FAMILIES, POSITION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.lab import Lab
    from conformance.stand import Stand
    from conformance.telling import Telling
    from hub.model.values import Message

PAIRED: Final = (
    "case.received",
    "case.supplement_requested",
    "case.supplement_received",
    "case.accepted",
    "case.not_accepted",
    "special.started",
    "special.ended",
    "stage.completed",
    "case.decided",
    "case.withdrawn",
    "case.closed",
    "case.delivered",
    "case.reopened",
)
"""The event types that move an application, each tried after each."""


def life_cycle_is_reproduced(lab: Lab) -> Finding:
    """STM-01: each scripted case went through the states it was keyed through, at the times it happened."""
    waiting = awaited(lab) or unheard(lab)
    if waiting is not None:
        return waiting
    times: dict[tuple[str, str, str], list[str]] = {}
    for each in (each for events in lab.scripted_events().values() for each in events):
        data = each["data"]
        times.setdefault((data["case"]["case_no"], data["type"], data["occurrence"]), []).append(data["occurred_at"])
    truth: dict[tuple[str, str, str], datetime | None] = {
        asked: lab.department.occurred_at(*asked) if lab.department else None for asked in times
    }
    off = [
        (asked, told[-1], truth[asked])
        for asked, told in times.items()
        if truth[asked] is not None and truth[asked] not in {instant(text) for text in told}
    ]
    compared = sum(moment is not None for moment in truth.values())
    states = {no: row["state"] for no, row in lab.cases().items()}
    lab.keep("STT", "states.json", states)
    if off:
        (case_no, kind, _), got, moment = off[0]
        return wrong(
            "department",
            "事件时间与实际不符",
            "an event's time is not when it happened",
            expected=moment,
            got=f"{got} ({len(off)} of {compared})",
            pointer=f"{case_no} {kind} /data/occurred_at",
            fix=("业务时间与录入时间分开填", "keep the time of the act apart from that of its entry"),
        )
    whole = lab.script[1].case_no(lab.session)
    if not times:
        return skipped("没有脚本办件到达", "no scripted case has come")
    if whole in states and states[whole] != "delivered":
        return wrong(
            "department",
            "完整办件未走到送达",
            "the whole case did not reach delivery",
            expected="delivered",
            got=states[whole],
            pointer=whole,
            fix=("按脚本办到送达，并映射 case.delivered", "key the case in to its delivery, and map case.delivered"),
        )
    return passed(f"{compared} 个环节时间无误", f"{compared} acts at the right times") if compared else _ordered(lab)


def _ordered(lab: Lab) -> Finding:
    """Compare the order alone, where nobody but the department knows the times."""
    for number, events in lab.scripted_events().items():
        first = [act.type for act in lab.script[number].acts if act.type != "case.corrected"]
        came = [each["data"]["type"] for each in events if each["data"]["type"] != "case.corrected"]
        if list(dict.fromkeys(came)) != list(dict.fromkeys(first)):
            return wrong(
                "department",
                "环节次序与脚本不同",
                "acts stand in another order than scripted",
                expected=first,
                got=came,
                pointer=lab.script[number].case_no(lab.session),
                fix=(
                    "按脚本次序录入，业务时间取实际发生时间",
                    "key the acts in as scripted, and map the time at which each happened",
                ),
            )
    return passed("环节次序与脚本一致", "acts stand in the scripted order")


def _after(stand: Stand, telling: Telling, first: str, second: str) -> Sequence[Message]:
    """Return a case's events up to one type, by the shortest lawful way, and then another."""
    moment = stand.hub.clock.now() - timedelta(days=1)
    case_no, messages = f"{first}>{second}", []
    for place, kind in enumerate((*_way_to(first), second)):
        fields: dict[str, Any] = {"occurrence": str(place)}
        if kind.startswith("special."):
            fields["special"] = {"kind": "expert_review"}
        messages.append(telling.event(kind, moment + timedelta(minutes=place), case_no, **fields))
    return messages


def _way_to(kind: str) -> Sequence[str]:
    """Return the shortest lawful sequence of paired types that ends with one."""
    ways: list[tuple[str, tuple[str, ...]]] = [("", ())]
    while ways:
        state, way = ways.pop(0)
        for each in PAIRED:
            after, reason = step(state, each)
            if not reason and len(way) < len(PAIRED):
                if each == kind:
                    return (*way, each)
                ways.append((after, (*way, each)))
    raise LookupError(kind)


def illegal_moves_are_marked(lab: Lab) -> Finding:
    """STM-02: every pair of types: the illegal are kept, marked and alerted, the lawful are not."""
    stand = lab.stand()
    telling = lab.telling(stand)
    pairs = [(first, second) for first in PAIRED for second in PAIRED]
    messages = [message for pair in pairs for message in _after(stand, telling, *pair)]
    stand.tell(*messages, telling.report(stand.hub.clock.now()))
    alerted = {case_no for case_no, rule in stand.alerts() if rule == "R21"}
    cases, kept = stand.cases(), len(stand.entries("event"))
    illegal = {f"{a}>{b}" for a, b in pairs if step(_state_after(_way_to(a)), b)[1]}
    back = {f"{a}>{b}" for a, b in pairs if f"{a}>{b}" in illegal and _leads_back(a, b)}
    unmarked = sorted(name for name in illegal if not _marks(stand, name))
    lab.keep("STT", "pairs.json", {"pairs": len(pairs), "illegal": len(illegal), "back": len(back), "kept": kept})
    if kept != len(messages) or stand.quarantine():
        return wrong(
            "hub",
            "非法流转被拒收或丢失",
            "illegal moves were refused or lost",
            expected=f"{len(messages)} kept",
            got=kept,
        )
    if unmarked:
        return wrong(
            "hub", "非法流转未标记", "illegal moves are not marked", expected=f"{len(illegal)} marked", got=unmarked[:3]
        )
    if alerted != back:
        return wrong(
            "hub",
            "逆序未告警，或误告警",
            "steps back raise no R21, or others do",
            expected=f"{len(back)} alerts",
            got=f"missing {sorted(back - alerted)[:3]}, too many {sorted(alerted - back)[:3]}",
        )
    unlawful = [no for no, row in cases.items() if row["state"] not in POSITION]
    if unlawful:
        return wrong(
            "hub", "折叠状态不合法", "a folded state is unlawful", expected="a state of the table", got=unlawful[0]
        )
    return passed(f"{len(illegal)} 种非法流转全部留存、标记", f"all {len(illegal)} illegal moves are kept and marked")


def _leads_back(first: str, second: str) -> bool:
    """Tell whether a type, after another, would lead back along a case's life."""
    state, target = _state_after(_way_to(first)), FAMILIES["application"][second].target
    return target is not None and target != state and POSITION[target] <= POSITION[state]


def _marks(stand: Stand, case_no: str) -> bool:
    """Tell whether the case as it is kept says that a move of it is unlawful."""
    case = fold(in_force(decode(stand.case(case_no)["log"])), zone=stand.hub.settings.zone)
    return bool(case.anomalies)


def _state_after(way: Sequence[str]) -> str:
    state = ""
    for kind in way:
        state, _ = step(state, kind)
    return state


def closed_is_closed(lab: Lab) -> Finding:
    """STM-05: after closing only a correction or a reopening changes the state; the rest is kept, marked, alerted."""
    stand = lab.stand()
    telling, now = lab.telling(stand), stand.hub.clock.now()
    late = [
        kind for kind in FAMILIES["application"] if kind in PAIRED and kind not in {"case.reopened", "case.delivered"}
    ]
    messages = []
    for kind in (*late, "case.reopened"):
        case_no = f"closed>{kind}"
        own = [
            telling.event(each, now - timedelta(days=2, minutes=-place), case_no)
            for place, each in enumerate(_way_to("case.closed"))
        ]
        fields: dict[str, Any] = {"special": {"kind": "expert_review"}} if kind.startswith("special.") else {}
        messages += [*own, telling.event(kind, now - timedelta(hours=1), case_no, occurrence="late", **fields)]
    stand.tell(*messages, telling.report(now))
    states = {no: row["state"] for no, row in stand.cases().items() if no.startswith("closed>")}
    marked = {case_no for case_no, rule in stand.alerts() if rule == "R21"}
    lab.keep("STT", "closed.json", states)
    for kind in late:
        name = f"closed>{kind}"
        if states[name] == "closed" and (name in marked or not _leads_back("case.closed", kind)):
            continue
        return wrong(
            "hub",
            f"办结后的 {kind} 未标记或改变了状态",
            f"{kind} after closing is unmarked or changed the state",
            expected="closed, R21",
            got=f"{states[name]}, {'R21' if name in marked else 'no R21'}",
        )
    if states["closed>case.reopened"] != "in_progress":
        return wrong(
            "hub", "重开未生效", "reopening had no effect", expected="in_progress", got=states["closed>case.reopened"]
        )
    return passed("办结后只有重开改变状态", "after closing only reopening changes the state")


def suspension_stops_the_clock(lab: Lab) -> Finding:
    """STM-03: paused working days do not count, however often; a supplement request stops the acceptance clock."""
    waiting = awaited(lab)
    if waiting is not None:
        return waiting
    scripted = lab.script.get(4)
    events = lab.scripted_events().get(4, ())
    if scripted is None or not events:
        return skipped("含特别程序的脚本办件没有到达", "the scripted case with a special procedure did not come")
    case = lab.pilot.case(scripted.case_no(lab.session))
    clocks = {row.kind: row for row in case["clocks"]}
    ended = any(each["data"]["type"] == "special.ended" for each in events)
    lab.keep("STT", "clocks.json", {kind: [row.state, row.due_at, row.derivation] for kind, row in clocks.items()})
    if not ended:
        return wrong(
            "department",
            "特别程序开始后没有结束",
            "a special procedure began and never ended",
            expected="special.ended",
            got=sorted({each["data"]["type"] for each in events}),
            fix=("特别程序结束时报送 special.ended", "report when a special procedure ends"),
            pointer=scripted.case_no(lab.session),
        )
    due, expected = clocks["promised"].due_at, _resumed_due(lab, events)
    if due != expected and (promised := _own_promise(lab, events)):
        return wrong(
            "department",
            "报送的承诺期限与目录不符，暂停无从核对",
            "the reported promise is not the catalogue's: the pause cannot be told from it",
            expected=expected,
            got=promised,
            pointer="/data/promised_due_at",
            fix=("按工作日推算承诺日", "count the promise in working days"),
        )
    if due != expected:
        return wrong(
            "hub", "暂停期未从办理时限扣除", "the pause was not taken out of the limit", expected=expected, got=due
        )
    return _paused_twice(lab)


def _own_promise(lab: Lab, events: Sequence[dict[str, Any]]) -> str:
    """Return the promised deadline that the department reports of a case, where it is not the catalogue's."""
    (accepted, *_) = [each["data"] for each in events if each["data"]["type"] == "case.accepted"]
    _, matter = lab.matter_of(events[0])
    begun = instant(accepted["occurred_at"]).astimezone(lab.calendar.zone).date()
    derived = lab.calendar.add_workdays(begun, matter["promised_limit"]["n"])[0]
    said = str(accepted.get("promised_due_at", ""))
    return "" if said.startswith(derived.isoformat()) else said


def _resumed_due(lab: Lab, events: Sequence[dict[str, Any]]) -> datetime:
    """Return when a case is due whose clock stood still between two events (both days in working days)."""
    days = {
        each["data"]["type"]: instant(each["data"]["occurred_at"]).astimezone(lab.calendar.zone).date()
        for each in events
    }
    _, matter = lab.matter_of(events[0])
    paused = lab.calendar.workdays_between(days["special.started"], days["special.ended"])
    due, _ = lab.calendar.add_workdays(days["case.accepted"], matter["promised_limit"]["n"] + paused)
    return datetime.combine(due + timedelta(days=1), time(), lab.calendar.zone)


def _paused_twice(lab: Lab) -> Finding:
    """Let a case be paused twice on a stand, and another once: the first is due later by the second pause."""
    stand = lab.stand()
    telling, start = lab.telling(stand), stand.hub.clock.now()
    plans = {"none": (), "once": ((1, 3),), "twice": ((1, 3), (4, 6))}
    messages = []
    for name, pauses in plans.items():
        messages += [telling.event("case.received", start, name), telling.event("case.accepted", start, name)]
        for place, (begin, end) in enumerate(pauses):
            for kind, day in (("special.started", begin), ("special.ended", end)):
                at = datetime.combine(lab.calendar.add_workdays(start.date(), day)[0], time(10), lab.calendar.zone)
                messages.append(telling.event(kind, at, name, occurrence=str(place), special={"kind": "expert_review"}))
    stand.tell(*messages, telling.report())
    dues = {}
    for name in plans:
        clocks = {row.kind: row for row in stand.case(name)["clocks"]}
        dues[name] = clocks["promised"].due_at.astimezone(lab.calendar.zone).date()
    lab.keep("STT", "paused.json", dues)
    once = lab.calendar.workdays_between(dues["none"], dues["once"])
    twice = lab.calendar.workdays_between(dues["none"], dues["twice"])
    if not 0 < once < twice:
        return wrong(
            "hub", "多次暂停未逐次扣除", "pauses are not each taken out", expected="each later than the last", got=dues
        )
    return passed("暂停期全部扣除，可重复", "pauses are taken out, however often")
