"""Altering a mapping rule by rule finds what its examples would let pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hub.mapping.examples import examples_of, read_examples
from hub.mapping.mutate import survey

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def unnoticed(written: Callable[..., Path]) -> Callable[..., list[tuple[int, str]]]:
    def run(examples: str, *extra: str, **sections: str) -> list[tuple[int, str]]:
        path = written(*extra, **sections)
        examples_of(path).write_text(examples, encoding="utf-8")
        return [(mutant.line, mutant.what) for mutant in survey(path, read_examples(path)[0]).survivors]

    return run


def test_a_field_that_no_example_looks_at_is_named_with_its_line(
    unnoticed: Callable[..., list[tuple[int, str]]],
) -> None:
    case = "case:\n  source_case_no: no\n  region_code: \"'321200'\"\n  title: trim(name)\n"
    loose = "- {record: {no: 1, at: 2026-01-05 10:00:00, name: ' a '}, expect: [{type: case.received}]}\n"
    found = unnoticed(loose, case=case)
    assert {(7, "drop case/title"), (7, "case/title: text(name) for trim(name)")} <= set(found)
    tight = loose.replace(
        "{type: case.received}",
        "{type: case.received, occurred_at: 2026-01-05T10:00:00+08:00, case: {title: a, region_code: '321200'}}",
    )
    assert unnoticed(tight, case=case) == []


def test_a_change_that_compiles_to_the_same_program_is_not_tried(
    unnoticed: Callable[..., list[tuple[int, str]]],
) -> None:
    case = "case: {key: no, source_case_no: no, region_code: \"'321200'\"}\n"
    example = "- {record: {no: 1, at: 2026-01-05}, expect: [{}]}\n"
    assert not [what for _, what in unnoticed(example, case=case) if what == "drop case/key"]


@pytest.mark.parametrize("what", ["negate case.closed/when", "drop case.closed/when", "drop the event case.closed"])
def test_a_guard_that_no_example_stops_at_is_found(unnoticed: Callable[..., list[tuple[int, str]]], what: str) -> None:
    events = "events:\n  - {type: case.received, occurred_at: time(at)}\n"
    events += "  - {type: case.closed, when: state == 'x', occurred_at: time(at)}\n"
    both = "- {record: {no: 1, at: 2026-01-05, state: x}, expect: [{}, {}]}\n"
    neither = "- {record: {no: 1, at: 2026-01-05}, expect: [{}]}\n"
    found = [said for _, said in unnoticed(both, events=events)]
    assert (what in found) == (what == "drop case.closed/when")
    assert what not in [said for _, said in unnoticed(both + neither, events=events)]
