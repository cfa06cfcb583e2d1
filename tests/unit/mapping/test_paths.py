"""Paths go into trees, and choose among several as XPath does; what is no path is told before it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hub import mapping
from hub.errors import Refused
from tests.unit.mapping.conftest import CASE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TREE = {
    "no": "1",
    "at": "2026-01-05",
    "SP": [
        {"HJMC": "受理", "@type": "a", "SPSJ": "2026-01-05", "FL": [{"x": "1"}, {"x": "2"}]},
        {"HJMC": "审核/批准", "@type": "b", "SPSJ": "2026-01-06", "N": 2},
        {"HJMC": "决定", "@type": "b", "SPSJ": "2026-01-07"},
    ],
    "one": {"HJMC": "受理", "v": "7"},
    "a[1]": "plain",
}


def title(written: Callable[..., Path], path: str, tree: Any = None) -> str | None:
    """Return what a mapping reads at `path`, as the case's title."""
    file = written(f"read: {{names: {{picked: {path}}}}}\n", case=CASE + "  title: text(picked)\n")
    assert [str(fault) for fault in mapping.lint(file)] == []
    (event,) = mapping.load(file, environment={}).map_record(TREE if tree is None else tree)
    found: str | None = event.data["case"].get("title")
    return found


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("'SP[2]/SPSJ'", "2026-01-06"),
        ("'SP[9]/SPSJ'", None),
        ("'SP[1]/FL[2]/x'", "2"),
        ("\"SP[HJMC='受理']/SPSJ\"", "2026-01-05"),
        ("\"SP[HJMC='审核/批准']/SPSJ\"", "2026-01-06"),
        ("\"SP[@type='a']/HJMC\"", "受理"),
        ("\"SP[ N = '2' ]/HJMC\"", "审核/批准"),
        ("\"SP[HJMC='nobody']/SPSJ\"", None),
        ("\"one[HJMC='受理']/v\"", "7"),
        ("'one[1]/v'", "7"),
        ("'none[1]/v'", None),
        ('["a[1]"]', "plain"),
    ],
)
def test_a_predicate_chooses_among_several(written: Callable[..., Path], path: str, value: str | None) -> None:
    assert title(written, path) == value


def test_a_path_that_still_meets_several_is_refused(written: Callable[..., Path]) -> None:
    with pytest.raises(Refused) as refused:
        title(written, "\"SP[@type='b']/SPSJ\"")
    assert refused.value.rejection.code == "map.many-values"


def test_a_predicate_says_which_children_are_walked(written: Callable[..., Path]) -> None:
    file = written(
        "read: {names: {step: \"SP[@type='b']/HJMC\", step_at: \"SP[@type='b']/SPSJ\"}}\n",
        events=(
            "events:\n  - {type: stage.completed, each: \"SP[@type='b']\", occurrence: step, stage_code: step,"
            " occurred_at: time(step_at)}\n"
        ),
    )
    assert [str(fault) for fault in mapping.lint(file)] == []
    events = mapping.load(file, environment={}).map_record(TREE)
    assert [event.data["stage_code"] for event in events] == ["审核/批准", "决定"]


@pytest.mark.parametrize(
    "path",
    [
        "SP[last()]",
        "SP[position()<3]",
        "SP[HJMC=1]",
        "SP[@type]/x",
        "SP[a='b' or c='d']/x",
        "SP[a='b",
        "x" * 501,
        "[" * 501,
    ],
)
def test_what_looks_like_xpath_and_is_not_read_is_a_fault(written: Callable[..., Path], path: str) -> None:
    file = written("read: {names: {picked: " + repr(path) + "}}\n", case=CASE + "  title: text(picked)\n")
    if "'" in path:
        file.write_text(file.read_text().replace(repr(path), f'"{path}"'), encoding="utf-8")
    assert "map.bad-path" in {fault.code for fault in mapping.lint(file)}


def test_the_same_spelling_as_a_name_and_as_a_predicate_means_two_things(written: Callable[..., Path]) -> None:
    prints = set()
    for path in ("'SP[2]'", '["SP[2]"]'):
        file = written(f"read: {{names: {{picked: {path}}}}}\n", case=CASE + "  title: text(picked)\n")
        prints.add(mapping.fingerprint(file).whole)
    assert len(prints) == 2


def test_a_predicate_is_looked_for_in_the_contract_without_it(written: Callable[..., Path], tmp_path: Path) -> None:
    contract = tmp_path / "c.json"
    contract.write_text(
        '{"$schema": "x", "properties": {"no": {}, "at": {}, "SP": {"items": {"properties": {"HJMC": {}}}}}}'
    )
    file = written("read: {names: {picked: 'SP[2]/HJMC', lost: 'SP[2]/HJ'}}\n", case=CASE + "  title: picked + lost\n")
    found = [fault for fault in mapping.lint_all(file, contract) if fault.code == "map.unknown-path"]
    assert [fault.source_path for fault in found] == ["SP[2]/HJ"]
