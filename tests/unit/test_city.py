"""The generated city: the same for the same seed, valid in its codes, and right about what must be found in it."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import closing
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from ruamel.yaml import YAML

from conformance.reference.city import RULES, City, plan
from conformance.reference.directory import HOUSING, MAPPING_FILES, catalogue_paths, departments
from conformance.reference.plan import LEAST_CASES
from hub.mapping import TOKEN_KEY, load
from hub.model import ids
from hub.model.digest import content_digest, record_digest
from hub.model.organisations import is_citizen_id, is_uscc
from hub.model.shapes import shape
from hub.resources import MAPPINGS
from hub.supervision.calendar import WorkCalendar
from hub.supervision.caselog import EMPTY, Fact, fact_from, merge
from hub.supervision.catalogue import Catalogue
from hub.supervision.judge import judge
from tests.support.city_oracle import truth_of, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from conformance.reference.plan import CityPlan
    from conformance.reference.story import CityCase, Step

CALENDAR = WorkCalendar()


def _catalogue() -> list[dict[str, Any]]:
    return [YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")) for path in catalogue_paths()]


@pytest.fixture(scope="module")
def small() -> CityPlan:
    return plan(seed=7, cases=250)


@pytest.fixture(scope="module")
def run(small: CityPlan, tmp_path_factory: pytest.TempPathFactory) -> City:
    city = City(small, tmp_path_factory.mktemp("city") / "systems")
    city.advance(city.end)
    return city


# --- the plan --------------------------------------------------------------------------------------------------------


def test_the_same_seed_plans_the_same_city_and_another_seed_another() -> None:
    assert plan(seed=1, cases=100) == plan(seed=1, cases=100)
    assert plan(seed=1, cases=100).cases != plan(seed=2, cases=100).cases


def test_a_city_too_small_or_too_short_for_its_planted_kinds_is_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        plan(cases=LEAST_CASES - 1)
    with pytest.raises(ValueError, match="too short"):
        plan(end=date(2026, 3, 20))


def test_case_numbers_are_unique_and_run_in_the_order_of_receipt(small: CityPlan) -> None:
    assert len({case.case_no for case in small.cases}) == len(small.cases)
    for department in departments():
        own = [case for case in small.cases if case.department == department]
        assert sorted(own, key=lambda case: case.case_no) == sorted(own, key=lambda case: case.steps[0].keyed_at)


def test_every_department_of_both_counties_and_the_city_has_cases(small: CityPlan) -> None:
    assert {case.department.department_id for case in small.cases} == {each.department_id for each in departments()}
    assert {each.region_code for each in departments()} == {"321200", "321281", "321283"}


def test_every_department_fits_the_catalogue_schema_and_has_a_valid_code() -> None:
    for document in _catalogue():
        assert shape("catalogue.v1").problems(document) == []
        assert is_uscc(document["department"]["department_id"])
        assert {"first_responsible", "leader_in_charge", "responsible_office", "liaison"} <= document[
            "department"
        ].keys()


def test_every_applicant_has_a_valid_number_and_nobody_alive_has_it(small: CityPlan) -> None:
    for case in small.cases:
        who = case.applicant
        assert who.phone.startswith("1380000")
        if who.kind == "1":
            assert is_citizen_id(who.id_number)
            assert int(who.id_number[6:10]) < 1900
        else:
            assert is_uscc(who.id_number)


def test_some_names_hold_characters_that_gbk_lacks_and_no_title_names_an_applicant() -> None:
    cases = plan().cases
    assert any("䲡" in case.applicant.name for case in cases)
    assert any("𠮷" in case.applicant.name for case in cases)
    assert not any(case.applicant.name in case.title for case in cases)


def test_nothing_is_keyed_in_before_it_happened_or_outside_the_city_s_months(small: CityPlan) -> None:
    for case in small.cases:
        for step in case.steps:
            assert step.occurred_at <= step.keyed_at
            assert small.starts_at <= step.occurred_at
            assert step.keyed_at < small.ends_at


# --- the truth -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seed", "cases"), [(20080808, 800), (3, 120), (4, 120)])
def test_the_truth_agrees_with_a_naive_recomputation(seed: int, cases: int) -> None:
    city = plan(seed=seed, cases=cases)
    assert {rule: set(numbers) for rule, numbers in city.truth.items()} == truth_of(city)


def test_every_rule_has_cases_to_find_and_near_misses_to_leave_alone() -> None:
    city = plan(cases=LEAST_CASES)
    for rule in RULES:
        assert city.truth[rule]
        assert city.near_misses[rule]
        assert not city.truth[rule] & city.near_misses[rule]


@pytest.mark.parametrize("lag", [timedelta(0), timedelta(hours=24)], ids=["at once", "a day behind"])
def test_a_judge_that_watches_all_along_raises_the_truth_and_nothing_else(small: CityPlan, lag: timedelta) -> None:
    catalogue = Catalogue(_catalogue())
    raised: dict[str, set[str]] = defaultdict(set)
    for case in small.cases:
        for rule in _watched(case, small, catalogue, lag):
            raised[rule].add(case.case_no)
    assert raised == {rule: set(numbers) for rule, numbers in small.truth.items()}


def _watched(case: CityCase, city: CityPlan, catalogue: Catalogue, lag: timedelta) -> set[str]:
    """Judge a case whenever something of it arrives and whenever time alone changes something."""
    found: set[str] = set()
    offers = _offers()[case.department.connection]
    log, ahead, now = EMPTY, list(_arrivals(case)), city.starts_at
    while ahead or now < city.ends_at:
        arriving = [fact for fact in ahead if fact.ledgered_at <= now]
        ahead = ahead[len(arriving) :]
        log = merge(log, arriving)
        wake = None
        if log.facts:
            verdict = judge(log, catalogue=catalogue, calendar=CALENDAR, horizon=now - lag, offers=offers)
            found |= {finding.rule_id for finding in verdict.findings}
            wake = verdict.wake_at and verdict.wake_at + lag + timedelta(seconds=1)
        now = min(filter(None, (ahead[0].ledgered_at if ahead else None, wake, city.ends_at)))
        if now == city.ends_at and not ahead:
            verdict = judge(log, catalogue=catalogue, calendar=CALENDAR, horizon=now - lag, offers=offers)
            return found | {finding.rule_id for finding in verdict.findings}
    return found


@lru_cache(maxsize=1)
def _offers() -> Mapping[str, frozenset[str] | None]:
    """Return what each system's mapping fills, as it is registered."""
    environment = {TOKEN_KEY: "k" * 32}
    loaded = [load(MAPPINGS / file, environment=environment) for file in MAPPING_FILES.values()]
    return {each.declaration.connection: each.declaration.offers for each in loaded}


def _arrivals(case: CityCase) -> Iterable[Fact]:
    for place, step in enumerate(case.steps):
        yield _fact(case, step, visible(case, step), place)


def _fact(case: CityCase, step: Step, seen: datetime, place: int) -> Fact:
    connection = case.department.connection
    data: dict[str, Any] = {
        "type": step.type,
        "connection_id": connection,
        "source_version": step.version,
        "mapping_version": 1,
        "on_change": "conflict",
        "occurred_at": step.occurred_at.isoformat(),
        "recorded_at": step.recorded_at.isoformat(),
        "case": _about(case),
        "provenance": {
            "read_id": ids.foreign_read_id(f"{connection} {seen}"),
            "record_digest": record_digest(repr((case.case_no, place)).encode()),
            "backfill": False,
        },
    }
    if step.result:
        data["result"] = {"code": step.result}
    if step.special:
        data["special"] = {"kind": step.special}
    if step.days:
        data["extension"] = {"n": step.days, "unit": "working_day"}
    if step.promised_day and connection == HOUSING:
        data["promised_due_at"] = step.promised_day.isoformat()
    if step.corrects:
        data["correction_of"] = ids.event_id(connection, case.case_no, step.corrects)
    event_id = ids.event_id(connection, case.case_no, step.type, step.occurrence)
    digest = content_digest(data)
    return fact_from(data, event_id=event_id, position=place, ledgered_at=seen, digest=digest, fingerprint="a" * 64)


def _about(case: CityCase) -> dict[str, Any]:
    return {
        "case_id": ids.case_id(case.department.connection, case.case_no),
        "case_no": case.case_no,
        "family": "application",
        "department_id": case.department.department_id,
        "region_code": case.department.region_code,
        "matter_code": case.matter.code,
        "case_type": case.matter.case_type,
        "disclosure": {"class": "public"},
    }


# --- the systems -----------------------------------------------------------------------------------------------------


def test_the_same_plan_fills_its_systems_with_the_same_bytes(small: CityPlan, run: City, tmp_path: Path) -> None:
    again = City(small, tmp_path / "again")
    moment: datetime | None = again.start
    while moment := again.next_moment(moment):
        again.advance(moment)
    assert _contents(again) == _contents(run)


def _contents(city: City) -> list[object]:
    found: list[object] = []
    for name, value in sorted(city.environment().items()):
        if value.startswith("sqlite:///"):
            with closing(sqlite3.connect(value.removeprefix("sqlite:///"))) as db:
                found.append((name, list(db.iterdump())))
        else:
            found += [(path.name, path.read_bytes()) for path in _files(value)]
    return found


def _files(folder: str) -> list[Path]:
    from pathlib import Path  # noqa: PLC0415 - at run time here alone

    return sorted(Path(folder).iterdir())


def test_a_system_shows_nothing_before_its_staff_keyed_it_in(small: CityPlan, tmp_path: Path) -> None:
    city = City(small, tmp_path / "slow")
    middle = city.start + (city.end - city.start) / 2
    city.advance(middle)
    with closing(sqlite3.connect(tmp_path / "slow" / "housing.db")) as db:
        latest = db.execute("SELECT max(update_date), max(create_date) FROM inf_apply").fetchone()
    assert max(latest) <= middle.strftime("%Y-%m-%d %H:%M:%S")
    assert max(_files(city.environment()["MARKET_INBOX"])).stem <= f"market-{middle:%Y%m%d}"
    following = city.next_moment(middle)
    assert following is not None
    assert following > middle


def test_nothing_is_left_to_show_at_the_city_s_end(run: City) -> None:
    assert run.next_moment(run.end) is None


def test_every_market_line_decodes_but_the_spoilt_ones(run: City) -> None:
    lines = [line for file in _files(run.environment()["MARKET_INBOX"]) for line in file.read_bytes().splitlines()]
    broken = [line for line in lines if not _decodes(line)]
    assert len(broken) == sum(dirt.kind == "undecodable" and "market" in dirt.connection for dirt in run.plan.dirt) > 0


def _decodes(line: bytes) -> bool:
    try:
        line.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return True


def test_the_platform_speaks_for_its_three_departments_and_spoils_the_lines_it_says(run: City) -> None:
    lines = [line for file in _files(run.environment()["XINGHUA_INBOX"]) for line in file.read_bytes().splitlines()]
    records = [orjson.loads(line) for line in lines if line.endswith(b"}")]
    assert len(lines) - len(records) == 1
    assert len({record["org"]["code"] for record in records}) == 3


def test_a_wide_row_holds_all_that_happened_to_its_case(run: City) -> None:
    delivered = next(
        case
        for case in run.plan.cases
        if case.department.letters == "ZJ" and case.scenario == "plain" and case.steps[-1].type == "case.delivered"
    )
    with closing(sqlite3.connect(run.environment()["HOUSING_DB_URL"].removeprefix("sqlite:///"))) as db:
        db.row_factory = sqlite3.Row
        row = db.execute("SELECT * FROM inf_apply WHERE internal_no = ?", (delivered.case_no,)).fetchone()
    dates = [row[name] for name in row.keys() if name.endswith("_date") and not name.endswith("_create_date")]  # noqa: SIM118 - a Row iterates over values
    said = {step.occurred_at.strftime("%Y-%m-%d %H:%M:%S") for step in delivered.steps}
    assert said <= set(dates)


def test_every_connection_has_records_that_must_be_refused(small: CityPlan) -> None:
    assert set(small.quarantine_truth) == {each.connection for each in departments()}
    assert sum(small.quarantine_truth.values()) == len(small.dirt)
