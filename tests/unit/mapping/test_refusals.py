"""A refusal says what was met, where it should have been known, and what to do: without the person behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hub.errors import Misconfigured, Refused, Rejection
from hub.mapping import TOKEN_KEY, CompiledMapping, load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CODED = """\
codes:
  way: {"1": window}
"""


def _refusal(mapping: CompiledMapping, **record: Any) -> Rejection:
    with pytest.raises(Refused) as refused:
        mapping.map_record(record)
    return refused.value.rejection


def test_an_unknown_code_is_named_with_its_list(compiled: Callable[..., CompiledMapping]) -> None:
    case = 'case:\n  source_case_no: no\n  region_code: "\'321200\'"\n  channel: code("way", sb_way)\n'
    why = _refusal(compiled(CODED, case=case), no="1", at="2026-01-05", sb_way="7")
    assert "'7'" in why.problem
    assert "'way'" in why.problem
    assert "add it to way under codes:" in why.hint


def test_a_misspelt_column_is_told_where_a_value_is_absent(compiled: Callable[..., CompiledMapping]) -> None:
    why = _refusal(compiled(), no="1", att="2026-01-05", other="x")
    assert why.code == "map.missing"
    assert "the record has no column 'at': did you mean 'att'?" in why.hint


def test_a_column_that_is_there_and_empty_is_not_called_misspelt(compiled: Callable[..., CompiledMapping]) -> None:
    why = _refusal(compiled(), no="1", at="", att="2026-01-05")
    assert why.code == "map.missing"
    assert "column" not in why.hint


def test_a_file_without_its_header_row_gives_nobody_away(compiled: Callable[..., CompiledMapping]) -> None:
    row = {"欧阳震华": "李四", "321281199003071234": "1", "13812345678": "2"}
    why = _refusal(compiled(), **row)
    assert not [name for name in row if name in repr(why)]


PERSON = """\
case:
  source_case_no: no
  region_code: "'321200'"
  applicant: person(name, id=card)
"""


@pytest.mark.parametrize("key", ["", "abc", "fifteen letters"])
def test_a_key_that_could_be_guessed_is_refused(written: Callable[..., Path], key: str) -> None:
    with pytest.raises(Misconfigured, match=r"no-token-key|short-token-key") as wrong:
        load(written(case=PERSON), environment={TOKEN_KEY: key})
    assert "openssl rand -hex 32" in str(wrong.value)
    assert key not in str(wrong.value) or not key


def test_a_mapping_without_persons_needs_no_key(written: Callable[..., Path]) -> None:
    load(written(), environment={})
