"""Consumes one queue ahead of its caller: deliveries wait here in batches, and are void once the channel is gone."""

from __future__ import annotations

import threading
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from hub.bus.amqp_errors import Undeclared, translated
from hub.bus.amqp_link import refuse
from hub.errors import HubError, Unavailable
from hub.model.values import Delivery

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from pika import BasicProperties, SelectConnection
    from pika.adapters.select_connection import IOLoop
    from pika.channel import Channel
    from pika.spec import Basic

    from hub.model.values import Kind

TAG_BITS: Final = 48
"""Bits of a Delivery's tag that hold the channel's own tag; the bits above tell consumers apart, so that a delivery
taken before a reconnect is never mistaken for one taken after it."""


class Consumer:
    """One queue's deliveries over one channel. Opened on the link's thread, used from the caller's."""

    def __init__(self, queue: str, *, number: int, prefetch: int) -> None:
        """Consume `queue`, at most `prefetch` messages ahead; `number` differs from every other consumer's."""
        self.queue = queue
        self._number, self._prefetch = number << TAG_BITS, prefetch
        self._ready: deque[Delivery] = deque()
        self._held: dict[int, None] = {}
        self._changed = threading.Condition()
        self._waking = False
        self._over: HubError | None = None
        self._channel: Channel | None = None
        self._loop: IOLoop | None = None

    # --- the caller's thread ---------------------------------------------------------------------------------------

    @property
    def over(self) -> HubError | None:
        """Return why the channel is gone, None while it is there."""
        return self._over

    def take(self, limit: int, wait_s: float) -> Sequence[Delivery]:
        """Return 1..limit deliveries, none after `wait_s`; raise Unavailable if the channel goes meanwhile."""
        with self._changed:
            self._changed.wait_for(lambda: self._ready or self._over, wait_s)
        if self._over:
            raise self._over
        batch = [self._ready.popleft() for _ in range(min(limit, len(self._ready)))]
        self._held.update(dict.fromkeys(delivery.tag for delivery in batch))
        return batch

    def ack(self, tags: set[int]) -> None:
        """Ack what was taken: with one `multiple` ack as far as nothing else is held below it, singly beyond."""
        channel, loop = self._check(tags)
        prefix, rest = self._split(tags)
        loop.add_callback_threadsafe(partial(self._send_acks, channel, prefix, rest))

    def give_back(self, tags: set[int]) -> None:
        """Return what was taken to the head of the queue."""
        channel, loop = self._check(tags)
        for tag in tags:
            del self._held[tag]
        loop.add_callback_threadsafe(partial(self._send_nacks, channel, sorted(tags)))

    def leave(self) -> None:
        """Close the channel, after the acks that are on their way; a channel that is gone is left already."""
        channel, loop = self._channel, self._loop
        self._end(Unavailable("this queue was left", place=self.queue, hint="consume it again"))
        if channel and loop:
            loop.add_callback_threadsafe(lambda: channel.close() if channel.is_open else None)

    def count(self) -> int:
        """Count the messages here: waiting, or taken and not acked."""
        return 0 if self._over else len(self._ready) + len(self._held)

    def _check(self, tags: set[int]) -> tuple[Channel, IOLoop]:
        """Return the channel and its loop; raise Unavailable where a tag is not held (any more) over it."""
        if self._over or self._channel is None or self._loop is None or not self._held.keys() >= tags:
            hint = "the broker delivers them again"
            raise Unavailable("these deliveries are void", place=self.queue, hint=hint) from self._over
        return self._channel, self._loop

    def _split(self, tags: set[int]) -> tuple[int, list[int]]:
        """Forget `tags`; return the last one that may be acked with all below it (0: none), and the others."""
        last = 0
        for tag in list(self._held):
            if tag not in tags:
                break
            last = tag
            del self._held[tag]
        rest = sorted(tag for tag in tags if tag in self._held)
        for tag in rest:
            del self._held[tag]
        return last, rest

    # --- the link's thread -----------------------------------------------------------------------------------------

    def open(self, connection: SelectConnection, answer: Future[None]) -> None:
        """Open the channel and start consuming; answer once the broker agrees."""

        def opened(channel: Channel) -> None:
            self._channel, self._loop = channel, connection.ioloop
            channel.add_on_close_callback(partial(self._closed, answer))
            channel.add_on_cancel_callback(lambda _: self._cancelled(channel))
            channel.basic_qos(prefetch_count=self._prefetch)
            channel.basic_consume(self.queue, self._arrived, callback=lambda _: answer.set_result(None))

        connection.channel(on_open_callback=opened)

    def _arrived(self, _channel: Channel, method: Basic.Deliver, properties: BasicProperties, body: bytes) -> None:
        self._ready.append(
            Delivery(
                queue=self.queue,
                tag=self._number | cast("int", method.delivery_tag),
                kind=cast("Kind", properties.type or ""),
                message_id=properties.message_id or "",
                user=properties.user_id or "",
                body=body,
                redelivered=method.redelivered,
                headers={name: str(value) for name, value in (properties.headers or {}).items()},
            )
        )
        if self._loop and not self._waking:
            self._waking = True
            self._loop.add_callback_threadsafe(self._wake)

    def _wake(self) -> None:
        """Wake the caller once everything that arrived together is there."""
        self._waking = False
        with self._changed:
            self._changed.notify_all()

    def _send_acks(self, channel: Channel, prefix: int, rest: Sequence[int]) -> None:
        """Send acks unless the channel is gone; then the broker has taken the messages back already."""
        if not channel.is_open:
            return
        if prefix:
            channel.basic_ack(prefix ^ self._number, multiple=True)
        for tag in rest:
            channel.basic_ack(tag ^ self._number)

    def _send_nacks(self, channel: Channel, tags: Sequence[int]) -> None:
        for tag in tags if channel.is_open else ():
            channel.basic_nack(tag ^ self._number, requeue=True)

    def _cancelled(self, channel: Channel) -> None:
        """The queue was deleted: let go of what came from it."""
        self._end(Undeclared("cancelled by the broker", place=self.queue, hint="the hub declares it again"))
        channel.close()

    def _closed(self, answer: Future[None], _channel: Channel, reason: Exception) -> None:
        problem = translated(reason, self.queue)
        self._end(Unavailable(str(reason), place=self.queue, hint="the broker delivers again what was not acked"))
        refuse(answer, problem)

    def _end(self, problem: HubError) -> None:
        with self._changed:
            self._over = self._over or problem
            self._changed.notify_all()
