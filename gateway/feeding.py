"""The feed over HTTP: asked for, waited for, or streamed; a subscriber gets what its queue gets, and no more."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, get_args

from fastapi import APIRouter, Depends, Header, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request  # noqa: TC002 - the framework reads it at run time
from starlette.responses import Response, StreamingResponse

from gateway import listing
from gateway.contracts import file_of
from gateway.filters import FEED_WORDS, checked
from gateway.problems import Problem, json_response
from gateway.rights import demand
from hub.subscription import View

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from gateway.reading import Parts, Row
    from gateway.rights import Gate

WAIT_MOST_S: Final = 25
"""Longest a feed request waits for news: below the 30 s after which many proxies give up."""

LOOK_S: Final = 0.25
"""Seconds between two looks at whether there is anything new, one look for all who wait."""

BEAT_S: Final = 15.0
"""Seconds after which a stream shows that it is alive (HTML standard, 9.2.7, recommends about 15), and asks whether its
reader still may: however much there is to tell."""

STREAMS_MOST: Final = 200
"""Streams that one gateway keeps open at once."""

FRESH_S: Final = 5.0
"""Seconds for which what was read is told: of a reader who takes longer, what was withheld meanwhile is read anew."""

VIEWS: Final = get_args(View)

CLOSED: Final = "restricted"
"""The view of whoever may see every closed case: a department's key never does, whatever scopes it has."""

Filter = Annotated[str | None, Query(max_length=80, pattern=listing.TEXT)]
Limit = Annotated[int, Query(ge=1, le=listing.PAGE_MOST)]
After = Annotated[int, Query(ge=0, le=2**62)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one request gets of the feed. No kinds, no regions: all."""

    view: str
    kinds: Sequence[str]
    regions: Sequence[str]


class News:
    """How far the feed has come, looked at once for all who wait: hundreds of them cost the store no more than one."""

    def __init__(self, last: Callable[[], int]) -> None:
        """Ask `last` for the highest sequence of the feed."""
        self._ask, self._last, self._asked_at = last, 0, float("-inf")
        self._asking = asyncio.Lock()

    async def last(self) -> int:
        """Return the highest sequence, as it was at most LOOK_S ago."""
        async with self._asking:
            if time.monotonic() - self._asked_at >= LOOK_S:
                self._last = await run_in_threadpool(self._ask)
                self._asked_at = time.monotonic()
        return self._last


class Feeding:
    """The endpoints; an instance holds what they ask, and how many streams are open."""

    def __init__(self, parts: Parts, gate: Gate) -> None:
        """Answer from `parts` those whom `gate` admits."""
        self._parts, self._gate = parts, gate
        self._news = News(parts.reading.last_sequence)
        self._open = 0

    async def feed(
        self,
        request: Request,
        *,
        after: After = 0,
        limit: Limit = 100,
        view: Annotated[str | None, Query(max_length=20)] = None,
        kind: Filter = None,
        region: Filter = None,
        wait: Annotated[float, Query(ge=0, le=WAIT_MOST_S)] = 0,
    ) -> Response:
        """List a view's documents after a sequence, in order, as they were published.

        `wait`: hold the request up to so many seconds until there is something (long poll). A subscriber's key gets
        the view, kinds and regions of its subscription, or fewer.
        """
        wanted = await run_in_threadpool(self._wanted, request, view, kind, region)
        until, known = time.monotonic() + wait, -1
        while True:
            last = await self._news.last()
            rows = await self._after(wanted, after, limit) if last > known else ()
            known = last
            if rows or time.monotonic() >= until or await request.is_disconnected():
                return json_array(rows)
            await asyncio.sleep(LOOK_S)

    async def stream(
        self,
        request: Request,
        *,
        after: After = 0,
        view: Annotated[str | None, Query(max_length=20)] = None,
        kind: Filter = None,
        region: Filter = None,
        last_event_id: Annotated[str | None, Header(max_length=18, pattern="^[0-9]*$")] = None,
    ) -> Response:
        """Stream a view's documents as they are published (server-sent events; the id of each is its sequence).

        A client that reconnects says `Last-Event-ID`, as browsers do by themselves, and misses nothing.
        """
        wanted = await run_in_threadpool(self._wanted, request, view, kind, region)
        if self._open >= STREAMS_MOST:
            raise Problem(503, "streams", "too many streams are open", hint="ask /v1/feed with wait=25 instead")
        at = int(last_event_id) if last_event_id else after
        headers = {"X-Accel-Buffering": "no"}
        return StreamingResponse(self._events(request, wanted, at), media_type="text/event-stream", headers=headers)

    async def _events(self, request: Request, wanted: Wanted, at: int) -> AsyncIterator[bytes]:
        """Yield what is new, and now and then a comment, until the client is gone or loses its right."""
        self._open += 1
        try:
            yield b": begun\n\n"
            asked_at, known = time.monotonic(), -1
            while not await request.is_disconnected():
                if time.monotonic() - asked_at >= BEAT_S:
                    if not await run_in_threadpool(self._still_may, request, wanted):
                        return
                    yield b": alive\n\n"
                    asked_at = time.monotonic()
                last = await self._news.last()
                rows = await self._after(wanted, at, listing.PAGE_MOST) if last > known else ()
                known = known if rows else last
                until = time.monotonic() + FRESH_S
                for row in rows:
                    yield b"id: %d\nevent: %s\ndata: %s\n\n" % (row["sequence"], row["kind"].encode(), row["body"])
                    at = row["sequence"]
                    if time.monotonic() >= until:
                        break
                await asyncio.sleep(0 if rows else LOOK_S)
        finally:
            self._open -= 1

    async def _after(self, wanted: Wanted, after: int, limit: int) -> Sequence[Row]:
        return await run_in_threadpool(
            self._parts.reading.feed,
            wanted.view,
            after=after,
            limit=limit,
            kinds=wanted.kinds or None,
            regions=wanted.regions or None,
        )

    def _still_may(self, request: Request, wanted: Wanted) -> bool:
        """Tell whether who opened a stream may still read it: a revoked key, a suspended subscriber may not."""
        try:
            request.state.who = self._gate.admit(request)
            self._wanted(request, wanted.view, None, None)
        except Problem:
            return False
        return True

    def _wanted(self, request: Request, view: str | None, kind: str | None, region: str | None) -> Wanted:
        """Decide what a request gets; Problem where it asks for what there is not, or for more than it may have."""
        who = request.state.who
        own = self._parts.subscription(who.key_id) if who.kind == "subscriber" else None
        view = view or (own.view if own else "intranet")
        if view not in VIEWS:
            raise Problem(400, "view", f"unknown view {view!r}", hint=f"one of {', '.join(VIEWS)}")
        demand(request, f"feed:read:{view}")
        if view == CLOSED and who.department_id:
            hint = "a department reads its own cases: /v1/cases"
            raise Problem(403, "department", "this feed tells of every department's closed cases", hint=hint)
        checked(FEED_WORDS, self._parts.reading.departments, kind=kind, region=region)
        if own is None:
            return Wanted(view=view, kinds=[kind] if kind else [], regions=[region] if region else [])
        if own.state != "active":
            raise Problem(403, "suspended", f"{own.name} is suspended", hint="ask the operator of the hub")
        narrowed = own.narrowed(kind=kind, region=region)
        if narrowed is None:
            hint = f"it gets {', '.join(sorted(own.kinds))} of {', '.join(own.regions) or 'all regions'}"
            raise Problem(403, "subscription", "the subscription does not hold what is asked for", hint=hint)
        return Wanted(view=view, kinds=narrowed[0], regions=narrowed[1])


def json_array(rows: Sequence[Row]) -> Response:
    """Answer with the documents of the feed, byte for byte as published."""
    response = json_response(None)
    response.body = b"[" + b",".join(bytes(row["body"]) for row in rows) + b"]"
    response.headers["content-length"] = str(len(response.body))
    return response


def router(parts: Parts, gate: Gate) -> APIRouter:
    """Return the routes of the feed, each for holders of a key with the scope of the view."""
    feeding, routes = Feeding(parts, gate), APIRouter(prefix="/v1")
    guarded = [Depends(gate.guard(None))]
    routes.add_api_route("/feed", feeding.feed, methods=["GET"], dependencies=guarded)
    events = file_of("text/event-stream")
    routes.add_api_route("/feed/stream", feeding.stream, methods=["GET"], dependencies=guarded, **events)
    return routes
