"""The relay commits numbers first and publishes after: a retry keeps them, a restart goes on, one relay is active."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from hub.errors import Fenced, Unavailable
from hub.feed import places_in
from hub.relay import ROLE, Relay
from tests.support.spine import Read, Spine, a_spine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from hub.model.values import Message

DAY = "2026-03-02T09:00:00+08:00"


@pytest.fixture
def spine(tmp_path: Path) -> Iterator[Spine]:
    with a_spine(tmp_path, partitions=2) as spine:
        yield spine


@dataclass
class Feed:
    """A bus that keeps what is published, and goes away when told, before or after it took a batch."""

    taken: list[Message] = field(default_factory=list)
    fails: str = ""

    def publish(self, messages: Sequence[Message]) -> None:
        if self.fails == "before":
            raise Unavailable("the broker is away")
        self.taken += messages
        if self.fails == "after":
            raise Unavailable("the confirm was lost")

    @property
    def numbers(self) -> list[int]:
        return [orjson.loads(message.body)["sequence"] for message in self.taken]


def a_relay(spine: Spine, feed: Feed, name: str = "relay", *, lease_s: float = 60) -> Relay:
    bus: Any = feed
    return Relay(store=spine.hub.store, bus=bus, places=places_in(("intranet",)), owner=name, lease_s=lease_s)


def ledgered(spine: Spine, count: int) -> None:
    """Enter so many events into the ledger, unrelayed."""
    read = Read()
    events = [read.event("case.received", DAY, case_no=f"{read.read_id}{number}") for number in range(count)]
    spine.bus.publish([*events, read.report()])
    spine.line.work_off()


def test_every_document_is_published_once_in_order_with_its_number(spine: Spine) -> None:
    ledgered(spine, 5)
    feed = Feed()
    assert a_relay(spine, feed).drain() == 5
    assert feed.numbers == [1, 2, 3, 4, 5]
    assert {message.exchange for message in feed.taken} == {"feed.intranet"}
    assert spine.hub.queries.lag() == {"unnumbered": 0, "unconfirmed": 0}


@pytest.mark.parametrize("fails", ["before", "after"])
def test_what_was_not_confirmed_is_published_again_under_the_same_numbers(spine: Spine, fails: str) -> None:
    ledgered(spine, 3)
    feed = Feed(fails=fails)
    relay = a_relay(spine, feed)
    with pytest.raises(Unavailable):
        relay.step()
    once = {message.message_id: message.body for message in feed.taken}
    ledgered(spine, 2)
    feed.fails = ""
    relay.drain()
    assert feed.numbers == ([1, 2, 3] if fails == "after" else []) + [1, 2, 3, 4, 5]
    again = {message.message_id: message.body for message in feed.taken}
    assert again.items() >= once.items(), "a retry is the same document, byte for byte"


def test_a_restart_goes_on_where_the_confirmed_feed_ends(spine: Spine) -> None:
    ledgered(spine, 3)
    first, second = Feed(), Feed()
    relay = a_relay(spine, first, "first")
    relay.drain()
    relay.release()
    ledgered(spine, 2)
    a_relay(spine, second, "second").drain()
    assert (first.numbers, second.numbers) == ([1, 2, 3], [4, 5])


def test_a_relay_that_dies_before_its_confirm_is_recorded_repeats_and_skips_nothing(spine: Spine) -> None:
    ledgered(spine, 3)
    dead, heir = Feed(), Feed()
    dying = a_relay(spine, dead, "dying")
    dying.step()
    dying.release()
    a_relay(spine, heir, "heir").drain()
    assert heir.numbers == [1, 2, 3]
    assert [message.body for message in heir.taken] == [message.body for message in dead.taken]


def test_of_two_relays_one_is_active(spine: Spine) -> None:
    ledgered(spine, 3)
    feed, idle = Feed(), Feed()
    active, standby = a_relay(spine, feed, "active"), a_relay(spine, idle, "standby")
    assert active.step() == 3
    assert standby.step() == 0
    assert idle.taken == []
    active.drain()
    active.release()
    ledgered(spine, 1)
    assert standby.drain() == 1
    assert idle.numbers == [4]


def test_a_relay_that_lost_its_lease_unnoticed_publishes_nothing_new(spine: Spine) -> None:
    ledgered(spine, 2)
    sleeping, working = Feed(), Feed()
    sleeper = a_relay(spine, sleeping, "sleeper")
    assert sleeper.drain() == 2
    epoch = spine.hub.store.claim(ROLE, owner="sleeper", lease_s=0)
    assert epoch is not None
    heir = a_relay(spine, working, "heir")
    ledgered(spine, 2)
    assert heir.drain() == 2
    assert sleeper.step() == 0
    assert sleeping.numbers == [1, 2]
    assert working.numbers == [3, 4]
    with pytest.raises(Fenced):
        spine.hub.store.number(epoch=epoch, limit=1, published=0, places=places_in(("intranet",)))


def test_a_ledger_without_anything_for_the_feed_is_passed_over(spine: Spine) -> None:
    read = Read()
    spine.bus.publish([read.event("case.received", DAY, case={"disclosure": {"class": "secret"}}), read.report()])
    spine.line.work_off()
    feed = Feed()
    assert a_relay(spine, feed).drain() == 0
    assert spine.hub.queries.lag()["unnumbered"] == 0
    ledgered(spine, 1)
    a_relay(spine, feed, "relay").drain()
    assert feed.numbers == [1]
