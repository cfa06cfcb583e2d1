"""What departments send: records in their own format, taken in once, with a receipt that says what became of them."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request  # noqa: TC002 - the framework reads it at run time
from starlette.responses import Response  # noqa: TC002 - the framework reads it at run time

from gateway.problems import Problem, json_response
from hub.errors import Unavailable
from hub.mapping.canonical import FORMAT
from hub.model import ids
from hub.pushing import Busy, Push, body_digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gateway.reading import Parts, Pushed, Row
    from gateway.rights import Gate
    from hub.errors import Rejection
    from hub.identity import Identity
    from hub.pushing import Taken

BODY_BYTES: Final = 16 << 20
"""Largest body: what is longer is sent in parts, or delivered as a file."""

KEY_CHARS: Final = 200
"""Longest Idempotency-Key."""

AT_ONCE: Final = 8
"""Pushes of one key under way at a time."""

RECORDS: Final = 10_000
"""Records of one push: more of them are a backfill, which is imported."""

TOLD: Final = 200
"""Refused records that an answer lists; the counts are of all."""

SCOPE: Final = "records:write"


class Receiving:
    """The endpoints; remembers how many pushes of each key are under way."""

    def __init__(self, parts: Parts) -> None:
        """Take in through `parts`."""
        self._parts = parts
        self._under_way: dict[str, int] = {}
        self._lock = threading.Lock()

    async def records(self, request: Request, connection: str) -> Response:
        """Take in records in the department's own format, mapped by its mapping.

        `Idempotency-Key` names the push: sent again it is the same. 202 once the broker holds all of it, 200 where it
        was taken in before, 409 where that key came with another body, 422 with every problem where no record can be
        mapped.
        """
        pushed = self._of(request.state.who, connection)
        media_type, charset = _media_type(request)
        if not pushed.format.takes(media_type, charset):
            hint = f"send {pushed.format.form} in {pushed.format.options.encoding}, and say so in Content-Type"
            raise Problem(415, "media-type", f"{media_type or 'no type'} is not what this connection sends", hint=hint)
        body = await _body(request)
        with self._turn(request.state.who):
            return await run_in_threadpool(self._take, request, pushed, connection, body)

    async def events(self, request: Request) -> Response:
        """Take in case events (schemas/case-event.v1), one or a list, without ids and provenance.

        For connections whose mapping says `connect: {format: canonical}`. Answers like POST /v1/records/{connection}.
        """
        who = request.state.who
        if who.kind != "connection":
            raise Problem(403, "connection", "events are sent with the key of a connection", hint="see docs/push.md")
        pushed = self._parts.pushed.get(who.name)
        if pushed is not None and pushed.format.form != FORMAT:
            hint = f"send its records to /v1/records/{who.name}"
            raise Problem(404, "no-events", "this connection sends records of its own", hint=hint)
        return await self.records(request, who.name)

    def receipt(self, request: Request, receipt_id: str) -> Response:
        """Tell what became of a push: pending until the ledger has it, then how its events were taken."""
        if len(receipt_id) != len(_NO_ID) or not set(receipt_id) <= set("0123456789abcdef-"):
            raise Problem(404, "no-receipt", "this is no receipt", hint="use the receipt_id of the answer to a push")
        who = request.state.who
        only = None if who.may("quarantine:read") else who.name
        return json_response(self._receipt(receipt_id, only))

    def _of(self, who: Identity, connection: str) -> Pushed:
        """Return how a connection's bodies are read; it must be the asker's own."""
        pushed = self._parts.pushed.get(connection)
        if pushed is None:
            hint = "its mapping says kind: push, in the mappings folder of this process"
            raise Problem(404, "no-connection", f"{connection[:80]!r} does not send records", hint=hint)
        is_own = who.kind == "connection" and who.name == connection
        if not is_own and not who.may("admin"):
            hint = f"sunlight key add {connection} --kind connection --scope {SCOPE}"
            raise Problem(403, "connection", "this key does not speak for that connection", hint=hint)
        return pushed

    @contextmanager
    def _turn(self, who: Identity) -> Iterator[None]:
        """Let a few pushes of one key be under way at a time."""
        with self._lock:
            if self._under_way.get(who.key_id, 0) >= AT_ONCE:
                hint = "wait for the answers to those before"
                raise Problem(429, "too-many", f"{AT_ONCE} pushes of this key are under way", hint=hint)
            self._under_way[who.key_id] = self._under_way.get(who.key_id, 0) + 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way[who.key_id] -= 1

    def _take(self, request: Request, pushed: Pushed, connection: str, body: bytes) -> Response:
        digest = body_digest(body)
        key = request.headers.get("idempotency-key", digest)[:KEY_CHARS]
        before = self._before(connection, key, digest)
        if before is not None:
            return before
        records = pushed.format.records(body)
        if not records or len(records) > RECORDS:
            problem = f"the body holds {len(records):,} records, not 1 to {RECORDS:,}"
            raise Problem(422, "records", problem, hint="send some, in parts; a whole past is imported")
        try:
            taken = pushed.desk.take(Push(connection=connection, key=key, body_digest=digest, records=records))
        except Busy as busy:
            raise Problem(429, "busy", str(busy), hint="send it again in a moment") from busy
        return _answer(taken, len(records))

    def _before(self, connection: str, key: str, digest: str) -> Response | None:
        """Return the answer to a push that was taken in before; None where it was not, or the store cannot tell."""
        receipt_id = ids.receipt_id(connection, key)
        try:
            reports = self._parts.reading.receipt(receipt_id, connection)["portions"]
        except Unavailable:
            return None
        if not reports:
            return None
        if reports != [ids.pushed_from(digest)]:
            hint = "a key names one body for ever: take another key"
            raise Problem(409, "conflicting", "this Idempotency-Key came with another body", hint=hint)
        return json_response(self._receipt(receipt_id, connection))

    def _receipt(self, receipt_id: str, connection: str | None) -> Row:
        found = self._parts.reading.receipt(receipt_id, connection)
        return {"receipt_id": receipt_id, "state": state_of(found), **{name: found[name] for name in _TOLD}}


_TOLD: Final = ("records", "events", "refused")
_NO_ID: Final = "00000000-0000-0000-0000-000000000000"


def state_of(found: Mapping[str, Any]) -> str:
    """Say in one word what became of a push."""
    outcomes, records = found["events"], found["records"]
    if len(found["portions"]) > 1 or outcomes.get("conflicting"):
        return "conflicting"
    if not found["portions"] or sum(outcomes.values()) < found["published"]:
        return "pending"
    if records["quarantined"]:
        return "partly" if records["mapped"] else "quarantined"
    is_news = any(outcomes.get(name) for name in ("new", "revised", "remapped"))
    return "accepted" if is_news or not outcomes else "duplicate"


def _answer(taken: Taken, count: int) -> Response:
    refused = _told(taken.refusals)
    if taken.totals is None:
        problem = Problem(422, "unmapped", f"none of the {count} records can be mapped", hint="mend them, send again")
        document = {**problem.document(""), "problems": refused[:TOLD]}
        return json_response(document, status=422, media_type="application/problem+json")
    totals = taken.totals
    records = {name: getattr(totals, name) for name in ("read", "mapped", "empty", "quarantined")}
    said = {"receipt_id": taken.receipt_id, "state": "pending", "records": records, "published": totals.events}
    response = json_response({**said, "refused": refused[:TOLD]}, status=202)
    response.headers["Location"] = f"/v1/receipts/{taken.receipt_id}"
    return response


def _told(refusals: Sequence[Rejection | None]) -> list[dict[str, Any]]:
    names = ("code", "path", "problem", "hint", "value", "place")
    return [
        {"record": number, **{name: getattr(why, name) for name in names}}
        for number, why in enumerate(refusals, start=1)
        if why is not None
    ]


def _media_type(request: Request) -> tuple[str, str]:
    kind, *rest = request.headers.get("content-type", "").split(";")
    named = (part.strip().partition("=") for part in rest)
    charset = next((value.strip("\"' ") for name, _, value in named if name.lower() == "charset"), "")
    return kind.strip().lower(), charset


async def _body(request: Request) -> bytes:
    """Read a body, and no more of it than may come."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_BYTES:
            hint = "send it in parts, each with a key of its own"
            raise Problem(413, "too-large", f"the body has over {BODY_BYTES:,} bytes", hint=hint)
        parts.append(part)
    return b"".join(parts)


def router(parts: Parts, gate: Gate) -> APIRouter:
    """Return the routes of what departments send."""
    receiving, routes = Receiving(parts), APIRouter(prefix="/v1")
    guard = [Depends(gate.guard(SCOPE))]
    routes.add_api_route(
        "/records/{connection}", receiving.records, methods=["POST"], status_code=202, dependencies=guard
    )
    routes.add_api_route("/events", receiving.events, methods=["POST"], status_code=202, dependencies=guard)
    routes.add_api_route("/receipts/{receipt_id}", receiving.receipt, methods=["GET"], dependencies=guard)
    return routes
