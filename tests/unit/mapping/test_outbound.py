"""Outbound mappings write the hub's documents as their receivers take them, and are held to both sides' contracts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import jsonschema
import orjson
import pytest
from typer.testing import CliRunner

from hub import mapping
from hub.cli.main import app
from hub.errors import Misconfigured, Refused
from hub.mapping.outbound import as_record
from hub.model.shapes import load_schema
from hub.resources import MAPPINGS, ROOT, SCHEMAS
from hub.supervision.alert_cycle import STATES

if TYPE_CHECKING:
    from pathlib import Path

HEAD: Final = "direction: out\nof: alert\nconnection: t.out\nkind: rest\n"
ALERT: Final[dict[str, Any]] = {
    "alert_id": "a1",
    "level": "red",
    "state": "raised",
    "raised_at": "2026-03-02T01:00:00+08:00",
    "case": {"case_no": "17"},
    "evidence": [{"field": "due_at", "value": "1"}, {"field": "closed_at", "value": "x"}],
}


def faults(tmp_path: Path, text: str) -> list[str]:
    return [f"{fault.code} {fault.target_path}" for fault in mapping.lint_all(written(tmp_path, text))]


def written(tmp_path: Path, text: str, name: str = "alerts.out.yaml") -> Path:
    path = tmp_path / name
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def out(tmp_path: Path, text: str, document: dict[str, Any] | None = None) -> dict[str, Any] | None:
    loaded = mapping.load_outbound(written(tmp_path, text), environment={})
    return loaded.write(ALERT if document is None else document)


def refusal(tmp_path: Path, text: str, document: dict[str, Any]) -> str:
    with pytest.raises(Refused) as refused:
        out(tmp_path, text, document)
    return f"{refused.value.rejection.code} {refused.value.rejection.path}"


def test_a_document_is_written_as_a_tree_with_lists_and_what_is_absent_is_left_out(tmp_path: Path) -> None:
    text = (
        "let: {no: trim(alert_id)}\n"
        "write:\n"
        "  HEAD: {'@id': no, key: state, version: \"'2'\", LATE: changed_at}\n"
        "  NONE: {LATE: changed_at}\n"
        "  ROWS: {each: evidence, F: field, V: 'value'}\n"
        "  TWO: [no, level]\n"
    )
    assert faults(tmp_path, text) == []
    assert out(tmp_path, text) == {
        "HEAD": {"@id": "a1", "key": "raised", "version": "2"},
        "ROWS": [{"F": "due_at", "V": "1"}, {"F": "closed_at", "V": "x"}],
        "TWO": ["a1", "red"],
    }


def test_when_decides_which_documents_are_for_the_receiver(tmp_path: Path) -> None:
    text = 'when: state == "raised" and level != "notice"\nwrite: {N: alert_id}\n'
    assert out(tmp_path, text) == {"N": "a1"}
    assert out(tmp_path, text, {**ALERT, "level": "notice"}) is None
    assert out(tmp_path, text, {**ALERT, "state": "revoked"}) is None


@pytest.mark.parametrize(
    ("form", "zone", "wanted"),
    [
        ("%Y%m%d%H%M%S", "Asia/Shanghai", "20260302010000"),
        ("%Y-%m-%dT%H:%M:%S%z", "Europe/Amsterdam", "2026-03-01T18:00:00+0100"),
        ("%Y年%m月%d日 %I:%M %p", "Asia/Shanghai", "2026年03月02日 01:00 AM"),
        ("100%% %y%j", "UTC", "100% 26060"),
    ],
)
def test_a_time_is_written_in_the_receivers_zone_and_form(tmp_path: Path, form: str, zone: str, wanted: str) -> None:
    text = f"read: {{timezone: {zone}}}\nwrite: {{T: 'format_time(raised_at, \"{form}\")'}}\n"
    assert out(tmp_path, text) == {"T": wanted}


def test_a_day_is_written_as_a_day_and_never_gets_a_time_of_day(tmp_path: Path) -> None:
    day = {**ALERT, "raised_at": "2026-03-02"}
    assert out(tmp_path, "write: {T: 'format_time(raised_at, \"%Y/%m/%d\")'}\n", day) == {"T": "2026/03/02"}
    timed = "write: {T: 'format_time(raised_at, \"%Y%m%d%H\")'}\n"
    assert refusal(tmp_path, timed, day) == "map.bad-time write/T"


@pytest.mark.parametrize("form", ["plain", "%Q", "%x", "%", "%Y" * 40, "%s"])
def test_a_format_that_writes_nothing_or_differs_by_locale_is_refused_at_load(tmp_path: Path, form: str) -> None:
    assert faults(tmp_path, f"write: {{T: 'format_time(raised_at, \"{form}\")'}}\n") == ["map.bad-format write/T"]


def test_what_the_document_does_not_have_is_a_fault(tmp_path: Path) -> None:
    text = "read: {names: {no: case/no}}\nwrite: {A: alert_idd, B: no, C: 'field(\"colour\")'}\n"
    found = faults(tmp_path, text)
    assert [each for each in found if "write/A" in each] == ["map.unknown-name write/A"]
    assert [each for each in found if "write/C" in each] == ["map.unknown-name write/C"]
    assert "map.unknown-path read/names/no" in found


def test_a_code_the_document_may_hold_must_have_a_target_unless_when_shuts_it_out(tmp_path: Path) -> None:
    known = ", ".join(f'{state}: "{n}"' for n, state in enumerate(STATES[2:]))
    text = f"codes: {{s: {{{known}}}}}\nwrite: {{S: 'code(\"s\", state)'}}\n"
    both = ["map.code-without-target write/S"] * 2
    assert faults(tmp_path, text) == both
    assert faults(tmp_path, 'when: state not in ["shadow", "pending"] and level\n' + text) == []
    assert faults(tmp_path, 'when: state not in ["shadow", "pending", "x"]\n' + text) == []
    assert faults(tmp_path, 'when: state not in ["shadow", "pending"] or level\n' + text) == both


RECEIVER: Final = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["NO", "COLOUR"],
    "properties": {
        "NO": {"type": "string"},
        "COLOUR": {"enum": ["1", "2"]},
        "AMOUNT": {"type": "number"},
        "COUNT": {"type": "integer"},
        "OPEN": {"type": "boolean"},
        "CASE": {"type": "object", "required": ["ID"], "properties": {"ID": {"type": "string"}}},
    },
}


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ("NO: alert_id, COLOUR: \"'1'\"", []),
        ("NO: alert_id", ["map.missing-target write/COLOUR"]),
        ("NO: alert_id, COLOUR: \"'1'\", COULOR: level", ["map.unknown-target write/COULOR"]),
        ("NO: alert_id, COLOUR: \"'3'\"", ["map.bad-value write/COLOUR"]),
        ("NO: alert_id, COLOUR: \"'1'\", CASE: {NAME: alert_id}",
         ["map.missing-target write/CASE/ID", "map.unknown-target write/CASE/NAME"]),
    ],
)  # fmt: skip
def test_a_receivers_contract_is_held_against_what_is_written(tmp_path: Path, fields: str, wanted: list[str]) -> None:
    (tmp_path / "receiver.json").write_bytes(orjson.dumps(RECEIVER))
    text = f"contract: receiver.json\nwrite: {{{fields}}}\n"
    assert sorted(faults(tmp_path, text)) == wanted


def test_by_the_contract_numbers_and_truths_are_no_text_and_what_it_requires_must_have_a_value(tmp_path: Path) -> None:
    (tmp_path / "receiver.json").write_bytes(orjson.dumps(RECEIVER))
    text = (
        "contract: receiver.json\nread: {names: {no: case/case_no}}\n"
        "write: {NO: no, COLOUR: \"'1'\", COUNT: no, OPEN: state == 'raised', AMOUNT: 'number(reason)'}\n"
    )
    found = out(tmp_path, text, {**ALERT, "reason": "12.50"})
    assert found == {"NO": "17", "COLOUR": "1", "COUNT": 17, "OPEN": True, "AMOUNT": 12.5}
    jsonschema.validate(found, RECEIVER)
    assert refusal(tmp_path, text, {**ALERT, "case": {}}) == "map.missing write/NO"
    assert refusal(tmp_path, text, {**ALERT, "reason": "0.12345678901234567890123"}) == "map.bad-number write/AMOUNT"


def test_an_xml_schema_and_a_table_say_what_is_required_too(tmp_path: Path) -> None:
    (tmp_path / "r.xsd").write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="YJ"><xs:complexType><xs:sequence>'
        '<xs:element name="BH" type="xs:string"/><xs:element name="BZ" type="xs:string" minOccurs="0"/>'
        '<xs:choice><xs:element name="A" type="xs:string"/><xs:element name="B" type="xs:string"/></xs:choice>'
        '</xs:sequence><xs:attribute name="id" use="required"/></xs:complexType></xs:element></xs:schema>',
        encoding="utf-8",
    )
    (tmp_path / "r.sql").write_text(
        "create table yj (id int not null auto_increment, bh varchar(20) not null, at timestamp not null default now(),"
        " bz text);", encoding="utf-8",
    )  # fmt: skip
    assert sorted(faults(tmp_path, "contract: r.xsd\nwrite: {BZ: alert_id}\n")) == [
        "map.missing-target write/@id", "map.missing-target write/BH",
    ]  # fmt: skip
    assert faults(tmp_path, "contract: r.sql\nwrite: {bz: alert_id}\n") == ["map.missing-target write/bh"]


def test_each_direction_is_loaded_by_its_own_door(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"map\.is-outbound"):
        mapping.load(written(tmp_path, "write: {N: alert_id}\n"), environment={})
    with pytest.raises(Misconfigured, match=r"map\.not-outbound"):
        mapping.load_outbound(MAPPINGS / "taizhou-housing" / "permits.yaml", environment={})
    with pytest.raises(Misconfigured, match=r"map\.is-base"):
        mapping.load_outbound(MAPPINGS / "bases" / "gbt-39046-alert.yaml", environment={})


@pytest.mark.parametrize("text", ["write: {}\n", "write: x\n", "", "write: {A: {each: x}}\n", "write: {A: []}\n"])
def test_a_file_that_writes_nothing_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Misconfigured):
        mapping.load_outbound(written(tmp_path, text), environment={})


def test_a_document_of_which_nothing_is_to_be_written_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, "write: {L: changed_at}\n", ALERT) == "map.missing write"


def test_the_meaning_of_an_outbound_mapping_has_a_fingerprint_that_its_host_leaves_alone(tmp_path: Path) -> None:
    one = mapping.fingerprint(written(tmp_path, "connect: {url: a}\nwrite: {L: level}\n"))
    assert mapping.fingerprint(written(tmp_path, "connect: {url: b}\nwrite: {L:   level}\n")) == one
    assert mapping.fingerprint(written(tmp_path, "connect: {url: a}\nwrite: {L: state}\n")) != one


def test_the_shipped_example_writes_a_document_as_it_comes_over_the_bus() -> None:
    path = MAPPINGS / "taizhou-housing" / "alerts.out.yaml"
    data = {**ALERT, "case": {"case_no": "17", "department_id": "11321200014000028L"}}
    document = {"id": "d1", "type": "sunlight.alert.raised.v1", "time": "2026-03-02T01:00:00+08:00", "data": data}
    assert mapping.load_outbound(path, environment={}).write(as_record(document)) == {
        "监察编号": "a1", "办件编号": "17", "责任部门": "11321200014000028L", "状态": "已发出", "预警等级": "红牌",
        "督办发出时间": "20260302010000", "状态产生时间": "20260302010000",
    }  # fmt: skip


def test_the_envelope_can_be_read(tmp_path: Path) -> None:
    document = {"id": "d1", "type": "t", "time": "2026-03-02T01:00:00+08:00", "data": ALERT}
    text = "write: {I: document_id, T: document_type, A: 'format_time(document_time, \"%Y\")'}\n"
    assert out(tmp_path, text, as_record(document)) == {"I": "d1", "T": "t", "A": "2026"}


def test_a_case_event_is_sent_like_an_alert(tmp_path: Path) -> None:
    text = "read: {names: {no: case/source_case_no}}\nwrite: {NO: no, WHAT: type, AT: occurred_at}\n"
    path = written(tmp_path, text)
    path.write_text(path.read_text(encoding="utf-8").replace("of: alert", "of: case-event"), encoding="utf-8")
    event = {"type": "case.accepted", "occurred_at": "2026-03-02", "case": {"source_case_no": "9"}}
    loaded = mapping.load_outbound(path, environment={})
    assert loaded.write(event) == {"NO": "9", "WHAT": "case.accepted", "AT": "2026-03-02"}


STATUS = "write: {I: status_id, NO: complaint_no, S: move, UNTIL: 'format_time(due_at, \"%Y%m%d\")'}\n"


@pytest.mark.parametrize(
    ("kind", "said", "fault"),
    [
        ("complaint-status", "centre: city.hotline\n", ""),
        ("complaint-status", "centre: [city.hotline, county.hotline]\necho: true\n", ""),
        ("complaint-status", "", "map.missing-key centre"),
        ("alert", "centre: city.hotline\n", "map.unknown-key centre"),
        ("case-event", "echo: true\n", "map.unknown-key echo"),
    ],
)
def test_a_status_is_for_a_centre_and_nothing_else_is(tmp_path: Path, kind: str, said: str, fault: str) -> None:
    path = written(tmp_path, said + (STATUS if kind == "complaint-status" else "write: {T: document_id}\n"))
    path.write_text(path.read_text(encoding="utf-8").replace("of: alert", f"of: {kind}"), encoding="utf-8")
    found = [f"{each.code} {each.target_path}" for each in mapping.lint(path)]
    assert found == ([fault] if fault else [])


def test_an_order_is_for_departments(tmp_path: Path) -> None:
    path = written(tmp_path, "write: {I: order_id}\n")
    text = path.read_text(encoding="utf-8").replace("of: alert", "of: complaint-order")
    path.write_text("".join(line for line in text.splitlines(keepends=True) if not line.startswith("department")))
    assert [f"{each.code} {each.target_path}" for each in mapping.lint(path)] == ["map.missing-key department"]


def test_check_reads_outbound_mappings_and_their_examples(tmp_path: Path) -> None:
    path = written(tmp_path, "write: {N: alert_id}\n")
    (tmp_path / "alerts.out.examples.yaml").write_text(
        "- {record: {alert_id: a}, expect: [{N: b}]}\n", encoding="utf-8"
    )
    found = CliRunner().invoke(app, ["check", str(path)])
    assert found.exit_code == 2
    assert "map.example-failed" in found.output


PAGE: Final = (ROOT / "docs" / "mapping-out.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
def test_an_example_of_the_page_is_a_sound_mapping_and_writes_a_document(tmp_path: Path, example: str) -> None:
    path = tmp_path / "page.out.yaml"
    path.write_text(example, encoding="utf-8")
    assert mapping.lint_all(path) == []
    assert (mapping.load_outbound(path, environment={}).write(ALERT) or {})["COLOUR"] == "3"


@pytest.mark.parametrize("key", load_schema("outbound-mapping.v1")["properties"])
def test_every_section_is_on_the_page(key: str) -> None:
    assert re.search(rf"^\|[^|]*`{key}`", PAGE, re.MULTILINE)


def test_the_published_shape_is_sound_and_that_of_the_shipped_file() -> None:
    raw = orjson.loads((SCHEMAS / "outbound-mapping.v1.json").read_bytes())
    jsonschema.Draft202012Validator.check_schema(raw)
    assert raw["properties"]["of"]["enum"] == ["alert", "case-event", "complaint-order", "complaint-status"]
