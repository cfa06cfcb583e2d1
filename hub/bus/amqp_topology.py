"""Declares the topology, and the exclusive queues that stand for leases, at a broker. Runs on the link's thread."""

from __future__ import annotations

from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

from hub.bus.amqp_errors import ACCESS_REFUSED, PRECONDITION_FAILED, RESOURCE_LOCKED, code_of, translated
from hub.bus.amqp_link import refuse
from hub.bus.topology import MARK, renumbered
from hub.errors import Fenced
from hub.model.queues import PARKED, PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from pika import SelectConnection
    from pika.channel import Channel
    from pika.frame import Method
    from pika.spec import Queue as QueueMethod

    from hub.bus.topology import Queue, Topology


def arguments_of(queue: Queue) -> dict[str, Any]:
    """Return the declaration arguments of `queue`: always a quorum queue, the kind that survives the loss of a node.

    RabbitMQ dead-letters at least once only from queues that refuse what does not fit (RabbitMQ documentation,
    "Quorum queues", Activating at-least-once dead-lettering).
    """
    arguments: dict[str, Any] = {"x-queue-type": "quorum"}
    if queue.overflow != "unbounded":
        arguments["x-max-length"] = queue.max_length
        arguments["x-overflow"] = {"refuse": "reject-publish", "drop-oldest": "drop-head"}[queue.overflow]
    if queue.delivery_limit:
        arguments["x-delivery-limit"] = queue.delivery_limit
    if queue.dead_letter:
        arguments["x-dead-letter-exchange"] = queue.dead_letter
        arguments["x-dead-letter-strategy"] = "at-least-once"
    return arguments


def declare(topology: Topology, connection: SelectConnection, answer: Future[None]) -> None:
    """Declare `topology`, pipelined on one channel; answer when all of it stands.

    An account without the right to configure leaves the declaring to those who have it: a connector in a
    department's network publishes to what the hub has declared.
    """

    def use(channel: Channel) -> None:
        for exchange in topology.exchanges:
            channel.exchange_declare(exchange.name, exchange_type=exchange.kind, durable=True)
        for queue in topology.queues:
            channel.queue_declare(queue.name, durable=True, arguments=arguments_of(queue))
        for binding in topology.bindings:
            channel.queue_bind(binding.queue, binding.exchange, routing_key=binding.key)
        channel.queue_declare(PARKED, passive=True, callback=partial(_done, channel, answer))

    def closed(reason: Exception) -> None:
        if code_of(reason) == ACCESS_REFUSED and not answer.done():
            answer.set_result(None)
        other = code_of(reason) == PRECONDITION_FAILED and f"'{MARK}'" in str(reason)
        refuse(answer, renumbered("the broker") if other else translated(reason))

    _on_channel(connection, use, closed)


def count_ready(queue: str, connection: SelectConnection, answer: Future[int]) -> None:
    """Answer with the number of messages of `queue` that wait for a consumer."""

    def use(channel: Channel) -> None:
        channel.queue_declare(queue, passive=True, callback=partial(counted, channel))

    def counted(channel: Channel, frame: Method[QueueMethod.DeclareOk]) -> None:
        answer.set_result(frame.method.message_count or 0)
        channel.close()

    _on_channel(connection, use, lambda reason: refuse(answer, translated(reason, queue)))


def lease_queue(name: str) -> str:
    """Return the name of the exclusive queue that stands for the lease `name`."""
    return f"{PREFIX}lease.{name}"


def take_lease(name: str, connection: SelectConnection, answer: Future[None]) -> None:
    """Declare the lease's queue for this connection alone; answer Fenced where another connection has it.

    The broker deletes the queue when the connection ends, however it ends. It is a classic queue: a quorum queue
    cannot be exclusive.
    """

    def use(channel: Channel) -> None:
        queue, done = lease_queue(name), partial(_done, channel, answer)
        channel.queue_declare(queue, exclusive=True, arguments={"x-queue-type": "classic"}, callback=done)

    def closed(reason: Exception) -> None:
        held = code_of(reason) == RESOURCE_LOCKED
        refuse(answer, Fenced("another process holds it", place=name) if held else translated(reason, name))

    _on_channel(connection, use, closed)


def drop_lease(name: str, connection: SelectConnection, answer: Future[None]) -> None:
    """Delete the lease's queue; answer when it is gone."""

    def use(channel: Channel) -> None:
        channel.queue_delete(lease_queue(name), callback=partial(_done, channel, answer))

    _on_channel(connection, use, lambda reason: refuse(answer, translated(reason, name)))


def retake_leases(names: Collection[str], connection: SelectConnection, answer: Future[set[str]]) -> None:
    """Take `names` again after a reconnect; answer with those that another connection holds by now."""
    waiting, lost = set(names), set[str]()

    def taken(name: str, one: Future[None]) -> None:
        waiting.discard(name)
        problem = one.exception()
        if isinstance(problem, Fenced):
            lost.add(name)
        elif problem:
            refuse(answer, problem)
        if not waiting and not answer.done():
            answer.set_result(lost)

    for name in names:
        one: Future[None] = Future()
        one.add_done_callback(partial(taken, name))
        take_lease(name, connection, one)
    if not names:
        answer.set_result(lost)


def _on_channel(
    connection: SelectConnection, use: Callable[[Channel], None], closed: Callable[[Exception], None]
) -> None:
    """Open a channel for one errand and `use` it; `closed` hears why it ended."""

    def opened(channel: Channel) -> None:
        channel.add_on_close_callback(lambda _, reason: closed(reason))
        use(channel)

    connection.channel(on_open_callback=opened)


def _done(channel: Channel, answer: Future[None], _frame: Method[Any]) -> None:
    """Answer, and let go of the errand's channel."""
    answer.set_result(None)
    channel.close()
