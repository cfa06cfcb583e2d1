"""What a record becomes: events, their identity, their case, and whose it is."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

import pytest

from hub.errors import Refused
from hub.model import ids

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hub.mapping import CompiledMapping, MappedEvent

CASE = "case:\n  source_case_no: no\n  region_code: \"'321200'\"\n"
ROW = {"no": "7", "at": "2026-01-05 09:00:00"}


def types(events: Sequence[MappedEvent]) -> list[str]:
    return [event.data["type"] for event in events]


def test_an_event_is_what_the_schema_asks_for_but_the_provenance(compiled: Callable[..., CompiledMapping]) -> None:
    (event,) = compiled("version: 3\n").map_record(ROW)
    assert event.event_id == ids.event_id("test.one", "7", "case.received")
    assert event.data == {
        "type": "case.received",
        "connection_id": "test.one",
        "source_event_key": "7",
        "occurrence": "",
        "source_version": 0,
        "mapping_version": 3,
        "on_change": "conflict",
        "occurred_at": "2026-01-05T09:00:00+08:00",
        "original": {"occurred_at": "2026-01-05 09:00:00"},
        "case": {
            "case_id": ids.case_id("test.one", "7"),
            "case_no": "7",
            "source_case_no": "7",
            "family": "application",
            "department_id": "11321200014000028L",
            "region_code": "321200",
            "disclosure": {"class": "intranet"},
        },
    }


def test_a_wide_row_becomes_an_event_for_each_date_it_has(compiled: Callable[..., CompiledMapping]) -> None:
    events = """\
    events:
      - {type: case.received, occurred_at: time(at)}
      - {type: case.accepted, when: accepted, occurred_at: time(accepted)}
      - {type: case.closed, when: present(closed), occurred_at: time(closed)}
    """
    mapped = compiled(events=events)
    assert types(mapped.map_record({**ROW, "accepted": "", "closed": None})) == ["case.received"]
    assert types(mapped.map_record({**ROW, "accepted": "2026-01-06"})) == ["case.received", "case.accepted"]


def test_a_record_that_says_nothing_yields_nothing_whatever_else_it_holds(
    compiled: Callable[..., CompiledMapping],
) -> None:
    events = "events:\n  - {type: case.received, when: status == '1', occurred_at: time(at)}\n"
    mapped = compiled("let:\n  unused_here: time(at)\n", case=CASE + "  title: unused_here\n", events=events)
    assert mapped.map_record({"status": "0", "at": "no time"}) == []
    assert len(mapped.map_record({**ROW, "status": "1"})) == 1


@pytest.mark.parametrize(("field", "path"), [("no", "case/key"), ("at", "case.received/occurred_at")])
def test_a_record_without_a_required_value_is_refused(
    compiled: Callable[..., CompiledMapping], field: str, path: str
) -> None:
    with pytest.raises(Refused) as refused:
        compiled().map_record({**ROW, field: ""})
    assert (refused.value.rejection.code, refused.value.rejection.path) == ("map.missing", path)


def test_the_key_of_a_case_takes_in_all_its_parts(compiled: Callable[..., CompiledMapping]) -> None:
    case = "case:\n  case_no: no\n  numbering: taizhou.permits\n  key: [year(at), no]\n  region_code: \"'321200'\"\n"
    mapped = compiled(case=case)
    (event,) = mapped.map_record(ROW)
    assert event.data["case"]["case_id"] == ids.case_id("taizhou.permits", "2026", "7")
    assert event.data["source_event_key"] == '["2026","7"]'
    assert mapped.declaration.numbering == "taizhou.permits"


NESTED = """\
events:
  - {type: case.received, when: at, occurred_at: time(at)}
  - type: stage.completed
    each: steps/step
    when: done
    occurrence: id
    occurred_at: time(done)
    stage_name: name
    opinion: parent("name") + '/' + case_name + '/' + step_name
"""
NAMES = "read: {names: {case_name: name, step_name: steps/step/name}}\n"


def test_child_records_see_their_own_fields_and_their_parents(compiled: Callable[..., CompiledMapping]) -> None:
    steps = [{"id": 1, "done": "2026-01-06", "name": "审核"}, {"id": 2, "done": "", "name": "批准"}]
    events = compiled(NAMES, events=NESTED).map_record({**ROW, "name": "case", "steps": {"step": steps}})
    assert types(events) == ["case.received", "stage.completed"]
    assert events[1].event_id == ids.event_id("test.one", "7", "stage.completed", "1")
    assert events[1].data["opinion"] == "case/case/审核"


def test_one_child_alone_is_a_list_of_one(compiled: Callable[..., CompiledMapping]) -> None:
    step = {"id": 1, "done": "2026-01-06", "name": "审核"}
    assert len(compiled(NAMES, events=NESTED).map_record({**ROW, "name": "n", "steps": [{"step": step}]})) == 2


def test_records_within_a_record_are_cases_of_their_own(compiled: Callable[..., CompiledMapping]) -> None:
    extra = "each: [body/data, row]\nread: {names: {batch: head/batch, item: [body/data, row, item-id]}}\n"
    case = CASE + "  attributes: {batch: batch, item: item, outer: parent('sender')}\n"
    tree = {"head": {"batch": "B1"}, "sender": "S", "body/data": {"row": [{**ROW, "item-id": "x"}, {**ROW, "no": "8"}]}}
    events = compiled(extra, case=case).map_record(tree)
    assert [event.data["case"]["case_no"] for event in events] == ["7", "8"]
    assert events[0].data["case"]["attributes"] == {"batch": "B1", "item": "x", "outer": "S"}


def test_a_name_for_child_fields_is_worked_out_for_each_child(compiled: Callable[..., CompiledMapping]) -> None:
    extra = "read: {names: {done: steps/done}}\nlet: {finished: time(done)}\n"
    events = "events:\n  - {type: stage.completed, each: steps, occurrence: id, occurred_at: finished}\n"
    found = compiled(extra, events=events).map_record(
        {**ROW, "steps": [{"id": "a", "done": "2026-01-06 10:00:00"}, {"id": "b", "done": "2026-01-07"}]}
    )
    assert [event.data["occurred_at"] for event in found] == ["2026-01-06T10:00:00+08:00", "2026-01-07"]
    assert found[0].data["original"] == {"occurred_at": "2026-01-06 10:00:00"}


def test_a_weak_identity_numbers_its_equals_and_is_declared(compiled: Callable[..., CompiledMapping]) -> None:
    events = "events:\n  - {type: stage.completed, each: s, occurrence: {composite: [n, at]}, occurred_at: at}\n"
    mapped = compiled(events=events)
    step = {"n": "审核", "at": "2026-01-06"}
    found = mapped.map_record({**ROW, "s": [step, step, {**step, "n": "批准"}]})
    assert [event.data["occurrence"] for event in found] == [
        '["审核","2026-01-06"]', '["审核","2026-01-06"]#1', '["批准","2026-01-06"]',
    ]  # fmt: skip
    assert len({event.event_id for event in found}) == 3
    assert mapped.declaration.weak_types == {"stage.completed"}


def test_a_row_that_may_change_carries_its_version(compiled: Callable[..., CompiledMapping]) -> None:
    events = "events:\n  - {type: case.received, occurred_at: at, on_change: revise, version: updated}\n"
    mapped = compiled(events=events)
    first, second = (mapped.map_record({**ROW, "updated": f"2026-01-05 09:00:0{n}"})[0].data for n in (1, 2))
    assert first["on_change"] == "revise"
    assert second["source_version"] - first["source_version"] == 1_000_000


CENTRE = """\
connection: test.centre
kind: rest
department: {from: unit, allow: ["11321200014000028L", "1132120001400001XL"]}
"""
CODED = """\
connection: test.centre
kind: rest
department: {codes: units, of: unit}
codes: {units: {"A": "11321200014000028L", "B": "1132120001400001XL"}}
"""


@pytest.mark.parametrize(
    ("head", "unit", "code"),
    [
        (CENTRE, "1132120001400001XL", None),
        (CENTRE, "014000028", "map.foreign-department"),
        (CENTRE, "", "map.missing"),
        (CODED, "B", None),
        (CODED, "C", "map.unknown-code"),
    ],
)
def test_a_centre_speaks_for_its_departments_alone(
    compiled: Callable[..., CompiledMapping], head: str, unit: str, code: str | None
) -> None:
    mapped = compiled(head=head)
    assert mapped.declaration.departments == {"11321200014000028L", "1132120001400001XL"}
    if code is None:
        (event,) = mapped.map_record({**ROW, "unit": unit})
        assert event.data["case"]["department_id"] == "1132120001400001XL"
        return
    with pytest.raises(Refused) as refused:
        mapped.map_record({**ROW, "unit": unit})
    assert (refused.value.rejection.code, refused.value.rejection.path) == (code, "department")


def test_a_person_leaves_masked_and_tokenised_never_clear(compiled: Callable[..., CompiledMapping]) -> None:
    case = CASE + "  applicant: person(name, id=card, phone=phone)\n  agent: person(name, phone=phone)\n"
    record = {**ROW, "name": "欧阳修", "card": "321202189912310011", "phone": "13812345678"}
    (event,) = compiled(case=case).map_record(record)
    assert set(event.data["case"]["applicant"]) == {"name_masked", "id_token", "id_masked", "phone_masked"}
    assert event.data["case"]["agent"] == {"name_masked": "欧阳*", "phone_masked": "138****5678"}
    assert not [secret for secret in ("欧阳修", "321202189912310011", "13812345678") if secret in repr(event)]


def test_a_token_depends_on_the_key_and_not_on_the_spelling(compiled: Callable[..., CompiledMapping]) -> None:
    mapped = compiled(case=CASE + "  applicant: person(name, id=card)\n")
    tokens = {
        mapped.map_record({**ROW, "card": card})[0].data["case"]["applicant"]["id_token"]
        for card in ("11010519491231002X", " 11010519491231002x", "１1010519491231002X")
    }
    assert len(tokens) == 1


def test_lists_are_mapped_from_child_records(compiled: Callable[..., CompiledMapping]) -> None:
    case = CASE + "  materials: {each: m, name: n, received: got, copies: c}\n"
    found = compiled(case=case).map_record({**ROW, "m": [{"n": "A", "got": "是", "c": "2"}, {"n": "B"}]})
    assert found[0].data["case"]["materials"] == [{"name": "A", "received": True, "copies": 2}, {"name": "B"}]


def test_other_cases_and_events_are_named_by_the_same_rules(compiled: Callable[..., CompiledMapping]) -> None:
    events = """\
    events:
      - type: case.corrected
        occurrence: n
        occurred_at: at
        correction_of: event_id("case.received", no)
    """
    mapped = compiled(case=CASE + "  parent_case_id: case_id(main)\n", events=events)
    (event,) = mapped.map_record({**ROW, "n": 1, "main": "6"})
    assert event.data["correction_of"] == ids.event_id("test.one", "7", "case.received")
    assert event.data["case"]["parent_case_id"] == ids.case_id("test.one", "6")


def test_what_is_declared_is_handed_to_the_connector_as_written(compiled: Callable[..., CompiledMapping]) -> None:
    declared = compiled(
        "connect: {url: '${DB_URL}', every: 30s, cursor: {column: u, settle: 2m}}\nread: {encoding: GBK}\n"
        "allowed_delay: 2h\n"
    ).declaration
    assert declared.connect == {"url": "${DB_URL}", "every": "30s", "cursor": {"column": "u", "settle": "2m"}}
    assert declared.read == {"encoding": "gb18030"}
    assert (declared.user, declared.every_s, declared.allowed_delay_s) == ("test.one", 30.0, 7200)
    assert (declared.numbering, declared.timezone, declared.version) == ("test.one", "Asia/Shanghai", 1)


def test_a_table_of_one_code_still_refuses_the_others(compiled: Callable[..., CompiledMapping]) -> None:
    mapped = compiled('codes: {kind: {"1": "2"}}\n', case=CASE + '  case_type: code("kind", k)\n')
    assert "case_type" not in mapped.map_record(ROW)[0].data["case"]
    assert mapped.map_record({**ROW, "k": "1"})[0].data["case"]["case_type"] == "2"
    with pytest.raises(Refused) as refused:
        mapped.map_record({**ROW, "k": "2"})
    assert refused.value.rejection.path == "case/case_type"


def test_a_token_is_the_hmac_of_the_kind_of_number_and_the_number(compiled: Callable[..., CompiledMapping]) -> None:
    mapped = compiled(case=CASE + "  applicant: person(name, id=card)\n")
    for number, kind in (("321202189912310011", "citizen"), ("11321200014000028L", "organisation"), ("X1", "other")):
        expected = hmac.new(b"the key of tests, no secret", f"{kind}|{number}".encode(), "sha256").hexdigest()
        assert mapped.map_record({**ROW, "card": number})[0].data["case"]["applicant"]["id_token"] == expected


def test_children_of_records_within_a_record_keep_their_names_apart(
    compiled: Callable[..., CompiledMapping],
) -> None:
    extra = """\
    each: rows
    read: {names: {batch: batch, name: rows/name, step: rows/steps/name}}
    """
    events = """\
    events:
      - type: stage.completed
        each: steps
        occurrence: id
        occurred_at: at
        stage_name: batch + name + step + parent("name")
    """
    row = {**ROW, "name": "B", "steps": [{"id": n, "at": "2026-01-06", "name": n} for n in ("C", "D")]}
    found = compiled(extra, events=events).map_record({"batch": "A", "rows": [row]})
    assert [event.data["stage_name"] for event in found] == ["ABCB", "ABDB"]
