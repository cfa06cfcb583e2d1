"""The city's systems through the real connectors and mappings: nothing lost, nothing more refused, the truth found."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from conformance.reference.city import RULES, City, plan
from conformance.reference.directory import MAPPING_FILES, catalogue_paths
from connectors import open_source
from connectors.database_engine import Database
from hub.clock import ManualClock
from hub.errors import Refused
from hub.mapping import TOKEN_KEY, lint, load, run_examples
from hub.model.digest import content_digest, record_digest
from hub.resources import MAPPINGS
from hub.supervision.calendar import WorkCalendar
from hub.supervision.caselog import EMPTY, Log, fact_from, merge
from hub.supervision.catalogue import Catalogue
from hub.supervision.judge import judge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.mapping import CompiledMapping, MappedEvent
    from hub.model.values import Record

POLL = timedelta(hours=1)
DELAY = timedelta(hours=24)


class Watch:
    """A hub in small: polls every hour, maps, keeps one log a case, judges what is touched and what falls due."""

    def __init__(self, city: City, clock: ManualClock) -> None:
        self.city, self.clock = city, clock
        self.feeds = [
            Feed(load(path, environment={TOKEN_KEY: "the key of tests, no secret"}), city, clock)
            for path in city.mappings()
        ]
        documents = [YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")) for path in catalogue_paths()]
        self.catalogue, self.calendar = Catalogue(documents), WorkCalendar()
        self.offers = {each.mapping.declaration.connection: each.mapping.declaration.offers for each in self.feeds}
        self.logs: dict[str, Log] = {}
        self.wakes: dict[str, datetime] = {}
        self.raised: dict[str, set[str]] = {rule: set() for rule in RULES}

    def run(self) -> None:
        """Poll on the hours that bring something new; let time pass at each of them and at every midnight."""
        midnights = {
            self.city.start + timedelta(days=day, seconds=1)
            for day in range((self.city.end - self.city.start).days + 1)
        }
        for moment in sorted(midnights | self.polls()):
            self.clock.move_to(moment)
            self.city.advance(moment)
            touched = {case_id for feed in self.feeds for case_id in feed.poll(self.logs)}
            due = {case_id for case_id, wake in self.wakes.items() if wake < moment - DELAY}
            for case_id in touched | due:
                self.look(case_id, moment - DELAY)

    def polls(self) -> set[datetime]:
        found, moment = set(), self.city.next_moment(self.city.start)
        while moment is not None:
            found.add(self.city.start + -((self.city.start - moment) // POLL) * POLL)
            moment = self.city.next_moment(moment)
        return found

    def look(self, case_id: str, horizon: datetime) -> None:
        log = self.logs[case_id]
        offers = self.offers[log.facts[0].connection_id]
        verdict = judge(log, catalogue=self.catalogue, calendar=self.calendar, horizon=horizon, offers=offers)
        for finding in verdict.findings:
            self.raised[finding.rule_id].add(verdict.row.case_no)
        self.wakes.pop(case_id, None)
        if verdict.wake_at is not None:
            self.wakes[case_id] = verdict.wake_at


class Feed:
    """One connection: its source, its mapping, its checkpoint."""

    def __init__(self, mapping: CompiledMapping, city: City, clock: ManualClock) -> None:
        self.mapping, self.clock = mapping, clock
        self.source: Any = open_source(mapping.declaration, city.environment(), clock=clock)
        self.checkpoint: Mapping[str, Any] | None = None
        self.refused: list[str] = []
        self.empty = 0
        self.cases: set[str] = set()

    def poll(self, logs: dict[str, Log]) -> set[str]:
        read_id, touched = str(uuid.uuid4()), set()
        for portion in self.source.read(self.checkpoint):
            for record in portion.records:
                touched |= {self._take(record, event, read_id, logs) for event in self._mapped(record)}
            self.source.acknowledge(portion.records)
            self.checkpoint = portion.checkpoint
        return touched

    def _mapped(self, record: Record) -> list[MappedEvent]:
        if record.refused is not None:
            self.refused.append(record.refused.code)
            return []
        try:
            events = list(self.mapping.map_record(record.tree))
        except Refused as refused:
            self.refused.append(refused.rejection.code)
            return []
        self.empty += not events
        return events

    def _take(self, record: Record, event: MappedEvent, read_id: str, logs: dict[str, Log]) -> str:
        provenance = {
            "read_id": read_id,
            "portion": 0,
            "ordinal": 0,
            "record_digest": record_digest(record.raw),
            "place": record.place,
            "backfill": False,
        }
        data = {**event.data, "provenance": provenance}
        fact = fact_from(
            data,
            event_id=event.event_id,
            position=1,
            ledgered_at=self.clock.now(),
            digest=content_digest(data),
            fingerprint=self.mapping.fingerprint,
        )
        case_id: str = data["case"]["case_id"]
        self.cases.add(data["case"]["case_no"])
        log = logs.get(case_id, EMPTY)
        known = {(each.event_id, each.digest) for each in log.facts}
        logs[case_id] = log if (fact.event_id, fact.digest) in known else merge(log, [fact])
        return case_id


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory) -> Watch:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    city = City(plan(seed=11, cases=160), tmp_path_factory.mktemp("city"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "now", lambda _self, _connection: clock.now())
        watch = Watch(city, clock)
        watch.run()
    for feed in watch.feeds:
        feed.source.close()
    return watch


def test_every_mapping_of_the_city_is_without_fault_and_its_examples_hold() -> None:
    for file in MAPPING_FILES.values():
        assert lint(MAPPINGS / file) == []
        assert run_examples(MAPPINGS / file) == []


def test_every_case_comes_through_and_none_besides(watch: Watch) -> None:
    told = {case.case_no for case in watch.city.plan.cases}
    assert {case_no for feed in watch.feeds for case_no in feed.cases} == told


def test_exactly_the_spoilt_records_are_refused_and_no_record_is_empty(watch: Watch) -> None:
    refused = {feed.mapping.declaration.connection: len(feed.refused) for feed in watch.feeds}
    assert refused == watch.city.quarantine_truth
    assert sum(feed.empty for feed in watch.feeds) == 0


def test_the_alerts_ever_raised_are_exactly_the_truth(watch: Watch) -> None:
    assert watch.raised == {rule: set(numbers) for rule, numbers in watch.city.truth.items()}


def test_every_step_of_every_case_is_in_its_log(watch: Watch) -> None:
    found = {}
    for log in watch.logs.values():
        contents = {(fact.event_id, fact.digest) for fact in log.facts}
        found[log.facts[0].attributes["case_no"]] = len(contents)
    assert found == {case.case_no: len(case.steps) for case in watch.city.plan.cases}
