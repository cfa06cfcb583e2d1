"""Decides which messages every bus can carry: what AMQP cannot encode, the embedded bus does not take either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.model.values import Message

SHORT_BYTES: Final = 255
"""Longest text of a name, key or property (AMQP 0-9-1, 4.2.5.3, short strings)."""


def check(messages: Sequence[Message]) -> None:
    """Raise ValueError where a message id, a routing key or a header's name is too long for any bus."""
    for message in messages:
        for text in (message.message_id, message.key, *message.headers):
            if len(text) > SHORT_BYTES // 4 and len(text.encode()) > SHORT_BYTES:
                raise ValueError(f"{text[:40]}…: longer than {SHORT_BYTES} bytes")
