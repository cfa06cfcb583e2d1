"""The gateway of a test stand, asked in process: what a department's sender meets, keys and answers included."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx

from connectors.push import push_format
from gateway.app import create_app
from gateway.reading import Pushed
from hub.identity import issue
from hub.pushing import Desk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from conformance.stand import Stand
    from gateway.reading import Parts
    from hub.identity import Issued
    from hub.mapping import CompiledMapping

    MakeParts = Callable[[Any, Mapping[str, Pushed]], Parts]

SCOPE = "records:write"


class Door:
    """The gateway over one stand; `post` answers as HTTP does."""

    def __init__(self, stand: Stand, parts: MakeParts, mapping: CompiledMapping | None = None) -> None:
        """Open it; `parts` hands the gateway what it needs of a hub. `mapping` is of a connection beside its own."""
        mapped = mapping or stand.mapping
        self.stand, declared, pushed = stand, mapped.declaration, {}
        self.connection = name = declared.connection
        self._desk = Desk(stand.hub.bus, lambda _, bus: stand.hub.intake(mapped, bus), frozenset({name}))
        if declared.kind == "push":
            form = push_format(declared)
            pushed[name] = Pushed(format=form, desk=self._desk, departments=declared.departments)
        self._app = create_app(replace(parts(stand.hub, pushed), wall_now=stand.hub.clock.now))

    def key(self, name: str = "", scope: str = SCOPE, *, lasts: timedelta = timedelta(days=30)) -> Issued:
        """Issue a key in the connection's name, or another's."""
        now: datetime = self.stand.hub.clock.now()
        issued = issue(name or self.connection, kind="connection", scopes=[scope], now=now, expires_at=now + lasts)
        self.stand.hub.identities.add(issued)
        return issued

    def post(self, body: bytes, headers: Mapping[str, str], token: str) -> tuple[int, Mapping[str, str], bytes]:
        """Send a body of records."""
        return self._ask("POST", f"/v1/records/{self.connection}", token, body, headers)

    def get(self, path: str, token: str) -> tuple[int, Mapping[str, str], bytes]:
        """Ask for something."""
        return self._ask("GET", path, token, b"", {})

    def _ask(
        self, method: str, path: str, token: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, Mapping[str, str], bytes]:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                own = {**headers, "Authorization": f"Bearer {token}"}
                return await client.request(method, path, content=body, headers=own)

        answer = asyncio.run(asked())
        return answer.status_code, dict(answer.headers), answer.content

    def close(self) -> None:
        """Let what is under way end."""
        self._desk.close()
