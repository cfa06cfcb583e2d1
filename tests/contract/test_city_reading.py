"""What rules across cases are told of the city, on every database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from hub.model.digest import numbers_digest
from hub.model.values import Awaited, Connection, ManifestRow, Trace, Watermark
from hub.supervision.calendar import WorkCalendar
from hub.supervision.catalogue import Catalogue
from tests.support.stores import DATABASES, StorePlace, a_case, a_report, an_alert, empty_place, held, written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.store.sql import SqlStore
    from hub.supervision.city import CityView

OURS, OTHERS = "11321200014000028L", "1132120001400001XL"
CALENDAR = WorkCalendar()
NOW = datetime(2026, 4, 7, 4, tzinfo=UTC)


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StorePlace]:
    with empty_place(request, tmp_path) as place:
        yield place.prepare()


@pytest.fixture
def store(place: StorePlace) -> SqlStore:
    store = place.open()
    known = {"allowed_delay_s": 0, "user": "u"}
    store.register(
        [
            Connection(connection_id="conn", departments=frozenset({OURS}), every_s=60.0, **known),
            Connection(connection_id="pushed", departments=frozenset({OTHERS}), **known),
        ]
    )
    return store


def matter(code: str, since: str) -> dict[str, Any]:
    return {"matter_code": code, "version": "1", "name": code, "power_type": "01", "valid_from": since}


CATALOGUE = Catalogue(
    [
        {"department": {"department_id": OURS, "region_code": "321281"},
         "matters": [matter("a", "2020-01-01"), matter("b", "2026-03-15")]},
        {"department": {"department_id": OTHERS, "region_code": "321283"}},
    ]
)  # fmt: skip


def keep(store: SqlStore, **changes: Any) -> None:
    with store.unit(0, epoch=held(store)) as unit:
        written(unit, **changes)


def city(store: SqlStore, now: datetime = NOW) -> CityView:
    return store.reader.city(now, CATALOGUE, CALENDAR)


def a_trace(case: str, n: int, kind: str, day: str, **document: Any) -> Trace:
    return Trace(case_id=case, kind=kind, n=n, department_id=OURS, region_code="321281",
                 day=date.fromisoformat(day), document=document)  # fmt: skip


def test_an_empty_city_has_nothing_to_be_found(store: SqlStore) -> None:
    seen = city(store)
    assert (seen.penalties, seen.months, seen.lines, seen.references, seen.complaints, seen.alerts) == (
        [],
        [],
        [],
        [],
        [],
        [],
    )


def test_traces_come_back_and_go_with_their_case(store: SqlStore) -> None:
    penalty = a_trace("case", 1, "penalty", "2026-02-01", violation="V", tier="轻", amount="12.50")
    old = a_trace("old", 1, "penalty", "2024-02-01", violation="V", tier="轻", amount="1")
    complaint = a_trace("case", 2, "complaint", "2026-03-01", matter_code="a", related_case_no="")
    keep(store, cases=[a_case("case"), a_case("old")], traces=[penalty, complaint, old])
    (found,) = city(store).penalties
    assert (found.case_id, found.amount, found.decided_on) == ("case", Decimal("12.50"), date(2026, 2, 1))
    assert [(each.registered_on, each.is_told) for each in city(store).complaints] == [(date(2026, 3, 1), True)]
    closed = replace(complaint, n=1, document={**complaint.document, "is_told": False})
    keep(store, cases=[a_case("case")], traces=[closed])
    assert city(store).penalties == []
    assert [each.is_told for each in city(store).complaints] == [False]


def test_a_reference_is_known_once_its_case_is(store: SqlStore) -> None:
    refers = [a_trace("case", n, "reference", "2026-03-01", about="fee.charged", number=number, event_id="e")
              for n, number in ((1, "N-1"), (2, "N-2"))]  # fmt: skip
    keep(store, cases=[a_case("case"), a_case("other", case_no="N-2")], traces=refers)
    assert {each.number: each.is_known for each in city(store).references} == {"N-1": False, "N-2": True}


def test_the_first_of_linked_complaints_is_known_where_somebody_answers_it(store: SqlStore) -> None:
    """Linked in a circle they have all ended, and nobody answers any."""
    pairs = (("a", "N-b"), ("b", "N-c"), ("x", "N-y"), ("y", "N-x"), ("z", "N-none"))
    links = [a_trace(case, 1, "reference", "2026-03-01", about="complaint.linked", number=number, event_id="e")
             for case, number in pairs]  # fmt: skip
    cases = [a_case(name, case_no=f"N-{name}", state="registered" if name == "c" else "linked") for name in "abcxyz"]
    keep(store, cases=cases, traces=links)
    found = {each.number: each.is_known for each in city(store).references}
    assert found == {"N-b": True, "N-c": True, "N-y": False, "N-x": False, "N-none": False}


def test_months_count_the_cases_of_departments_that_were_heard_of_before(store: SqlStore) -> None:
    first = {"conn": datetime(2025, 12, 20, tzinfo=UTC), "pushed": datetime(2026, 2, 20, tzinfo=UTC)}
    keep(store, reports=[a_report(name, connection_id=name, ended_at=at) for name, at in first.items()])
    last_of_march = datetime(2026, 3, 31, 15, 59, tzinfo=UTC)
    cases = [
        a_case("1", department_id=OURS, opened_at=last_of_march),
        a_case("2", department_id=OURS, opened_at=last_of_march + timedelta(minutes=1)),
        a_case("3", department_id=OURS, opened_at=datetime(2026, 3, 2, tzinfo=UTC)),
        a_case("4", department_id=OURS, opened_at=datetime(2026, 3, 2, tzinfo=UTC), state="voided"),
    ]
    told = {"raised_at": "2026-03-05T09:00:00+08:00"}
    late = [
        an_alert("x", "3", rule_id="R44", document=told),
        an_alert("y", "1", rule_id="R44", state="revoked", document=told),
    ]
    keep(store, cases=cases, alerts=late)
    found = {(each.whose.department_id, each.month): (each.cases, each.entered_late, each.matters)
             for each in city(store).months}  # fmt: skip
    assert found == {
        (OURS, "2026-01"): (0, 0, 1),
        (OURS, "2026-02"): (0, 0, 1),
        (OURS, "2026-03"): (2, 1, 1),
        (OTHERS, "2026-03"): (0, 0, 0),
    }


def test_a_month_is_looked_at_only_when_it_has_settled(store: SqlStore) -> None:
    keep(store, reports=[a_report("r1", connection_id="conn", ended_at=datetime(2025, 1, 1, tzinfo=UTC))])
    latest = [max(each.month for each in city(store, datetime(2026, 4, day, 4, tzinfo=UTC)).months) for day in (3, 4)]
    assert latest == ["2026-02", "2026-03"]


def test_a_line_is_judged_by_its_last_read_and_its_watermark_and_a_push_by_neither(store: SqlStore) -> None:
    read_at = datetime(2026, 4, 7, 3, tzinfo=UTC)
    reports = [a_report(name, connection_id=name, ended_at=read_at) for name in ("conn", "pushed")]
    mark = Watermark(connection_id="conn", delivered_to=read_at - timedelta(hours=2))
    keep(store, reports=reports, watermarks=[mark])
    (line,) = city(store).lines
    assert (line.connection_id, line.heartbeat_at, line.every_s) == ("conn", read_at, 60.0)
    assert line.backlog_since == read_at - timedelta(hours=2)
    assert store.reader.lines(NOW, CATALOGUE, CALENDAR).lines == [line]
    keep(store, watermarks=[replace(mark, delivered_to=read_at)])
    assert city(store).lines[0].backlog_since is None


def test_a_source_that_was_found_empty_is_quiet_and_not_behind(store: SqlStore) -> None:
    """Its mark moves with files alone, and a week without one is no backlog; what it holds back since then is."""
    read_at = NOW - timedelta(hours=1)
    silent = Watermark(connection_id="conn", delivered_to=read_at - timedelta(days=7))
    looked = a_report("looked", ended_at=read_at, emptied_at=read_at - timedelta(minutes=1))
    keep(store, reports=[a_report("before", ended_at=read_at - timedelta(days=7)), looked], watermarks=[silent])
    assert city(store).lines[0].backlog_since is None
    full = a_report("full", ended_at=read_at + timedelta(days=2), emptied_at=None)
    keep(store, reports=[full])
    assert city(store).lines[0].backlog_since == looked.emptied_at


def test_a_read_of_which_events_are_missing_does_not_call_its_source_empty(store: SqlStore) -> None:
    read_at = NOW - timedelta(hours=1)
    lost = Awaited(read_id="lost", events=3, watermark=read_at)
    mark = Watermark(connection_id="conn", delivered_to=read_at - timedelta(days=7), awaited=[lost])
    keep(store, reports=[a_report("lost", ended_at=read_at, emptied_at=read_at)], watermarks=[mark])
    assert city(store).lines[0].backlog_since == mark.delivered_to


def test_alerts_are_told_as_they_were_issued_and_answered(store: SqlStore) -> None:
    raised = "2026-04-01T09:00:00+08:00"
    answered = {"raised_at": raised, "history": [{"move": "answer"}], "case": {"matter_code": "a"}}
    old = datetime(2025, 1, 1, tzinfo=UTC)
    keep(
        store,
        cases=[a_case("case")],
        alerts=[
            an_alert("answered", raised_at=NOW, document=answered),
            an_alert("open", raised_at=old, document={"raised_at": raised, "issued_at": "2026-04-02T09:00:00+08:00"}),
            an_alert("done", raised_at=old, state="closed", document={"raised_at": raised}),
            an_alert("waits", raised_at=NOW, state="pending", document={"raised_at": raised}),
        ],
    )
    found = {each.alert_id: (each.about, each.is_answered, each.is_standing) for each in city(store).alerts}
    assert found == {"answered": ("a", True, True), "open": ("", False, True), "waits": ("", False, False)}
    issued = {each.alert_id: each.raised_at for each in city(store).alerts}
    assert issued["open"] == datetime(2026, 4, 2, 1, tzinfo=UTC)


def test_only_alerts_about_no_case_that_are_not_finished_are_the_citys(store: SqlStore) -> None:
    rows = [an_alert("1", "case"), an_alert("2", "department:x"), an_alert("3", "matter:x/y", state="closed")]
    keep(store, cases=[a_case("case")], alerts=rows)
    with store.unit(0, epoch=held(store)) as unit:
        assert list(unit.city_alerts()) == ["2"]
        assert set(unit.alerts_named(["1", "3", "never seen"])) == {"1", "3"}


# --- what departments say of their days ------------------------------------------------------------------------------


def a_word(
    cases: int, numbers: tuple[str, ...] = (), *, day: str = "2026-04-02", said: str = "2026-04-03T01:00"
) -> ManifestRow:
    at = datetime.fromisoformat(said).replace(tzinfo=UTC)
    return ManifestRow(
        connection_id="conn", day=date.fromisoformat(day), cases=cases, said_at=at, since=at,
        sha256=numbers_digest(numbers) if numbers else "",
    )  # fmt: skip


def of_that_day(*numbers: str) -> list[Any]:
    """Return cases opened in the last and the first minute of 2 April (China), and one a minute after each."""
    moments = [datetime(2026, 4, 1, 16, 0, tzinfo=UTC), datetime(2026, 4, 2, 15, 59, tzinfo=UTC)]
    within = [
        a_case(f"id-{number}", case_no=number, opened_at=moments[place % 2]) for place, number in enumerate(numbers)
    ]
    beside = [moments[0] - timedelta(minutes=1), moments[1] + timedelta(minutes=1)]
    return [*within, *(a_case(f"beside-{place}", opened_at=at) for place, at in enumerate(beside))]


def test_a_day_is_held_against_the_cases_that_the_connection_opened_on_it(store: SqlStore) -> None:
    others = a_case("theirs", connection_id="pushed", opened_at=datetime(2026, 4, 2, 3, tzinfo=UTC))
    keep(store, cases=[*of_that_day("N-2", "N-1"), others], manifests=[a_word(3, ("N-1", "N-2"))])
    (found,) = city(store).balances
    assert (found.connection_id, found.day, found.whose.department_id) == ("conn", date(2026, 4, 2), OURS)
    assert (found.said[0], found.held[0]) == (3, 2)
    keep(store, manifests=[a_word(2, ("N-1", "N-2"), said="2026-04-03T02:00")])
    (found,) = city(store).balances
    assert found.said == found.held == (2, numbers_digest(["N-2", "N-1"]))
    keep(store, manifests=[a_word(2, ("N-1", "N-3"), said="2026-04-03T03:00")])
    (found,) = city(store).balances
    assert found.said[0] == found.held[0]
    assert found.said[1] != found.held[1]
    keep(store, manifests=[a_word(2, said="2026-04-03T04:00")])
    assert [each.held for each in city(store).balances] == [(2, "")]


def test_a_day_is_judged_when_its_word_has_stood_for_the_time_of_asking_again(store: SqlStore) -> None:
    day = timedelta(days=1)
    first, second = datetime(2026, 4, 3, 1, tzinfo=UTC), datetime(2026, 4, 3, 9, tzinfo=UTC)

    def judged(now: datetime) -> bool:
        (found,) = city(store, now).balances
        return found.is_retried

    keep(store, manifests=[a_word(2)])
    keep(store, manifests=[a_word(2, said="2026-04-03T08:00")])
    assert (judged(first + day - timedelta(seconds=1)), judged(first + day)) == (False, True)
    keep(store, manifests=[a_word(3, said="2026-04-03T09:00")])
    keep(store, manifests=[a_word(2, said="2026-04-03T07:00")])  # comes late, and is no later word
    assert [each.said for each in city(store).balances] == [(3, "")]
    assert (judged(first + day), judged(second + day)) == (False, True)


def test_a_word_given_before_the_day_was_over_accuses_nobody(store: SqlStore) -> None:
    keep(store, manifests=[a_word(2, said="2026-04-02T15:59")])
    assert [each.is_retried for each in city(store).balances] == [False]
    keep(store, manifests=[a_word(2, said="2026-04-02T16:00")])
    assert [each.is_retried for each in city(store).balances] == [True]


def test_a_word_of_long_ago_and_one_of_a_connection_that_is_gone_are_not_looked_at(store: SqlStore) -> None:
    gone = replace(a_word(1), connection_id="gone")
    keep(store, manifests=[gone, a_word(1, day="2026-03-06")])
    assert city(store).balances == []


def test_of_several_words_on_a_day_in_one_batch_the_last_stands(store: SqlStore) -> None:
    keep(store, manifests=[a_word(1, said="2026-04-03T03:00"), a_word(9, said="2026-04-03T02:00")])
    assert [each.said for each in city(store).balances] == [(1, "")]
