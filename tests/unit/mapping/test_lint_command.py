"""`sunlight mapping lint` reports every problem at once, in three forms, and says by its exit code what counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest
from typer.testing import CliRunner

from hub.cli.main import app
from hub.resources import MAPPINGS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FAULTY = "case:\n  source_case_no: no\n  region_code: \"'321200'\"\n  title: trimm(a)\n"


def typed(*words: str) -> tuple[int, str]:
    outcome = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["mapping", "lint", *words])
    return outcome.exit_code, outcome.stdout


def test_the_shipped_mappings_have_not_even_a_warning() -> None:
    code, said = typed(str(MAPPINGS), "--strict", "--json")
    assert (code, orjson.loads(said)["faults"]) == (0, [])
    assert orjson.loads(said)["files"] >= 6


def test_an_error_ends_with_two_and_a_warning_only_where_it_counts(written: Callable[..., Path]) -> None:
    assert typed(str(written(case=FAULTY)))[0] == 2
    warned = str(written("let: {x: a}\n"))
    assert typed(warned)[0] == 0
    assert typed(warned, "--strict")[0] == 2
    assert typed(str(written()) + "x")[0] == 2


def test_all_problems_stand_in_the_table(written: Callable[..., Path]) -> None:
    _, said = typed(str(written("let: {x: a}\n", case=FAULTY)))
    assert "1 file, 1 error, 1 warning" in said
    assert "8:10" in said
    assert "'trim'" in said


@pytest.mark.parametrize("option", ["--contract", "--sample"])
def test_a_contract_given_is_held_against_the_mapping(written: Callable[..., Path], option: str) -> None:
    path = written()
    sample = path.with_name("sample.csv")
    sample.write_text("no,att\n1,2026-01-05\n", encoding="utf-8")
    code, said = typed(str(path), option, str(sample), "--json")
    (fault,) = orjson.loads(said)["faults"]
    assert (code, fault["code"], fault["source_path"], fault["hint"]) == (
        2, "map.unknown-path", "at", "did you mean 'att'?",
    )  # fmt: skip


def test_sarif_has_each_fault_at_its_place(written: Callable[..., Path]) -> None:
    path = written("let: {x: a}\n", case=FAULTY)
    code, said = typed(str(path), "--sarif")
    log: dict[str, Any] = orjson.loads(said)
    (run,) = log["runs"]
    assert (code, log["version"]) == (2, "2.1.0")
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == {result["ruleId"] for result in run["results"]}
    places = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert {place["artifactLocation"]["uri"] for place in places} == {str(path)}
    assert [(place["region"]["startLine"], place["region"]["startColumn"]) for place in places] == [(4, 7), (8, 10)]
    assert [result["level"] for result in run["results"]] == ["warning", "error"]
    assert all(result["message"]["text"] for result in run["results"])


def test_a_value_of_the_source_is_shown_masked(written: Callable[..., Path]) -> None:
    path = written()
    sample = path.with_name("sample.csv")
    sample.write_text("no,at\n1,张三丰 320123\n", encoding="utf-8")
    _, said = typed(str(path), "--sample", str(sample), "--json")
    assert "张**" in said
    assert "三" not in said
