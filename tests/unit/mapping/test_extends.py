"""A child says what its base does not: merged by one rule, told of by file and line, the same as if written out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Misconfigured
from hub.mapping import fingerprint, lint, lint_all, load
from hub.mapping.document import read_document
from hub.mapping.examples import run_examples
from hub.mapping.faults import Faults
from hub.mapping.inheritance import DEPTH, read_mapping

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


TWICE = (
    BASE.replace("case.received, occurred", "case.received, when: way == '1', occurred")
    + "  - {type: case.received, when: way == '2', occurred_at: time(name2)}\n"
)


def test_events_of_one_name_in_a_base_all_stay_and_none_of_them_is_guessed(family: Callable[..., Path]) -> None:
    path = family("events:\n  - {type: case.closed, occurred_at: at}\n", TWICE)
    for way in ("1", "2"):
        assert [data["type"] for data in mapped(path, way=way, name2="2026-03-01")].count("case.received") == 1
    faults = lint(family("events:\n  - {type: case.received, occurred_at: at}\n", TWICE))
    assert [(fault.code, fault.line) for fault in faults if fault.code == "map.bad-merge"] == [("map.bad-merge", 5)]


def test_an_event_that_the_child_writes_twice_is_merged_once_and_added_once(family: Callable[..., Path]) -> None:
    child = (
        "events:\n"
        "  - {type: case.accepted, when: way == '1'}\n"
        "  - {type: case.accepted, when: way == '2', occurred_at: at}\n"
    )
    assert types(family(child)) == ["case.received", "case.accepted", "stage.completed"]
    assert [data["type"] for data in mapped(family(child), way="2")].count("case.accepted") == 1


@pytest.mark.parametrize("drop", ["{type: case.cloesd, drop: true}", "{type: case.accepted, drop: false}"])
def test_a_drop_that_drops_nothing_is_a_fault(family: Callable[..., Path], drop: str) -> None:
    faults = lint(family(f"events:\n  - {drop}\n"))
    assert [(fault.code, fault.line) for fault in faults] == [("map.bad-merge", 5)]


def test_what_the_typed_check_finds_in_a_base_is_told_there(family: Callable[..., Path], tmp_path: Path) -> None:
    path = family(base=BASE.replace("let:\n", "let:\n  idle: trim(name)\n"))
    (unused,) = [fault for fault in lint_all(path) if "unused" in fault.code]
    assert unused.file == str((tmp_path / "bases" / "family.yaml").resolve())


SECTIONS = st.fixed_dictionaries(
    {},
    optional={
        "let": st.dictionaries(st.sampled_from(["at", "x", "y"]), st.sampled_from(["time(a)", "trim(b)"]), max_size=2),
        "case": st.dictionaries(st.sampled_from(["title", "channel", "matter_code"]), st.sampled_from(["a", "b"])),
        "codes": st.dictionaries(
            st.sampled_from(["way", "other"]),
            st.dictionaries(st.sampled_from("12"), st.sampled_from(["window", "online"])),
        ),
    },
)


@given(own=SECTIONS)
def test_a_child_means_its_bases_words_and_its_own_over_them(
    tmp_path_factory: pytest.TempPathFactory, own: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp("family")
    (folder / "bases").mkdir()
    (folder / "bases" / "family.yaml").write_text(BASE, encoding="utf-8")
    child, faults = folder / "child.yaml", Faults("child")
    child.write_text(CHILD + _yaml(own), encoding="utf-8")
    merged = read_mapping(child, faults).plain()
    base = read_document(folder / "bases" / "family.yaml", faults).plain()
    for section in ("let", "case", "codes"):
        assert merged[section].keys() == base[section].keys() | own.get(section, {}).keys()
        for name, value in merged[section].items():
            said = own.get(section, {}).get(name, base[section].get(name))
            assert value == ({**base[section].get(name, {}), **said} if isinstance(said, dict) else said)
    assert faults.found == []


def _yaml(own: dict[str, Any]) -> str:
    return "".join(f"{name}: {json.dumps(value)}\n" for name, value in own.items())


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
