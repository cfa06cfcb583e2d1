"""A simulated city through the whole path: records of seven systems, one hub, and exactly the truth in the end."""

from __future__ import annotations

import shutil
from contextlib import closing
from typing import TYPE_CHECKING

import orjson
import pytest
from typer.testing import CliRunner

from conformance.simulation.model import exports
from connectors import open_source
from hub.cli.feeding import Systems
from hub.cli.main import app
from hub.clock import ManualClock
from hub.mapping import TOKEN_KEY, load
from hub.supervision.rules import ALL_RULES

if TYPE_CHECKING:
    from pathlib import Path

CASES = 2_000


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated") / "city"
    made = CliRunner().invoke(app, ["simulate", "--cases", str(CASES), "--out", str(folder), "--json"])
    assert made.exit_code == 0, made.output
    return folder


def test_a_hub_that_reads_every_system_finds_the_truth_and_nothing_else(city: Path) -> None:
    asked = CliRunner().invoke(app, ["verify-truth", str(city), "--json"])
    assert asked.exit_code == 0, asked.output
    told = orjson.loads(asked.stdout)
    assert (told["right"], told["precision_percent"], told["recall_percent"]) == (True, 100.0, 100.0)
    found = {line["rule"]: line["found"] for line in told["rules"]}
    assert all(found.values())
    assert set(found) == set(ALL_RULES)
    assert told["not_judged"] == []
    assert told["refused"] == orjson.loads((city / "truth.json").read_bytes())["refused"]


def test_every_system_is_read_by_its_connector_record_for_record(city: Path, tmp_path: Path) -> None:
    """Each mapping lints clean, too: tests/unit/test_simulation.py."""
    truth = orjson.loads((city / "truth.json").read_bytes())
    read = {}
    with closing(Systems(city, tmp_path)) as systems:
        for moment in exports():
            systems.show(moment)
        for mapping in (load(path, environment={TOKEN_KEY: "k" * 32}) for path in city.glob("mappings/*/records.yaml")):
            declared = mapping.declaration
            with closing(open_source(declared, systems.environment, clock=ManualClock(exports()[-1]))) as source:
                records = [record for portion in source.read(None) for record in portion.records]
            assert not [record for record in records if record.refused]
            read[declared.connection] = len(records)
    assert read == truth["records"]
    assert len(read) == 7


def test_connectors_that_are_none_are_named(tmp_path: Path) -> None:
    asked = CliRunner().invoke(app, ["simulate", "--connectors", "files,pigeon", "--out", str(tmp_path / "new")])
    assert "pigeon" in str(asked.exception)
    assert not (tmp_path / "new").exists()


def test_a_truth_that_is_not_so_is_told_and_ends_with_an_exit_code(city: Path, tmp_path: Path) -> None:
    folder = tmp_path / "wrong"
    shutil.copytree(city / "mappings", folder / "mappings")
    cases = (city / "cases.jsonl").read_bytes().splitlines(keepends=True)[:300]
    (folder / "cases.jsonl").write_bytes(b"".join(cases))
    shutil.copyfile(city / "truth.json", folder / "truth.json")
    asked = CliRunner().invoke(app, ["verify-truth", str(folder), "--engine", "--json"])
    assert asked.exit_code == 1
    told = orjson.loads(asked.stdout)
    assert not told["right"]
    assert told["recall_percent"] < 100
    assert [line["rule"] for line in told["rules"] if line["missed"]]


def test_what_is_no_simulated_city_is_told_with_what_to_do(tmp_path: Path) -> None:
    asked = CliRunner().invoke(app, ["verify-truth", str(tmp_path)])
    assert asked.exit_code != 0
    assert "sunlight simulate" in str(asked.exception)


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x", encoding="utf-8")
    asked = CliRunner().invoke(app, ["simulate", "--cases", "600", "--out", str(tmp_path)])
    assert "not empty" in str(asked.exception)
    assert [each.name for each in tmp_path.iterdir()] == ["mine"]
