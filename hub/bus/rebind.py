"""Decides in which order a bus goes over to another number of partitions, so that no message meets both.

Dying between any two steps leaves the bus closed or as it was, never half: the next `sunlight migrate` goes on.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import unquote, urlsplit

from hub.bus.topology import Binding
from hub.errors import Fault, Misconfigured
from hub.model.ids import BUCKETS
from hub.model.queues import INTAKE, intake_queue
from hub.model.values import EVERY_PARTITION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hub.bus.topology import Topology


class Mover(Protocol):
    """What rebinding asks of a bus. Every method may be called again; what is not there needs no removing."""

    def is_used(self) -> bool:
        """Tell whether the bus goes by any number of partitions: a hub has been here."""

    def agrees(self, partitions: int) -> bool:
        """Tell whether the bus goes by `partitions`, or by no number yet."""

    def mark(self, partitions: int) -> None:
        """Let the bus go by `partitions`: who goes by another number declares nothing any more."""

    def unbind(self, bindings: Sequence[Binding]) -> None:
        """Remove `bindings`: publishers to them hear that no queue takes the message, and try again."""

    def busy(self, queues: Sequence[str]) -> Sequence[str]:
        """Return those of `queues` that hold messages or have consumers."""

    def declare(self, topology: Topology) -> None:
        """Declare all of `topology`."""

    def drop(self, queues: Sequence[str]) -> None:
        """Delete those of `queues` that are empty and that nobody consumes."""

    def close(self) -> None:
        """Give up the connection."""


@contextmanager
def rebinding(url: str, old: Topology, new: Topology) -> Iterator[None]:
    """Close intake, run the body, which changes the number of partitions elsewhere, and open intake as `new` says.

    Misconfigured, with everything as it was, where an intake queue of `old` still holds messages or is consumed.
    """
    mover = _mover(url)
    before, after = partitions_of(old), partitions_of(new)
    try:
        mover.mark(after)
        mover.unbind([each for each in old.bindings if each.exchange == INTAKE])
        try:
            _require_rest(mover, before)
            yield
        except BaseException:
            mover.mark(before)
            mover.declare(old)
            raise
        mover.declare(new)
        mover.drop([intake_queue(partition) for partition in range(after, before)])
    finally:
        mover.close()


def settle(url: str, topology: Topology, *, widest: int) -> None:
    """Declare `topology` and finish what a rebinding that died left; `widest` is the most partitions there ever were.

    Where there is nothing to finish it disturbs nobody at work. 0 stands for a hub that has not begun: Misconfigured,
    and nothing is touched, where another hub goes by another number at this bus.
    """
    mover, partitions = _mover(url), partitions_of(topology)
    try:
        if not mover.agrees(partitions):
            if not widest:
                raise Misconfigured(_ANOTHERS)
            mover.mark(partitions)
            mover.unbind([*_stale(partitions, widest)])
        mover.declare(topology)
        mover.drop([intake_queue(partition) for partition in range(partitions, widest)])
    finally:
        mover.close()


def is_used(url: str) -> bool:
    """Tell whether the bus at `url` has served a hub."""
    mover = _mover(url)
    try:
        return mover.is_used()
    finally:
        mover.close()


def partitions_of(topology: Topology) -> int:
    """Return the number of intake queues that hear every read-report."""
    return sum(each.exchange == INTAKE and each.key == EVERY_PARTITION for each in topology.bindings)


_ANOTHERS: Final = Fault(
    code="bus.anothers",
    problem="another hub, with another number of partitions, has its queues at this bus",
    hint="give each hub a virtual host of its own: amqp://user:password@host:port/vhost",
)


def _require_rest(mover: Mover, partitions: int) -> None:
    busy = mover.busy([intake_queue(partition) for partition in range(partitions)])
    if busy:
        problem = f"the number of partitions changes only at rest: {', '.join(busy)} is still in use"
        hint = "stop intake, let supervision empty its queues, stop it, then run `sunlight migrate`"
        raise Misconfigured(Fault(code="bus.not-drained", problem=problem, hint=hint))


def _stale(partitions: int, widest: int) -> Iterator[Binding]:
    """Name every binding of a bucket to a queue that is not its own, or that is gone."""
    for number in range(max(partitions, widest)):
        queue = intake_queue(number)
        if number >= partitions:
            yield Binding(exchange=INTAKE, queue=queue, key=EVERY_PARTITION)
        for bucket in range(BUCKETS):
            if bucket % partitions != number:
                yield Binding(exchange=INTAKE, queue=queue, key=str(bucket))


def _mover(url: str) -> Mover:
    parts = urlsplit(url)
    if parts.scheme == "embedded":
        from hub.bus.embedded_rebind import EmbeddedMover  # noqa: PLC0415 - one adapter is loaded, not both

        return EmbeddedMover(unquote(parts.path))
    from hub.bus.amqp_rebind import RabbitMover  # noqa: PLC0415 - ditto

    return RabbitMover(url)
