"""Fields: what must be there, deadlines that follow from it, case numbers that stay."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from conformance.checks.common import at, awaited, instant, unheard, wrong
from conformance.checks.times import counts_rightly
from conformance.finding import Finding, passed, skipped, waits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.lab import Lab

EVERY: Final = (
    "recorded_at",
    "case/case_no",
    "case/matter_code",
    "case/department_id",
    "case/region_code",
    "case/title",
)
BY_TYPE: Final[Mapping[str, Sequence[str]]] = {
    "case.decided": ("result/code",),
    "special.started": ("special/kind",),
    "case.extended": ("extension/n",),
    "case.corrected": ("correction_of",),
}
SHARE: Final = 0.995
"""Least share of complete events in the shadow window (conformance specification, FLD-01)."""


def required_are_present(lab: Lab) -> Finding:
    """FLD-01: what each type of event must carry is there: always in scripted cases, nearly always elsewhere."""
    waiting = awaited(lab) or unheard(lab)
    if waiting is not None:
        return waiting
    scripted = {each["id"] for events in lab.scripted_events().values() for each in events}
    lacking = [
        (each, field) for each in lab.events() for field in _wanted(each) if at(each["data"], field) in (None, "")
    ]
    incomplete = {each["id"] for each, _ in lacking}
    count = len(lab.events())
    share = 1 - len(incomplete) / count if count else 0.0
    lab.keep("MET", "complete.json", {"events": count, "complete": count - len(incomplete), "share": share})
    worst = next(((each, field) for each, field in lacking if each["id"] in scripted), lacking[0] if lacking else None)
    if worst is not None and (share < SHARE or worst[0]["id"] in scripted):
        return wrong(
            "department",
            f"缺少必填项 {worst[1]}",
            f"{worst[1]} is missing",
            expected="100 % scripted, 99.5 % else",
            got=f"{share:.2%}; {worst[0]['data']['type']} of {worst[0]['data']['case']['case_no']}",
            pointer=f"/data/{worst[1]}",
            fix=("在系统或映射中补上该项", "fill it in the system or its mapping"),
        )
    return passed("必填项齐全", "all that is required is there")


def _wanted(event: Mapping[str, Any]) -> Sequence[str]:
    return (*EVERY, *BY_TYPE.get(event["data"]["type"], ()))


def deadline_is_derivable(lab: Lab) -> Finding:
    """FLD-04: for every scripted case that was accepted, and not paused, the promised deadline is as recomputed."""
    waiting = awaited(lab)
    if waiting is not None:
        return waiting
    checked = {}
    for events in lab.scripted_events().values():
        accepted = [each for each in events if each["data"]["type"] == "case.accepted"]
        if not accepted or any(each["data"]["type"].startswith("special.") for each in events):
            continue
        case_no, code = accepted[-1]["data"]["case"]["case_no"], accepted[-1]["data"]["case"].get("matter_code")
        due = _due(lab, accepted, str(code))
        clocks = {row.kind: row for row in lab.pilot.case(case_no).get("clocks", ())}
        got = clocks["promised"].due_at if "promised" in clocks else None
        checked[case_no] = {"expected": due, "got": got}
        if due is None or got != due:
            reported = {each["data"].get("promised_due_at") for each in accepted}
            lab.keep("STT", "deadlines.json", checked)
            return wrong(
                "department" if counts_rightly(lab.calendar) else "hub",
                "承诺期限推算不出或不符",
                "the promised deadline cannot be derived, or is another",
                expected=due or f"matter {code} in the catalogue",
                got=f"{got}; reported {reported}",
                pointer="/data/case/matter_code" if due is None else "/data/promised_due_at",
                fix=("登记事项，按工作日推算承诺日", "list the matter; count the promise in working days"),
            )
    lab.keep("STT", "deadlines.json", checked)
    if not checked:
        return skipped("没有已受理的脚本办件", "no scripted case was accepted")
    return passed(f"{len(checked)} 件的期限与重算一致", f"{len(checked)} deadlines are as recomputed")


def _due(lab: Lab, accepted: Sequence[Mapping[str, Any]], code: str) -> datetime | None:
    """Return when a case is due by its catalogue: the end of the nth working day after it was accepted."""
    matter = next((m for c in lab.catalogues for m in c["matters"] if m["matter_code"] == code), None)
    if matter is None or matter.get("promised_limit", {}).get("unit") != "working_day":
        return None
    last = max(accepted, key=lambda each: each["data"]["source_version"])
    day = instant(last["data"]["occurred_at"]).astimezone(lab.calendar.zone).date()
    due, _ = lab.calendar.add_workdays(day, matter["promised_limit"]["n"])
    return datetime.combine(due + timedelta(days=1), time(), lab.calendar.zone)


def case_numbers_are_unique(lab: Lab) -> Finding:
    """FLD-05: a number names one case for ever: one title, one receipt, in every event the same."""
    if not lab.events():
        return waits("等待第一批事件", "waiting for the first events")
    by_case: dict[str, set[str]] = defaultdict(set)
    by_number: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    received: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for each in lab.events():
        data, case = each["data"], each["data"]["case"]
        by_case[case["case_id"]].add(case["case_no"])
        by_number[case["department_id"], data["occurred_at"][:4], case["case_no"]].add(case["case_id"])
        if data["type"] == "case.received":
            received[case["case_no"]].add((data["occurred_at"], str(case.get("title"))))
    lab.keep("REC", "numbers.json", {"cases": len(by_case), "numbers": len(by_number)})
    changed = [sorted(numbers) for numbers in by_case.values() if len(numbers) > 1]
    reused = [number for number, contents in received.items() if len(contents) > 1]
    doubled = [key for key, cases in by_number.items() if len(cases) > 1]
    if changed or reused or doubled:
        return wrong(
            "department",
            "办件编号重用或变化",
            "a case number is reused or changes",
            expected="one case a number",
            got=(changed or reused or doubled)[0],
            pointer="/data/case/case_no",
            fix=("编号只增不用", "never give a number twice"),
        )
    return passed(f"{len(by_case)} 个编号唯一", f"{len(by_case)} numbers are unique")
