"""Headers on every answer, and who may be addressed: nothing outside is loaded, framed or told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers, MutableHeaders

from gateway.problems import Problem, json_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from gateway.rights import Gate

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""The console loads its own files and nothing else: government networks have no internet, injected text no power."""

HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

LOCAL_NAMES: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
"""What a browser on this machine calls it. While no key exists any other name is refused: a page elsewhere could have
its own name resolve to loopback and read the console (DNS rebinding)."""


class Shield:
    """An ASGI layer around the gateway."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        """Stand before `app`."""
        self._app, self._gate = app, gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request with the headers on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add(MutableHeaders(scope=message), scope["path"])
            await send(message)

        if _is_strange(scope) and await self._gate.is_open_now():
            await json_response(_misdirected().document(scope["path"]), status=421)(scope, receive, with_headers)
            return
        await self._app(scope, receive, with_headers)


def _add(headers: MutableHeaders, path: str) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("Cache-Control", "max-age=3600" if path.startswith("/static/") else "no-store")


def _is_strange(scope: Scope) -> bool:
    host = Headers(scope=scope).get("host", "")
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    return name.lower() not in LOCAL_NAMES


def _misdirected() -> Problem:
    hint = "ask on 127.0.0.1 or localhost, or issue a key with `sunlight key add`"
    return Problem(421, "host", "while there are no keys the gateway answers to this machine alone", hint=hint)
