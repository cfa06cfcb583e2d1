"""Stands before the public site: headers on every answer, bodies bounded, callers told apart and held to a pace."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers, MutableHeaders

from gateway.problems import Problem, json_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_BYTES: Final = 64 << 10
"""Largest body: the longest complaint, in UTF-8 and written as a form writes it, is under 50 kB."""

POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
"""No script at all: the site works without, and injected text has no power."""

HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

SHARED: Final = ("/static/", "/matters", "/en/matters", "/public/v1/matters", "/public/v1/departments")
"""What is the same for everybody, and may be kept for a minute by whoever passes it on."""

CALLERS: Final = 20_000
"""Callers whose pace is remembered; of more the one that has been quiet longest is forgotten."""


class Guard:
    """An ASGI layer around the public site."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request with the headers on, and read no more of it than may come."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add(MutableHeaders(scope=message), scope["path"], message["status"])
            await send(message)

        said = Headers(scope=scope).get("content-length", "0")
        if not said.isdecimal() or int(said) > BODY_BYTES:
            await json_response(_too_large().document(scope["path"]), status=413)(scope, receive, with_headers)
            return
        await self._app(scope, _bounded(receive), with_headers)


def _bounded(receive: Receive) -> Receive:
    """Return how to read a body whose length nobody said, up to the most that may come."""
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > BODY_BYTES:
            raise _too_large()
        return message

    return counted


def _too_large() -> Problem:
    hint = "请缩短内容。 Write less."
    return Problem(413, "too-large", f"内容超过 {BODY_BYTES:,} 字节。 It is larger than that.", hint=hint)


def _add(headers: MutableHeaders, path: str, status: int) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    is_shared = status == 200 and path.startswith(SHARED)  # noqa: PLR2004 - HTTP's number
    headers.setdefault("Cache-Control", "public, max-age=60" if is_shared else "no-store")


class Pace:
    """Lets each caller do so much in so long: a bucket that leaks evenly. Threads may share it."""

    def __init__(self, most: int, per_s: float, *, proxies: int = 0, now: Callable[[], float] = time.monotonic) -> None:
        """Let `most` through at once, and again as many every `per_s` seconds."""
        self._most, self._per_s, self._proxies, self._now = most, per_s, proxies, now
        self._used: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def let(self, request: Request) -> None:
        """Count one request of its caller; Problem 429 where it is too many."""
        if not self.may(caller(request, self._proxies)):
            hint = "请稍后再试。 Try again in a while."
            raise Problem(429, "too-many", "请求过于频繁。 You ask too often.", hint=hint)

    def may(self, who: str) -> bool:
        """Count one request of a caller; tell whether it is let through."""
        with self._lock:
            now = self._now()
            used, at = self._used.pop(who, (0.0, now))
            used = max(0.0, used - (now - at) * self._most / self._per_s)
            is_let = used + 1 <= self._most
            self._used[who] = (used + is_let, now)
            if len(self._used) > CALLERS:
                self._used.popitem(last=False)
            return is_let


def caller(request: Request, proxies: int) -> str:
    """Return who asks: its address, or what the outermost of our own `proxies` says it is.

    Only the last entries of X-Forwarded-For are ours; what stands before them a caller may have made up.
    """
    named = [each.strip() for each in request.headers.get("x-forwarded-for", "").split(",")] if proxies else []
    if proxies and len(named) >= proxies and named[-proxies]:
        return _network_of(named[-proxies][:64])
    return _network_of(request.client.host) if request.client else ""


def _network_of(address: str) -> str:
    """Return whose an address is: of IPv6 the /64, which is one subscriber's and holds 2⁶⁴ of them (RFC 6177)."""
    try:
        found = ipaddress.ip_address(address.strip("[]").partition("%")[0])
    except ValueError:
        return address
    if found.version == 4:  # noqa: PLR2004 - IPv4
        return str(found)
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))
