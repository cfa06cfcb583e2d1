"""Decides which exchanges, queues and bindings there are, as values that every bus adapter declares alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from hub.errors import Fault, Misconfigured
from hub.model.ids import BUCKETS, partition_of
from hub.model.queues import INTAKE, PARKED, PREFIX, intake_queue, subscriber_queue
from hub.model.values import EVERY_PARTITION

if TYPE_CHECKING:
    from collections.abc import Sequence

INTAKE_MAX_LENGTH: Final = 2_000_000
"""Messages an intake queue holds before it refuses more: days of a city's events, about 2 GB on the broker's disk."""

SUBSCRIBER_MAX_LENGTH: Final = 200_000
"""Messages a subscriber's queue holds before its oldest are dropped; the subscriber catches up from the feed."""

DELIVERY_LIMIT: Final = 200
"""Deliveries after which the broker itself parks a message: a backstop of at least 100, not the poison guard.

A crashing consumer returns everything it had prefetched; with a limit of 3 four crashes parked fifty sound messages.
RabbitMQ 4 would otherwise apply its own default of 20.
"""

MARK: Final = f"{PREFIX}partitions"
"""A queue nobody uses, whose length limit is the number of partitions. A broker refuses to declare a queue with other
limits, so that a process that still goes by another number cannot bind its queues again."""

Overflow = Literal["unbounded", "refuse", "drop-oldest"]
"""What a full queue does: it is never full, it refuses the publisher, or it drops its oldest message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One exchange: `direct` compares keys, `topic` matches patterns of words, `fanout` takes all."""

    name: str
    kind: Literal["direct", "topic", "fanout"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One durable, replicated queue. `dead_letter` names the exchange that gets what passes `delivery_limit`."""

    name: str
    overflow: Overflow = "unbounded"
    max_length: int = 0
    delivery_limit: int = 0
    dead_letter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What `exchange` gets with a key that matches `key` goes to `queue`."""

    exchange: str
    queue: str
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """Everything an adapter declares when it connects, `queues` in their order: the mark comes first."""

    exchanges: tuple[Exchange, ...]
    queues: tuple[Queue, ...]
    bindings: tuple[Binding, ...]


NOTHING: Final = Topology(exchanges=(), queues=(), bindings=())
"""What a connector in a department's network declares: nothing, for it may not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """One subscriber's queue on the feed of one view, e.g. patterns `alert.321200.#`, `alert.*.321281.#`."""

    name: str
    view: str
    patterns: tuple[str, ...]
    max_length: int = SUBSCRIBER_MAX_LENGTH


def topology(
    partitions: int,
    views: Sequence[str],
    *,
    subscribers: Sequence[Subscriber] = (),
    max_length: int = INTAKE_MAX_LENGTH,
) -> Topology:
    """Return the topology of a hub with `partitions` intake queues of `max_length` messages, feeding `views`."""
    intake = tuple(intake_queue(partition) for partition in range(partitions))
    feeds = tuple(Exchange(name=at_broker(f"feed.{view}"), kind="topic") for view in views)
    return Topology(
        exchanges=(Exchange(name=INTAKE, kind="direct"), Exchange(name=PARKED, kind="fanout"), *feeds),
        queues=(
            mark(partitions),
            Queue(name=PARKED),
            *(_intake(name, max_length) for name in intake),
            *(_subscribed(subscriber) for subscriber in subscribers),
        ),
        bindings=(
            Binding(exchange=PARKED, queue=PARKED),
            *(Binding(exchange=INTAKE, queue=name, key=EVERY_PARTITION) for name in intake),
            *(_bucket(bucket, partitions) for bucket in range(BUCKETS)),
            *(binding for subscriber in subscribers for binding in _patterns(subscriber)),
        ),
    )


def mark(partitions: int) -> Queue:
    """Return the queue that says how many partitions there are."""
    return Queue(name=MARK, overflow="drop-oldest", max_length=partitions)


def renumbered(place: str) -> Misconfigured:
    """Return the error of a process that goes by another number of partitions than the bus does."""
    problem = "this process goes by another number of partitions than the bus"
    hint = "start it again; where that does not help, run `sunlight migrate` to its end"
    return Misconfigured(Fault(code="bus.renumbered", problem=problem, file=place, hint=hint))


def at_broker(exchange: str) -> str:
    """Return the broker's name of a Message's `exchange`."""
    return PREFIX + exchange


def matches(pattern: str, key: str) -> bool:
    """Tell whether a topic `pattern` takes `key`: `*` is exactly one word, `#` any number of words, none included."""
    return _words_match(pattern.split("."), key.split("."))


def _words_match(pattern: list[str], words: list[str]) -> bool:
    if not pattern:
        return not words
    if pattern[0] == "#":
        return any(_words_match(pattern[1:], words[skipped:]) for skipped in range(len(words) + 1))
    return bool(words) and pattern[0] in {"*", words[0]} and _words_match(pattern[1:], words[1:])


def _intake(name: str, max_length: int) -> Queue:
    """An intake queue loses nothing: full, it refuses; what passes the delivery limit is parked."""
    return Queue(name=name, overflow="refuse", max_length=max_length, delivery_limit=DELIVERY_LIMIT, dead_letter=PARKED)


def _subscribed(subscriber: Subscriber) -> Queue:
    """A subscriber's queue never holds up the others: full, it drops its oldest, and the numbers show the gap."""
    return Queue(
        name=subscriber_queue(subscriber.name),
        overflow="drop-oldest",
        max_length=subscriber.max_length,
        delivery_limit=DELIVERY_LIMIT,
    )


def _bucket(bucket: int, partitions: int) -> Binding:
    return Binding(exchange=INTAKE, queue=intake_queue(partition_of(bucket, partitions)), key=str(bucket))


def _patterns(subscriber: Subscriber) -> tuple[Binding, ...]:
    exchange, queue = at_broker(f"feed.{subscriber.view}"), subscriber_queue(subscriber.name)
    return tuple(Binding(exchange=exchange, queue=queue, key=pattern) for pattern in subscriber.patterns)
