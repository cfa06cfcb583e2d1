"""The bus: how messages travel between the steps of an event's way, and the adapters that carry them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from hub.errors import Fault, Misconfigured

if TYPE_CHECKING:
    from hub.bus.topology import Topology
    from hub.ports import Bus

EMBEDDED_USER: Final = "sunlight"
"""Who publishes on an embedded bus whose URL names nobody: everything in that one process is one account."""


def open_bus(url: str, topology: Topology) -> Bus:
    """Return the bus at `url`; nothing is reached before its first use.

    `embedded:///var/lib/sunlight/bus.db` (or `embedded:bus.db`, relative; `embedded://user@/…` publishes as `user`),
    `amqp://user:password@host:port/vhost`, `amqps://…`.
    """
    parts = urlsplit(url)
    if parts.scheme == "embedded" and len(parts.path) > 1:
        from hub.bus.embedded import EmbeddedBus  # noqa: PLC0415 - one adapter is loaded, not both

        return EmbeddedBus(unquote(parts.path), topology, user=unquote(parts.username or EMBEDDED_USER))
    if parts.scheme in {"amqp", "amqps"}:
        from hub.bus.rabbitmq import RabbitBus  # noqa: PLC0415 - ditto

        return RabbitBus(url, topology)
    hint = "write embedded:///path/to/file, amqp://user:password@host:port/vhost or amqps://…"
    raise Misconfigured(Fault(code="bus.url", problem=f"no bus is known for {parts.scheme or 'this'} URLs", hint=hint))
