"""What is personal in free text is found at a measured rate, and what is not is left alone."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from conformance.privacy.corpus import SEED, WITHOUT, corpus
from conformance.privacy.measure import below_floors, measure, read_corpus
from hub.errors import Misconfigured
from hub.supervision.rules.exposure import personal_in
from hub.views.masking import KINDS, found_in, masked

DATA = Path(__file__).parents[4] / "shared/data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the real texts (../shared/data) are not here")


def test_no_kind_is_found_less_often_than_its_floor() -> None:
    found = measure(corpus(3000))
    assert [each.kind for each in found] == list(KINDS)
    assert all(each.there > 30 for each in found)
    assert below_floors(found) == []


def test_another_draw_of_the_corpus_is_found_as_often() -> None:
    assert below_floors(measure(corpus(3000, seed=SEED + 1))) == []


@pytest.mark.parametrize("text", [each for each in WITHOUT if "{" not in each])
def test_texts_that_name_nobody_stay_as_they_are(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("联系人：张三丰，电话138 1234 5678", "联系人：张**，电话*************"),
        ("王建国先生住在泰州市海陵区鼓楼路88号3幢402室", "王**先生住在泰州市海陵区************"),
        ("欧阳震华女士", "欧阳**女士"),
        ("张先生来电", "张先生来电"),
        ("手机幺三八幺二三四五六七八", "手机***********"),
        ("电话：１３８１２３４５６７８", "电话：***********"),
        ("苏M·12A34违停", "********违停"),
        ("身份证321281185003074578", "身份证******************"),
        ("罚款13812345678元", "罚款13812345678元"),
        ("办件编号321281202603010001", "办件编号321281202603010001"),
        ("坐标-73.8616586782912", "坐标-73.8616586782912"),
        ("摘要a1b13812345678", "摘要a1b13812345678"),
    ],
)
def test_a_text_is_masked_character_by_character(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("电话1\u200b3\u200b8\u200b1\u200b2\u200b3\u200b4\u200b5\u200b6\u200b7\u200b8止", f"电话{'*' * 21}止"),
        ("我叫张\u200b三，电话138\u00ad1234\ufe0f5678", f"我叫张**，电话{'*' * 13}"),
        ("身份证32128119800101\u2060123X", f"身份证{'*' * 19}"),
        ("电话1\u20e33\u20e38\u20e31\u20e32\u20e33\u20e34\u20e35\u20e36\u20e37\u20e38", f"电话{'*' * 21}"),
        ("电话①③⑧①②③④⑤⑥⑦⑧", "电话***********"),
        ("电话١٣٨١٢٣٤٥٦٧٨", "电话***********"),
        ("电话𝟏𝟑𝟖𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖", "电话***********"),
        ("电话138\u20031234\u202f5678", "电话*************"),
        ("邮箱 ｚｈａｎｇ\u200d＠qq．com", f"邮箱 {'*' * 13}"),
        ("投诉人：\u202e张三", "投诉人：\u202e张*"),
        ("家庭👨\u200d👩\u200d👧三口，噪音扰民", "家庭👨\u200d👩\u200d👧三口，噪音扰民"),
        ("面积100㎡，第①条", "面积100㎡，第①条"),
    ],
)
def test_what_nobody_sees_and_digits_of_another_shape_hide_nobody(text: str, shown: str) -> None:
    assert masked(text) == shown
    assert masked(shown) == shown


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="张王联系人投诉电话号0123456789Xx -.@路村组室住在先生，：E苏A一三八\u200b①", max_size=40))
def test_masking_keeps_the_length_and_masking_again_changes_nothing(text: str) -> None:
    once = masked(text)
    assert len(once) == len(text)
    assert masked(once) == once
    assert all(after in (before, "*") for before, after in zip(text, once, strict=True))


@needs_data
def test_real_registers_and_logs_without_persons_raise_no_false_alarm() -> None:
    book = CalamineWorkbook.from_path(DATA / "cn/fertiliser_licences_1.xlsx")
    rows = [row for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python()]
    texts = {str(cell) for row in rows for cell in row if isinstance(cell, str)}
    with gzip.open(DATA / "eventlogs/receipt.csv.gz", "rt", encoding="utf-8") as log:
        texts |= {cell for row in csv.reader(log) for cell in row}
    with (DATA / "civic/nyc311_sample_999.csv").open(encoding="utf-8") as calls:
        texts |= {cell for row in csv.reader(calls) for cell in row}
    assert len(texts) > 20_000
    assert [(text, found_in(text)) for text in texts if found_in(text)] == []


def test_the_rule_on_publications_looks_with_the_same_eyes() -> None:
    assert personal_in({"stage_name": "审核（电话138-1234-5678）"}) == "stage_name"
    assert personal_in({"matter_name": "联系 zhang@example.com"}) == "matter_name"
    assert personal_in({"stage_name": "联系人张三丰"}) == "", "a name is masked, and raises nothing"
    assert personal_in({"case_no": "13812345678", "title": "13812345678"}) == "", "a code, and no public field"


def test_a_corpus_of_ones_own_says_where_it_is_wrong(tmp_path: Path) -> None:
    own = tmp_path / "own.ndjson"
    own.write_text('{"text": "联系人张三", "spans": [["name", 4, 5]]}\n', encoding="utf-8")
    (name,) = (each for each in measure(read_corpus(own)) if each.kind == "name")
    assert (name.there, name.found) == (1, 1)
    own.write_text('{"text": "x", "spans": []}\n{"text": "x", "spans": [["shoe", 0, 1]]}\n', encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"own.ndjson:2"):
        read_corpus(own)
