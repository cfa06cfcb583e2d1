"""Who may write: leases, fencing, many writers at once, and what happens to a writer that stalls."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from hub.errors import Fenced, Misconfigured, Unavailable
from hub.store import ledger, tables
from hub.store.migrate import migrate
from hub.store.sql import SqlStore
from tests.support.stores import (
    DATABASES,
    LONG_S,
    StorePlace,
    cut,
    empty_place,
    entries,
    everywhere,
    extend,
    held,
    mend,
    written,
)
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.servers import Postgres

ROLE = "partition/0"

OWNER = """
import sys
from hub.store.sql import SqlStore
from tests.support.stores import entries, written
store = SqlStore(sys.argv[1])
epoch = store.claim("partition/0", owner=sys.argv[2], lease_s=0.0)
with store.unit(0, epoch=epoch) as unit:
    written(unit, entries(unit, 1, prefix=sys.argv[2]))
    print("inside", flush=True)
    sys.stdin.readline()
print("committed", flush=True)
"""

HAMMER = """
import sys
from hub.errors import Fenced
from tests.support.stores import entries, written
from hub.store.sql import SqlStore
store, name, done = SqlStore(sys.argv[1]), sys.argv[2], 0
while done < 25:
    epoch = store.claim("partition/0", owner=name, lease_s=0.0)
    try:
        with store.unit(0, epoch=epoch or 0) as unit:
            written(unit, entries(unit, 2, prefix=f"{name}-{done}-"))
        done += 1
    except Fenced:
        pass
"""

RELAY = """
import sys
from hub.errors import Fenced
from hub.store.sql import SqlStore
from tests.support.stores import everywhere
store, name, published = SqlStore(sys.argv[1]), sys.argv[2], 0
while published < 150:
    epoch = store.claim("relay", owner=name, lease_s=0.0)
    try:
        items = store.number(epoch=epoch or 0, limit=7, published=published, places=everywhere)
    except Fenced:
        continue
    published = max([published, *(item.sequence for item in items)])
"""


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StorePlace]:
    with empty_place(request, tmp_path) as place:
        yield place.prepare()


@pytest.fixture(params=DATABASES)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StorePlace]:
    with empty_place(request, tmp_path) as place:
        yield place


@pytest.fixture
def on_postgres(postgres: Postgres) -> Iterator[StorePlace]:
    place = StorePlace(postgres.fresh_database()).prepare()
    yield place
    place.close()


def test_a_role_has_one_owner_while_its_lease_lasts(place: StorePlace) -> None:
    epoch = place.open().claim(ROLE, owner="me", lease_s=LONG_S)
    assert place.open().claim(ROLE, owner="other", lease_s=LONG_S) is None
    assert place.open().claim(ROLE, owner="me", lease_s=LONG_S) == epoch


def test_roles_are_held_apart(place: StorePlace) -> None:
    store = place.open()
    assert store.claim(ROLE, owner="me", lease_s=LONG_S) == store.claim("relay", owner="other", lease_s=LONG_S) == 1


def test_a_lease_that_ran_out_goes_to_whoever_asks_with_a_higher_epoch(place: StorePlace) -> None:
    store = place.open()
    first = store.claim(ROLE, owner="me", lease_s=0)
    assert first
    assert store.claim(ROLE, owner="other", lease_s=LONG_S) == first + 1
    assert store.claim(ROLE, owner="me", lease_s=LONG_S) is None


def test_an_owner_that_renews_too_late_keeps_its_epoch_if_nobody_came(place: StorePlace) -> None:
    store = place.open()
    first = store.claim(ROLE, owner="me", lease_s=0)
    assert store.claim(ROLE, owner="me", lease_s=LONG_S) == first


def test_a_released_role_is_free_at_once_and_fences_who_released_it(place: StorePlace) -> None:
    store = place.open()
    first = held(store)
    store.release(ROLE, epoch=first)
    assert held(store, owner="other") == first + 1
    with pytest.raises(Fenced), store.unit(0, epoch=first):
        pass


def test_releasing_what_another_has_taken_changes_nothing(place: StorePlace) -> None:
    store = place.open()
    first = store.claim(ROLE, owner="me", lease_s=0)
    assert first
    second = held(store, owner="other")
    store.release(ROLE, epoch=first)
    assert store.claim(ROLE, owner="me", lease_s=LONG_S) is None
    extend(store, second, 1)


def test_of_many_that_claim_at_once_one_gets_it(place: StorePlace) -> None:
    store, barrier = place.open(), threading.Barrier(8)
    granted: list[int | None] = []

    def claim(owner: str) -> None:
        barrier.wait()
        granted.append(store.claim(ROLE, owner=owner, lease_s=LONG_S))

    threads = [threading.Thread(target=claim, args=(str(n),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(epoch is not None for epoch in granted) == [False] * 7 + [True]


def test_a_stalled_owner_that_wakes_after_another_took_the_partition_cannot_write(place: StorePlace) -> None:
    stalled, other = place.open(), place.open()
    old = stalled.claim(ROLE, owner="stalled", lease_s=0)
    assert old
    extend(stalled, old, 1)
    extend(other, held(other, owner="other"), 1)
    with pytest.raises(Fenced, match="another owner"):
        extend(stalled, old, 1)
    assert place.rows(sa.select(sa.func.count()).select_from(tables.ledger)) == [(2,)]


def test_nobody_writes_without_ever_having_claimed(place: StorePlace) -> None:
    with pytest.raises(Fenced), place.open().unit(0, epoch=1):
        pass


@pytest.mark.servers
def test_a_partition_is_not_taken_from_under_a_transaction_whose_lease_runs_out(on_postgres: StorePlace) -> None:
    owner, other = on_postgres.open(), on_postgres.open()
    epoch = owner.claim(ROLE, owner="owner", lease_s=0)
    assert epoch
    with owner.unit(0, epoch=epoch) as unit:
        assert other.claim(ROLE, owner="other", lease_s=LONG_S) is None
        written(unit, entries(unit, 1))
    taken = other.claim(ROLE, owner="other", lease_s=LONG_S)
    assert taken == epoch + 1
    with other.unit(0, epoch=taken) as unit:
        assert unit.head.position == 1


@pytest.mark.servers
def test_who_stands_by_is_answered_while_the_owner_works(on_postgres: StorePlace) -> None:
    owner, other = on_postgres.open(), on_postgres.open()
    with owner.unit(0, epoch=held(owner)):
        assert other.claim(ROLE, owner="other", lease_s=LONG_S) is None


def test_threads_that_fight_over_a_partition_lose_nothing(place: StorePlace) -> None:
    store = place.open()

    def work(name: str) -> None:
        for n in range(10):
            _write_somehow(store, name, n)

    threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bodies = {body for (body,) in place.rows(sa.select(tables.ledger.c.body))}
    assert bodies == {f"t{n}-{m}-0".encode() for n in range(4) for m in range(10)}
    assert ledger.verify(place.url).sound


def _write_somehow(store: SqlStore, name: str, n: int) -> None:
    while True:
        epoch = store.claim(ROLE, owner=name, lease_s=0)
        with contextlib.suppress(Fenced):
            extend(store, epoch or 0, 1, prefix=f"{name}-{n}-")
            return


def test_processes_that_fight_over_a_partition_and_the_relay_lose_nothing(place: StorePlace) -> None:
    writers = [place.process(HAMMER, f"w{n}") for n in range(3)]
    relays = [place.process(RELAY, f"r{n}") for n in range(2)]
    assert [process.wait() for process in (*writers, *relays)] == [0] * 5
    bodies = {body.decode() for (body,) in place.rows(sa.select(tables.ledger.c.body))}
    assert bodies == {f"w{n}-{m}-{k}" for n in range(3) for m in range(25) for k in range(2)}
    assert ledger.verify(place.url).sound
    feed = place.queries().feed("public", after=0, limit=1000)
    assert [row["sequence"] for row in feed] == [row["streamsequence"] for row in feed] == list(range(1, 151))


def test_a_killed_owner_leaves_nothing_half_written_and_nothing_locked(place: StorePlace) -> None:
    victim = place.process(OWNER, "victim")
    assert victim.stdout
    assert victim.stdout.readline() == "inside\n"
    victim.kill()
    victim.wait()
    store = place.open()
    with store.unit(0, epoch=held(store)) as unit:
        assert unit.head.position == 0
        written(unit, entries(unit, 1))


@pytest.mark.servers
def test_an_owner_frozen_inside_a_transaction_does_not_wedge_its_partition(on_postgres: StorePlace) -> None:
    place = on_postgres
    frozen = place.process(OWNER.replace("(sys.argv[1])", "(sys.argv[1], stall_s=0.2)"), "frozen")
    assert frozen.stdout
    assert frozen.stdout.readline() == "inside\n"
    frozen.send_signal(signal.SIGSTOP)
    store = place.open()
    eventually(lambda: store.claim(ROLE, owner="other", lease_s=LONG_S) is not None)
    extend(store, held(store, owner="other"), 1, prefix="other")
    frozen.send_signal(signal.SIGCONT)
    output, _ = frozen.communicate("wake\n")
    assert ("committed" in output, frozen.returncode) == (False, 1)
    assert place.rows(sa.select(tables.ledger.c.body)) == [(b"other0",)]


@pytest.mark.servers
def test_who_waits_too_long_for_a_lock_is_told_that_the_store_is_away(on_postgres: StorePlace) -> None:
    place = on_postgres
    owner, twin = place.open(), SqlStore(place.url, lock_s=0.1)
    epoch = held(owner)
    with owner.unit(0, epoch=epoch), pytest.raises(Unavailable, match="lock timeout"), twin.unit(0, epoch=epoch):
        pass
    twin.close()


def test_a_database_that_was_never_migrated_says_what_to_do(empty: StorePlace) -> None:
    store = empty.open()
    for act in (
        store.partitions,
        store.connections,
        lambda: held(store),
        lambda: extend(store, 1, 1),
        lambda: store.number(epoch=1, limit=1, published=0, places=everywhere),
    ):
        with pytest.raises(Misconfigured, match="run `sunlight migrate`"):
            act()


def test_a_migrated_database_without_a_ledger_says_what_to_do(empty: StorePlace) -> None:
    migrate(empty.url)
    with pytest.raises(Misconfigured, match="run `sunlight migrate`"):
        empty.open().partitions()


def test_a_server_that_nobody_listens_for_is_unavailable() -> None:
    store = SqlStore("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(Unavailable, match="the store is away"):
        store.partitions()
    store.close()


@pytest.mark.servers
def test_a_server_that_goes_away_is_unavailable_and_works_again_once_it_is_back(on_postgres: StorePlace) -> None:
    place = on_postgres
    store = place.open()
    epoch = held(store)

    def cut_inside() -> None:
        with store.unit(0, epoch=epoch) as unit:
            cut(place.url)
            written(unit, entries(unit, 1))

    with pytest.raises(Unavailable):
        cut_inside()
    for act in (store.partitions, lambda: held(store), lambda: extend(store, epoch, 1)):
        with pytest.raises(Unavailable):
            act()
    mend(place.url)
    extend(store, epoch, 1)
    assert place.rows(sa.select(tables.ledger.c.body)) == [(b"e0",)]


def test_a_file_that_is_no_database_is_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_text("not a database, " * 100)
    store = SqlStore(f"sqlite:///{tmp_path}/store.db")
    with pytest.raises(Misconfigured, match="not a database"):
        store.partitions()
    store.close()
