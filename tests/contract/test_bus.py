"""The contract of the Bus port, held by the embedded bus and by RabbitMQ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hub.bus.topology import Subscriber, subscriber_queue, topology
from hub.errors import Fenced, Misconfigured, Unavailable
from hub.model.ids import BUCKETS
from hub.model.queues import intake_queue
from hub.model.values import EVERY_PARTITION
from tests.support.buses import QUEUE, BusPlace, a_message, accepts, kill, names, nothing_more, some_messages, take
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["embedded", pytest.param("rabbitmq", marks=pytest.mark.servers)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BusPlace]:
    embedded = request.param == "embedded"
    url = f"embedded://{tmp_path}/bus.db" if embedded else request.getfixturevalue("rabbitmq").vhost()
    place = BusPlace(url)
    yield place
    place.close()


def test_what_was_published_outlives_the_publisher(place: BusPlace) -> None:
    bus = place.open()
    bus.publish(some_messages(3))
    bus.close()
    assert names(take(place.open(), 3)) == ["m0", "m1", "m2"]


def test_a_message_arrives_as_it_was_sent(place: BusPlace) -> None:
    body = bytes(range(256))
    place.open().publish([a_message("证件", kind="report", body=body, headers={"traceparent": "00-é"})])
    (delivery,) = take(place.open(), 1)
    assert (delivery.message_id, delivery.kind, delivery.body) == ("证件", "report", body)
    assert (delivery.headers, delivery.redelivered, delivery.queue) == ({"traceparent": "00-é"}, False, QUEUE)


def test_the_publisher_is_known_by_its_account(place: BusPlace) -> None:
    place.open().publish(some_messages(1))
    (delivery,) = take(place.open(), 1)
    account = place.url.partition("//")[2].partition(":")[0] if place.url.startswith("amqp") else "sunlight"
    assert delivery.user == account


def test_a_queue_keeps_the_order_of_publishing_across_batches(place: BusPlace) -> None:
    bus = place.open()
    bus.publish(some_messages(1500, "a"))
    bus.publish(some_messages(700, "b"))
    expected = [f"a{n}" for n in range(1500)] + [f"b{n}" for n in range(700)]
    assert names(take(place.open(), 2200)) == expected


def test_publishing_nothing_is_no_error(place: BusPlace) -> None:
    place.open().publish([])


def test_consume_returns_at_most_the_limit_and_never_what_is_held(place: BusPlace) -> None:
    bus = place.open()
    bus.publish(some_messages(5))
    first = take(bus, 2)
    assert names(first) == ["m0", "m1"]
    assert names(take(bus, 3)) == ["m2", "m3", "m4"]
    assert nothing_more(bus)


def test_consume_returns_nothing_from_an_empty_queue(place: BusPlace) -> None:
    assert place.open().consume(QUEUE, limit=5, wait_s=0) == []


def test_a_waiting_consumer_gets_what_comes_later(place: BusPlace) -> None:
    consumer = place.open()
    assert nothing_more(consumer)
    place.open().publish(some_messages(1))
    assert names(consumer.consume(QUEUE, limit=5, wait_s=30)) == ["m0"]


def test_what_was_not_acked_comes_again_marked_and_in_order(place: BusPlace) -> None:
    bus = place.open()
    bus.publish(some_messages(4))
    held = take(bus, 4)
    bus.ack(held[:2])
    bus.close()
    again = take(place.open(), 2)
    assert names(again) == ["m2", "m3"]
    assert all(delivery.redelivered for delivery in again)


def test_acked_messages_never_come_again(place: BusPlace) -> None:
    bus = place.open()
    bus.publish(some_messages(1200))
    bus.ack(take(bus, 1200))
    bus.close()
    other = place.open()
    assert nothing_more(other)
    eventually(lambda: other.depth(QUEUE) == 0)


def test_acks_in_any_order_and_with_gaps_leave_exactly_the_others(place: BusPlace) -> None:
    bus = place.open()
    bus.publish(some_messages(6))
    held = take(bus, 6)
    bus.ack([held[5], held[2]])
    bus.ack([held[1], held[0]])
    bus.close()
    assert names(take(place.open(), 2)) == ["m3", "m4"]


def test_acking_twice_is_refused(place: BusPlace) -> None:
    bus = place.open()
    bus.publish(some_messages(2))
    held = take(bus, 2)
    bus.ack(held[:1])
    with pytest.raises(Unavailable, match="void"):
        bus.ack(held)
    bus.ack(held[1:])


def test_what_is_given_back_comes_again_marked_before_later_ones(place: BusPlace) -> None:
    bus = place.open()
    bus.publish(some_messages(3))
    held = take(bus, 3)
    bus.give_back(held[:2])
    again = take(bus, 2)
    assert sorted(names(again)) == ["m0", "m1"]
    assert all(delivery.redelivered for delivery in again)
    with pytest.raises(Unavailable, match="void"):
        bus.ack(held[:1])
    bus.ack([*again, held[2]])


def test_leaving_a_queue_returns_what_is_held_and_what_was_sent_ahead(place: BusPlace) -> None:
    left, other = place.open(), place.open()
    left.publish(some_messages(5))
    held = take(left, 2)
    left.ack(held[:1])
    left.leave(QUEUE)
    assert names(take(other, 4)) == ["m1", "m2", "m3", "m4"]
    with pytest.raises(Unavailable):
        left.ack(held[1:])
    other.leave(QUEUE)
    assert names(take(left, 4)) == ["m1", "m2", "m3", "m4"]


def test_leaving_a_queue_never_consumed_is_no_error(place: BusPlace) -> None:
    place.open().leave(QUEUE)


def test_what_a_killed_process_held_comes_again_in_order(place: BusPlace) -> None:
    bus = place.open()
    bus.publish(some_messages(5))
    victim = place.victim("assert bus.consume('sunlight.intake.0', limit=2, wait_s=30)")
    kill(victim)
    assert names(take(bus, 5)) == ["m0", "m1", "m2", "m3", "m4"]


def test_every_bucket_reaches_one_queue_and_every_partition_is_reached_by_a_report(place: BusPlace) -> None:
    three = topology(3, ["public"])
    bus = place.open(three)
    bus.publish([a_message(str(bucket), key=str(bucket)) for bucket in range(BUCKETS)])
    bus.publish([a_message("report", key=EVERY_PARTITION, kind="report")])
    for partition in range(3):
        expected = [str(bucket) for bucket in range(BUCKETS) if bucket % 3 == partition]
        queue = intake_queue(partition)
        assert names(take(bus, len(expected) + 1, queue)) == [*expected, "report"]
        assert nothing_more(bus, queue)


def test_an_intake_message_that_no_queue_takes_is_unavailable(place: BusPlace) -> None:
    bus = place.open()
    with pytest.raises(Unavailable, match="no queue takes"):
        bus.publish([a_message("lost", key="no such bucket")])
    bus.publish(some_messages(1))
    assert names(take(bus, 1)) == ["m0"]


def test_publishing_to_an_exchange_that_is_not_there_is_unavailable_and_publishing_goes_on(place: BusPlace) -> None:
    bus = place.open()
    with pytest.raises(Unavailable, match="exchange"):
        bus.publish([a_message("lost", exchange="feed.unheard-of")])
    bus.publish(some_messages(1))
    assert names(take(bus, 1)) == ["m0"]


def test_consuming_a_queue_that_is_not_there_is_unavailable(place: BusPlace) -> None:
    bus = place.open()
    with pytest.raises(Unavailable):
        bus.consume("sunlight.intake.99", limit=1, wait_s=0)
    assert nothing_more(bus)


def test_a_feed_without_subscribers_takes_everything(place: BusPlace) -> None:
    place.open().publish([a_message("f", exchange="feed.public", key="alert.321200.321281.x.raised", kind="alert")])


def test_subscribers_get_what_their_patterns_match_once(place: BusPlace) -> None:
    subscribers = [
        Subscriber(name="city", view="public", patterns=("alert.321200.#",)),
        Subscriber(
            name="county", view="public", patterns=("alert.*.321281.#", "alert.321200.#", "*.*.321281.*.closed")
        ),
    ]
    bus = place.open(topology(1, ["public", "intranet"], subscribers=subscribers))
    keys = ["alert.321200.321281.d.raised", "event.321200.321281.d.closed", "alert.320000.321283.d.raised"]
    bus.publish([a_message(key, exchange="feed.public", key=key) for key in keys])
    bus.publish([a_message("other view", exchange="feed.intranet", key=keys[0])])
    assert names(take(bus, 1, subscriber_queue("city"))) == keys[:1]
    assert names(take(bus, 2, subscriber_queue("county"))) == keys[:2]
    assert nothing_more(bus, subscriber_queue("city"))
    assert nothing_more(bus, subscriber_queue("county"))


def test_a_full_subscriber_loses_its_oldest_and_holds_nobody_up(place: BusPlace) -> None:
    slow = Subscriber(name="slow", view="public", patterns=("#",), max_length=3)
    bus = place.open(topology(1, ["public"], subscribers=[slow]))
    bus.publish([a_message(f"f{n}", exchange="feed.public", key="alert") for n in range(10)])
    eventually(lambda: bus.depth(subscriber_queue("slow")) == 3)
    assert names(take(bus, 3, subscriber_queue("slow"))) == ["f7", "f8", "f9"]


def test_a_full_intake_queue_refuses_and_recovers(place: BusPlace) -> None:
    bus = place.open(topology(1, ["public"], max_length=10))
    numbers = iter(range(200))  # a quorum queue notices that it is full a little late
    eventually(lambda: not accepts(bus, a_message(f"m{next(numbers)}")))
    accepted = next(numbers) - 1
    bus.ack(take(bus, accepted))
    eventually(lambda: accepts(bus, a_message("after")))


@pytest.mark.parametrize("changes", [{"key": "k" * 256}, {"headers": {"h" * 256: ""}}])
def test_what_amqp_cannot_encode_no_bus_takes_and_publishing_goes_on(place: BusPlace, changes: dict[str, Any]) -> None:
    bus = place.open()
    with pytest.raises(ValueError, match="longer than 255 bytes"):
        bus.publish([a_message("long", **changes)])
    with pytest.raises(ValueError, match="longer than 255 bytes"):
        bus.publish([a_message("证" * 86)])
    bus.publish(some_messages(1))
    assert names(take(bus, 1)) == ["m0"]


def test_parked_messages_wait_in_their_own_queue(place: BusPlace) -> None:
    bus = place.open()
    bus.publish([a_message("poison", exchange="parked", key="")])
    assert names(take(bus, 1, "sunlight.parked")) == ["poison"]
    assert nothing_more(bus)


def test_a_message_returned_past_the_delivery_limit_is_parked_not_lost(
    place: BusPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.bus.topology.DELIVERY_LIMIT", 2)
    bus = place.open(topology(1, ["public"]))
    bus.publish(some_messages(1))
    for _ in range(3):
        bus.give_back(take(bus, 1))
    assert names(take(bus, 1, "sunlight.parked")) == ["m0"]
    assert nothing_more(bus)


def test_depth_counts_what_waits_and_what_this_instance_holds(place: BusPlace) -> None:
    bus = place.open()
    bus.publish(some_messages(5))
    eventually(lambda: bus.depth(QUEUE) == 5)
    held = take(bus, 2)
    eventually(lambda: bus.depth(QUEUE) == 5)
    bus.ack(held)
    eventually(lambda: bus.depth(QUEUE) == 3)


def test_a_lease_is_held_by_one_instance_and_free_after_it(place: BusPlace) -> None:
    one, other = place.open(), place.open()
    with one.lease("taizhou.housing.permits"):
        with pytest.raises(Fenced), other.lease("taizhou.housing.permits"):
            pass
        with pytest.raises(Fenced), one.lease("taizhou.housing.permits"):
            pass
        with other.lease("another"):
            one.publish(some_messages(1))
    with other.lease("taizhou.housing.permits"):
        pass


def test_a_lease_is_free_after_a_failure_of_its_holder(place: BusPlace) -> None:
    bus = place.open()
    with pytest.raises(ZeroDivisionError), bus.lease("reader"):
        raise ZeroDivisionError
    with bus.lease("reader"):
        pass


def test_a_killed_process_leaves_its_lease_to_others(place: BusPlace) -> None:
    bus = place.open()
    victim = place.victim("lease = bus.lease('reader'); lease.__enter__()")
    with pytest.raises(Fenced), bus.lease("reader"):
        pass
    kill(victim)

    def free() -> bool:
        try:
            with bus.lease("reader"):
                return True
        except Fenced:
            return False

    eventually(free)


def test_closing_twice_is_no_error_and_a_closed_bus_is_unavailable(place: BusPlace) -> None:
    bus = place.open()
    bus.publish(some_messages(1))
    bus.close()
    bus.close()
    with pytest.raises(Unavailable, match="closed"):
        bus.publish(some_messages(1))


def test_a_bus_never_used_can_be_closed(place: BusPlace) -> None:
    place.open().close()


def test_a_queue_that_exists_with_other_limits_is_the_operators_to_settle(place: BusPlace) -> None:
    place.open().publish(some_messages(1))
    with pytest.raises(Misconfigured, match=r"bus\.refused"):
        place.open(topology(1, ["public"], max_length=7)).publish(some_messages(1))
