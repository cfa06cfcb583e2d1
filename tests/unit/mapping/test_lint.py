"""Every fault of a mapping file is found before it runs, all of them at once, each with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hub import mapping
from hub.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CASE = "case:\n  source_case_no: no\n  region_code: \"'321200'\"\n"
EVENT = "events:\n  - type: case.received\n    occurred_at: time(at)\n"


def test_a_sound_mapping_has_no_fault(linted: Callable[..., Any]) -> None:
    assert linted() == []


@pytest.mark.parametrize(
    ("sections", "code", "line", "hint"),
    [
        ({"case": CASE + "  title: trimm(a)\n"}, "map.unknown-function", 7, "'trim'"),
        ({"case": CASE + "  titel: a\n"}, "map.unknown-target", 7, "'title'"),
        ({"case": CASE + "  case_id: a\n"}, "map.unknown-target", 7, ""),
        ({"case": CASE + "  applicant: {nmae_masked: a}\n"}, "map.unknown-target", 7, "name_masked"),
        ({"case": 'case:\n  region_code: "\'321200\'"\n'}, "map.missing-target", 5, "source_case_no"),
        ({"case": "case:\n  source_case_no: no\n"}, "map.missing-target", 5, "321200"),
        ({"case": CASE + '  case_type: "\'7\'"\n'}, "map.bad-value", 7, ""),
        ({"case": CASE + "  case_type: 2\n"}, "map.bad-value", 7, "\"'2'\""),
        ({"case": CASE + '  power_type: "01"\n'}, "map.bad-expression", 7, "\"'01'\""),
        ({"case": CASE + "  disclosure: {class: public}\n"}, "map.bare-word", 7, "\"'public'\""),
        ({"case": CASE + "  disclosure: {basis: a}\n"}, "map.missing-target", 7, ""),
        ({"case": CASE + "  title: person(a)\n"}, "map.bad-type", 7, ""),
        ({"case": CASE + "  applicant: a\n"}, "map.bad-type", 7, "person(name"),
        ({"case": CASE + "  agent: person(a, id=b)\n"}, "map.bad-type", 7, ""),
        ({"case": CASE + "  title: {a: b}\n"}, "map.bad-shape", 7, ""),
        ({"case": CASE + "  materials: a\n"}, "map.bad-shape", 7, "each"),
        ({"case": CASE + "  title: code('x', a)\n"}, "map.unknown-codes", 7, ""),
        ({"case": CASE + "  title: match('(?=a)', a)\n"}, "map.bad-regex", 7, "look-around"),
        ({"case": CASE + "  title: \"'unclosed\"\n"}, "map.bad-expression", 7, ""),
        ({"case": CASE + "  title: a\n  title: b\n"}, "map.duplicate-key", 8, ""),
        ({"extra": "raed: {}\n"}, "map.unknown-key", 4, "'read'"),
        ({"extra": "read: {zone: a}\n"}, "map.unknown-key", 4, "timezone"),
        ({"extra": "read: {timezone: Asia/Taizhou}\n"}, "map.bad-zone", 4, "Asia/Shanghai"),
        ({"extra": "read: {encoding: gb99}\n"}, "map.bad-encoding", 4, "gb18030"),
        ({"extra": "read: {encoding: base64}\n"}, "map.bad-encoding", 4, ""),
        ({"extra": "read: {names: {a b: c}}\n"}, "map.bad-name", 4, ""),
        ({"extra": "read: {names: {a: c}}\nlet: {a: b}\n"}, "map.bad-name", 4, ""),
        ({"extra": "codes: {way: {1: window}}\n"}, "map.bad-key", 4, "quote it"),
        ({"extra": 'codes: {way: {"1": 2}}\n'}, "map.bad-code", 4, "quote it"),
        ({"extra": "version: 0\n"}, "map.bad-shape", 4, ""),
        ({"extra": "allowed_delay: soon\n"}, "map.bad-shape", 4, ""),
        ({"head": 'connection: Test One\ndepartment: "11321200014000028L"\nkind: files\n'}, "map.bad-shape", 1, ""),
        ({"head": 'connection: one\ndepartment: "11321200014000028M"\nkind: files\n'}, "map.bad-department", 2, ""),
        ({"head": "connection: one\nkind: files\n"}, "map.missing-key", 1, ""),
        ({"head": 'connection: one\ndepartment: "11321200014000028L"\nkind: fax\n'}, "map.bad-shape", 3, ""),
        ({"events": "events:\n  - {type: case.recieved, occurred_at: a}\n"}, "map.unknown-type", 8, "case.received"),
        ({"events": "events:\n  - {type: case.received}\n"}, "map.missing-target", 8, "occurred_at"),
        ({"events": "events:\n  - {type: stage.completed, occurred_at: a}\n"}, "map.no-occurrence", 8, "composite"),
        ({"events": EVENT + "    on_change: revise\n"}, "map.no-version", 10, "version:"),
        ({"events": EVENT + "    occured: a\n"}, "map.unknown-target", 10, "occurred_at"),
        ({"events": EVENT + "    result: {document_no: a}\n"}, "map.missing-target", 10, ""),
        ({"events": EVENT + '    result: {code: "\'yes\'"}\n'}, "map.bad-value", 10, ""),
        ({"events": EVENT + "    recorded_at: integer(a)\n"}, "map.bad-type", 10, ""),
        ({"events": EVENT + "    fee: {item_code: a, amount: person(b)}\n"}, "map.bad-type", 10, ""),
        ({"extra": "let: {a: b, b: a}\n", "case": CASE + "  title: a\n"}, "map.let-cycle", 4, ""),
        ({"extra": "let: {unused: trimm(x)}\n"}, "map.unknown-function", 4, "'trim'"),
        ({"extra": "let: {a: a.b}\n"}, "map.forbidden-syntax", 4, "read.names"),
        ({"extra": "read: {columns: [no, at, apply_name]}\n", "case": CASE + "  title: aply_name\n"},
         "map.unknown-name", 8, "apply_name"),
        ({"extra": "read: {names: {task: events/id}}\n", "case": CASE + "  title: task\n",
          "events": EVENT + "  - {type: stage.completed, each: events, occurrence: task, occurred_at: a}\n"},
         "map.child-name", 8, "each: events"),
    ],
)  # fmt: skip
def test_a_fault_is_found_with_its_line_and_what_to_do(
    linted: Callable[..., Any], sections: dict[str, str], code: str, line: int, hint: str
) -> None:
    found = linted(sections.pop("extra", ""), **sections)
    assert (code, line) in {(fault.code, fault.line) for fault in found}, [str(fault) for fault in found]
    assert any(hint in fault.hint for fault in found if (fault.code, fault.line) == (code, line))


def test_a_code_table_may_not_give_what_the_field_does_not_take(linted: Callable[..., Any]) -> None:
    extra = 'codes:\n  type: {"01": "1", "02": "3", "*": "9"}\n'
    (fault,) = linted(extra, case=CASE + '  case_type: code("type", a)\n')
    assert (fault.code, fault.target_path) == ("map.bad-value", "case/case_type")
    assert "'3'" in fault.problem


def test_all_faults_are_reported_at_once(written: Callable[..., Path]) -> None:
    path = written(
        "raed: {}\nread: {timezone: Nowhere}\n",
        case=CASE + "  title: trimm(a) + no_such(b)\n  case_type: 7\n",
        events="events:\n  - {type: case.lost, occurred_at: a.b}\n  - {type: fee.charged, occurred_at: a}\n",
    )
    with pytest.raises(Misconfigured) as raised:
        mapping.load(path, environment={})
    codes = {fault.code for fault in raised.value.faults}
    assert codes == {
        "map.unknown-key", "map.bad-zone", "map.unknown-function", "map.bad-value", "map.unknown-type",
        "map.forbidden-syntax", "map.no-occurrence",
    }  # fmt: skip
    assert len([fault for fault in raised.value.faults if fault.code == "map.unknown-function"]) == 2
    assert all(fault.file == str(path) and fault.line and fault.column for fault in raised.value.faults)


def test_a_fault_names_its_column_source_and_target(linted: Callable[..., Any]) -> None:
    (fault,) = linted(case=CASE + "  title: 'a + trimm(b)'\n")
    assert (fault.line, fault.column) == (7, len("  title: 'a + ") + 1)
    assert (fault.source_path, fault.target_path) == ("a + trimm(b)", "case/title")


def test_persons_are_not_mapped_without_a_key(written: Callable[..., Path]) -> None:
    path = written(case=CASE + "  applicant: person(a, id=b)\n")
    assert mapping.lint(path) == []
    with pytest.raises(Misconfigured, match=mapping.TOKEN_KEY):
        mapping.load(path, environment={mapping.TOKEN_KEY: ""})
