"""On real servers: an owner that stalls, and wakes after another took its partition, commits nothing and lets go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from hub.model.queues import intake_queue
from hub.owner import Owner, Pace
from hub.store import ledger
from tests.support.spine import Read, Spine, a_spine
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.servers import Postgres, RabbitMQ

pytestmark = pytest.mark.servers

DAY = "2026-03-02T09:00:00+08:00"
LEASE_S = 0.2


@pytest.fixture
def spine(rabbitmq: RabbitMQ, postgres: Postgres, tmp_path: Path) -> Iterator[Spine]:
    """Open a hub of one partition on real servers."""
    urls = {"store_url": postgres.fresh_database(), "bus_url": rabbitmq.vhost()}
    with a_spine(tmp_path, partitions=1, **urls) as spine:
        yield spine


class Process:
    """What one process has of its own: a bus, a store, an owner's name. `before_unit` runs before each transaction."""

    def __init__(self, spine: Spine, name: str, *, batch: int = 500, lease_s: float = LEASE_S) -> None:
        self.before_unit: Callable[[], None] = lambda: None
        self.bus = spine.opened(spine.hub.settings.bus_url)
        self.owner = Owner(
            store=Stalling(spine.hub.store, self),  # type: ignore[arg-type]
            bus=self.bus,
            clock=spine.clock,
            terms=spine.hub._terms(),
            owner=name,
            pace=Pace(batch=batch, lease_s=lease_s, patrol_s=3600),
        )

    def step(self) -> int:
        return self.owner.step(0, wait_s=0.1)


class Stalling:
    """A store before each transaction of which the process may stall."""

    def __init__(self, store: Any, process: Process) -> None:
        self._store, self._process = store, process

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def unit(self, *args: Any, **how: Any) -> Any:
        self._process.before_unit()
        return self._store.unit(*args, **how)


def published(spine: Spine, cases: int) -> list[str]:
    """Publish so many cases' receipts and their report; return their event ids."""
    read = Read()
    messages = [read.event("case.received", DAY, case_no=str(number)) for number in range(cases)]
    spine.bus.publish([*messages, read.report()])
    return sorted(orjson.loads(message.body)["id"] for message in messages)


def work_off(process: Process, total: int) -> None:
    """Let `process` handle exactly so many messages, however long the others hold on to them."""
    handled = 0

    def done() -> bool:
        nonlocal handled
        handled += process.step()
        return handled >= total

    eventually(done, within_s=20)
    assert handled == total


def taken_over(spine: Spine, sleeper: Process, heir: Process) -> None:
    """Let `heir` take the partition while `sleeper` stands between its batch and its transaction."""

    def stall() -> None:
        sleeper.before_unit = lambda: None
        eventually(lambda: heir.owner._lease(0) is not None)

    sleeper.before_unit = stall
    assert sleeper.step() > 0
    assert spine.rows("SELECT epoch, owner FROM leases WHERE role = 'partition/0'") == [(2, "heir")]


def test_a_stalled_owner_commits_nothing_and_its_messages_are_handled_once(spine: Spine) -> None:
    events = published(spine, 9)
    sleeper, heir = Process(spine, "sleeper"), Process(spine, "heir", lease_s=60)
    taken_over(spine, sleeper, heir)
    assert spine.entries("event") == []
    work_off(heir, 10)
    assert sorted(entry["id"] for entry in spine.entries("event")) == events
    assert sleeper.step() == 0
    assert spine.outcomes() == {"new": 9}
    assert ledger.verify(spine.hub.settings.store_url).sound


def test_an_owner_that_lost_its_partition_lets_go_of_what_the_broker_sent_ahead(spine: Spine) -> None:
    """It lives on and stands by; what it had prefetched and not yet looked at must not lie with it."""
    events = published(spine, 30)
    sleeper, heir = Process(spine, "sleeper", batch=2), Process(spine, "heir", lease_s=60)
    taken_over(spine, sleeper, heir)
    work_off(heir, 31)
    assert sorted(entry["id"] for entry in spine.entries("event")) == events
    assert spine.bus.depth(intake_queue(0)) == 0
    assert spine.outcomes() == {"new": 30}


def test_an_owner_whose_lease_ran_out_unnoticed_takes_it_again_and_loses_nothing(spine: Spine) -> None:
    events = published(spine, 5)
    alone = Process(spine, "alone")
    alone.before_unit = lambda: eventually(lambda: _lease_is_over(spine))
    work_off(alone, 6)
    assert sorted(entry["id"] for entry in spine.entries("event")) == events


def _lease_is_over(spine: Spine) -> bool:
    return bool(spine.rows("SELECT 1 FROM leases WHERE role = 'partition/0' AND lease_until < clock_timestamp()"))


def test_an_owner_that_lets_go_leaves_every_message_to_the_next(spine: Spine) -> None:
    events = published(spine, 30)
    first, second = Process(spine, "first", batch=2, lease_s=60), Process(spine, "second", lease_s=60)
    eventually(lambda: first.step() > 0)
    assert second.step() == 0, "the lease is not over"
    first.owner.release()
    work_off(second, 31 - len(spine.entries("event")))
    assert sorted(entry["id"] for entry in spine.entries("event")) == events
