"""The whole hub over the generated city's months: it finds all that was planted and charges nobody else."""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from conformance.reference.city import City, catalogue_paths, plan
from connectors.database_engine import Database
from hub import wiring
from hub.mapping import TOKEN_KEY
from hub.statistics.asked import Asked
from hub.statistics.periods import Span
from tests.support.hubs import hub_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hub.mapping import CompiledMapping
    from hub.wiring import Hub

MORNING = timedelta(hours=8)
"""When time alone is let pass: before anybody keys in what falls due on that day."""

EVENING = timedelta(hours=20)
"""When the day is read: after every export, before the day's deadlines are over."""


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    return City(plan(seed=5, cases=60), tmp_path_factory.mktemp("departments"))


@pytest.fixture(scope="module")
def hub(city: City, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """The hub after it has read every evening of the city's months."""
    with contextlib.ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        hub = stack.enter_context(contextlib.closing(hub_at(tmp_path_factory.mktemp("hub"), now=city.start)))
        patch.setattr(Database, "now", lambda _self, _connection: hub.clock.now())
        for name, value in {**city.environment(), TOKEN_KEY: "k" * 32}.items():
            patch.setenv(name, value)
        _live(hub, city, stack)
        yield hub


def _live(hub: Hub, city: City, stack: contextlib.ExitStack) -> None:
    mappings = [wiring.load_mapping(path) for path in city.mappings()]
    hub.register(mappings, [wiring.load_catalogue(path) for path in catalogue_paths()])
    reads = [_reader(hub, mapping, stack) for mapping in mappings]
    line = hub.line(stack.enter_context(contextlib.closing(hub.bus())))
    stack.callback(line.release)
    for day in range((city.end - city.start).days + 1):
        hub.clock.move_to(city.start + timedelta(days=day) + MORNING)  # type: ignore[attr-defined]  # a manual clock
        line.settle()
        evening = city.start + timedelta(days=day) + EVENING
        hub.clock.move_to(evening)  # type: ignore[attr-defined]  # a manual clock
        city.advance(evening)
        for read in reads:
            read()
        line.settle()


def _reader(hub: Hub, mapping: CompiledMapping, stack: contextlib.ExitStack) -> Callable[[], object]:
    intake = hub.intake(mapping, stack.enter_context(contextlib.closing(hub.bus())))
    source = stack.enter_context(contextlib.closing(hub.source(mapping)))
    return lambda: intake.run_once(source)


def test_every_planted_violation_is_found_and_no_other_case_is_charged(city: City, hub: Hub) -> None:
    raised: dict[str, set[str]] = defaultdict(set)
    for alert in hub.queries.alerts(limit=10_000):
        raised[alert["rule_id"]].add(alert["case_no"])
    assert raised == {rule: set(numbers) for rule, numbers in city.truth.items()}


def test_exactly_the_spoilt_records_of_each_connection_are_in_the_quarantine(city: City, hub: Hub) -> None:
    refused: dict[str, int] = defaultdict(int)
    for row in hub.queries.quarantine(limit=1000):
        refused[row["connection_id"]] += 1
    assert refused == city.quarantine_truth


def test_every_step_is_ledgered_and_nothing_is_in_flight(city: City, hub: Hub) -> None:
    figures = hub.queries.summary()
    assert figures["cases"]["total"] == len(city.plan.cases)
    distinct = {(case.case_no, step.type, step.occurrence) for case in city.plan.cases for step in case.steps}
    assert figures["events"]["new"] == len(distinct)
    assert figures["events"]["parked"] == 0
    assert all(account["in_flight"] == 0 for account in hub.queries.accounting().values())


def test_the_citys_statistics_are_those_of_its_plan(city: City, hub: Hub) -> None:
    opened: Counter[date] = Counter()
    accepted: Counter[date] = Counter()
    for case in city.plan.cases:
        days = {step.type: step.occurred_at.date().replace(day=1) for step in reversed(case.steps)}
        opened[days.get("case.received", min(days.values()))] += 1
        accepted.update([days["case.accepted"]] if "case.accepted" in days else [])
    year = Asked(span=Span(start=date(2026, 1, 1), last=date(2026, 12, 31)), by=("month",))
    lines = hub.queries.statistics(year)
    assert {line.key.period: line.sums["opened"] for line in lines if line.sums["opened"]} == opened
    assert {line.key.period: line.sums["accepted"] for line in lines if line.sums["accepted"]} == accepted
    late = [alert for rule in ("R14", "R15") for alert in hub.queries.alerts(rule=rule, limit=10_000)]
    missed = {alert["case_no"] for alert in late if alert["state"] != "revoked"}
    assert sum(line.sums["late"] + line.sums["overdue"] for line in lines) == len(missed)


def test_the_alerts_of_the_statistics_are_those_that_were_raised(hub: Hub) -> None:
    year = Asked(span=Span(start=date(2026, 1, 1), last=date(2026, 12, 31)), by=("rule",))
    told = {line.key.place[0]: line for line in hub.queries.alert_statistics(year, hub.settings.zone)}
    for rule in ("R13", "R14", "R15"):
        states = Counter(alert["state"] for alert in hub.queries.alerts(rule=rule, limit=10_000))
        assert told[rule].revoked == states["revoked"]
        assert told[rule].raised == states.total() - states["revoked"] - states["pending"]
    assert told["R14"].revoked > 0
