"""Statistics say what a naive count over the cases says, on SQLite and on PostgreSQL, however cases change."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from hub.statistics.asked import Asked, checked
from hub.statistics.periods import FIRST_DAY, Span, parsed
from hub.statistics.told import Key, percentile, rate
from hub.store import counted
from hub.supervision.instants import HUB_ZONE
from tests.support.casework import at
from tests.support.figures import some_facts
from tests.support.stores import DATABASES, StorePlace, a_case, an_alert, empty_place, entries, held, written

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from hub.model.facts import CaseFacts
    from hub.statistics.told import Line

BEGIN = date(2025, 11, 20)
QUESTIONS = (
    Asked(span=parsed("2026")),
    Asked(span=parsed("2026"), by=("month",)),
    Asked(span=parsed("2026"), by=("quarter", "region")),
    Asked(span=Span(start=date(2025, 12, 5), last=date(2026, 3, 17)), by=("department",)),
    Asked(span=Span(start=date(2025, 12, 5), last=date(2026, 3, 17)), by=("matter", "department")),
    Asked(span=Span(start=date(2025, 12, 5), last=date(2026, 3, 17)), by=("month",), matter="m1"),
    Asked(span=Span(start=date(2026, 1, 10), last=date(2026, 1, 20)), by=("day",)),
    Asked(span=Span(start=date(2026, 1, 10), last=date(2026, 2, 20)), by=("week", "power_type"), matter="m0"),
    Asked(span=parsed("2026"), by=("department", "region"), region="321204"),
    Asked(span=parsed("2026"), by=("region",), region="321200", power_type="01"),
    Asked(span=parsed("2026-Q1"), by=("family",), complaints=True),
)


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StorePlace]:
    with empty_place(request, tmp_path) as place:
        yield place.prepare()


def a_random_case(number: int, chance: random.Random) -> CaseFacts:
    """Return a case as it may be: open, finished in time or late, without a clock, a complaint, in any county."""
    opened = BEGIN + timedelta(days=chance.randrange(150))
    accepted = opened + timedelta(days=chance.randrange(5)) if chance.random() < 0.9 else None
    finished = accepted + timedelta(days=chance.randrange(40)) if accepted and chance.random() < 0.8 else None
    closed = finished + timedelta(days=chance.randrange(4)) if finished and chance.random() < 0.9 else None
    late = chance.random() < 0.2
    return some_facts(
        f"case{number}",
        department_id=chance.choice(["d1", "d2", "d3"]),
        matter_code=chance.choice(["m0", "m1", ""]),
        region_code=chance.choice(["321200", "321281", "321284", "321204"]),
        power_type=chance.choice(["01", "02"]),
        family=chance.choice(["application", "application", "punishment", "complaint"]),
        opened_on=opened,
        accepted_on=accepted,
        finished_on=finished,
        closed_on=closed,
        used_workdays=chance.randrange(30) if finished and chance.random() < 0.9 else None,
        promised_workdays=10 if chance.random() < 0.9 else None,
        on_time=finished is not None and not late,
        early=finished is not None and not late and chance.random() < 0.5,
        late=finished is not None and late,
        late_by_law=late and chance.random() < 0.5,
        open_late=finished is None and late,
        rating=chance.choice([None, 1, 5]),
        **{
            name: chance.random() < 0.3
            for name in ("supplement", "special", "extension", "late_entry", "online", "reworked")
        },
    )


def a_city(place: StorePlace) -> Sequence[CaseFacts]:
    """Write two hundred cases in two partitions, then change, void and move some of them."""
    chance, store = random.Random(7), place.open()  # noqa: S311 - a fixed city
    city = {facts.case_id: facts for facts in (a_random_case(n, chance) for n in range(200))}
    for partition in (0, 1):
        own = [facts for n, facts in enumerate(city.values()) if n % 2 == partition]
        with store.unit(partition, epoch=held(store, f"partition/{partition}")) as unit:
            cases = [a_case(facts.case_id) for facts in own]
            written(unit, entries(unit, 1), cases=cases, facts=own)
    again = [facts.case_id for n, facts in enumerate(city.values()) if n % 2 == 0 and chance.random() < 0.4]
    for number, name in enumerate(again):
        city[name] = replace(a_random_case(number, chance), case_id=name)
    for name in again[:5]:
        del city[name]
    with store.unit(0, epoch=held(store, "partition/0")) as unit:
        kept = [city[name] for name in again if name in city]
        written(unit, entries(unit, 1), cases=[a_case(name) for name in again], facts=kept)
    return list(city.values())


def chosen(asked: Asked, facts: CaseFacts) -> bool:
    """Tell whether a case is asked for, in the plainest way."""
    region = "321204" if facts.region_code == "321284" else facts.region_code
    return (
        (facts.family == "complaint") == asked.complaints
        and asked.region in ("", region, "321200")
        and asked.matter in ("", facts.matter_code)
        and asked.power_type in ("", facts.power_type)
    )


def naive_key(asked: Asked, facts: CaseFacts, day: date) -> Key:
    values = {
        "region": "321204" if facts.region_code == "321284" else facts.region_code,
        "department": facts.department_id,
        "matter": facts.matter_code,
        "power_type": facts.power_type,
        "family": facts.family,
    }
    period = FIRST_DAY[asked.period](day) if asked.period else None
    return Key(tuple(values[name] for name in asked.places), period)


def naive(asked: Asked, city: Sequence[CaseFacts]) -> dict[Key, Counter[str]]:
    """Count as somebody would with a pencil: every thing of every case, if its day is among those asked for."""
    counts: dict[Key, Counter[str]] = {}
    for facts in city:
        things = [
            (facts.opened_on, {"opened": True, "opened_online": facts.online, "entered_late": facts.late_entry,
                               "supplemented": facts.supplement, "overdue": facts.open_late}),
            (facts.accepted_on, {"accepted": True}),
            (facts.closed_on, {"closed": True, "reworked": facts.reworked, "rated": facts.rating is not None,
                               "dissatisfied": facts.rating == 5}),
            (facts.finished_on, {"finished": True, "on_time": facts.on_time, "early": facts.early, "late": facts.late,
                                 "finished_late_by_law": facts.late_by_law, "paused": facts.special,
                                 "extended": facts.extension}),
        ]  # fmt: skip
        if facts.used_workdays is not None and facts.promised_workdays is not None:
            days = {"timed": 1, "used_days": facts.used_workdays, "promised_days": facts.promised_workdays}
            things.append((facts.finished_on, days))
        for day, said in things:
            if day is not None and asked.span.start <= day <= asked.span.last and chosen(asked, facts):
                own = counts.setdefault(naive_key(asked, facts, day), Counter())
                own.update({name: int(value) for name, value in said.items()})
    return counts


def counted_of(lines: Sequence[Line]) -> dict[Key, Counter[str]]:
    found = {line.key: Counter({name: n for name, n in line.sums.items() if n}) for line in lines}
    return {key: counts for key, counts in found.items() if counts}


def without_zeros(counts: dict[Key, Counter[str]]) -> dict[Key, Counter[str]]:
    return {key: Counter({name: n for name, n in own.items() if n}) for key, own in counts.items()}


def test_every_question_is_answered_as_a_naive_count_answers_it(two: tuple[StorePlace, Sequence[CaseFacts]]) -> None:
    place, city = two
    for asked in QUESTIONS:
        lines = place.queries().statistics(checked(asked))
        assert counted_of(lines) == without_zeros(naive(asked, city)), asked


def test_percentiles_and_means_are_those_of_the_sorted_list_of_cases(
    two: tuple[StorePlace, Sequence[CaseFacts]],
) -> None:
    place, city = two
    asked = Asked(span=Span(start=date(2026, 1, 1), last=date(2026, 3, 17)), matter="m1")
    (line,) = place.queries().statistics(asked)
    used = sorted(
        facts.used_workdays
        for facts in city
        if facts.finished_on and asked.span.start <= facts.finished_on <= asked.span.last and chosen(asked, facts)
        and facts.used_workdays is not None and facts.promised_workdays is not None
    )  # fmt: skip
    for percent in (50, 90, 95):
        assert percentile(line.durations, percent) == used[-(-len(used) * percent // 100) - 1]
    assert rate(line, "mean_used_days") == pytest.approx(sum(used) / len(used))


def test_what_is_open_at_the_end_of_a_period_is_what_was_opened_and_not_closed_by_then(
    two: tuple[StorePlace, Sequence[CaseFacts]],
) -> None:
    place, city = two
    asked = Asked(span=Span(start=date(2026, 1, 15), last=date(2026, 3, 20)), by=("month", "department"))
    for line in place.queries().statistics(asked):
        assert line.key.period is not None
        last = min(asked.span.last, (line.key.period + timedelta(days=31)).replace(day=1) - timedelta(days=1))
        mine = [facts for facts in city if chosen(asked, facts) and facts.department_id == line.key.place[0]]
        opened = sum(facts.opened_on <= last for facts in mine)
        closed = sum(facts.closed_on is not None and facts.closed_on <= last for facts in mine)
        assert line.open_after == opened - closed, line.key


def test_all_sums_of_a_city_whose_cases_are_all_voided_are_nothing(place: StorePlace) -> None:
    store = place.open()
    epoch = held(store)
    for facts in ([some_facts("a"), some_facts("b")], []):
        with store.unit(0, epoch=epoch) as unit:
            written(unit, entries(unit, 1), cases=[a_case("a"), a_case("b")], facts=facts)
    for table in (counted.figures, counted.durations):
        sums = [column for column in table.c if column.name not in table.primary_key.columns]
        assert {n for row in place.rows(sa.select(*sums)) for n in row} == {0}, table.name


@pytest.fixture(params=DATABASES, scope="module")
def two(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[StorePlace, Sequence[CaseFacts]]]:
    with empty_place(request, tmp_path_factory.mktemp("city")) as place:
        yield place, a_city(place.prepare(partitions=2))


def test_alerts_are_counted_by_rule_level_and_local_month_without_those_taken_back(place: StorePlace) -> None:
    alerts = [
        an_alert("a", "case1", rule_id="R14", level="yellow", raised_at=at("2026-03-01T00:00:00")),
        an_alert("b", "case1", rule_id="R14", level="yellow", raised_at=at("2026-02-28T23:59:59"), state="closed"),
        an_alert("c", "case2", rule_id="R14", level="yellow", raised_at=at("2026-03-31T23:59:59"), state="revoked"),
        an_alert("d", "case1", rule_id="R13", level="notice", raised_at=at("2026-03-02T09:00:00"), state="cleared"),
        an_alert("e", "case2", rule_id="R15", level="red", raised_at=at("2026-03-03T09:00:00"), state="pending"),
        an_alert("f", "case9", rule_id="R15", level="red", raised_at=at("2026-04-01T00:00:00")),
    ]
    with (store := place.open()).unit(0, epoch=held(store)) as unit:
        facts = [some_facts("case1", matter_code="m1"), some_facts("case2", matter_code="m2")]
        written(unit, entries(unit, 1), cases=[a_case("case1"), a_case("case2")], alerts=alerts, facts=facts)
    ask = place.queries().alert_statistics
    by_rule = ask(Asked(span=parsed("2026-03"), by=("rule", "level")), HUB_ZONE)
    assert [(line.key.place, line.raised, line.breaches, line.standing, line.revoked) for line in by_rule] == [
        (("R13", "notice"), 1, 0, 0, 0),
        (("R14", "yellow"), 1, 1, 1, 1),
    ]
    by_month = ask(Asked(span=parsed("2026-Q1"), by=("month",)), HUB_ZONE)
    assert [(line.key.period, line.raised, line.cases) for line in by_month] == [
        (date(2026, 2, 1), 1, 1),
        (date(2026, 3, 1), 2, 1),
    ]
    by_matter = ask(Asked(span=parsed("2026"), by=("matter",)), HUB_ZONE)
    assert [(line.key.place, line.raised, line.revoked) for line in by_matter] == [
        (("",), 1, 0),
        (("m1",), 3, 0),
        (("m2",), 0, 1),
    ]
