"""Each rule of the typed check finds what it is about at its place, and is silent where nothing is wrong."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import pytest

from hub import mapping
from hub.errors import Misconfigured
from hub.mapping.linting.contracts import UnreadableContract, read_contract
from hub.mapping.linting.rules import RULES
from hub.resources import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CASE = "case:\n  source_case_no: no\n  region_code: \"'321200'\"\n"
EVENT = "events:\n  - type: case.received\n    occurred_at: time(at)\n"
DDL = """\
-- the table of the front-end database
CREATE TABLE inf_apply (
  no VARCHAR(20) NOT NULL, at TIMESTAMP, a NUMBER(10,2), b DATE, yes BOOLEAN,
  PRIMARY KEY (no)
);
"""
XSD = """\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:simpleType name="way"><xs:restriction base="xs:string">
    <xs:enumeration value="1"/><xs:enumeration value="2"/>
  </xs:restriction></xs:simpleType>
  <xs:complexType name="step"><xs:sequence><xs:element name="a" type="way"/></xs:sequence></xs:complexType>
  <xs:element name="row"><xs:complexType><xs:sequence>
    <xs:element name="no" type="xs:string"/><xs:element name="at" type="xs:dateTime"/>
    <xs:element name="a" type="way"/><xs:element name="steps" type="step" maxOccurs="unbounded"/>
  </xs:sequence><xs:attribute name="id" type="xs:int"/></xs:complexType></xs:element>
</xs:schema>
"""


@pytest.mark.parametrize(
    ("sections", "rule", "line"),
    [
        ({"events": EVENT + "    when: None\n"}, "unreachable-event", 10),
        ({"events": EVENT + '    when: a == "1" and a == "2"\n'}, "unreachable-event", 10),
        ({"events": EVENT + '    when: a in ["1"] and a in ["2", "3"]\n'}, "unreachable-event", 10),
        ({"events": EVENT + "    when: a is None and a == 1\n"}, "unreachable-event", 10),
        ({"events": EVENT + "    when: 1 > 2 or a != a\n"}, "unreachable-event", 10),
        ({"events": EVENT + "    when: x\n", "extra": "let: {x: not True}\n"}, "unreachable-event", 11),
        ({"events": EVENT + "  - {type: case.received, occurred_at: a}\n"}, "duplicate-event", 10),
        ({"events": EVENT + "  - {type: case.received, when: a, occurred_at: a}\n"}, "duplicate-event", 10),
        ({"events": "events:\n  - type: case.received\n    occurred_at: \"'2026-01-05'\"\n"}, "constant-source", 9),
        ({"case": "case:\n  source_case_no: no\n  key: [\"'a'\", \"'b'\"]\n  region_code: a\n"}, "constant-source", 6),
        ({"case": CASE + "  title: upper(person(a))\n"}, "wrong-type", 7),
        ({"case": CASE + "  title: text(number(time(a)))\n"}, "wrong-type", 7),
        ({"events": "events:\n  - type: case.received\n    occurred_at: time(money(a))\n"}, "wrong-type", 9),
        ({"events": "events:\n  - type: case.received\n    occurred_at: time('5 May')\n"}, "wrong-type", 9),
        ({"events": "events:\n  - type: case.received\n    occurred_at: time(a, '%d.%m.')\n"}, "incomplete-format", 9),
        ({"events": "events:\n  - type: case.received\n    occurred_at: time(a, '%Y-%m-%d %I:%M')\n"},
         "incomplete-format", 9),
        ({"events": "events:\n  - type: case.received\n    occurred_at: date(at)\n"}, "lossy-time", 9),
        ({"events": "events:\n  - type: case.received\n    occurred_at: time(left(at, 10))\n"}, "lossy-time", 9),
        ({"case": CASE + '  key: ["left(a, 3)", b]\n'}, "lossy-text", 7),
        ({"case": CASE + "  title: number(a)\n"}, "lossy-number", 7),
        ({"case": CASE + "  title: text(integer(number(a)))\n"}, "lossy-number", 7),
        ({"case": CASE + "  title: default(a, 'none')\n"}, "hidden-unknown", 7),
        ({"events": EVENT + "    when: time(a) < 5\n"}, "unlike-types", 10),
        ({"events": EVENT + "    when: present(a) == 'yes'\n"}, "unlike-types", 10),
        ({"extra": "let: {x: a}\n"}, "unused", 4),
        ({"extra": "read: {names: {x: a/b}}\n"}, "unused", 4),
        ({"extra": 'codes: {x: {"1": a}}\n'}, "unused", 4),
        ({"extra": "contract: nowhere.sql\n"}, "bad-contract", 4),
    ],
)  # fmt: skip
def test_a_rule_finds_its_fault_at_its_line(
    written: Callable[..., Path], sections: dict[str, str], rule: str, line: int
) -> None:
    found = mapping.lint_all(written(sections.pop("extra", ""), **sections))
    assert (f"map.{rule}", line) in {(fault.code, fault.line) for fault in found}, [str(fault) for fault in found]
    assert {fault.severity for fault in found if fault.code == f"map.{rule}"} == {RULES[rule].severity}


@pytest.mark.parametrize(
    "sections",
    [
        {"events": EVENT + '    when: a == "1" or a == "2"\n  - {type: case.received, when: b, occurred_at: b}\n'},
        {"events": EVENT + '    when: a != "1" and a != "2"\n'},
        {"events": EVENT + "    when: not a and b\n"},
        {"events": "events:\n  - type: case.received\n    occurred_at: time(a, '%Y%m%d%H%M', '%c')\n"},
        {"case": CASE + "  key: [\"'2026'\", no]\n  title: left(a, 3)\n"},
        {"events": EVENT + "    when: number(a) > 5 and time(b) < time(at)\n"},
        {"case": CASE + "  title: x\n", "extra": "let: {x: y, y: \"code('z', a)\"}\ncodes: {z: {'1': a}}\n"},
    ],
)
def test_what_is_meant_is_not_complained_of(written: Callable[..., Path], sections: dict[str, str]) -> None:
    assert mapping.lint_all(written(sections.pop("extra", ""), **sections)) == []


def held(written: Callable[..., Path], contract: tuple[str, str], **sections: str) -> set[tuple[str, int, str]]:
    path = written(sections.pop("extra", ""), **sections)
    file = path.with_name(contract[0])
    file.write_text(contract[1], encoding="utf-8")
    return {(fault.code.removeprefix("map."), fault.line, fault.source_path) for fault in mapping.lint_all(path, file)}


def test_a_table_names_the_columns_and_their_types(written: Callable[..., Path]) -> None:
    contract = ("table.sql", DDL)
    assert held(written, contract) == set()
    assert held(written, contract, case=CASE + "  title: aa\n") == {("unknown-path", 7, "aa")}
    assert held(written, contract, case=CASE + "  title: text(number(b))\n") == {("wrong-type", 7, "text(number(b))")}
    late = "events:\n  - {type: case.received, occurred_at: yes}\n"
    assert held(written, contract, events=late) == {("wrong-type", 8, "yes")}


@pytest.mark.parametrize(
    "contract",
    [
        ("table.json", '{"columns": [{"name": "no"}, {"name": "at"}, {"name": "a", "values": ["1", "2"]}]}'),
        ("schema.json", '{"properties": {"no": {}, "at": {}, "a": {"enum": [1, 2]}}}'),
        ("schema.xsd", XSD),
        ("schema.wsdl", f'<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"><types>{XSD}</types></definitions>'),
        ("sample.csv", "no,at,a\n1,2026-01-05,1\n2,2026-01-06,2\n"),
        ("sample.jsonl", '{"no": 1, "at": "2026-01-05", "a": 1}\n{"no": 2, "a": "2"}\n'),
        ("sample.json", '[{"no": 1, "at": "2026-01-05", "a": 1}, {"a": 2}]'),
    ],
    ids=lambda contract: contract[0],
)  # fmt: skip
def test_a_code_that_the_source_sends_needs_a_target(written: Callable[..., Path], contract: tuple[str, str]) -> None:
    coded = CASE + '  channel: code("way", a)\n'
    assert held(written, contract, extra='codes: {way: {"1": window, "2": online}}\n', case=coded) == set()
    assert held(written, contract, extra='codes: {way: {"1": window, "*": online}}\n', case=coded) == set()
    lacking = held(written, contract, extra='codes: {way: {"1": window}}\n', case=coded)
    assert lacking == {("code-without-target", 8, 'code("way", a)')}
    (wrong, *_) = held(written, contract, case=CASE + "  title: aa\n")
    assert wrong[0] in {"unknown-path", "never-occurs"}


def test_a_sample_shows_what_is_never_filled_and_what_no_function_takes(written: Callable[..., Path]) -> None:
    contract = ("sample.csv", "no,at,a\n1,2026-01-05,\n2,05 Jan,\n")
    assert held(written, contract, case=CASE + "  title: a\n") == {("never-occurs", 7, "a")}
    contract = ("sample.csv", "no,at\n1,Jan 5\n2,Jan 6\n")
    assert held(written, contract) == {("wrong-type", 8, "time(at)")}


def test_paths_into_a_tree_are_held_against_the_schema(written: Callable[..., Path]) -> None:
    events = EVENT + "  - {type: stage.completed, each: steps, occurrence: step, occurred_at: parent('at')}\n"
    good, bad = "read: {names: {step: steps/a}}\n", "read: {names: {step: steps/aa}}\n"
    assert held(written, ("row.xsd", XSD), extra=good, events=events) == set()
    assert held(written, ("row.xsd", XSD), extra=bad, events=events) == {("unknown-path", 4, "steps/aa")}
    lost = events.replace("each: steps", "each: stages")
    assert {rule for rule, _, _ in held(written, ("row.xsd", XSD), events=lost)} == {"unknown-path"}


def test_a_constant_that_the_source_never_sends_is_said(written: Callable[..., Path]) -> None:
    events = EVENT + '    when: a == "3"\n'
    assert held(written, ("row.xsd", XSD), events=events) == {("never-equal", 10, 'a == "3"')}


def test_load_refuses_what_the_contract_it_names_refuses(written: Callable[..., Path]) -> None:
    path = written("contract: table.sql\n", case=CASE + "  title: aa\n")
    path.with_name("table.sql").write_text(DDL, encoding="utf-8")
    with pytest.raises(Misconfigured) as refused:
        mapping.load(path, environment={})
    assert list(refused.value.faults) == [each for each in mapping.lint_all(path) if each.severity == "error"]


def test_a_warning_keeps_no_mapping_from_being_loaded(written: Callable[..., Path]) -> None:
    path = written("let: {x: a}\n")
    assert [fault.severity for fault in mapping.lint_all(path)] == ["warning"]
    assert mapping.load(path, environment={}).columns == {"no", "at", "a"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.sql", b"SELECT 1"), ("a.json", b"{"), ("a.json", b"[1]"), ("a.xsd", b"<a"), ("a.txt", b"a"), ("a.csv", b""),
        ("a.csv.gz", b"no gzip"), ("a.json", b'{"columns": [{"type": "a"}]}'), ("a.json", b'{"properties": {"a": 1}}'),
        ("a.json", b'{"$schema": "x", "$ref": "#/nowhere"}'), ("a.jsonl", b"\xff\xfe{"), ("a.wsdl", b"<a/>"),
    ],
)  # fmt: skip
def test_a_contract_that_cannot_be_read_says_so(tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(UnreadableContract):
        read_contract(file)


def test_a_packed_sample_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.csv.gz"
    file.write_bytes(gzip.compress("编号;日期\n1;2\n".encode("gb18030")))
    assert set(read_contract(file).columns) == {("编号",), ("日期",)}


def test_every_rule_is_on_the_page() -> None:
    page: Any = (ROOT / "docs" / "mapping-lint.md").read_text(encoding="utf-8")
    assert [f"| `map.{name}` | {rule.severity} | {rule.about} |" in page for name, rule in RULES.items()].count(
        False
    ) == 0


@pytest.mark.parametrize("condition", ["\"'1' is None or a\"", "-2.5 is None or a", "1 == a", "\"'a' in ['a'] and a\""])
def test_a_written_value_may_stand_on_the_left(written: Callable[..., Path], condition: str) -> None:
    path = written(events=f"{EVENT}  - type: case.accepted\n    when: {condition}\n    occurred_at: a\n")
    assert mapping.lint(path) == []
    assert len(mapping.load(path, environment={}).map_record({"no": "1", "at": "2026-01-05"})) == 1
