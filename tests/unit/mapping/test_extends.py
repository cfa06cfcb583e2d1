"""A child says what its base does not: merged by one rule, told of by file and line, the same as if written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hub.errors import Misconfigured
from hub.mapping import fingerprint, lint, load
from hub.mapping.examples import run_examples
from hub.mapping.inheritance import DEPTH

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BASE = """\
base: true
kind: database
codes:
  way: {"1": window, "2": online}
let:
  at: time(accept_date)
case:
  source_case_no: internal_no
  region_code: "'321200'"
  title: trim(name)
  channel: code("way", way)
events:
  - {type: case.received, occurred_at: time(create_date)}
  - {type: case.accepted, when: accept_date, occurred_at: at}
  - {type: stage.completed, occurrence: "'1'", occurred_at: at, stage_code: "'a'"}
"""
CHILD = """\
extends: bases/family
connection: test.one
department: "11321200014000028L"
"""
RECORD = {"internal_no": "1", "name": " x ", "way": "1", "create_date": "2026-01-05", "accept_date": "2026-01-06"}


@pytest.fixture
def family(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a child beside its base, and returns the child's path."""

    def write(child: str = "", base: str = BASE) -> Path:
        path = tmp_path / "one" / "child.yaml"
        path.parent.mkdir(exist_ok=True)
        (tmp_path / "bases").mkdir(exist_ok=True)
        (tmp_path / "bases" / "family.yaml").write_text(base, encoding="utf-8")
        path.write_text(CHILD + child, encoding="utf-8")
        return path

    return write


def mapped(path: Path, **record: str) -> list[dict[str, Any]]:
    return [event.data for event in load(path, environment={}).map_record({**RECORD, **record})]


def types(path: Path) -> list[str]:
    return [data["type"] for data in mapped(path)]


def test_a_child_that_adds_nothing_is_its_base_under_its_own_name(family: Callable[..., Path]) -> None:
    (received, *others) = mapped(family())
    assert received["connection_id"] == "test.one"
    assert received["case"]["title"] == "x"
    assert [data["type"] for data in others] == ["case.accepted", "stage.completed"]


def test_the_childs_word_stands_key_by_key(family: Callable[..., Path]) -> None:
    path = family(
        'codes: {way: {"3": window, "2": null}}\nlet: {at: time(other)}\ncase: {title: upper(name), applicant: null}\n'
    )
    (data, accepted, _) = mapped(path, way="3", other="2026-02-01")
    assert (data["case"]["title"], data["case"]["channel"]) == (" X ", "window")
    assert accepted["occurred_at"].startswith("2026-02-01")
    assert "channel" not in mapped(path, way="2", other="2026-02-01")[0]["case"], "a code that means nothing"


def test_a_key_set_to_nothing_is_taken_out(family: Callable[..., Path]) -> None:
    assert "title" not in mapped(family("case: {title: null}\n"))[0]["case"]


def test_events_are_merged_by_type_and_occurrence_added_and_dropped(family: Callable[..., Path]) -> None:
    path = family(
        "events:\n"
        "  - {type: case.received, occurred_at: time(name2)}\n"
        "  - {type: case.accepted, drop: true}\n"
        "  - {type: stage.completed, occurrence: \"'2'\", occurred_at: at, stage_code: \"'b'\"}\n"
        "  - {type: stage.completed, occurrence: \"'1'\", stage_code: \"'c'\"}\n"
    )
    found = mapped(path, name2="2026-03-01")
    assert [data["type"] for data in found] == ["case.received", "stage.completed", "stage.completed"]
    assert found[0]["occurred_at"] == "2026-03-01"
    assert [data["stage_code"] for data in found[1:]] == ["c", "b"]


def test_the_meaning_is_that_of_the_mapping_written_out(family: Callable[..., Path], tmp_path: Path) -> None:
    whole = tmp_path / "whole.yaml"
    whole.write_text(CHILD.partition("\n")[2] + BASE.partition("\n")[2], encoding="utf-8")
    assert fingerprint(family()).whole == fingerprint(whole).whole
    assert fingerprint(family("case: {title: name}\n")).whole != fingerprint(whole).whole


def test_a_fault_is_told_where_it_stands(family: Callable[..., Path], tmp_path: Path) -> None:
    path = family("case: {title: tirm(name)}\n", BASE.replace("time(create_date)", "tmie(create_date)"))
    faults = {(fault.file, fault.line, fault.code) for fault in lint(path)}
    assert (str(path), 4, "map.unknown-function") in faults
    assert (str((tmp_path / "bases" / "family.yaml").resolve()), 13, "map.unknown-function") in faults


def test_a_base_is_no_mapping_but_can_be_checked_and_tried(family: Callable[..., Path], tmp_path: Path) -> None:
    family()
    base = tmp_path / "bases" / "family.yaml"
    assert lint(base) == []
    with pytest.raises(Misconfigured, match="this is a base"):
        load(base, environment={})
    base.with_name("family.examples.yaml").write_text(
        "- record: {internal_no: A, create_date: 2026-01-05}\n  expect: [{type: case.received}]\n", encoding="utf-8"
    )
    (failed,) = run_examples(base)
    assert "{'code': 'map.missing', 'path': 'stage.completed/occurred_at'} came out" in failed.problem


@pytest.mark.parametrize(
    "name", ["../family", "/etc/passwd", "bases/../bases/family", "bases/none", "Bases/family", ""]
)
def test_a_base_is_found_below_the_mappings_alone(family: Callable[..., Path], name: str) -> None:
    path = family()
    path.write_text(path.read_text(encoding="utf-8").replace("bases/family", f'"{name}"'), encoding="utf-8")
    assert "map.bad-base" in {fault.code for fault in lint(path)}


def test_a_link_that_leads_out_is_no_base(family: Callable[..., Path], tmp_path: Path) -> None:
    path, outside = family(), tmp_path.parent / f"{tmp_path.name}-outside.yaml"
    outside.write_text(BASE, encoding="utf-8")
    (tmp_path / "bases" / "family.yaml").unlink()
    (tmp_path / "bases" / "family.yaml").symlink_to(outside)
    assert "map.bad-base" in {fault.code for fault in lint(path)}


def test_a_mapping_that_is_no_base_is_not_extended(family: Callable[..., Path]) -> None:
    faults = lint(family(base=BASE.replace("base: true\n", "")))
    assert any(fault.code == "map.bad-base" and "base: true" in fault.hint for fault in faults)


def test_bases_that_go_round_in_a_circle_are_refused(family: Callable[..., Path]) -> None:
    faults = lint(family(base="extends: bases/family\n" + BASE))
    assert any(fault.code == "map.bad-base" and "circle" in fault.problem for fault in faults)


@pytest.mark.parametrize(("behind", "sound"), [(DEPTH, True), (DEPTH + 1, False)])
def test_bases_stand_behind_one_another_up_to_a_limit(
    family: Callable[..., Path], tmp_path: Path, *, behind: int, sound: bool
) -> None:
    path = family(base="base: true\nextends: bases/b2\n")
    for number in range(2, behind + 1):
        text = BASE if number == behind else f"base: true\nextends: bases/b{number + 1}\n"
        (tmp_path / "bases" / f"b{number}.yaml").write_text(text, encoding="utf-8")
    assert (lint(path) == []) == sound
