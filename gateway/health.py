"""Tells load balancers and people whether the gateway lives, and whether the hub behind it can be relied on."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter
from starlette.responses import Response  # noqa: TC002 - the framework reads it at run time

from gateway.problems import json_response
from hub.errors import HubError

if TYPE_CHECKING:
    from gateway.reading import Parts

LAG_MOST: Final = 10_000
"""Documents the relay may be behind before the feed counts as late: some two seconds of the hub's full speed."""

KEEP_S: Final = 2.0
"""Seconds an answer is kept: anybody may ask, and each look opens a connection to the broker."""


class Readiness:
    """Looks at the store, the bus and the relay. Threads may share it."""

    def __init__(self, parts: Parts) -> None:
        """Look at `parts`."""
        self._parts = parts
        self._lock = threading.Lock()
        self._looked_at = float("-inf")
        self._reasons: list[str] = []
        self._notes: list[str] = []
        self._sources: list[str] = []

    def healthz(self) -> Response:
        """Say that this process answers."""
        return json_response({"status": "ok"})

    def readyz(self) -> Response:
        """Say whether store, bus and relay do their part; 503 with reasons otherwise.

        A source that cannot be read makes the hub degraded, not unready: all others go on. Anybody may ask, so it is
        only named; the console and the log say what to do.
        """
        with self._lock:
            if time.monotonic() - self._looked_at > KEEP_S:
                self._look()
            ready, reasons, notes = not self._reasons, list(self._reasons), list(self._notes)
            sources = list(self._sources)
        status = ("degraded" if sources else "ready") if ready else "not ready"
        body = {"status": status, "reasons": reasons, "notes": sources + notes}
        return json_response(body, status=200 if ready else 503)

    def _look(self) -> None:
        self._reasons, self._notes = [], []
        self._sources = [
            f"source {each.connection}: {each.state} since {each.since}" for each in self._parts.troubles()
        ]
        try:
            if missing := self._parts.missing():
                self._sources.append(f"calendar: {missing}")
            lag = sum(self._parts.reading.lag().values())
            if lag > LAG_MOST:
                self._reasons.append(f"relay: {lag} documents behind")
            importing = [row["connection_id"] for row in self._parts.reading.connections() if row["importing"]]
            self._notes.extend(f"importing: {name}: its deadlines are judged at the end" for name in importing)
        except HubError as problem:
            self._reasons.append(f"store: {problem}")
        try:
            self._parts.reach_bus()
        except HubError as problem:
            self._reasons.append(f"bus: {problem}")
        self._looked_at = time.monotonic()


def router(parts: Parts) -> APIRouter:
    """Return the routes of health and readiness, open to all."""
    routes, readiness = APIRouter(), Readiness(parts)
    routes.add_api_route("/healthz", readiness.healthz, methods=["GET"])
    routes.add_api_route("/readyz", readiness.readyz, methods=["GET"])
    return routes
