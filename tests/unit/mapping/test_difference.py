"""What a changed mapping would change is known before it takes the old one's place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from hub.cli.main import app
from hub.mapping import load
from hub.mapping.difference import changes

if TYPE_CHECKING:
    from pathlib import Path

    from hub.mapping import CompiledMapping

OLD = """\
connection: test.one
department: "11321200014000028L"
kind: files
connect: {format: jsonl}
codes:
  way: {"1": window}
case:
  source_case_no: no
  region_code: "'321200'"
  title: title
  channel: code("way", way)
events:
  - {type: case.received, occurred_at: time(at)}
  - {type: case.accepted, when: done, occurred_at: time(done)}
"""
NEW = (
    OLD.replace("title: title", "title: trim(title)")
    .replace('{"1": window}', '{"1": window, "2": online}')
    .replace("case.accepted", "case.closed")
    .replace("connection: test.one", "connection: test.one\nversion: 2")
)
RECORD = {"no": "1", "title": " a ", "way": "1", "at": "2026-01-05", "done": "2026-01-06"}


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(OLD, encoding="utf-8")
    new.write_text(NEW, encoding="utf-8")
    return old, new


def told(files: tuple[Path, Path], **record: str) -> list[tuple[str, ...]]:
    old, new = (load(path, environment={}) for path in files)
    found = changes(old, new, {**RECORD, **record})
    return [(each.kind, each.event, each.path, each.before, each.after) for each in found]


def test_events_that_change_appear_and_disappear_are_told_and_the_version_is_not(files: tuple[Path, Path]) -> None:
    assert told(files) == [
        ("changes", "case.received", "case/title", " a ", "a"),
        ("disappears", "case.accepted", "", "", ""),
        ("appears", "case.closed", "", "", ""),
    ]


def test_refusals_that_come_and_go_are_told(files: tuple[Path, Path]) -> None:
    assert told(files, way="2") == [
        ("no longer refused", "", "", "map.unknown-code at case/channel", "2 events"),
    ]
    assert told(files[::-1], way="2") == [("refused", "", "", "2 events", "map.unknown-code at case/channel")]
    assert told(files, way="9") == [], "refused alike"


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> CompiledMapping:
    path = tmp_path_factory.mktemp("one") / "one.yaml"
    path.write_text(OLD, encoding="utf-8")
    return load(path, environment={})


@given(record=st.dictionaries(st.sampled_from([*RECORD]), st.text(max_size=12)))
def test_a_mapping_never_differs_from_itself(one: CompiledMapping, record: dict[str, str]) -> None:
    assert changes(one, one, {**RECORD, **record}) == []


def test_the_command_counts_all_and_ends_with_one_where_any_differs(files: tuple[Path, Path], tmp_path: Path) -> None:
    data = tmp_path / "records.jsonl"
    rows = [RECORD, {**RECORD, "title": "b", "done": ""}, {**RECORD, "way": "2", "done": ""}]
    data.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows) + b"{broken\n")
    run = CliRunner().invoke(app, ["mapping", "diff", *map(str, files), "--on", str(data), "--json"])
    assert run.exit_code == 1
    found = orjson.loads(run.stdout)
    assert (found["records"], found["differ"]) == (3, 2)
    assert found["changes"] == {"changes": 1, "disappears": 1, "appears": 1, "no longer refused": 1}
    assert found["fingerprint_parts"] == ["fields", "codes"]
    assert [each["place"] for each in found["shown"]] == ["records.jsonl:1", "records.jsonl:3"]
    table = CliRunner().invoke(app, ["mapping", "diff", *map(str, files), "--on", str(data)])
    assert "3 records, 2 differ" in table.stdout
    alike = CliRunner().invoke(app, ["mapping", "diff", str(files[0]), str(files[0]), "--on", str(data)])
    assert (alike.exit_code, "the same meaning" in alike.stdout) == (0, True)
