"""What the bus carries, and hands over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping


Kind = Literal["event", "report", "rejection", "alert", "act"]
"""What a message carries; also the kind of a ledger entry."""

EVERY_PARTITION: Final = "every"
"""Routing key of the intake exchange that reaches every partition's queue (read-reports)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to be published.

    `exchange` is `intake`, `feed.<view>` or `parked`; `key` is its routing key: the bucket ("0".."255") or
    EVERY_PARTITION on intake, `<kind>.<city>.<county>.<department>.<type>` on a feed.
    """

    exchange: str
    key: str
    kind: Kind
    message_id: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message received and not yet acknowledged. `user` is who the broker knows published it."""

    queue: str
    tag: int
    kind: Kind
    message_id: str
    user: str
    body: bytes
    redelivered: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
