"""Tells load balancers whether the public site lives, and whether it can take complaints; nothing of why it cannot."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter
from starlette.responses import Response  # noqa: TC002 - the framework reads it at run time

from gateway.problems import json_response
from hub.errors import HubError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.public.parts import PublicParts

KEEP_S: Final = 5.0
"""Seconds an answer is kept: anybody may ask, and each look opens a connection to the broker."""


class Readiness:
    """Looks at the store and the bus. Threads may share it."""

    def __init__(self, parts: PublicParts) -> None:
        """Look at `parts`."""
        self._parts, self._lock = parts, threading.Lock()
        self._looked_at = float("-inf")
        self._away: list[str] = []

    def healthz(self) -> Response:
        """Say that this process answers."""
        return json_response({"status": "ok"})

    def readyz(self) -> Response:
        """Say whether look-ups (the store) and submissions (the bus) work; 503 where either does not."""
        with self._lock:
            if time.monotonic() - self._looked_at > KEEP_S:
                looks = {"lookups": self._parts.reading.catalogue, "submissions": self._parts.reach_bus}
                self._away = [name for name, look in looks.items() if not _works(look)]
                self._looked_at = time.monotonic()
            away = list(self._away)
        return json_response({"status": "not ready" if away else "ready", "away": away}, status=503 if away else 200)


def _works(look: Callable[[], object]) -> bool:
    try:
        look()
    except HubError:
        return False
    return True


def router(parts: PublicParts) -> APIRouter:
    """Return the routes of health and readiness."""
    routes, readiness = APIRouter(include_in_schema=False), Readiness(parts)
    routes.add_api_route("/healthz", readiness.healthz, methods=["GET"])
    routes.add_api_route("/readyz", readiness.readyz, methods=["GET"])
    return routes
