"""Publishes batches with pipelined confirms: a window of messages under way, one answer for the whole batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pika import BasicProperties, DeliveryMode

from hub.bus.amqp_errors import Undeclared, translated
from hub.bus.amqp_link import refuse
from hub.bus.topology import at_broker
from hub.errors import HubError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from pika import SelectConnection
    from pika.channel import Channel
    from pika.frame import Method
    from pika.spec import Basic

    from hub.model.values import Message

WINDOW: Final = 1_000
"""Messages under way unconfirmed. Waiting for each gives 1,300 messages/s, a window of 1,000 gives 8,500 to 9,700."""

REFILL: Final = WINDOW // 2
"""Room there must be before the window is filled again, so that confirms are answered with bursts, not with singles."""


class Batch:
    """One call of publish on its way. `next` counts the messages handed to the broker; a problem stops the rest."""

    def __init__(self, messages: Sequence[Message], user: str, answer: Future[None]) -> None:
        """Carry `messages` of `user` until `answer` is given."""
        self.messages, self.user, self.answer = messages, user, answer
        self.next = 0
        self.problem: Exception | None = None

    @property
    def stopped(self) -> bool:
        """Tell whether nothing more is to be sent."""
        return self.problem is not None or self.next == len(self.messages)

    def fail(self, problem: Exception) -> None:
        """Let the batch fail with `problem`; the first one stands."""
        self.problem = self.problem or problem

    def finish(self) -> None:
        """Answer the caller."""
        if self.problem:
            refuse(self.answer, self.problem)
        elif not self.answer.done():
            self.answer.set_result(None)


class Publisher:
    """The confirmed channel of one connection. Lives on the link's thread; carries one batch at a time."""

    def __init__(self, connection: SelectConnection) -> None:
        """Publish over `connection`; the channel is opened when first needed and again after a refusal."""
        self._connection = connection
        self._channel: Channel | None = None
        self._batch: Batch | None = None
        self._pending: set[int] = set()
        self._last = 0
        self._confirmed_up_to = 0

    def publish(self, batch: Batch) -> None:
        """Start `batch`."""
        self._batch = batch
        if self._channel is None:
            self._connection.channel(on_open_callback=self._opened)
        else:
            self._pump()

    def _opened(self, channel: Channel) -> None:
        self._channel, self._last, self._confirmed_up_to = channel, 0, 0
        self._pending.clear()
        channel.add_on_close_callback(self._closed)
        channel.add_on_return_callback(self._returned)
        channel.confirm_delivery(self._confirmed, callback=lambda _: self._pump())

    def _closed(self, _channel: Channel, reason: Exception) -> None:
        """The broker refused something (a false user, a missing exchange), or the connection is going."""
        self._channel = None
        self._pending.clear()
        self._fail(translated(reason))
        self._finish_if_done()

    def _returned(self, _channel: Channel, method: Basic.Return, _properties: BasicProperties, _body: bytes) -> None:
        where = f"{method.exchange} with key {method.routing_key}"
        self._fail(Undeclared("no queue takes this message", place=where, hint="the hub declares them again"))

    def _confirmed(self, frame: Method[Basic.Ack | Basic.Nack]) -> None:
        """Count what the broker confirmed: one tag, or all up to it."""
        tag, multiple = frame.method.delivery_tag, frame.method.multiple
        if frame.method.NAME == "Basic.Nack":
            self._fail(Unavailable("a queue refuses more messages", hint="let its consumer catch up, then try again"))
        if multiple:
            self._pending.difference_update(range(self._confirmed_up_to + 1, tag + 1))
            self._confirmed_up_to = max(self._confirmed_up_to, tag)
        else:
            self._pending.discard(tag)
        self._pump()

    def _pump(self) -> None:
        """Fill the window if there is room enough; answer when nothing is under way any more."""
        if self._batch and not self._batch.stopped and len(self._pending) <= REFILL:
            try:
                self._fill(self._batch)
            except Exception as error:  # noqa: BLE001 - a message that cannot be encoded is its caller's to hear of
                self._batch.fail(error)
        self._finish_if_done()

    def _fill(self, batch: Batch) -> None:
        channel = self._channel
        while channel and not batch.stopped and len(self._pending) < WINDOW:
            message = batch.messages[batch.next]
            batch.next += 1
            feed = message.exchange.startswith("feed.")
            properties = properties_of(message, batch.user)
            channel.basic_publish(
                at_broker(message.exchange), message.key, message.body, properties, mandatory=not feed
            )
            self._last += 1
            self._pending.add(self._last)

    def _fail(self, problem: HubError) -> None:
        if self._batch:
            self._batch.fail(problem)

    def _finish_if_done(self) -> None:
        if self._batch and self._batch.stopped and not self._pending:
            batch, self._batch = self._batch, None
            batch.finish()


def properties_of(message: Message, user: str) -> BasicProperties:
    """Return the AMQP properties of `message`; the broker refuses a `user` that is not the connection's own."""
    return BasicProperties(
        content_type="application/json",
        delivery_mode=DeliveryMode.Persistent,
        headers=dict(message.headers),
        message_id=message.message_id,
        type=message.kind,
        user_id=user,
    )
