"""Schema: what is sound is taken, what is wrong in one place is refused there, versions are told apart."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import orjson

from conformance.checks.common import awaited, wrong
from conformance.finding import Finding, passed, skipped
from hub.errors import Refused
from hub.model.shapes import shape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.lab import Lab
    from conformance.stand import Stand


def golden_pack_is_valid(lab: Lab) -> Finding:
    """SCH-01: every scripted case came as valid events of the schema in force, with every act that was keyed in."""
    waiting = awaited(lab)
    if waiting is not None:
        return waiting
    refused = lab.refused()
    if refused:
        row = refused[0]
        lab.keep("QUA", "refused.json", {name: row[name] for name in ("code", "path", "problem", "hint", "place")})
        return wrong(
            "department",
            "脚本办件的记录被拒收",
            "a record of the scripted cases was refused",
            expected="0 refused",
            got=f"{len(refused)}: {row['code']}: {row['problem']}",
            pointer=f"{row['place']} {row['path']}",
            fix=("按提示改正记录", row["hint"]),
        )
    for number, events in lab.scripted_events().items():
        wanted = {(act.type, act.occurrence) for act in lab.script[number].acts}
        came = {(each["data"]["type"], each["data"]["occurrence"]) for each in events}
        lacking = sorted(kind for kind, occurrence in wanted if kind not in {name for name, _ in came})
        if lacking:
            return wrong(
                "department",
                f"脚本办件 {number} 缺少环节",
                f"scripted case {number} lacks acts",
                expected="、".join(sorted(kind for kind, _ in wanted)),
                got=f"no {', '.join(lacking)}",
                pointer=lab.script[number].case_no(lab.session),
                fix=(
                    "补录所缺环节，并检查映射是否报送这些事件类型",
                    "key in the acts that are lacking, and see that the mapping reports these event types",
                ),
            )
    invalid = [each for each in lab.events() if not shape("case-event.v1").holds(each)]
    lab.keep("CAN", "events.json", list(lab.events())[:20])
    if invalid:
        return wrong(
            "hub", "规范事件不合模式", "a canonical event is not of the schema", expected="valid", got=invalid[0]["id"]
        )
    return passed(f"{len(lab.script)} 个脚本办件全部有效", f"all {len(lab.script)} scripted cases are valid")


def _without(*path: str) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        for name in path[:-1]:
            document = document[name]
        del document[path[-1]]

    return change


def _with(value: object, *path: str) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        for name in path[:-1]:
            document = document[name]
        document[path[-1]] = value

    return change


SINGLE_FAULTS: Final[Sequence[tuple[str, Callable[[dict[str, Any]], None], str, str]]] = (
    ("no time of occurrence", _without("data", "occurred_at"), "/data", "validate.required"),
    ("no department", _without("data", "case", "department_id"), "/data/case", "validate.required"),
    ("no provenance", _without("data", "provenance"), "/data", "validate.required"),
    ("a type nobody knows", _with("case.imagined", "data", "type"), "/data/type", "validate.enum"),
    ("a time without offset", _with("2026-03-02T09:00:00", "data", "occurred_at"), "/data/occurred_at", "validate."),
    ("a number for a title", _with(7, "data", "case", "title"), "/data/case/title", "validate.type"),
    ("a power type nobody knows", _with("99x", "data", "case", "power_type"), "/data/case/power_type", "validate.enum"),
    (
        "a disclosure nobody knows",
        _with("sometimes", "data", "case", "disclosure", "class"),
        "/data/case/disclosure/class",
        "validate.enum",
    ),
    ("a field nobody knows", _with("x", "data", "case", "colour"), "/data/case", "validate."),
    ("a family nobody knows", _with("hobby", "data", "case", "family"), "/data/case/family", "validate.enum"),
)
"""Faults of one kind each: what is done to a sound event, where it must be refused, and by which rule."""


def _refused(
    lab: Lab, stand: Stand, changes: Sequence[tuple[str, Callable[[dict[str, Any]], None]]]
) -> Mapping[str, Any]:
    """Send a sound event and one for each change; return by name why each was refused, None where it was not."""
    telling, now = lab.telling(stand), stand.hub.clock.now()
    messages = [telling.event("case.received", now, "sound")]
    names = {}
    for number, (name, change) in enumerate(changes):
        document = copy.deepcopy(telling.document("case.received", now, f"faulty-{number}", case={"title": "x"}))
        names[f"{telling.read_id}:0:{telling.events}"] = name
        key_of = copy.deepcopy(document)
        change(document)
        messages.append(telling.message(key_of, body=orjson.dumps(document)))
    stand.tell(*messages, telling.report())
    rows = {f"{row['read_id']}:0:{row['ordinal']}": row for row in lab_quarantine(stand)}
    return {name: rows.get(key) for key, name in names.items()}


def lab_quarantine(stand: Stand) -> Sequence[dict[str, Any]]:
    """Return everything that was refused at a stand, whoever it is charged to."""
    found: Sequence[dict[str, Any]] = stand.hub.queries.quarantine(limit=1000)
    return found


def negative_pack_is_refused(lab: Lab) -> Finding:
    """SCH-02: each event with a single fault is refused where the fault is, by the rule that it breaks."""
    stand = lab.stand()
    found = _refused(lab, stand, [(name, change) for name, change, _, _ in SINGLE_FAULTS])
    lab.keep("QUA", "refusals.json", {name: row and [row["path"], row["code"]] for name, row in found.items()})
    for name, _, path, code in SINGLE_FAULTS:
        row = found[name]
        if row is None or not row["path"].startswith(path) or not row["code"].startswith(code):
            got = f"{row['path']} {row['code']}" if row else "accepted"
            return wrong(
                "hub",
                f"反例（{name}）未按应有理由拒收",
                f"{name}: not refused for the right reason",
                expected=f"{path} {code}",
                got=got,
                pointer=path,
            )
    if set(stand.cases()) != {"sound"}:
        return wrong(
            "hub",
            "邻近的正确事件受到影响",
            "the sound neighbour was affected",
            expected="1 case",
            got=sorted(stand.cases()),
        )
    return passed(f"{len(found)} 个反例各按其处、其规则拒收", f"{len(found)} single faults are refused at their place")


def new_columns_do_no_harm(lab: Lab) -> Finding:
    """SCH-03: a record with columns nobody knew comes to the same events."""
    events = 0
    for record in lab.given()[:10]:
        more = replace(record, tree={**record.tree, "新增列": "x", "new_column": "1"})
        try:
            before = [each.plain() for each in lab.mapping.map_record(record.tree)]
        except Refused:
            continue
        events += len(before)
        try:
            after = [each.plain() for each in lab.mapping.map_record(more.tree)]
        except Refused as refused:
            return wrong(
                "connector",
                "新增列使记录被拒",
                "a new column makes a record refused",
                expected="the same events",
                got=refused.rejection.problem,
                pointer=record.place,
            )
        if before != after:
            return wrong(
                "connector", "新增列改变了事件", "a new column changes events", expected=before[:1], got=after[:1]
            )
    lab.keep("CAN", "columns.json", {"records": len(lab.given()[:10]), "added": ["新增列", "new_column"]})
    if not events:
        return skipped("没有能映射成事件的记录", "no record comes to an event")
    return passed("新增列不妨碍", "new columns do no harm")


SCHEMA: Final = "urn:sunlight:schema:case-event:1"


def versions_are_told_apart(lab: Lab) -> Finding:
    """SCH-04: the version in force is taken, others are refused; there is no earlier one yet. Events name theirs."""
    unnamed = [each["id"] for each in lab.events() if each.get("dataschema") != SCHEMA]
    if unnamed:
        return wrong("hub", "事件未写明模式", "an event does not name its schema", expected=SCHEMA, got=unnamed[0])
    others = ["urn:sunlight:schema:case-event:0", "urn:sunlight:schema:case-event:2", "urn:somebody:else:1"]
    found = _refused(lab, lab.stand(), [(name, _with(name, "dataschema")) for name in others])
    lab.keep("QUA", "versions.json", {name: row and row["code"] for name, row in found.items()})
    for name, row in found.items():
        if row is None or row["path"] != "/dataschema":
            return wrong(
                "hub",
                f"模式 {name} 未被拒收",
                f"{name} was not refused",
                expected="refused at /dataschema",
                got=row["path"] if row else "accepted",
                pointer="/dataschema",
            )
    return passed("只受理现行模式", "the version in force alone is taken")


FORMATS: Final = (
    ("a day that does not exist", _with("2026-02-30T09:00:00+08:00", "data", "occurred_at"), "/data/occurred_at"),
    (
        "a credit code with a wrong check digit",
        _with("11321200014000029L", "data", "case", "department_id"),
        "/data/case/department_id",
    ),
    ("a region of letters", _with("32120X", "data", "case", "region_code"), "/data/case/region_code"),
)


def formats_are_asserted(lab: Lab) -> Finding:
    """SCH-05: formats are really checked: days, check digits, divisions."""
    found = _refused(lab, lab.stand(), [(name, change) for name, change, _ in FORMATS])
    lab.keep("QUA", "formats.json", {name: row and [row["path"], row["code"]] for name, row in found.items()})
    for name, _, path in FORMATS:
        row = found[name]
        if row is None or row["path"] != path or row["stage"] != "validate":
            return wrong(
                "hub",
                f"格式未检查（{name}）",
                f"{name} was not refused as such",
                expected=path,
                got=f"{row['path']} {row['code']}" if row else "accepted",
                pointer=path,
            )
    return passed("格式逐项检查", "formats are really checked")
