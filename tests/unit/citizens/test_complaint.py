"""A citizen's form: what is wrong is said field by field, what is right becomes one record with the contact sealed."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest

from hub.citizens.complaint import CLASSES, TRACKS, Said, cleaned, read, record
from tests.support.citizens import HOUSING

FORM: dict[str, Any] = {
    "kind": "complaint", "title": "迟迟未办", "content": "三月二日申请。\r\n至今没有消息。", "department": HOUSING,
    "name": "欧阳喆", "phone": "138-0000-1234",
}  # fmt: skip


def said(**more: Any) -> Said:
    found, wrong = read({**FORM, **more}, {HOUSING}, city="321200")
    assert wrong == []
    return found


def wrong(**more: Any) -> set[str]:
    return {each.field for each in read({**FORM, **more}, {HOUSING}, city="321200")[1]}


def row(**more: Any) -> dict[str, Any]:
    return record(said(**more), number="TS-1", at="2026-04-01T12:00:00+08:00", seal=lambda raw: b"box:" + raw)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "praise"), ("kind", ""), ("category", "x"), ("title", " \x00\t "), ("content", ""),
        ("content", "字" * 4001), ("title", "字" * 101), ("department", "1"), ("region", "999999"), ("name", ""),
        ("phone", "call me"), ("email", "nowhere"), ("related", "1" * 101),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_of_its_field(field: str, value: str) -> None:
    assert wrong(**{field: value}) == {field}


def test_all_that_is_wrong_is_said_at_once() -> None:
    assert wrong(title="", content="", kind="", name="", phone="") == {"title", "content", "kind", "name", "phone"}


def test_somebody_anonymous_need_not_and_cannot_leave_a_name() -> None:
    assert wrong(anonymous="1", name="", phone="") == set()
    told = row(anonymous="on")
    assert "欧阳" not in str(told)
    assert (told["anonymous"], told["real_name"]) == (True, False)
    assert not {"name", "phone", "contact_sealed"} & told.keys()


def test_the_contact_leaves_only_sealed_and_real_names_have_a_number_to_call() -> None:
    told = row(email="a@b.c")
    sealed = base64.b64decode(told["contact_sealed"])
    assert orjson.loads(sealed.removeprefix(b"box:")) == {"name": "欧阳喆", "phone": "138-0000-1234", "email": "a@b.c"}
    assert "email" not in told
    assert told["real_name"] is True
    assert row(phone="", email="a@b.c")["real_name"] is False


def test_a_report_goes_its_own_track_and_is_restricted() -> None:
    told = {kind: row(kind=kind) for kind in TRACKS}
    assert (told["report"]["track"], told["report"]["disclosure"]) == ("report", "restricted")
    assert {told[kind]["disclosure"] for kind in TRACKS if kind not in CLASSES} == {"intranet"}
    assert {told[kind]["track"] for kind in TRACKS} == {"hotline", "report", "opinion"}


@pytest.mark.parametrize("name", ["䲡", "𠮷田", "马喆", "㐀", "\ue7c7", "𱍊", "\U00031350"])
def test_rare_names_survive(name: str) -> None:
    assert said(name=name).name == name


def test_what_nobody_sees_is_left_out_and_lines_of_the_text_are_kept() -> None:
    assert cleaned("a\x00b\x1bc\ud800\u202ed") == "a b cd"
    assert said().content == "三月二日申请。\n至今没有消息。"
    assert cleaned("e\u0301") == "é"
    assert cleaned(None) == cleaned(7) == ""


def test_text_that_would_run_elsewhere_is_kept_as_it_is_written() -> None:
    hostile = '<script>alert(1)</script>=HYPERLINK("http://x")'
    assert row(content=hostile)["content"] == hostile


def test_with_the_store_away_any_department_code_will_do() -> None:
    assert read(FORM, None, city="321200")[1] == []
    assert {each.field for each in read({**FORM, "department": "x"}, None, city="321200")[1]} == {"department"}
