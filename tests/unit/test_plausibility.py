"""Text that was decoded as what it is not is told from text that merely looks odd, and refuses its record alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.codecs import CODECS, CodecOptions
from connectors.plausibility import Plausible, garbled
from hub.model.values import Portion, Record

if TYPE_CHECKING:
    from collections.abc import Iterator

LICENCES = Path(__file__).parents[3] / "shared" / "data" / "cn" / "fertiliser_licences_1.xlsx"
NAMES = ("张三", "欧阳震华", "建筑工程施工许可", "泰州市住房和城乡建设局")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("encoding", ["gb18030", "latin-1", "cp1252"])
def test_utf_8_that_was_read_as_something_else_is_garbled(name: str, encoding: str) -> None:
    wrong = name.encode().decode(encoding, errors="replace")
    assert garbled(wrong)
    assert not garbled(name)


@pytest.mark.parametrize(
    "text", ["锟斤拷锟斤拷", "烫烫烫烫", "a\ufffdb", "\ue001\ue002\ue003\ue004", "姓名\ue001\ue002"]
)
def test_signs_for_what_could_not_be_decoded_are_garbled(text: str) -> None:
    assert garbled(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "plain", "café", "Ñandú", "Überprüfung", "nguyễn", "ÖZGÜR", "喆囧䲡𠮷", "涓流", "寮步镇", "锟", "烫伤"),
        *("屯溪区", "王\ue001", "〔2026〕17号", "Ａ１", "東京", "서울", "日期：2026年3月2日"),
    ],
)
def test_what_merely_looks_odd_is_not(text: str) -> None:
    assert garbled(text) == ""


@given(st.text(max_size=50))
def test_any_text_is_judged_without_failing(text: str) -> None:
    assert isinstance(garbled(text), str)


@pytest.mark.skipif(not LICENCES.is_file(), reason="the licences (../shared/data/cn) are not here")
def test_no_text_of_three_thousand_real_licences_is_held_to_be_garbled() -> None:
    with LICENCES.open("rb") as file:
        records = list(CODECS["xlsx"](file, CodecOptions(place="licences")))
    assert [text for each in records for text in each.tree.values() if isinstance(text, str) and garbled(text)] == []


def test_a_garbled_record_is_refused_alone_with_its_place_and_without_its_text() -> None:
    class Source:
        def read(self, _checkpoint: Any) -> Iterator[Portion]:
            trees: list[Any] = [{"name": "张三"}, {"a": [{"name": "寮犱笁"}]}, {"name": "李四"}]
            records = [Record(place=str(n), raw=b"raw", tree=tree) for n, tree in enumerate(trees)]
            yield Portion(records=records, checkpoint={}, final=True)

    source: Any = Source()
    (portion,) = Plausible(source).read(None)
    assert [record.refused.code if record.refused else "" for record in portion.records] == ["", "decode.garbled", ""]
    why = portion.records[1].refused
    assert why is not None
    assert why.problem.startswith("a/name: ")
    assert "寮" not in why.problem + why.value
    assert (portion.records[1].raw, portion.records[1].tree) == (b"raw", {})
