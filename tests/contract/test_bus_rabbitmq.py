"""What the bus owes its callers on a real broker beyond the common contract: accounts, heartbeats, reconnects."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pika
import pytest
from pika.exceptions import AMQPError

from hub.bus.rabbitmq import RabbitBus
from hub.bus.topology import topology
from hub.errors import Fenced, Misconfigured, Unavailable
from hub.model.values import Delivery
from tests.support.buses import QUEUE, BusPlace, a_message, accepts, names, nothing_more, some_messages, take
from tests.support.servers import vhost_of
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.ports import Bus
    from tests.support.servers import RabbitMQ

pytestmark = pytest.mark.servers
ONE = topology(1, ["public"])


@pytest.fixture
def place(rabbitmq: RabbitMQ) -> Iterator[BusPlace]:
    place = BusPlace(rabbitmq.vhost())
    yield place
    place.close()


def test_the_broker_refuses_a_message_in_anothers_name(place: BusPlace) -> None:
    liar = RabbitBus(place.url, ONE, user="taizhou.housing.permits")
    place.opened.append(liar)
    with pytest.raises(Misconfigured, match="user_id"):
        liar.publish(some_messages(1))
    assert nothing_more(place.open())


def test_an_account_that_may_only_write_publishes_to_what_the_hub_declared(place: BusPlace, rabbitmq: RabbitMQ) -> None:
    hub = place.open()
    hub.publish(some_messages(1))
    account = f"connector-{vhost_of(place.url)}"
    url = rabbitmq.user_url(account, place.url, configure="^$", write=r"^sunlight\.intake$", read="^$")
    connector = place.open_at(url)
    connector.publish([a_message("from the connector")])
    with pytest.raises(Misconfigured, match="ACCESS_REFUSED"):
        connector.publish([a_message("forbidden", exchange="parked")])
    taken = take(hub, 2)
    assert [delivery.user for delivery in taken] == [vhost_of(place.url), account]


@pytest.mark.parametrize("gone", ["queue", "exchange"])
def test_what_was_deleted_at_the_broker_is_declared_again_while_the_hub_runs(place: BusPlace, gone: str) -> None:
    hub, intake = place.open(), place.open()
    intake.publish(some_messages(1))
    hub.ack(take(hub, 1))
    with pika.BlockingConnection(pika.URLParameters(place.url)) as by_hand:
        channel = by_hand.channel()
        if gone == "queue":
            channel.queue_delete(QUEUE)
        else:
            channel.exchange_delete("sunlight.intake")
    with pytest.raises(Unavailable):
        intake.publish(some_messages(2))
    intake.publish(some_messages(2))
    taken: list[Delivery] = []

    def all_there() -> bool:
        with suppress(Unavailable):
            taken.extend(hub.consume(QUEUE, limit=2, wait_s=0.2))
        return len(taken) == len(some_messages(2))

    eventually(all_there)
    assert names(taken) == [message.message_id for message in some_messages(2)]


def test_a_wrong_password_is_the_operators_to_mend_and_is_not_shown(place: BusPlace) -> None:
    wrong = place.url.replace(f":{urlsplit(place.url).password}@", ":hunter2@")
    bus = place.open_at(wrong)
    with pytest.raises(Misconfigured) as caught:
        bus.publish(some_messages(1))
    assert "hunter2" not in str(caught.value)


def test_a_missing_virtual_host_is_the_operators_to_mend(place: BusPlace) -> None:
    bus = place.open_at(f"{place.url}-nowhere")
    with pytest.raises(Misconfigured):
        bus.publish(some_messages(1))


def test_a_broker_that_is_away_is_unavailable_after_a_bounded_wait() -> None:
    bus = RabbitBus("amqp://a:b@127.0.0.1:1/x", ONE, patience_s=0.2)
    with pytest.raises(Unavailable):
        bus.publish(some_messages(1))
    with pytest.raises(Unavailable):
        bus.consume(QUEUE, limit=1, wait_s=0)
    bus.close()


def test_a_bus_that_is_still_connecting_can_be_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        bus = RabbitBus(f"amqp://a:b@127.0.0.1:{mute.getsockname()[1]}/x", ONE, patience_s=0.2)
        with pytest.raises(Unavailable, match="no answer"):
            bus.publish(some_messages(1))
        bus.close()
    assert bus._link._thread
    assert not bus._link._thread.is_alive()


def _dropped(silent: pika.BlockingConnection) -> bool:
    """Tell whether the broker has given up a peer whose heartbeats nobody sends."""
    try:
        return silent._impl._transport._sock.recv(4096) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def test_a_batch_held_longer_than_the_heartbeat_costs_nothing(place: BusPlace) -> None:
    patient = place.open_at(f"{place.url}?heartbeat=1")
    patient.publish(some_messages(3))
    held = take(patient, 3)
    silent = pika.BlockingConnection(pika.URLParameters(f"{place.url}?heartbeat=1"))
    eventually(lambda: _dropped(silent))
    with suppress(AMQPError):
        silent.close()
    patient.ack(held)
    patient.close()
    assert nothing_more(place.open())


def test_publishing_goes_on_after_the_broker_closed_the_connection(place: BusPlace, rabbitmq: RabbitMQ) -> None:
    bus = place.open()
    for number in range(4):
        eventually(lambda number=number: accepts(bus, a_message(f"m{number}")))
        rabbitmq.cut_connections(place.url)
    eventually(lambda: accepts(bus, a_message("last")))
    taken = names(take(place.open(), 5))
    assert set(taken) == {"m0", "m1", "m2", "m3", "last"}


def test_no_confirmed_message_is_lost_while_connections_are_cut(place: BusPlace, rabbitmq: RabbitMQ) -> None:
    bus, stop = place.open(), threading.Event()

    def cut() -> None:
        while not stop.is_set():
            rabbitmq.cut_connections(place.url)
            stop.wait(0.4)

    cutter = threading.Thread(target=cut)
    cutter.start()
    batches = [some_messages(1500, f"b{number}-") for number in range(8)]
    try:
        for messages in batches:
            eventually(lambda messages=messages: accepts(bus, *messages))
    finally:
        stop.set()
        cutter.join()
    assert _all_of(place.open()) == {message.message_id for messages in batches for message in messages}


def _all_of(bus: Bus) -> set[str]:
    """Consume until nothing comes any more; return every message id seen."""
    seen: set[str] = set()
    while batch := bus.consume(QUEUE, limit=2000, wait_s=2):
        seen.update(names(batch))
        bus.ack(batch)
    return seen


def test_deliveries_taken_before_a_reconnect_are_void_and_come_again(place: BusPlace, rabbitmq: RabbitMQ) -> None:
    bus = place.open()
    bus.publish(some_messages(3))
    held = take(bus, 3)
    rabbitmq.cut_connections(place.url)
    eventually(lambda: _void(bus, held))
    again: list[Delivery] = []

    def came_again() -> bool:
        try:
            again.extend(bus.consume(QUEUE, limit=3, wait_s=0.2))
        except Unavailable:
            again.clear()
        return len(again) == 3

    eventually(came_again)
    with pytest.raises(Unavailable, match="void"):
        bus.ack(held)
    assert all(delivery.redelivered for delivery in again)
    bus.ack(again)


def _void(bus: Bus, held: list[Delivery]) -> bool:
    """Tell whether the broker has taken `held` back. The odd one among them makes sure that none is acked."""
    odd = Delivery(queue=QUEUE, tag=1, kind="event", message_id="", user="", body=b"")
    with pytest.raises(Unavailable) as refused:
        bus.ack([*held, odd])
    return refused.value.__cause__ is not None


def test_an_unroutable_message_amid_a_large_batch_fails_it_and_the_next_batch_passes(place: BusPlace) -> None:
    bus = place.open()
    batch = some_messages(5000)
    batch[2500] = a_message("lost", key="no such bucket")
    with pytest.raises(Unavailable, match="no queue takes"):
        bus.publish(batch)
    bus.publish(some_messages(1, "after"))
    assert "after0" in _all_of(place.open())


def test_a_lease_outlives_a_reconnect(place: BusPlace, rabbitmq: RabbitMQ) -> None:
    holder, other = place.open(), place.open_at(rabbitmq.vhost_again(place.url))
    with holder.lease("reader"):
        rabbitmq.cut_connections(place.url)
        eventually(lambda: accepts(holder, a_message("m")))
        with pytest.raises(Fenced), other.lease("reader"):
            pass


def test_a_lease_lost_while_the_broker_was_away_fences_its_former_holder(place: BusPlace, rabbitmq: RabbitMQ) -> None:
    holder, other = place.open(), place.open_at(rabbitmq.vhost_again(place.url))
    with holder.lease("reader"):
        rabbitmq.lock_out(place.url)
        rabbitmq.cut_connections(place.url)
        with other.lease("reader"):
            rabbitmq.let_in(place.url)
            eventually(lambda: _fenced(holder))
            with pytest.raises(Fenced):
                holder.publish(some_messages(1))
    eventually(lambda: accepts(holder, a_message("m")))


def _fenced(bus: Bus) -> bool:
    try:
        bus.publish(some_messages(1))
    except Fenced:
        return True
    except (Unavailable, Misconfigured):
        return False
    return False
