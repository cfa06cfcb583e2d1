"""`changed(column)`: transitions of a column that its system writes over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hub import mapping
from hub.errors import Misconfigured

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """connection: taizhou.culture.status
department: "11321200014000028L"
kind: files
read: {observe: {key: id, columns: [status]}}
case: {source_case_no: id, region_code: "'321200'"}
events:
"""
EVENT = "  - {type: case.accepted, when: WHEN, occurred_at: time(at), precision: \"'observed'\"}\n"


def mapped(folder: Path, when: str, record: dict[str, Any], head: str = HEAD) -> int:
    path = folder / "m.yaml"
    path.write_text(head + EVENT.replace("WHEN", when), encoding="utf-8")
    events = mapping.load(path, environment={}).map_record({"id": "1", "at": "2026-03-02T10:00:00", **record})
    assert all(event.data["precision"] == "observed" for event in events)
    return len(events)


@pytest.mark.parametrize(
    ("before", "now", "count"),
    [
        ({"status": "1"}, "2", 1),
        ({"status": "1"}, "1", 0),
        ({"status": 1}, "1", 0),
        ({"status": None}, "", 0),
        ({}, "1", 1),
        ({}, None, 0),
        (None, "1", 1),
    ],
)
def test_a_column_has_changed_where_it_says_other_than_before(
    tmp_path: Path, before: Any, now: Any, count: int
) -> None:
    record = {"status": now} | ({} if before is None else {"@before": before})
    assert mapped(tmp_path, "changed(status)", record) == count


@pytest.mark.parametrize("when", ["changed(at)", 'changed("status")', "changed(trim(status))", "changed(no)"])
def test_what_is_not_observed_is_a_fault_with_its_cure(tmp_path: Path, when: str) -> None:
    with pytest.raises(Misconfigured, match=r"read: \{observe"):
        mapped(tmp_path, f"'{when}'", {})


def test_what_is_observed_is_part_of_a_mappings_meaning(tmp_path: Path) -> None:
    path, found = tmp_path / "m.yaml", set()
    for columns in ("[status]", "[status, at]"):
        path.write_text(HEAD.replace("[status]", columns) + EVENT.replace("WHEN", "changed(status)"), encoding="utf-8")
        found.add(mapping.load(path, environment={}).fingerprint)
    assert len(found) == 2
