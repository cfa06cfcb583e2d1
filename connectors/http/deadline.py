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


def hold(
    transport: httpx.HTTPTransport, deadline: Deadline, number_of: Callable[[str, int], str] = lambda host, _: host
) -> httpx.HTTPTransport:
    """Bind the connections of a transport to a deadline, and to the addresses that `number_of` returns for a host."""
    backend = _Backend(deadline, number_of)
    transport._pool._network_backend = backend  # noqa: SLF001 - httpx has no other way to its sockets
    return transport


class _Backend(httpcore.NetworkBackend):
    def __init__(self, deadline: Deadline, number_of: Callable[[str, int], str]) -> None:
        self._inner, self._deadline, self._number_of = httpcore.SyncBackend(), deadline, number_of

    def connect_tcp(self, host: str, port: int, *arguments: Any, **named: Any) -> httpcore.NetworkStream:  # noqa: ANN401 - httpcore's own
        return _Stream(self._inner.connect_tcp(self._number_of(host, port), port, *arguments, **named), self._deadline)

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
