"""Rebinds the queues of a RabbitMQ, step by step over one connection of its own (hub/bus/rebind.py has the order)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from pika import BlockingConnection
from pika.exceptions import AMQPError, ChannelClosedByBroker

from hub.bus.amqp_errors import NOT_FOUND, PRECONDITION_FAILED, translated, translated_opening
from hub.bus.amqp_topology import arguments_of
from hub.bus.rabbitmq import parameters_of
from hub.bus.topology import MARK, mark, renumbered
from hub.model.queues import INTAKE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pika.adapters.blocking_connection import BlockingChannel

    from hub.bus.topology import Binding, Queue, Topology

TRIES: Final = 10
"""Times the mark is set anew where another process, about to hear that its number is old, sets its own in between."""


class RabbitMover:
    """See hub.bus.rebind.Mover. A channel serves one errand, since what the broker refuses closes it."""

    def __init__(self, url: str) -> None:
        """Connect to `url` at once."""
        parameters = parameters_of(url)
        self._place = f"{parameters.host}:{parameters.port}/{parameters.virtual_host}"
        try:
            self._connection = BlockingConnection(parameters)
        except AMQPError as error:
            raise translated_opening(error, self._place) from error

    def is_used(self) -> bool:
        """See Mover."""
        return self._state(MARK) is not None

    def agrees(self, partitions: int) -> bool:
        """See Mover: the broker compares the limits of a queue that is declared again."""
        try:
            with self._channel() as channel:
                _declare(channel, mark(partitions))
        except ChannelClosedByBroker as closed:
            if closed.reply_code != PRECONDITION_FAILED:
                raise translated(closed, self._place) from closed
            return False
        return True

    def mark(self, partitions: int) -> None:
        """See Mover."""
        for _ in range(TRIES):
            if self.agrees(partitions):
                return
            with self._errand() as channel:
                channel.queue_delete(MARK)
        raise renumbered(self._place)

    def unbind(self, bindings: Sequence[Binding]) -> None:
        """See Mover."""
        there = {queue for queue in {each.queue for each in bindings} if self._state(queue)}
        with self._errand() as channel:
            channel.exchange_declare(INTAKE, exchange_type="direct", durable=True)
            for each in bindings:
                if each.queue in there:
                    channel.queue_unbind(each.queue, each.exchange, routing_key=each.key)

    def busy(self, queues: Sequence[str]) -> Sequence[str]:
        """See Mover: without consumers nothing is held unacked."""
        return [queue for queue in queues if any(self._state(queue) or ())]

    def declare(self, topology: Topology) -> None:
        """See Mover."""
        with self._errand() as channel:
            for exchange in topology.exchanges:
                channel.exchange_declare(exchange.name, exchange_type=exchange.kind, durable=True)
            for queue in topology.queues:
                _declare(channel, queue)
            for binding in topology.bindings:
                channel.queue_bind(binding.queue, binding.exchange, routing_key=binding.key)

    def drop(self, queues: Sequence[str]) -> None:
        """See Mover. No quorum queue can be deleted `if_empty`, so they are looked at; none is bound any more."""
        for queue in queues:
            if self._state(queue) == (0, 0):
                with self._errand() as channel:
                    channel.queue_delete(queue)

    def close(self) -> None:
        """See Mover."""
        if self._connection.is_open:
            self._connection.close()

    def _state(self, queue: str) -> tuple[int, int] | None:
        """Return the messages and consumers of `queue`, None where there is no such queue."""
        try:
            with self._channel() as channel:
                found = channel.queue_declare(queue, passive=True).method
                return found.message_count, found.consumer_count
        except ChannelClosedByBroker as closed:
            if closed.reply_code != NOT_FOUND:
                raise translated(closed, self._place) from closed
            return None

    @contextmanager
    def _errand(self) -> Iterator[BlockingChannel]:
        """Open a channel on which nothing may be refused."""
        try:
            with self._channel() as channel:
                yield channel
        except AMQPError as error:
            raise translated(error, self._place) from error

    @contextmanager
    def _channel(self) -> Iterator[BlockingChannel]:
        channel = self._connection.channel()
        try:
            yield channel
        finally:
            if channel.is_open:
                channel.close()


def _declare(channel: BlockingChannel, queue: Queue) -> None:
    channel.queue_declare(queue.name, durable=True, arguments=arguments_of(queue))
