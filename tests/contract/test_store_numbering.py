"""The numbers of the feed: given in chain order, committed first, never skipped, kept by a retry."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import sqlalchemy as sa

from hub.errors import Fenced
from hub.model.chain import Chain
from hub.store import tables
from tests.support.stores import (
    DATABASES,
    NOW,
    StorePlace,
    a_place,
    empty_place,
    entries,
    everywhere,
    extend,
    held,
    written,
)
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from hub.model.values import Entry, FeedItem, Place
    from hub.store.sql import SqlStore
    from tests.support.servers import Postgres


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StorePlace]:
    with empty_place(request, tmp_path) as place:
        yield place.prepare(partitions=2)


def number(
    store: SqlStore, published: int = 0, limit: int = 100, places: Callable[[Entry], Sequence[Place]] = everywhere
) -> list[FeedItem]:
    """Number as the relay that holds the lease."""
    return list(store.number(epoch=held(store, "relay"), limit=limit, published=published, places=places))


def texts(items: Sequence[FeedItem]) -> list[str]:
    """Tell the entries by what their bodies say."""
    return [orjson.loads(item.body)["text"] for item in items]


def test_entries_are_numbered_in_chain_order_from_one(place: StorePlace) -> None:
    store = place.open()
    extend(store, held(store), 3)
    items = number(store)
    assert texts(items) == ["e0", "e1", "e2"]
    assert [(item.sequence, item.streamsequence) for item in items] == [(1, 1), (2, 2), (3, 3)]


def test_a_document_carries_its_numbers_and_its_place(place: StorePlace) -> None:
    store = place.open()
    extend(store, held(store), 1)
    (item,) = number(store)
    assert (item.view, item.kind, item.county) == ("public", "event", "321281")
    assert (item.key, item.message_id) == ("event.321200.321281.d.t", "1:0:1:public")
    assert orjson.loads(item.body) == {"text": "e0", "partition": 0, "sequence": 1, "streamsequence": 1}


def test_what_is_not_recorded_as_published_comes_again_alone_with_its_numbers(place: StorePlace) -> None:
    store = place.open()
    extend(store, held(store), 2)
    first = number(store)
    extend(store, held(store), 1, prefix="later")
    assert number(place.open()) == first
    assert number(store, published=1) == first[1:]
    assert texts(number(store, published=2)) == ["later0"]


def test_what_was_recorded_as_published_is_never_told_again(place: StorePlace) -> None:
    store = place.open()
    extend(store, held(store), 2)
    assert len(number(store)) == 2
    assert number(store, published=2) == []
    assert number(store, published=0) == []
    assert place.queries().lag() == {"unnumbered": 0, "unconfirmed": 0}


def test_a_confirmation_of_what_was_never_numbered_counts_for_nothing(place: StorePlace) -> None:
    store = place.open()
    assert number(store, published=9) == []
    extend(store, held(store), 2)
    assert [item.sequence for item in number(store, published=9)] == [1, 2]
    assert [item.sequence for item in number(store)] == [1, 2]


def test_an_interrupted_numbering_gives_no_numbers(place: StorePlace) -> None:
    store = place.open()
    extend(store, held(store), 2)

    def fail_at_the_second(entry: Entry) -> Sequence[Place]:
        if entry.position == 2:
            raise ZeroDivisionError
        return everywhere(entry)

    with pytest.raises(ZeroDivisionError):
        number(store, places=fail_at_the_second)
    assert place.rows(sa.select(tables.feed)) == place.rows(sa.select(tables.relay)) == []
    assert [item.sequence for item in number(store)] == [1, 2]


def test_no_more_entries_are_numbered_than_asked_and_none_is_lost_between_calls(place: StorePlace) -> None:
    store = place.open()
    extend(store, held(store), 7)
    extend(store, held(store, "partition/1"), 4, partition=1, prefix="f")
    calls = [number(store, limit=3)]
    while items := number(store, published=calls[-1][-1].sequence, limit=3):
        calls.append(items)
    assert [len(items) for items in calls] == [3, 3, 3, 2]
    told = texts([item for items in calls for item in items])
    assert [text for text in told if text[0] == "e"] == [f"e{n}" for n in range(7)]
    assert [text for text in told if text[0] == "f"] == [f"f{n}" for n in range(4)]


def test_a_busy_chain_does_not_starve_the_others(place: StorePlace) -> None:
    store = place.open()
    extend(store, held(store), 50)
    extend(store, held(store, "partition/1"), 2, partition=1, prefix="f")
    told = texts(number(store, limit=10))
    assert len(told) == 10
    assert {"f0", "f1"} < set(told)


def test_two_busy_chains_share_what_is_numbered(place: StorePlace) -> None:
    store = place.open()
    extend(store, held(store), 50)
    extend(store, held(store, "partition/1"), 40, partition=1, prefix="f")
    told = texts(number(store, limit=10))
    assert sorted(text[0] for text in told) == ["e"] * 5 + ["f"] * 5


def test_entries_that_appear_nowhere_are_passed_over_and_do_not_stop_the_relay(place: StorePlace) -> None:
    store = place.open()
    extend(store, held(store), 25, prefix="hidden")
    extend(store, held(store), 1, prefix="shown")

    def shown(entry: Entry) -> Sequence[Place]:
        return everywhere(entry) if entry.body.startswith(b"shown") else ()

    assert texts(number(store, limit=10, places=shown)) == ["shown0"]
    extend(store, held(store), 25, prefix="hidden")
    assert number(store, published=1, limit=10, places=shown) == []
    assert place.queries().lag()["unnumbered"] == 0


def test_streams_are_gapless_for_every_view_kind_and_county(place: StorePlace) -> None:
    store = place.open()
    with store.unit(0, epoch=held(store)) as unit:
        chain = Chain(unit.head, NOW)
        for n in range(40):
            chain.append(kind="alert" if n % 3 else "event", subject="c", outcome="", body=str(n).encode())
        written(unit, chain)

    def scattered(entry: Entry) -> Sequence[Place]:
        county = f"32128{entry.position % 4}"
        return [a_place(entry, view=view, county=county) for view in ("public", "intranet")[: 1 + entry.position % 2]]

    items: list[FeedItem] = []
    while more := number(store, published=items[-1].sequence if items else 0, limit=7, places=scattered):
        items += more
    streams: dict[Any, list[int]] = defaultdict(list)
    for item in items:
        streams[item.view, item.kind, item.county].append(item.streamsequence)
    assert [item.sequence for item in items] == list(range(1, 61))
    assert len(streams) > 6
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in streams.values())
    assert [row["body"] for row in place.queries().feed("public", after=0, limit=100)] == [
        item.body for item in items if item.view == "public"
    ]


@pytest.mark.servers
def test_a_transaction_that_commits_late_is_not_skipped(postgres: Postgres) -> None:
    place = StorePlace(postgres.fresh_database()).prepare(partitions=2)
    store = place.open()
    with store.unit(0, epoch=held(store)) as late:
        written(late, entries(late, 2, prefix="late"))
        extend(store, held(store, "partition/1"), 2, partition=1, prefix="early")
        first = number(store)
        assert texts(first) == ["early0", "early1"]
    second = number(store, published=2)
    assert texts(second) == ["late0", "late1"]
    assert [item.sequence for item in second] == [3, 4]
    place.close()


@pytest.mark.servers
def test_the_relay_and_the_owners_never_wait_for_one_another(postgres: Postgres) -> None:
    place = StorePlace(postgres.fresh_database()).prepare()
    store = place.open()
    epoch = held(store)
    extend(store, epoch, 2)

    def extending(entry: Entry) -> Sequence[Place]:
        extend(store, epoch, 1, prefix="meanwhile")
        return everywhere(entry)

    assert texts(number(store, places=extending)) == ["e0", "e1"]
    with store.unit(0, epoch=epoch) as unit:
        written(unit, entries(unit, 1))
        assert texts(number(store, published=2)) == ["meanwhile0", "meanwhile0"]
    place.close()


def test_a_relay_that_lost_its_lease_gets_no_numbers_even_when_there_is_nothing_to_do(place: StorePlace) -> None:
    stalled, other = place.open(), place.open()
    old = stalled.claim("relay", owner="stalled", lease_s=0)
    assert old
    assert other.claim("relay", owner="other", lease_s=60)
    for _ in range(2):
        with pytest.raises(Fenced):
            stalled.number(epoch=old, limit=1, published=0, places=everywhere)
        extend(stalled, held(stalled), 1)
    assert place.rows(sa.select(tables.feed)) == []


def test_numbers_stay_gapless_while_owners_keep_writing(place: StorePlace) -> None:
    store = place.open()

    def write(partition: int) -> None:
        epoch = held(store, f"partition/{partition}")
        for n in range(15):
            extend(store, epoch, 3, partition=partition, prefix=f"{partition}-{n}-")

    writers = [threading.Thread(target=write, args=(partition,)) for partition in (0, 1)]
    for writer in writers:
        writer.start()
    items: list[FeedItem] = []

    def all_told() -> bool:
        items.extend(number(store, published=items[-1].sequence if items else 0, limit=8))
        return len(items) >= 90

    eventually(all_told)
    for writer in writers:
        writer.join()
    assert [item.sequence for item in items] == [item.streamsequence for item in items] == list(range(1, 91))
    for partition in ("0", "1"):
        told = [text for text in texts(items) if text.startswith(partition)]
        assert told == [f"{partition}-{n}-{k}" for n in range(15) for k in range(3)]
