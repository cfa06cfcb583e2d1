"""Lets no service take longer over an answer than it is given, though each of its bytes comes in time.

httpx bounds the pause between two bytes alone: a service that sends a byte of its head now and then would be waited for
without end.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import httpcore

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    import httpx


class Deadline:
    """The instant (seconds, monotonic) by which what is under way must have come."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Begin without a limit."""
        self._now, self._at = now, math.inf

    def begin(self, limit_s: float) -> None:
        """Give what begins now `limit_s`."""
        self._at = self._now() + limit_s

    def lift(self) -> None:
        """Let what comes now take its time."""
        self._at = math.inf

    def left(self, timeout_s: float | None) -> float | None:
        """Return how long a step may take; raise httpcore.ReadTimeout where no time is left."""
        left = self._at - self._now()
        if left <= 0:
            problem = "the answer drips too slowly"
            raise httpcore.ReadTimeout(problem)
        return timeout_s if left == math.inf else min(left, timeout_s or left)


def hold(transport: httpx.HTTPTransport, deadline: Deadline) -> httpx.HTTPTransport:
    """Bind the connections of a transport to a deadline."""
    transport._pool._network_backend = _Backend(deadline)  # noqa: SLF001 - httpx has no other way to its sockets
    return transport


class _Backend(httpcore.NetworkBackend):
    def __init__(self, deadline: Deadline) -> None:
        self._inner, self._deadline = httpcore.SyncBackend(), deadline

    def connect_tcp(self, *arguments: Any, **named: Any) -> httpcore.NetworkStream:  # noqa: ANN401 - httpcore's own
        return _Stream(self._inner.connect_tcp(*arguments, **named), self._deadline)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout), self._deadline)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's own
        return self._inner.get_extra_info(info)
