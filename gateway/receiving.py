"""What departments send over HTTP: records in their own format, taken in once, with a receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response  # noqa: TC002 - the framework reads it at run time

from gateway.contracts import ASKED, EVENTS, RECORDS, SENT, TAKEN, answers
from gateway.problems import Problem, json_response
from gateway.taking import BODY_BYTES, SCOPE, Answer, Taking
from hub.mapping.canonical import FORMAT

if TYPE_CHECKING:
    from starlette.types import Message

    from gateway.reading import Parts
    from gateway.rights import Gate


class Receiving:
    """The endpoints of /v1."""

    def __init__(self, parts: Parts, taking: Taking) -> None:
        """Take in by `taking`, which `parts` are made of."""
        self._parts, self._taking = parts, taking

    async def records(self, request: Request, connection: str) -> Response:
        """Take in records in the department's own format, mapped by its mapping.

        `Idempotency-Key` names the push: sent again it is the same. 202 once the broker holds all of it, 200 where it
        was taken in before, 409 where that key came with another body, 422 with every problem where no record can be
        mapped.
        """
        pushed = self._taking.of(request.state.who, connection)
        media_type, charset = _media_type(request)
        if not pushed.format.takes(media_type, charset):
            hint = f"send {pushed.format.form} in {pushed.format.options.encoding}, and say so in Content-Type"
            raise Problem(415, "media-type", f"{media_type or 'no type'} is not what this connection sends", hint=hint)
        body = await body_of(request)
        key = request.headers.get("idempotency-key", "")
        with self._taking.turn(request.state.who):
            return _response(await run_in_threadpool(self._taking.take, pushed, connection, key, body))

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
        return json_response(self._taking.receipt(receipt_id, request.state.who))


def _response(answer: Answer) -> Response:
    if answer.status == 422:  # noqa: PLR2004 - HTTP's number
        return json_response(answer.document, status=422, media_type="application/problem+json")
    response = json_response(answer.document, status=answer.status)
    if answer.status == 202:  # noqa: PLR2004 - HTTP's number
        response.headers["Location"] = f"/v1/receipts/{answer.document['receipt_id']}"
    return response


def _media_type(request: Request) -> tuple[str, str]:
    kind, *rest = request.headers.get("content-type", "").split(";")
    named = (part.strip().partition("=") for part in rest)
    charset = next((value.strip("\"' ") for name, _, value in named if name.lower() == "charset"), "")
    return kind.strip().lower(), charset


async def body_of(request: Request) -> bytes:
    """Read a body, and no more of it than may come."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_BYTES:
            hint = "send it in parts, each with a key of its own"
            raise Problem(413, "too-large", f"the body has over {BODY_BYTES:,} bytes", hint=hint)
        parts.append(part)
    return b"".join(parts)


def limited(request: Request) -> Request:
    """Return a request of which no more can be read than may come, whatever it says of its length."""
    size, receive = 0, request.receive

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > BODY_BYTES:
            raise Problem(413, "too-large", f"the body has over {BODY_BYTES:,} bytes", hint="send it in parts")
        return message

    return Request(request.scope, counted)


def router(parts: Parts, gate: Gate, taking: Taking) -> APIRouter:
    """Return the routes of what departments send."""
    receiving, routes = Receiving(parts, taking), APIRouter(prefix="/v1")
    guard = [Depends(gate.guard(SCOPE))]
    taken = answers(*TAKEN, problems=SENT)
    asked = answers((200, "what became of it"), problems=ASKED)
    for path, endpoint, described in (
        ("/records/{connection}", receiving.records, RECORDS),
        ("/events", receiving.events, EVENTS),
    ):
        routes.add_api_route(
            path,
            endpoint,
            methods=["POST"],
            status_code=202,
            dependencies=guard,
            responses=taken,
            openapi_extra=described,
        )
    routes.add_api_route(
        "/receipts/{receipt_id}", receiving.receipt, methods=["GET"], dependencies=guard, responses=asked
    )
    return routes
