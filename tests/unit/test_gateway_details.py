"""What an event says of itself is told in words, and never who approved it."""

from __future__ import annotations

import pytest

from gateway.details import RESULTS, SPECIAL, UNITS, chosen, said
from hub.model.shapes import load_schema


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("result", {"code": "granted", "document_no": "泰住建许〔2026〕1号"}, "准予 泰住建许〔2026〕1号"),
        ("result", {"code": "denied"}, "不予"),
        ("special", {"kind": "testing", "type_name": "检测"}, "检测"),
        ("special", {"kind": "hearing"}, "听证"),
        ("extension", {"n": 10, "unit": "working_day"}, "10 个工作日"),
        ("promised_due_at", "2026-03-20T17:00:00+08:00", "2026-03-20 17:00"),
        ("promised_due_at", "2026-03-20", "2026-03-20"),
    ],
)
def test_a_field_is_said_in_words(field: str, value: object, text: str) -> None:
    assert [each for _, each in said(chosen({field: value}))] == [text]


def test_persons_are_not_told() -> None:
    told = chosen({"operator": {"name": "张三"}, "extension": {"n": 1, "unit": "working_day", "approved_by": "张三"}})
    assert "张三" not in repr(told)
    assert told["extension"] == {"n": 1, "unit": "working_day"}


def test_every_code_of_the_schema_has_its_word() -> None:
    fields = load_schema("case-event.v1")["$defs"]["data"]["properties"]
    assert set(fields["result"]["properties"]["code"]["enum"]) == set(RESULTS)
    assert set(fields["special"]["properties"]["kind"]["enum"]) == set(SPECIAL)
    assert set(fields["extension"]["properties"]["unit"]["enum"]) == set(UNITS)
