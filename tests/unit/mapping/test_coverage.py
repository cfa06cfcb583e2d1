"""Coverage says of every event, branch and code whether an example reaches it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from hub.mapping.coverage import coverage_of, percent_of
from hub.mapping.examples import examples_of, read_examples
from hub.mapping.mutate import survey
from hub.resources import MAPPINGS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHIPPED: Final = sorted(
    path
    for path in MAPPINGS.rglob("*.yaml")
    if ".examples." not in path.name and path.name != "department.yaml"
    if "format: canonical" not in path.read_text(encoding="utf-8")
)
BRANCHING: Final = """\
events:
  - {type: case.received, occurred_at: "time(default(at, created))"}
  - {type: case.closed, when: done, occurred_at: "time(done)"}
"""


@pytest.fixture
def points(written: Callable[..., Path]) -> Callable[..., dict[str, bool]]:
    def reach(examples: str, *extra: str, **sections: str) -> dict[str, bool]:
        path = written(*extra, **sections)
        examples_of(path).write_text(examples, encoding="utf-8")
        found, faults = read_examples(path)
        assert not faults
        return {point.label: point.is_reached for point in coverage_of(path, found)}

    return reach


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_examples_of_a_shipped_mapping_reach_and_notice_every_rule(path: Path) -> None:
    examples, faults = read_examples(path)
    unreached = [point for point in coverage_of(path, examples) if not point.is_reached]
    assert (faults, unreached) == ([], [])
    found = survey(path, examples)
    assert found.tried > 0
    assert [(mutant.line, mutant.what) for mutant in found.survivors] == []


def test_a_branch_is_reached_both_ways_or_is_said_not_to_be(points: Callable[..., dict[str, Any]]) -> None:
    found = points("- {record: {no: 1, at: 2026-01-05}, expect: [{type: case.received}]}\n", events=BRANCHING)
    assert found == {
        "case.received": True,
        "case.closed": False,
        "default at: yes": True,
        "default at: no": False,
        "when done: yes": False,
        "when done: no": True,
    }


def test_an_event_that_is_refused_is_not_reached(points: Callable[..., dict[str, Any]]) -> None:
    found = points("- {record: {at: 2026-01-05}, refused: {code: map.missing}}\n")
    assert found == {"case.received": False}


def test_a_code_is_reached_by_its_own_value_and_the_default_by_any_other(points: Callable[..., dict[str, Any]]) -> None:
    codes = 'codes: {way: {"1": window, "2": online, "*": mobile}}\n'
    case = "case: {source_case_no: no, region_code: \"'321200'\", channel: 'code(\"way\", way)'}\n"
    record = "- {{record: {{no: 1, at: 2026-01-05, way: {}}}, expect: [{{}}]}}\n"
    found = points(record.format("'1'") + record.format("'8'"), codes, case=case)
    assert (found["way: 1"], found["way: 2"], found["way: *"]) == (True, False, True)


def test_a_mapping_without_points_is_wholly_reached() -> None:
    assert percent_of([]) == 100


def test_a_shared_list_is_not_the_examples_to_reach(points: Callable[..., dict[str, Any]]) -> None:
    case = "case: {source_case_no: no, region_code: \"'321200'\", power_type: 'code(\"power\", p)'}\n"
    record = "- {record: {no: 1, at: 2026-01-05, p: '01'}, expect: [{}]}\n"
    assert set(points(record, "codes: {power: shared/power-types}\n", case=case)) == {"case.received"}
