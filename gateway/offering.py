"""Takes in the files that a department sends ahead of the cases that name them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request  # noqa: TC002 - the framework reads it at run time
from starlette.responses import Response  # noqa: TC002 - the framework reads it at run time

from gateway.contracts import PROBLEM
from gateway.problems import TITLES, Problem, json_response
from gateway.taking import SCOPE, Taking
from hub.attachments.offered import MOST_BYTES

if TYPE_CHECKING:
    from gateway.reading import Parts
    from gateway.rights import Gate
    from hub.attachments.offered import Offered
    from hub.attachments.shelf import Draft

_DIGEST: Final = re.compile("[0-9a-f]{64}")

_PROBLEM: Final = {"content": {"application/problem+json": {"schema": PROBLEM}}}
_ADDRESS: Final = {"type": "object", "required": ["uri"], "properties": {"uri": {"type": "string"}}}
_TAKEN: Final = {"content": {"application/json": {"schema": _ADDRESS}}}
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    201: {"description": "it is on disk", **_TAKEN},
    200: {"description": "it was there", **_TAKEN},
    **{status: {"description": TITLES[status], **_PROBLEM} for status in (401, 403, 404, 413, 422, 429, 503)},
}
_FILE: Final = {"requestBody": {"required": True, "content": {"application/octet-stream": {}}}}


class Offering:
    """The endpoint; a file is streamed to disk, never held."""

    def __init__(self, parts: Parts, taking: Taking) -> None:
        """Take in what connections of `taking` may send."""
        self._parts, self._taking = parts, taking

    async def put(self, request: Request, connection: str, sha256: str) -> Response:
        """Take a file in under its SHA-256, which a case then names as its address (`uri`).

        201 once it is on disk, 200 where it was there; 413 too large, 422 not of that digest, 429 too much waits. Type
        and safety are looked at when a case names it.
        """
        self._taking.of(request.state.who, connection)
        if self._parts.offered is None or not _DIGEST.fullmatch(sha256):
            raise Problem(404, "no-digest", "a file is put under its SHA-256 in hexadecimal", hint="see docs/push.md")
        offered = await run_in_threadpool(self._parts.offered, connection)
        if offered.shelf.path(sha256) is not None:
            return json_response({"uri": sha256})
        if await run_in_threadpool(offered.size_bytes) > MOST_BYTES:
            hint = "send the cases that name the files which wait; after a week they are forgotten"
            raise Problem(429, "too-much-waits", f"over {MOST_BYTES:,} bytes wait for cases", hint=hint)
        with self._taking.turn(request.state.who):
            await self._stream(request, offered, sha256)
        return json_response({"uri": sha256}, status=201)

    async def _stream(self, request: Request, offered: Offered, sha256: str) -> None:
        with offered.shelf.draft() as draft:
            async for part in request.stream():
                if draft.size_bytes + len(part) > self._parts.largest_file_bytes:
                    said = f"the file has over {self._parts.largest_file_bytes:,} bytes"
                    raise Problem(413, "too-large", said, hint="send a smaller one: [attachments] largest_mb")
                await run_in_threadpool(draft.write, part)
            await run_in_threadpool(_kept, offered, draft, sha256)


def _kept(offered: Offered, draft: Draft, sha256: str) -> None:
    if draft.sha256 != sha256:
        hint = "compute the digest of the bytes that are sent"
        raise Problem(422, "digest", "the file is not of that SHA-256", hint=hint)
    offered.shelf.keep(draft)


def router(parts: Parts, gate: Gate, taking: Taking) -> APIRouter:
    """Return the route, behind the right to send records."""
    routes, offering = APIRouter(prefix="/v1"), Offering(parts, taking)
    routes.add_api_route(
        "/records/{connection}/attachments/{sha256}",
        offering.put,
        methods=["PUT"],
        status_code=201,
        responses=_ANSWERS,
        openapi_extra=_FILE,
        dependencies=[Depends(gate.guard(SCOPE))],
    )
    return routes
