"""Codes: only those of the lists, every local code looked up, references that live."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from conformance.checks.common import at, awaited, instant, unheard, wrong
from conformance.finding import Finding, passed, skipped
from hub.errors import Refused
from hub.model.shapes import shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.lab import Lab

UNSEEN: Final = "§未见§"
UNKNOWN: Final = "map.unknown-code"


def only_current_codes(lab: Lab) -> Finding:
    """CDL-01: nothing was refused for a code that is in no list, and every canonical value is of its list."""
    waiting = awaited(lab)
    if waiting is not None:
        return waiting
    unknown = [row for row in lab.refused() if row["code"] == UNKNOWN]
    lab.keep("MET", "codes.json", {"events": len(lab.events()), "unknown": len(unknown)})
    if unknown:
        row = unknown[0]
        return wrong(
            "department",
            "使用了未申报的代码",
            "a code was sent that is in no list",
            expected="declared codes",
            got=row["problem"],
            pointer=f"{row['place']} {row['path']}",
            fix=("改用申报的代码，或申报新代码", "use a declared code, or declare the new one"),
        )
    nothing = unheard(lab)
    if nothing is not None:
        return nothing
    odd = [p for each in lab.events() for p in shape("case-event.v1").problems(each) if p.rule == "enum"]
    if odd:
        return wrong(
            "hub", "规范值不在代码表内", "a canonical value is in no list", expected="of its list", got=odd[0].path
        )
    return passed("全部代码现行有效", "every code is of its list")


def crosswalk_is_total(lab: Lab) -> Finding:
    """CDL-02: an unseen code in any column that is declared to hold codes is refused; there is no silent default."""
    tried = {}
    for column in lab.declared.document.get("coded", ()):
        record = next((each for each in lab.given() if at(each.tree, column)), None)
        if record is None:
            continue
        try:
            lab.mapping.map_record(_with(record.tree, column, UNSEEN))
            tried[column] = "accepted"
        except Refused as refused:
            tried[column] = refused.rejection.code
    lab.keep("CFG", "columns.json", tried)
    silent = [column for column, code in tried.items() if code != UNKNOWN]
    if silent:
        return wrong(
            "connector",
            "未见过的代码未被隔离",
            "an unseen code is not refused",
            expected=UNKNOWN,
            got=f"{silent[0]}: {tried[silent[0]]}",
            pointer=silent[0],
            fix=("不用缺省值掩盖未知代码", "let code() stand without a default"),
        )
    if not tried:
        return skipped("没有带代码的记录", "no record holds a code")
    return passed("未见过的代码一律隔离", "an unseen code is always refused")


def _with(tree: Mapping[str, Any], column: str, value: str) -> dict[str, Any]:
    """Return a record's tree with another value in a column, which may lie within another (`result/code`)."""
    first, _, rest = column.partition("/")
    return {**tree, first: _with(tree[first], rest, value) if rest and column not in tree else value}


def references_are_live(lab: Lab) -> Finding:
    """CDL-04: department and matter of every event are in the catalogue, and were valid on its day."""
    waiting = awaited(lab) or unheard(lab)
    if waiting is not None:
        return waiting
    matters = {m["matter_code"]: m for c in lab.catalogues for m in c["matters"]}
    departments = {c["department"]["department_id"] for c in lab.catalogues}
    for each in lab.events():
        case, day = each["data"]["case"], instant(each["time"]).astimezone(lab.calendar.zone).date()
        matter = matters.get(str(case.get("matter_code")))
        is_valid = matter is not None and date.fromisoformat(matter["valid_from"]) <= day
        if case["department_id"] not in departments or not is_valid:
            return wrong(
                "department",
                "引用的部门或事项未登记",
                "a department or matter is not in the catalogue",
                expected="listed and valid",
                got=f"{case['department_id']} {case.get('matter_code')}",
                pointer="/data/case/matter_code",
                fix=("先登记事项再受理", "list the matter first"),
            )
    lab.keep("MET", "references.json", {"events": len(lab.events()), "matters": len(matters)})
    return passed("引用全部有效", "every reference is live")
