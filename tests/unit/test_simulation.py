"""The simulated city: the same bytes for the same seed, every rule in it, and the engine finds its truth exactly."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import orjson
import pytest

from conformance.simulation.comparing import Found, compare, precision, recall
from conformance.simulation.directory import documents
from conformance.simulation.judging import NOT_JUDGED, Bench
from conformance.simulation.plan import LEAST_CASES, SCENARIOS, cases_of
from conformance.simulation.shapes import SYSTEMS
from conformance.simulation.told import connection_of, document_of
from conformance.simulation.truth import Truth
from conformance.simulation.writing import write
from hub.mapping import TOKEN_KEY, load
from hub.mapping.mapping import lint
from hub.model.digest import numbers_digest
from hub.model.organisations import is_uscc
from hub.model.shapes import shape
from hub.supervision.rules import ALL_RULES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CASES = 3_000
"""Judged in the tests; `make truth` judges 100,000."""

NOT_EXCUSED = {"R03", "R04", "R05", "R06", "R07", "R29", "R46", "R47", "R49", "R64"}
"""Rules on what many cases say: their late word is in tests/support/town_city.py."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("city") / "of500"
    write(made, seed=7, cases=500)
    return made


@pytest.fixture(scope="module")
def offers(folder: Path) -> Mapping[str, frozenset[str] | None]:
    loaded = [load(path, environment={TOKEN_KEY: "k" * 32}) for path in folder.glob("mappings/*/records.yaml")]
    return {each.declaration.connection: each.declaration.offers for each in loaded}


def test_the_engine_finds_the_truth_and_nothing_else(offers: Mapping[str, frozenset[str] | None]) -> None:
    truth, bench = Truth(), Bench(offers)
    for case in cases_of(20080808, CASES):
        truth.add(case, connection_of(case.scenario.system))
        bench.take(document_of(case))
    document = truth.as_document(seed=20080808)
    lines = compare(document, bench.across())
    assert [line for line in lines if line.missed or line.false] == []
    assert (precision(lines), recall(lines)) == (100.0, 100.0)
    assert set(document["planted"]) == set(ALL_RULES) - {*NOT_JUDGED}
    assert set(document["excused"]) == set(ALL_RULES) - {*NOT_JUDGED} - NOT_EXCUSED


def test_every_rule_on_one_case_is_nearly_broken_too() -> None:
    near = {rule for scenario in SCENARIOS for rule in scenario.near}
    assert near >= {name for name, rule in ALL_RULES.items() if rule.scope == "case"} - {"R26"}
    assert not any(set(scenario.near) & {*scenario.planted, *scenario.excused} for scenario in SCENARIOS)


def test_what_is_missed_or_false_is_told() -> None:
    truth = {"planted": {"R14": ["a", "a", "b"]}, "excused": {"R15": ["c"]}}
    found = Found(standing={"R14": Counter({"a": 1, "b": 2}), "R15": Counter({"c": 1})}, excused={}, lapsed={})
    lines = {line.rule: line for line in compare(truth, found)}
    assert (lines["R14"].missed, lines["R14"].false) == (("a",), ("b",))
    assert (lines["R15"].missed, lines["R15"].false) == (("c",), ("c",))
    assert precision([*lines.values()]) < 100
    assert recall([*lines.values()]) == 50.0


def test_a_city_too_small_for_every_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        next(cases_of(1, LEAST_CASES - 1))


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "again", seed=7, cases=500)
    write(tmp_path / "other", seed=8, cases=500)
    assert _contents(tmp_path / "again") == _contents(folder)
    assert _contents(tmp_path / "other") != _contents(folder)


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def test_every_kind_of_connector_has_a_system_and_every_mapping_is_clean(folder: Path) -> None:
    assert {system.kind for system in SYSTEMS} == {"database", "files", "rest", "soap"}
    for path in sorted(folder.glob("mappings/*/records.yaml")):
        assert [*lint(path)] == []


def test_a_city_of_some_connectors_has_only_their_systems_and_its_own_truth(tmp_path: Path) -> None:
    truth = write(tmp_path, seed=7, cases=500, kinds={"rest", "soap"})
    assert {each.name for each in (tmp_path / "mappings").iterdir()} == {"hotline", "discipline", "resources"}
    assert set(truth["records"]) == {"sim.hotline", "sim.resources"}
    told = [load(path, environment={TOKEN_KEY: "k" * 32}) for path in tmp_path.glob("mappings/*/records.yaml")]
    bench = Bench({each.declaration.connection: each.declaration.offers for each in told})
    for line in (tmp_path / "cases.jsonl").read_bytes().splitlines():
        bench.take(orjson.loads(line))
    lines = compare(truth, bench.across())
    assert [line for line in lines if line.missed or line.false] == []
    assert {"R03", "R21", "R66"} <= {line.rule for line in lines}
    assert not {"R14", "R46", "R48", "R49"} & {line.rule for line in lines}


def test_the_county_says_of_two_days_what_cannot_be_and_of_the_last_week_what_may_still_come(folder: Path) -> None:
    """Every other day balances, also the one whose case is handed over a week after it was told of."""
    began: dict[str, list[str]] = defaultdict(list)
    for line in (folder / "cases.jsonl").read_bytes().splitlines():
        said = orjson.loads(line)
        if said["connection_id"] == "sim.county":
            began[said["events"][0]["occurred_at"][:10]].append(said["case"]["case_no"])
    words = [orjson.loads(path.read_bytes())["days"] for path in sorted((folder / "county").glob("*.days"))]
    days = {each["day"]: each for week in words for each in week}
    assert (len(words), len(days)) == (17, 119)
    odd = [day for day, word in days.items() if word["sha256"] != numbers_digest(began[day])]
    assert odd == ["2026-06-03", "2026-06-09", "2026-06-24"]
    assert [days[day]["cases"] - len(began[day]) for day in odd] == [0, 1, 1]
    assert began["2026-06-01"]
    truth = orjson.loads((folder / "truth.json").read_bytes())
    assert truth["planted"]["R48"] == [f"connection:sim.county|{day}" for day in odd[:2]]


def test_every_department_fits_the_catalogue_schema_and_has_a_valid_code() -> None:
    for document in documents().values():
        assert shape("catalogue.v1").problems(document) == []
        assert is_uscc(document["department"]["department_id"])


def test_files_of_the_market_are_in_gb_18030_and_no_person_stands_in_the_cases(folder: Path) -> None:
    first = min((folder / "market").iterdir())
    assert first.read_bytes().decode("gb18030").startswith("案件编号")
    people = {person for case in cases_of(7, 500) for person in (case.person[0], case.person[2])}
    told = (folder / "cases.jsonl").read_text(encoding="utf-8")
    assert not [person for person in people if person in told]


def test_the_truth_says_how_many_records_each_system_holds(folder: Path) -> None:
    truth = orjson.loads((folder / "truth.json").read_bytes())
    lines = sum(len(file.read_bytes().splitlines()) for file in (folder / "county").glob("*.jsonl"))
    assert truth["records"]["sim.county"] == lines
    assert truth["cases"] == 500
    assert len((folder / "cases.jsonl").read_bytes().splitlines()) == 500
