"""Examples hold records or name their files, and match exactly where they say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from hub.cli.main import app
from hub.mapping.examples import examples_of, run_examples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize(("match", "faults"), [("subset", 0), ("exact", 1)])
def test_a_field_more_fails_an_exact_example_alone(written: Callable[..., Path], match: str, faults: int) -> None:
    path = written()
    example = f"- {{record: {{no: 1, at: 2026-01-05}}, match: {match}, expect: [{{type: case.received}}]}}\n"
    examples_of(path).write_text(example, encoding="utf-8")
    assert len(run_examples(path)) == faults


def test_a_record_is_read_from_the_file_beside(written: Callable[..., Path]) -> None:
    path = written()
    (path.parent / "one.json").write_text('{"no": "1", "at": "2026-01-05"}', encoding="utf-8")
    lines = "- {record_file: one.json, expect: [{type: case.received}]}\n- {record_file: two.json, expect: []}\n"
    examples_of(path).write_text(lines, encoding="utf-8")
    assert [(fault.line, fault.code) for fault in run_examples(path)] == [(2, "map.bad-example")]


def test_the_command_fails_below_the_threshold_and_writes_its_reports(written: Callable[..., Path]) -> None:
    path = written(events="events: [{type: case.received, occurred_at: 'time(default(at, b))'}]\n")
    lines = "- {record: {no: 1, at: 2026-01-05}, expect: [{type: case.received}]}\n"
    examples_of(path).write_text(lines, encoding="utf-8")
    junit, page = path.with_name("j.xml"), path.with_name("p.html")
    reports = ["--junit", str(junit), "--html", str(page)]
    run = CliRunner().invoke(app, ["mapping", "test", str(path), *reports])
    assert run.exit_code == 2
    assert "not reached: branch default at: no" in run.stdout
    assert 'failures="1"' in junit.read_text(encoding="utf-8")
    assert "default at: no" in page.read_text(encoding="utf-8")
    assert CliRunner().invoke(app, ["mapping", "test", str(path), "--threshold", "50"]).exit_code == 0


def test_the_command_explains_an_example_and_ends_with_3_where_it_is_refused(written: Callable[..., Path]) -> None:
    path = written()
    lines = "- {name: good, record: {no: 1, at: 2026-01-05}, expect: []}\n"
    lines += "- {name: bad, record: {no: 1}, refused: {code: map.missing}}\n"
    examples_of(path).write_text(lines, encoding="utf-8")
    asked = (["mapping", "explain", str(path), "--json", "--record", f"examples:{name}"] for name in ("good", "bad"))
    codes = [CliRunner().invoke(app, arguments) for arguments in asked]
    assert [run.exit_code for run in codes] == [0, 3]
    assert '"case/case_no"' in codes[0].stdout
    assert "map.missing" in codes[1].stdout
