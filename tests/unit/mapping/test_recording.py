"""A recorded example keeps what the mapping needs and nobody: whoever was in the record is somebody else in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.mapping import load
from hub.mapping.examples import outcome_of
from hub.mapping.explain import personal_columns
from hub.mapping.recording import CITIZEN, PHONE, Recorded, redacted

if TYPE_CHECKING:
    from pathlib import Path

    from hub.mapping import CompiledMapping

ENVIRONMENT = {"SUNLIGHT_TOKEN_KEY": "the key of tests, no secret"}
MAPPING = """\
connection: test.one
department: "11321200014000028L"
kind: files
read: {names: {owner: people/name}}
codes:
  way: {"1": window, "2": online}
let:
  who: trim(owner)
case:
  source_case_no: no
  region_code: area
  title: title
  channel: code("way", way)
  applicant: person(who, id=card, phone=mobile)
events:
  - {type: case.received, occurred_at: time(at)}
  - {type: case.accepted, when: step == "SL", occurred_at: time(at), opinion: note}
"""
RECORD = {
    "no": "泰2026-17",
    "area": "321281",
    "title": "张三丰的食品经营许可",
    "way": "2",
    "people": {"name": " 张三丰 "},
    "card": "321202189001010017",
    "mobile": "13912345678",
    "at": "2026-01-05 09:00",
    "step": "SL",
    "note": "电话13912345678，同意",
    "unread": "张三丰 321202189001010017",
}
CLEAR = ("张三丰", "三丰", "321202189001010017", "13912345678")


@pytest.fixture(scope="module")
def mapping(tmp_path_factory: pytest.TempPathFactory) -> CompiledMapping:
    return load(_file(tmp_path_factory.mktemp("one")), environment=ENVIRONMENT)


@pytest.fixture(scope="module")
def personal(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    return personal_columns(_file(tmp_path_factory.mktemp("two")), ENVIRONMENT)


def _file(folder: Path) -> Path:
    path = folder / "one.yaml"
    path.write_text(MAPPING, encoding="utf-8")
    return path


def recorded(mapping: CompiledMapping, personal: frozenset[str], **record: Any) -> Recorded:
    return redacted(mapping, {**RECORD, **record}, personal)


def test_nobody_is_left_and_what_decides_stays(mapping: CompiledMapping, personal: frozenset[str]) -> None:
    found = recorded(mapping, personal)
    assert found.record == {
        "no": "某0000-00",
        "area": "321281",
        "title": "某某某某某某某某某某",
        "way": "2",
        "people": {"name": "测试"},
        "card": CITIZEN,
        "mobile": PHONE,
        "at": "2026-01-05 09:00",
        "step": "SL",
        "note": "某某00000000000，某某",
        "unread": "某某某 000000000000000000",
    }
    assert found.is_as_it_was
    assert set(found.kept) == {"area", "at"}, "besides what is too short to be anybody"
    assert [event["type"] for event in found.outcome] == ["case.received", "case.accepted"]


def test_a_refusal_stays_the_same_refusal(mapping: CompiledMapping, personal: frozenset[str]) -> None:
    found = recorded(mapping, personal, way="9")
    assert found.outcome == {"code": "map.unknown-code", "path": "case/channel"}
    assert not [clear for clear in CLEAR if clear in str(found.record)]


def test_a_persons_number_that_would_have_to_stay_is_told(mapping: CompiledMapping, personal: frozenset[str]) -> None:
    found = recorded(mapping, personal, area="321202189001010017")
    assert found.personal == ["area"]
    assert recorded(mapping, personal).personal == []


@given(
    name=st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2, max_size=4),
    number=st.from_regex(r"\A3212021[89][0-9]{2}(0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])[0-9]{3}[0-9X]\Z"),
    phone=st.from_regex(r"\A1[3-9][0-9]{9}\Z"),
)
def test_no_name_number_or_phone_survives_anywhere(
    mapping: CompiledMapping, personal: frozenset[str], name: str, number: str, phone: str
) -> None:
    said = {"title": f"{name}的申请", "note": f"{name} {number} {phone}", "unread": f"{phone}/{number}"}
    people = {"people": {"name": name}, "card": number, "mobile": phone}
    found = redacted(mapping, {**RECORD, **people, **said}, personal)
    text = str(found.record) + str(found.outcome)
    assert not [clear for clear in (name, number, phone) if clear in text.replace("测试", "").replace(CITIZEN, "")]
    assert outcome_of(mapping, found.record) == found.outcome
