"""The Bus on RabbitMQ (3.10 to 4.x): quorum queues, pipelined confirms, prefetch, leases as exclusive queues."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from time import sleep
from typing import TYPE_CHECKING, Final

from pika import PlainCredentials, URLParameters

from hub.bus.amqp_consumer import Consumer
from hub.bus.amqp_errors import Undeclared
from hub.bus.amqp_link import Link
from hub.bus.amqp_publisher import Batch, Publisher
from hub.bus.amqp_topology import count_ready, declare, drop_lease, retake_leases, take_lease
from hub.bus.limits import check
from hub.errors import Fault, Fenced, HubError, Misconfigured, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pika import SelectConnection

    from hub.bus.topology import Topology
    from hub.model.values import Delivery, Message

PREFETCH: Final = 2_000
"""Messages of a queue the broker sends ahead of acks: two batches of 1,000, one in work and one on its way."""

PATIENCE_S: Final = 10.0
"""Seconds a method waits for a broker that is away before it raises Unavailable; covers a restart of one node."""

ANSWER_S: Final = 30.0
"""Seconds the broker may take to answer one request before the connection is given up as broken."""

SLOWEST_PER_S: Final = 100
"""Confirms a second below which a publish is given up; a healthy node on a slow disk gives ten times that."""

GONE_S: Final = 2.0
"""Seconds between hearing that a queue is gone and declaring it again. A quorum queue declared under the name of one
that is still being deleted is taken for it: consumers of the old one are not cancelled and stay deaf, and what a
channel that wrote to the old one publishes is confirmed and never seen (measured on 3.10.8: telling takes 0.1 s)."""


class RabbitBus:
    """One connection to a broker. It comes back by itself; what was held over the one before is void."""

    def __init__(
        self, url: str, topology: Topology, *, user: str = "", prefetch: int = PREFETCH, patience_s: float = PATIENCE_S
    ) -> None:
        """Connect to `url` (amqp:// or amqps://, user and virtual host in it) when first used.

        Messages name `user`, by default the account of the URL; the broker refuses any other.
        """
        parameters = parameters_of(url)
        self._user = user or _account(parameters)
        self._topology, self._prefetch = topology, prefetch
        self._publisher: Publisher | None = None
        self._consumers: dict[str, Consumer] = {}
        self._numbers = count(1)
        self._leases: set[str] = set()
        self._lost: set[str] = set()
        self._link = Link(parameters, self._prepare, patience_s=patience_s)

    def publish(self, messages: Sequence[Message]) -> None:
        """Publish `messages` in order with a window of unconfirmed ones; return once all are confirmed."""
        self._check_leases()
        check(messages)
        if not messages:
            return

        def request(_connection: SelectConnection, answer: Future[None]) -> None:
            if self._publisher:
                self._publisher.publish(Batch(messages, self._user, answer))

        with self._declaring():
            self._link.ask(request, wait_s=ANSWER_S + len(messages) / SLOWEST_PER_S)

    def consume(self, queue: str, *, limit: int, wait_s: float) -> Sequence[Delivery]:
        """Return what has arrived of `queue`; the broker sends at least two times `limit` ahead."""
        self._check_leases()
        with self._declaring():
            return self._consumer(queue, 2 * limit).take(limit, wait_s)

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Ack `deliveries`; Unavailable where they were taken over a connection that is gone."""
        self._each_queue(deliveries, Consumer.ack)

    def give_back(self, deliveries: Sequence[Delivery]) -> None:
        """Return `deliveries` to the head of their queue; each return counts towards the queue's delivery limit."""
        self._each_queue(deliveries, Consumer.give_back)

    def leave(self, queue: str) -> None:
        """Close the queue's channel: the broker takes back what was not acked; each return counts as above."""
        consumer = self._consumers.pop(queue, None)
        if consumer:
            consumer.leave()

    def depth(self, queue: str) -> int:
        """Count what waits at the broker and what this instance holds.

        AMQP does not tell what other consumers hold: a queue is surely drained only when its consumer asks.
        """
        ready: int = self._link.ask(partial(count_ready, queue), wait_s=ANSWER_S)
        consumer = self._consumers.get(queue)
        return ready + (consumer.count() if consumer else 0)

    @contextmanager
    def lease(self, name: str) -> Iterator[None]:
        """Hold `name` by an exclusive queue. Taken again after a reconnect; every method raises Fenced if it was lost.

        Right after the holder's machine died the broker needs up to two heartbeats to notice.
        """
        if name in self._leases:
            raise Fenced("this process holds it already", place=name)
        self._link.ask(partial(take_lease, name), wait_s=ANSWER_S)
        self._leases.add(name)
        try:
            yield
        finally:
            self._leases.discard(name)
            held = name not in self._lost
            self._lost.discard(name)
            if held:
                with suppress(Unavailable):  # the broker has deleted it with the connection
                    self._link.ask(partial(drop_lease, name), wait_s=ANSWER_S)

    def close(self) -> None:
        """Send what was acked, then say goodbye; the broker delivers the rest to others."""
        self._link.close()

    def _check_leases(self) -> None:
        if self._lost:
            raise Fenced("another process took the lease while the broker was away", place=", ".join(self._lost))

    @contextmanager
    def _declaring(self) -> Iterator[None]:
        """Declare the topology again where some of it is gone (a queue deleted by hand), so that the next try goes on.

        What was in a queue that is gone is gone with it: the accounting shows it as in flight until it is read again.
        While the number of partitions changes nothing is bound, and nothing of the old number is declared: only time
        helps then.
        """
        try:
            yield
        except Undeclared:
            sleep(GONE_S)
            with suppress(HubError):
                self._link.ask(partial(declare, self._topology), wait_s=ANSWER_S)
            raise

    def _consumer(self, queue: str, prefetch: int) -> Consumer:
        """Return the live consumer of `queue`, opening one where there is none or the last one's channel is gone."""
        consumer = self._consumers.get(queue)
        if consumer is None or consumer.over:
            consumer = Consumer(queue, number=next(self._numbers), prefetch=max(prefetch, self._prefetch))
            self._link.ask(consumer.open, wait_s=ANSWER_S)
            self._consumers[queue] = consumer
        return consumer

    def _each_queue(self, deliveries: Sequence[Delivery], act: Callable[[Consumer, set[int]], None]) -> None:
        self._check_leases()
        tags: dict[str, set[int]] = defaultdict(set)
        for delivery in deliveries:
            tags[delivery.queue].add(delivery.tag)
        for queue, held in tags.items():
            consumer = self._consumers.get(queue)
            if consumer is None:
                raise Unavailable("these deliveries are void", place=queue, hint="the broker delivers them again")
            act(consumer, held)

    # --- the link's thread -----------------------------------------------------------------------------------------

    def _prepare(self, connection: SelectConnection, done: Callable[[HubError | None], None]) -> None:
        """Make a new connection ready: topology first, then the leases held over the one before."""
        self._publisher = Publisher(connection)
        declared: Future[None] = Future()
        leased: Future[set[str]] = Future()

        def lease(_: Future[None]) -> None:
            problem = declared.exception()
            if problem:
                done(_as_hub_error(problem))
            else:
                retake_leases(tuple(self._leases), connection, leased)

        def finish(_: Future[set[str]]) -> None:
            problem = leased.exception()
            self._lost |= set() if problem else leased.result()
            done(_as_hub_error(problem))

        declared.add_done_callback(lease)
        leased.add_done_callback(finish)
        declare(self._topology, connection, declared)


def _as_hub_error(problem: BaseException | None) -> HubError | None:
    return problem if problem is None or isinstance(problem, HubError) else Unavailable(str(problem))


def parameters_of(url: str) -> URLParameters:
    """Read the URL; the message of what pika dislikes may hold the password, so it is not passed on."""
    try:
        return URLParameters(url)
    except (ValueError, TypeError) as error:
        hint = "write amqp://user:password@host:port/vhost, with %2F for the virtual host /"
        problem = f"the broker's URL cannot be read ({type(error).__name__})"
        raise Misconfigured(Fault(code="bus.url", problem=problem, hint=hint)) from None


def _account(parameters: URLParameters) -> str:
    credentials = parameters.credentials
    return credentials.username if isinstance(credentials, PlainCredentials) else ""
