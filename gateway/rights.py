"""Decides who asks and what they may see: a key in the Authorization header, or the console's cookie."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request  # noqa: TC002 - the framework reads it at run time

from gateway.problems import Problem
from hub.identity import LOCAL_SCOPES, Identity, authenticate

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from gateway.reading import Keys

COOKIE: Final = "sunlight_key"
"""The console's cookie: HttpOnly, SameSite=Strict, gone with the browser session."""

SEEN_EVERY: Final = timedelta(hours=1)
"""How often the use of a key is written down: reading must not make the store write at every request."""

_CLASSES: Final = (
    ("cases:read", ("public", "intranet")),
    ("cases:read:restricted", ("restricted",)),
    ("cases:read:secret", ("secret",)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Lets requests in. While no key was ever issued whoever is at the machine may look (loopback only)."""

    keys: Keys
    now: Callable[[], datetime]
    _seen: dict[str, datetime] = field(default_factory=dict)

    def is_open(self) -> bool:
        """Tell whether no key was ever issued."""
        return not self.keys.any()

    async def is_open_now(self) -> bool:
        """Tell the same without holding up other requests."""
        return await run_in_threadpool(self.is_open)

    def holder(self, token: str) -> Identity | None:
        """Return who holds `token`, if it is valid."""
        now = self.now()
        found = authenticate(token, self.keys.find, now)
        if found is not None and now - self._seen.get(found.key_id, now - 2 * SEEN_EVERY) > SEEN_EVERY:
            self._seen[found.key_id] = now
            self.keys.seen(found.key_id, now)
        return found

    async def holder_now(self, token: str) -> Identity | None:
        """Tell the same without holding up other requests."""
        return await run_in_threadpool(self.holder, token)

    def admit(self, request: Request) -> Identity:
        """Return who asks; Problem 401 where a key is needed and no valid one is shown."""
        return self.admitted(token_of(request))

    def admitted(self, token: str) -> Identity:
        """Return who holds `token`; Problem 401 where a key is needed and this is no valid one."""
        if self.is_open():
            return _local(self.now())
        found = self.holder(token) if token else None
        if found is None:
            detail = "this key is unknown, expired or revoked" if token else "no key was sent"
            hint = "send `Authorization: Bearer <key>`; the operator issues keys with `sunlight key add`"
            raise Problem(401, "key", detail, hint=hint)
        return found

    def guard(self, scope: str | None) -> Callable[[Request], None]:
        """Return a dependency that admits holders of `scope` (None: any key), named in `request.state.who`."""

        def admitted(request: Request) -> None:
            request.state.who = self.admit(request)
            if scope is not None:
                demand(request, scope)

        return admitted


def token_of(request: Request) -> str:
    """Return the key a request shows; empty if none."""
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else request.cookies.get(COOKIE, "")


def demand(request: Request, scope: str) -> None:
    """Raise Problem 403 unless who asks has `scope`."""
    if not request.state.who.may(scope):
        hint = "ask the operator for a key with it: `sunlight key add … --scope " + scope + "`"
        raise Problem(403, "scope", f"此密钥没有权限 this key lacks the scope {scope}", hint=hint)


def visible(who: Identity) -> frozenset[str]:
    """Return the disclosure classes of the cases that `who` may see."""
    return frozenset(name for scope, names in _CLASSES if who.may(scope) for name in names)


def view_of(who: Identity, department_id: str) -> str:
    """Return the view in which `who` reads a case of a department that they may see: `secret` is the ledger itself.

    A department's key reads what is closed of its own cases alone: those of others as the intranet does.
    """
    if who.department_id and who.department_id != department_id:
        return "intranet"
    if who.may("cases:read:secret"):
        return "secret"
    return "restricted" if who.may("cases:read:restricted") else "intranet"


def _local(now: datetime) -> Identity:
    return Identity(key_id="local", name="本机 local", kind="person", scopes=LOCAL_SCOPES, created_at=now)
