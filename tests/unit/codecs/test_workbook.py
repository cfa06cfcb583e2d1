"""A spreadsheet's rows come as they are stored: texts as texts, dates as dates, and nothing is made up."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from connectors.codecs import CODECS, CodecOptions, decode_one, workbook
from hub.errors import Refused
from hub.mapping import load
from tests.support.workbooks import an_xlsx

if TYPE_CHECKING:
    from hub.model.values import Record

DATA = Path(__file__).parents[4] / "shared" / "data" / "cn" / "fertiliser_licences_1.xlsx"


def read(raw: bytes, **options: Any) -> list[Record]:
    return list(CODECS["xlsx"](io.BytesIO(raw), CodecOptions(place="book.xlsx", **options)))


def codes(records: list[Record]) -> list[str]:
    return [record.refused.code if record.refused else "" for record in records]


def test_a_row_is_a_record_under_the_names_of_the_first() -> None:
    raw = an_xlsx(
        ("编号", " 受理  日期 ", "数量"), ("007", date(2026, 3, 2), 3), ("008", "2026-3-2", 2.5), (None, "", None)
    )
    found = read(raw)
    assert [record.tree for record in found] == [
        {"编号": "007", "受理 日期": "2026-03-02", "数量": 3},
        {"编号": "008", "受理 日期": "2026-3-2", "数量": 2.5},
    ]
    assert found[1].place == "book.xlsx:3"
    assert decode_one(found[0].raw, "xlsx", CodecOptions()).tree == found[0].tree


def test_another_sheet_is_read_where_it_is_named() -> None:
    raw = an_xlsx(("a",), ("1",), sheets=("first", "second"))
    assert read(raw, sheet="second")[0].tree == {"a": "1"}
    assert codes(read(raw, sheet="third")) == ["decode.bad-workbook"]


@pytest.mark.parametrize("header", [("a", "a"), (None,), ()])
def test_a_first_row_that_does_not_name_the_columns_refuses_the_workbook(header: tuple[Any, ...]) -> None:
    assert codes(read(an_xlsx(header, ("1", "2")))) == ["decode.no-header"]


def test_a_value_in_a_column_without_a_name_refuses_its_row_alone() -> None:
    assert codes(read(an_xlsx(("a", None), ("1", None), ("2", "x"), ("3", None)))) == ["", "decode.more-fields", ""]


@pytest.mark.parametrize("raw", [b"", b"no workbook", an_xlsx(("a",), ("1",))[:300], b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_workbook_is_one_refused_record(raw: bytes) -> None:
    assert codes(read(raw)) == ["decode.bad-workbook"]


def test_a_workbook_that_unpacks_without_end_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/worksheets/s1.xml", b" " * 5_000_000)
    monkeypatch.setattr(workbook, "UNPACKED_BYTES", 1_000_000)
    assert codes(read(packed.getvalue())) == ["decode.too-large"]
    monkeypatch.setattr(workbook, "FILE_BYTES", 100)
    assert codes(read(an_xlsx(("a",), ("1",)))) == ["decode.too-large"]


MAPPING = """
connection: fertiliser.licences
department: "11321200014000028L"
kind: files
case:
  source_case_no: 正式登记证号
  region_code: "'340000'"
  title: 企业名称
events:
  - {type: case.decided, when: 发证日期, occurred_at: time(发证日期)}
  - {type: case.published, when: 有效期, occurred_at: time(有效期)}
"""


@pytest.mark.skipif(not DATA.is_file(), reason="the licences (../shared/data/cn) are not here")
def test_dirty_dates_of_real_licences_map_or_are_refused_row_by_row_and_none_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "licences.yaml"
    path.write_text(MAPPING, encoding="utf-8")
    mapping, count = load(path, environment={}), Counter[str]()
    for record in read(DATA.read_bytes()):
        try:
            issued, valid = mapping.map_record(record.tree)
        except Refused as refused:
            count[f"{refused.rejection.code} {refused.rejection.path}"] += 1
            assert not re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", record.tree["有效期"])
            continue
        count["mapped"] += 1
        for event, column in ((issued, "发证日期"), (valid, "有效期")):
            year, month, day = map(int, record.tree[column].split("-"))
            assert event.data["occurred_at"] == f"{year:04}-{month:02}-{day:02}"
    assert count == {"mapped": 10, "map.bad-time case.published/occurred_at": 2915}
