"""The contract of the Store port and its units, held by SQLite and by PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from hub.errors import Fenced, HubError
from hub.model.values import Awaited, Changes, Connection, Outcome, Watermark
from hub.store import tables
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
    extend,
    held,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StorePlace]:
    with empty_place(request, tmp_path) as place:
        yield place.prepare()


def test_a_unit_that_fails_leaves_nothing_behind(place: StorePlace) -> None:
    store = place.open()
    epoch = held(store)

    def fail_after_writing() -> None:
        with store.unit(0, epoch=epoch) as unit:
            written(unit, entries(unit, 3), cases=[a_case()], arrivals=[an_arrival()], reports=[a_report()])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_writing()
    with store.unit(0, epoch=epoch) as unit:
        assert unit.head.position == 0
        assert (unit.cases(["case"]), unit.arrivals(["event"])) == ({}, {})
    assert place.rows(sa.select(tables.ledger)) == place.rows(sa.select(tables.reads)) == []


def test_a_unit_that_ends_well_is_all_there_for_others(place: StorePlace) -> None:
    extend(place.open(), held(place.open()), 3)
    other = place.open()
    with other.unit(0, epoch=held(other)) as unit:
        assert unit.head.position == 3


def test_entries_are_kept_field_by_field(place: StorePlace) -> None:
    store = place.open()
    with store.unit(0, epoch=held(store)) as unit:
        chain = entries(unit, 2, body=bytes(range(256)))
        written(unit, chain)
    query = sa.select(tables.ledger).order_by(tables.ledger.c.position)
    names = [column.name for column in tables.ledger.columns]
    assert place.rows(query) == [tuple(getattr(entry, name) for name in names) for entry in chain.entries]


def test_the_head_moves_with_the_entries(place: StorePlace) -> None:
    store = place.open()
    epoch = held(store)
    with store.unit(0, epoch=epoch) as unit:
        chain = entries(unit, 2)
        written(unit, chain)
    with store.unit(0, epoch=epoch) as unit:
        assert unit.head == chain.head


def test_a_chain_that_does_not_follow_from_the_head_is_refused(place: StorePlace) -> None:
    store = place.open()
    epoch = held(store)
    with store.unit(0, epoch=epoch) as unit:
        stale = entries(unit, 2)
        written(unit, entries(unit, 1))
    with pytest.raises(HubError, match="do not follow"), store.unit(0, epoch=epoch) as unit:
        written(unit, stale)


def test_a_gap_in_the_entries_is_refused(place: StorePlace) -> None:
    store = place.open()
    with store.unit(0, epoch=held(store)) as unit:
        chain = entries(unit, 3)
        del chain.entries[1]
        with pytest.raises(HubError, match="do not follow"):
            written(unit, chain)


def test_a_head_that_is_not_that_of_the_last_entry_is_refused(place: StorePlace) -> None:
    store = place.open()
    with pytest.raises(HubError, match="do not follow"), store.unit(0, epoch=held(store)) as unit:
        unit.write(Changes(head=entries(unit, 2).head, entries=entries(unit, 1).entries))


def test_a_unit_writes_once(place: StorePlace) -> None:
    store = place.open()
    with store.unit(0, epoch=held(store)) as unit:
        written(unit)
        with pytest.raises(HubError, match="do not follow"):
            written(unit)


def test_a_message_is_entered_once_whatever_the_code_believes(place: StorePlace) -> None:
    store = place.open()
    epoch = held(store)
    with store.unit(0, epoch=epoch) as unit:
        written(unit, arrivals=[an_arrival()])
    with pytest.raises(sa.exc.IntegrityError), store.unit(0, epoch=epoch) as unit:
        written(unit, entries(unit, 1), arrivals=[an_arrival("other"), an_arrival()])
    with store.unit(0, epoch=epoch) as unit:
        assert (unit.head.position, unit.arrivals(["other"])) == (0, {})


def test_two_alerts_of_one_dedup_key_are_refused(place: StorePlace) -> None:
    store = place.open()
    alerts = [an_alert("a", occurrence="1"), an_alert("b", occurrence="1")]
    with pytest.raises(sa.exc.IntegrityError), store.unit(0, epoch=held(store)) as unit:
        written(unit, alerts=alerts)


def test_a_report_whose_records_do_not_add_up_is_refused(place: StorePlace) -> None:
    store = place.open()
    with pytest.raises(sa.exc.IntegrityError), store.unit(0, epoch=held(store)) as unit:
        written(unit, reports=[a_report(mapped=8)])


def test_arrivals_come_back_field_by_field(place: StorePlace) -> None:
    store = place.open()
    first = an_arrival()
    again = an_arrival(read_id="later", outcome=Outcome.DUPLICATE, position=None)
    epoch = held(store)
    with store.unit(0, epoch=epoch) as unit:
        written(unit, arrivals=[first, again, an_arrival("other", position=2**40)])
    with store.unit(0, epoch=epoch) as unit:
        found = unit.arrivals({"event", "other", "never seen"})
    assert set(found["event"]) == {first, again}
    assert found["other"] == [an_arrival("other", position=2**40)]
    assert set(found) == {"event", "other"}


def test_asking_for_nothing_answers_nothing(place: StorePlace) -> None:
    store = place.open()
    with store.unit(0, epoch=held(store)) as unit:
        assert (unit.arrivals([]), unit.cases([]), unit.alerts([])) == ({}, {}, {})
        assert (list(unit.entered([])), list(unit.due({}, limit=5)), unit.watermarks()) == ([], [], {})


def test_cases_come_back_field_by_field(place: StorePlace) -> None:
    store = place.open()
    cases = [a_case(), a_case("bare", opened_at=None, closed_at=None, wake_at=None, log=b"")]
    epoch = held(store)
    with store.unit(0, epoch=epoch) as unit:
        written(unit, cases=cases)
    with store.unit(0, epoch=epoch) as unit:
        assert unit.cases(["case", "bare", "never seen"]) == {case.case_id: case for case in cases}


def test_a_rewritten_case_replaces_what_stood(place: StorePlace) -> None:
    store = place.open()
    epoch = held(store)
    for case in (a_case(), a_case(state="closed", wake_at=None, log=b"new")):
        with store.unit(0, epoch=epoch) as unit:
            written(unit, cases=[case])
    with store.unit(0, epoch=epoch) as unit:
        assert unit.cases(["case"]) == {"case": case}


def test_alerts_come_back_field_by_field_and_their_last_move_stands(place: StorePlace) -> None:
    store = place.open()
    epoch = held(store)
    with store.unit(0, epoch=epoch) as unit:
        written(unit, alerts=[an_alert("a"), an_alert("a", state="cleared"), an_alert("b", "other", level="red")])
    with store.unit(0, epoch=epoch) as unit:
        written(unit, alerts=[an_alert("c")])
        found = unit.alerts(["case", "other", "never seen"])
    assert {key: sorted(each, key=lambda a: a.alert_id) for key, each in found.items()} == {
        "case": [an_alert("a", state="cleared"), an_alert("c")],
        "other": [an_alert("b", "other", level="red")],
    }


def test_clocks_come_back_field_by_field(place: StorePlace) -> None:
    store = place.open()
    clocks = [a_clock(), a_clock("z", warn_at=None, stopped_at=None, provisional=False, derivation=())]
    with store.unit(0, epoch=held(store)) as unit:
        written(unit, cases=[a_case()], clocks=clocks)
    found = place.queries().case("case")
    assert found
    assert sorted(found["clocks"], key=lambda clock: str(clock.clock_id)) == clocks


def test_clocks_that_a_rewritten_case_no_longer_names_are_gone(place: StorePlace) -> None:
    store = place.open()
    epoch = held(store)
    with store.unit(0, epoch=epoch) as unit:
        clocks = [a_clock("a"), a_clock("b"), a_clock("other", "untouched")]
        written(unit, cases=[a_case(), a_case("untouched")], clocks=clocks)
    with store.unit(0, epoch=epoch) as unit:
        written(unit, cases=[a_case()], clocks=[a_clock("b", state="met"), a_clock("c")])
    kept = place.rows(sa.select(tables.clocks.c.clock_id, tables.clocks.c.state).order_by(tables.clocks.c.clock_id))
    assert kept == [("b", "met"), ("c", "running"), ("other", "running")]


def test_of_a_row_written_twice_in_one_batch_the_last_stands(place: StorePlace) -> None:
    store = place.open()
    epoch = held(store)
    marks = [Watermark(connection_id="a", delivered_to=at) for at in (None, NOW)]
    with store.unit(0, epoch=epoch) as unit:
        written(unit, cases=[a_case(), a_case(state="closed")], watermarks=marks)
    with store.unit(0, epoch=epoch) as unit:
        assert unit.cases(["case"]) == {"case": a_case(state="closed")}
        assert unit.watermarks() == {"a": marks[1]}


def test_entered_tells_what_this_partition_has_entered(place: StorePlace) -> None:
    store = place.open()
    epoch = held(store)
    with store.unit(0, epoch=epoch) as unit:
        chain = entries(unit, 2)
        chain.append(kind="rejection", subject="r", outcome="", body=b"")
        written(unit, chain)
    with store.unit(0, epoch=epoch) as unit:
        assert set(unit.entered({"c", "r", "never"})) == {"c", "r"}


def test_watermarks_come_back_and_are_replaced(place: StorePlace) -> None:
    store = place.open()
    epoch = held(store)
    awaited = (Awaited(read_id="r", events=3, watermark=NOW), Awaited(read_id="s", events=0, watermark=None))
    marks = [
        Watermark(connection_id="a", delivered_to=NOW, awaited=awaited),
        Watermark(connection_id="b", delivered_to=None, importing="read"),
    ]
    with store.unit(0, epoch=epoch) as unit:
        written(unit, watermarks=marks)
    later = Watermark(connection_id="b", delivered_to=NOW.replace(microsecond=3))
    with store.unit(0, epoch=epoch) as unit:
        assert unit.watermarks() == {mark.connection_id: mark for mark in marks}
        written(unit, watermarks=[later])
    with store.unit(0, epoch=epoch) as unit:
        assert unit.watermarks() == {"a": marks[0], "b": later}


def test_due_are_cases_that_wake_before_their_own_connections_horizon(place: StorePlace) -> None:
    store = place.open()
    epoch = held(store)
    early, horizon, late = (NOW.replace(microsecond=n) for n in (1, 2, 3))
    cases = [
        a_case("at", wake_at=horizon),
        a_case("before", wake_at=early),
        a_case("after", wake_at=late),
        a_case("never", wake_at=None),
        a_case("other", connection_id="other", wake_at=horizon),
        a_case("unjudged", connection_id="no horizon", wake_at=early),
    ]
    with store.unit(0, epoch=epoch) as unit:
        written(unit, cases=cases)
    with store.unit(0, epoch=epoch) as unit:
        due = unit.due({"conn": horizon, "other": late}, limit=10)
        assert {case.case_id for case in due} == {"before", "other"}
        assert due[0] == cases[1]


def test_due_cases_come_earliest_first_and_not_more_than_asked(place: StorePlace) -> None:
    store = place.open()
    epoch = held(store)
    with store.unit(0, epoch=epoch) as unit:
        written(unit, cases=[a_case(str(n), wake_at=NOW.replace(microsecond=9 - n)) for n in range(9)])
    with store.unit(0, epoch=epoch) as unit:
        assert [case.case_id for case in unit.due({"conn": NOW}, limit=4)] == ["8", "7", "6", "5"]
        assert len(unit.due({"conn": NOW}, limit=100)) == 9


def test_tallies_of_one_portion_add_up_over_batches(place: StorePlace) -> None:
    store = place.open()
    epoch = held(store)
    for batch in range(3):
        arrivals = [an_arrival("e", ordinal=2 * batch + n, outcome=Outcome.DUPLICATE) for n in range(2)]
        with store.unit(0, epoch=epoch) as unit:
            written(unit, arrivals=[*arrivals, an_arrival(f"new{batch}")])
    tally = tables.tallies.c
    found = place.rows(sa.select(tally.read_id, tally.portion, tally.outcome, tally.n).order_by(tally.outcome))
    assert found == [("read", 1, "duplicate", 6), ("read", 1, "new", 3)]


def test_a_read_report_filed_twice_is_one(place: StorePlace) -> None:
    store = place.open()
    epoch = held(store)
    for report in (a_report(), a_report(events=99), a_report(portion=2)):
        with store.unit(0, epoch=epoch) as unit:
            written(unit, reports=[report])
    read = tables.reads.c
    assert place.rows(sa.select(read.portion, read.events).order_by(read.portion)) == [(1, 12), (2, 12)]


def test_a_refused_record_put_aside_twice_is_one(place: StorePlace) -> None:
    store = place.open()
    epoch = held(store)
    for row in (a_quarantine_row(), a_quarantine_row(problem="again")):
        with store.unit(0, epoch=epoch) as unit:
            written(unit, quarantine=[row])
    (kept,) = place.queries().quarantine()
    assert kept == {name: getattr(a_quarantine_row(), name) for name in kept}


def test_naive_instants_are_refused_wherever_they_stand(place: StorePlace) -> None:
    store = place.open()
    naive = NOW.replace(tzinfo=None)
    wrong: list[dict[str, Any]] = [
        {"cases": [a_case(), a_case("b", wake_at=naive)]},
        {"clocks": [a_clock(due_at=naive)]},
        {"alerts": [an_alert(raised_at=naive)]},
        {"watermarks": [Watermark(connection_id="a", delivered_to=naive)]},
        {"reports": [a_report(ended_at=naive)]},
        {"quarantine": [a_quarantine_row(received_at=naive)]},
    ]
    for changes in wrong:
        with pytest.raises(TypeError), store.unit(0, epoch=held(store)) as unit:
            written(unit, **changes)
    with pytest.raises(TypeError), store.unit(0, epoch=held(store)) as unit:
        unit.due({"conn": naive}, limit=1)


def test_thousands_of_names_are_one_question(place: StorePlace) -> None:
    store = place.open()
    epoch = held(store)
    names = [f"e{n}" for n in range(40_000)]
    with store.unit(0, epoch=epoch) as unit:
        written(unit, arrivals=[an_arrival("e39999")], cases=[a_case("e39999")], alerts=[an_alert("a", "e39999")])
    with store.unit(0, epoch=epoch) as unit:
        assert set(unit.arrivals(names)) == set(unit.cases(names)) == set(unit.alerts(names)) == {"e39999"}


def test_connections_are_added_and_replaced(place: StorePlace) -> None:
    store = place.open()
    first = Connection(connection_id="a", user="u", departments=frozenset({"x", "y"}), allowed_delay_s=60)
    store.register([first, Connection(connection_id="b", user="v", departments=frozenset(), allowed_delay_s=0)])
    changed = Connection(connection_id="b", user="w", departments=frozenset({"z"}), allowed_delay_s=9, fingerprint="f")
    store.register([changed])
    store.register([])
    assert place.open().connections() == {"a": first, "b": changed}


def test_the_catalogue_is_replaced_by_department(place: StorePlace) -> None:
    store = place.open()
    old, other, new = (
        {"department": {"department_id": name, "name": f"部门 {n}", "region_code": "321200"}}
        for n, name in enumerate("aba")
    )
    store.load_catalogue([old, other])
    store.load_catalogue([new])
    assert place.open().catalogue() == [new, other]


def test_the_partitions_are_those_begun(place: StorePlace) -> None:
    assert place.open().partitions() == 1


def test_a_partition_that_does_not_exist_is_nobodys(place: StorePlace) -> None:
    store = place.open()
    epoch = held(store, "partition/7")
    with pytest.raises(Fenced), store.unit(7, epoch=epoch):
        pass


def test_arrived_counts_the_events_of_a_read_whatever_became_of_them(place: StorePlace) -> None:
    store = place.open()
    epoch = held(store)
    with store.unit(0, epoch=epoch) as unit:
        arrivals = [an_arrival(ordinal=n, outcome=outcome) for n, outcome in enumerate(Outcome)]
        others = [an_arrival(portion=2, ordinal=99), an_arrival(connection_id="other", read_id="r")]
        written(unit, arrivals=arrivals + others)
    with store.unit(0, epoch=epoch) as unit:
        assert unit.arrived([("conn", "read"), ("conn", "never")]) == {"read": len(Outcome) + 1, "never": 0}
        assert unit.arrived([]) == {}
