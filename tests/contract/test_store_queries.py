"""What people are told: sums that add up, lists that can be paged through without loss."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from hub.model.chain import Chain
from hub.model.values import Connection, Outcome, Watermark
from hub.store.choosing import UNOPENED
from tests.support.stores import (
    DATABASES,
    NOW,
    StorePlace,
    a_case,
    a_clock,
    a_quarantine_row,
    a_report,
    an_alert,
    an_arrival,
    empty_place,
    entries,
    everywhere,
    extend,
    held,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.model.values import Arrival, ReadReport

EARLY = datetime(1949, 10, 1, tzinfo=UTC)
"""A slip of the pen that a source may well hold: before 1970."""

ZERO = {outcome.value: 0 for outcome in Outcome}


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StorePlace]:
    with empty_place(request, tmp_path) as place:
        yield place.prepare()


def write(place: StorePlace, **changes: Any) -> None:
    """Write `changes` in one transaction."""
    store = place.open()
    with store.unit(0, epoch=held(store)) as unit:
        written(unit, **changes)


def arrived(count: int, *, first: int = 0, outcome: Outcome = Outcome.NEW, **fields: Any) -> list[Arrival]:
    """Return so many arrivals, named by their ordinals."""
    return [an_arrival(f"e{n}", ordinal=n, outcome=outcome, **fields) for n in range(first, first + count)]


def test_an_empty_store_is_summed_up_in_zeros(place: StorePlace) -> None:
    assert place.queries().summary() == {
        "cases": {"total": 0, "by_state": {}},
        "records": {"read": 0, "mapped": 0, "empty": 0, "quarantined": 0},
        "events": {"new": 0, "duplicate": 0, "revised": 0, "remapped": 0, "conflicting": 0, "parked": 0},
        "clocks": {},
        "alerts": {},
        "feed": {"last_sequence": 0},
    }


def test_the_summary_counts_everything_once(place: StorePlace) -> None:
    write(
        place,
        cases=[a_case("a"), a_case("b"), a_case("c", state="closed")],
        clocks=[
            a_clock("1", "a"),
            a_clock("2", "b"),
            a_clock("3", "c", state="met"),
            a_clock("4", "c", kind="delivery"),
        ],
        alerts=[an_alert("1", "a"), an_alert("2", "b", state="cleared"), an_alert("3", "c", rule_id="R45")],
        arrivals=[*arrived(3), *arrived(2, first=3, outcome=Outcome.DUPLICATE, portion=2)],
        reports=[a_report(), a_report(portion=2)],
    )
    store = place.open()
    extend(store, held(store), 4)
    store.number(epoch=held(store, "relay"), limit=9, published=0, places=everywhere)
    assert place.queries().summary() == {
        "cases": {"total": 3, "by_state": {"accepted": 2, "closed": 1}},
        "records": {"read": 20, "mapped": 14, "empty": 4, "quarantined": 2},
        "events": ZERO | {"new": 3, "duplicate": 2},
        "clocks": {"promised": {"running": 2, "met": 1}, "delivery": {"running": 1}},
        "alerts": {"R14": {"raised": 1, "cleared": 1}, "R45": {"raised": 1}},
        "feed": {"last_sequence": 4},
    }


@pytest.mark.parametrize(
    ("arrivals", "reports", "expected"),
    [
        (arrived(12), [a_report()], {"published": 12, "in_flight": 0, "unreported": 0, "new": 12}),
        (arrived(9), [a_report()], {"published": 12, "in_flight": 3, "unreported": 0, "new": 9}),
        ([], [a_report()], {"published": 12, "in_flight": 12, "unreported": 0, "new": 0}),
        (arrived(5), [], {"published": 5, "in_flight": 0, "unreported": 5, "new": 5}),
        (
            [*arrived(12), *arrived(4, first=12, portion=2)],
            [a_report()],
            {"published": 16, "in_flight": 0, "unreported": 4, "new": 16},
        ),
        (
            [*arrived(2), *arrived(3, first=2, outcome=Outcome.PARKED), *arrived(1, first=9, read_id="other")],
            [a_report()],
            {"published": 13, "in_flight": 7, "unreported": 1, "new": 3, "parked": 3},
        ),
    ],
    ids=["all here", "some in flight", "none here yet", "reader died", "reader died later", "several reads"],
)
def test_every_published_event_is_accounted_for(
    place: StorePlace, arrivals: list[Arrival], reports: list[ReadReport], expected: dict[str, int]
) -> None:
    write(place, arrivals=arrivals, reports=reports)
    account = place.queries().accounting()["conn"]
    assert {**account, **account["outcomes"]}.items() >= expected.items()
    assert account["published"] + account["surplus"] == sum(account["outcomes"].values()) + account["in_flight"]
    assert account["read"] == account["mapped"] + account["empty"] + account["quarantined"]
    assert set(account["outcomes"]) == set(ZERO)


def test_connections_are_accounted_for_apart(place: StorePlace) -> None:
    write(
        place,
        arrivals=[*arrived(12), *arrived(2, first=12, connection_id="other", read_id="r")],
        reports=[a_report(), a_report("r", connection_id="other", events=2)],
    )
    accounts = place.queries().accounting()
    assert {name: (each["published"], each["in_flight"]) for name, each in accounts.items()} == {
        "conn": (12, 0),
        "other": (2, 0),
    }


def test_cases_are_listed_by_id_without_their_log(place: StorePlace) -> None:
    write(place, cases=[a_case("b"), a_case("a", wake_at=None)])
    first, second = place.queries().cases()
    fields = {name: getattr(a_case("a", wake_at=None), name) for name in a_case().__slots__ if name != "log"}
    assert first == fields
    assert second["case_id"] == "b"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"region": "3212"}, "abcd"),
        ({"region": "321281"}, "abc"),
        ({"region": "32128_"}, ""),
        ({"state": "closed"}, "b"),
        ({"department": "other"}, "c"),
        ({"disclosures": ["public"]}, "abd"),
        ({"disclosures": []}, ""),
        ({"text": "100%"}, "d"),
        ({"text": "施工"}, "abc"),
        ({"text": "2026_0001"}, ""),
        ({"text": "apply-7"}, "c"),
        ({"text": "\\"}, ""),
        ({"region": "3212", "state": "accepted", "text": "施工"}, "ac"),
    ],
)
def test_cases_are_found_by_what_is_asked(place: StorePlace, wanted: dict[str, Any], found: str) -> None:
    cases = [
        a_case("a"),
        a_case("b", state="closed"),
        a_case("c", department_id="other", disclosure="intranet", case_no="Apply-7"),
        a_case("d", region_code="321202", title="补贴100%到账"),
    ]
    write(place, cases=cases)
    assert "".join(row["case_id"] for row in place.queries().cases(**wanted)) == found
    assert {row["case_id"] for row in place.queries().newest_cases(**wanted)} == set(found)


def test_paging_through_cases_sees_each_once(place: StorePlace) -> None:
    names = [f"{n:02}" for n in range(23)]
    write(place, cases=[a_case(name) for name in names])
    seen: list[str] = []
    while page := place.queries().cases(after=seen[-1] if seen else None, limit=5):
        seen += [row["case_id"] for row in page]
    assert seen == names


def test_paging_through_the_newest_cases_sees_each_once_though_many_opened_at_one_instant(place: StorePlace) -> None:
    days = [NOW, EARLY, None]
    write(place, cases=[a_case(f"{n:02}", opened_at=days[n % 3]) for n in range(24)])
    queries, seen, after = place.queries(), [], None
    while page := queries.newest_cases(after=after, limit=5):
        seen += [row["case_id"] for row in page]
        after = (page[-1]["opened_at"] or UNOPENED, page[-1]["case_id"])
    assert seen == [f"{n:02}" for start in range(3) for n in range(21 + start, -1, -3)]


@pytest.mark.parametrize("after", [None, (NOW - timedelta(days=90), "090"), (UNOPENED, "190")])
def test_the_newest_cases_are_read_in_the_order_of_an_index_and_never_sorted(place: StorePlace, after: Any) -> None:
    write(place, cases=[a_case(f"{n:03}", opened_at=NOW - timedelta(days=n) if n < 150 else None) for n in range(200)])
    asked: list[tuple[str, Any]] = []

    def heard(_connection: object, _cursor: object, statement: str, values: Any, *_rest: object) -> None:
        if statement.startswith("SELECT cases."):
            asked.append((statement, values))

    sa.event.listen(sa.Engine, "before_cursor_execute", heard)
    try:
        place.queries().newest_cases(after=after, limit=5)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", heard)
    assert len(asked) == 1
    assert "ix_cases_newest" in plan(place, *asked[0])
    assert not re.search("sort|temp b-tree", plan(place, *asked[0]).lower())


def plan(place: StorePlace, statement: str, values: Any) -> str:
    """Say how the database means to answer a statement, were its tables large."""
    with place.tampering() as connection:
        words = "EXPLAIN QUERY PLAN"
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
            connection.execute(sa.text("SET LOCAL enable_bitmapscan = off"))
            words = "EXPLAIN"
        return " ".join(str(row) for row in connection.exec_driver_sql(f"{words} {statement}", values))


def test_paging_through_alerts_sees_each_once_though_many_changed_at_one_instant(place: StorePlace) -> None:
    moments = [NOW, NOW - timedelta(seconds=1)]
    write(place, cases=[a_case()], alerts=[an_alert(f"{n:02}", changed_at=moments[n % 2]) for n in range(24)])
    queries, seen, after = place.queries(), [], None
    while page := queries.alerts(after=after, limit=5):
        seen += [row["alert_id"] for row in page]
        after = (page[-1]["changed_at"], page[-1]["alert_id"])
    assert seen == [f"{n:02}" for start in range(2) for n in range(start, 24, 2)]
    assert len(queries.alerts(before=NOW, limit=100)) == 12


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, "abc"),
        ({"rule": "R45"}, "b"),
        ({"state": "raised"}, "bc"),
        ({"level": "red"}, "c"),
        ({"department": "other"}, "c"),
        ({"region": "3212"}, "abc"),
        ({"region": "321202"}, "c"),
        ({"disclosures": ["public"]}, "ab"),
        ({"before": NOW.replace(microsecond=5)}, ""),
        ({"state": "raised", "region": "321281"}, "b"),
    ],
)
def test_alerts_are_found_by_what_is_asked(place: StorePlace, wanted: dict[str, Any], found: str) -> None:
    alerts = [
        an_alert("a", state="cleared"),
        an_alert("b", rule_id="R45"),
        an_alert("c", "closed", level="red", department_id="other", region_code="321202"),
    ]
    write(place, cases=[a_case(), a_case("closed", disclosure="restricted")], alerts=alerts)
    rows = place.queries().alerts(**wanted)
    assert "".join(row["alert_id"] for row in rows) == found
    assert all(row["case_no"] == "2026-0001" for row in rows)


def test_a_case_is_told_whole(place: StorePlace) -> None:
    store = place.open()
    with store.unit(0, epoch=held(store)) as unit:
        chain = entries(unit, 1)
        chain.append(kind="event", subject="case", outcome="new", body=b"1")
        chain.append(kind="alert", subject="case", outcome="raised", body=b"2")
        written(unit, chain, cases=[a_case()], clocks=[a_clock()], alerts=[an_alert()])
    case = place.queries().case("case")
    assert case
    assert (case["log"], case["clocks"], case["alerts"]) == (bytes(range(256)), [a_clock()], [an_alert()])
    assert case["entries"] == chain.entries[1:]
    assert place.queries().case("never") is None


def test_a_case_is_found_by_its_number(place: StorePlace) -> None:
    write(place, cases=[a_case()])
    assert place.queries().case_by_number("2026-0001") == "case"
    assert place.queries().case_by_number("2026-000_") is None


def test_the_feed_is_told_from_a_sequence_on(place: StorePlace) -> None:
    store = place.open()
    with store.unit(0, epoch=held(store)) as unit:
        chain = Chain(unit.head, NOW)
        for n in range(6):
            chain.append(kind="alert" if n % 2 else "event", subject="c", outcome="", body=b"1")
        written(unit, chain)
    store.number(epoch=held(store, "relay"), limit=9, published=0, places=everywhere)
    queries = place.queries()
    assert [row["sequence"] for row in queries.feed("public", after=2, limit=3)] == [3, 4, 5]
    assert [row["sequence"] for row in queries.feed("public", after=0, kinds=["alert"])] == [2, 4, 6]
    assert len(queries.feed("public", after=0, regions=["3212", "99"])) == 6
    assert queries.feed("public", after=0, regions=["99"]) == queries.feed("intranet", after=0) == []


def test_a_refused_record_is_found_by_a_prefix_that_only_it_has(place: StorePlace) -> None:
    rows = [a_quarantine_row("ab1"), a_quarantine_row("ab2", state="replayed", connection_id="other")]
    write(place, quarantine=rows)
    queries = place.queries()
    item = queries.quarantine_item("ab2")
    assert item
    assert item["rejection_id"] == "ab2"
    assert queries.quarantine_item("ab") is queries.quarantine_item("ab_") is queries.quarantine_item("x") is None
    assert [row["rejection_id"] for row in queries.quarantine(state="open")] == ["ab1"]
    assert [row["rejection_id"] for row in queries.quarantine(connection="other")] == ["ab2"]
    assert queries.open_quarantine() == {"conn": 1}


def test_a_replayed_record_is_marked_so(place: StorePlace) -> None:
    write(place, quarantine=[a_quarantine_row("a"), a_quarantine_row("b", record_digest="b" * 64)])
    write(place, replayed=["b", "never seen"])
    assert [row["rejection_id"] for row in place.queries().quarantine(state="replayed")] == ["b"]


def test_what_is_refused_again_is_counted_while_it_is_open_and_opens_anew_when_it_was_replayed(
    place: StorePlace,
) -> None:
    later = NOW + timedelta(hours=1)
    write(place, quarantine=[a_quarantine_row("a"), a_quarantine_row("b"), a_quarantine_row("c", path="/title")])
    write(place, quarantine=[a_quarantine_row("d", received_at=later, last_at=later)])
    write(place, replayed=["a"])
    write(place, quarantine=[a_quarantine_row("e")])
    rows = {row["rejection_id"]: row for row in place.queries().quarantine()}
    assert {name: (row["state"], row["seen"]) for name, row in rows.items()} == {
        "a": ("replayed", 3),
        "c": ("open", 1),
        "e": ("open", 1),
    }
    assert (rows["a"]["received_at"], rows["a"]["last_at"]) == (NOW, later)


def test_connections_are_told_with_their_last_read_and_least_watermark(place: StorePlace) -> None:
    connections = [
        Connection(connection_id=name, user="u", departments=frozenset(), allowed_delay_s=0) for name in ("conn", "new")
    ]
    place.open().register(connections)
    later = NOW + timedelta(hours=1)
    write(
        place,
        reports=[a_report(), a_report(portion=2, ended_at=later)],
        watermarks=[Watermark(connection_id="conn", delivered_to=NOW)],
    )
    told, new = place.queries().connections()
    assert (told["delivered_to"], told["last_read_at"], told["records"]) == (NOW, later, 20)
    assert (new["delivered_to"], new["last_read_at"], new["records"]) == (None, None, 0)


def test_time_next_changes_a_case_at_its_earliest_wake(place: StorePlace) -> None:
    assert place.queries().next_wake() is None
    write(place, cases=[a_case("a", wake_at=None), a_case("b"), a_case("c", wake_at=NOW.replace(microsecond=1))])
    assert place.queries().next_wake() == NOW.replace(microsecond=1)


def test_counts_by_place_add_up_to_the_total(place: StorePlace) -> None:
    write(
        place,
        cases=[a_case(str(n), region_code=f"32128{n % 3}", state=("accepted", "closed")[n % 2]) for n in range(12)],
        alerts=[an_alert(str(n), region_code=f"32128{n % 3}") for n in range(6)],
    )
    queries = place.queries()
    assert [row["n"] for row in queries.departments()] == [2] * 6
    assert [row["n"] for row in queries.alert_counts()] == [2] * 3


def test_what_awaits_the_relay_and_the_broker_is_told_apart(place: StorePlace) -> None:
    store = place.open()
    extend(store, held(store), 5)
    relay = held(store, "relay")
    store.number(epoch=relay, limit=3, published=0, places=everywhere)
    assert place.queries().lag() == {"unnumbered": 2, "unconfirmed": 3}
    store.number(epoch=relay, limit=3, published=3, places=everywhere)
    assert place.queries().lag() == {"unnumbered": 0, "unconfirmed": 2}
