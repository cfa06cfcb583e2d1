"""Makes the public site from its parts: catalogue, progress, complaints, ratings. A pure factory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response  # noqa: TC002 - the framework reads it at run time

from gateway.problems import json_response
from gateway.public import cases, catalogue, complaints, health, open311, problems
from gateway.public.cases import Cases
from gateway.public.complaints import Complaints
from gateway.public.contracts import described
from gateway.public.guard import Guard, Pace
from gateway.public.pages import Pages
from gateway.public.shelf import Shelf

if TYPE_CHECKING:
    from gateway.public.parts import PublicParts

STATIC: Final = Path(__file__).parent / "static"


def create_public_app(parts: PublicParts) -> FastAPI:
    """Return the public site over `parts`."""
    app = FastAPI(title="阳光政务公开 Sunlight public", version="1", docs_url=None, redoc_url=None, openapi_url=None)
    offers = {"complaints": parts.complaints is not None, "ratings": parts.ratings is not None}
    pages, shelf = Pages(parts.zone, offers), Shelf(parts)
    app.add_middleware(Guard)
    app.include_router(health.router(parts))
    app.include_router(catalogue.router(shelf, pages))
    limits = parts.limits
    asking = Pace(limits.lookups_per_minute, 60, proxies=limits.proxies)
    sending = Pace(limits.submissions_per_hour, 3600, proxies=limits.proxies)
    app.include_router(cases.router(Cases(parts, shelf, pages, asking=asking)))
    app.include_router(complaints.router(Complaints(parts, shelf, pages, asking=asking, sending=sending)))
    if parts.speaks_open311 and parts.complaints is not None:
        front = open311.Open311(parts, parts.complaints, asking=asking, sending=sending)
        app.include_router(open311.router(front))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")

    def description() -> Response:
        """Describe the public API (OpenAPI 3.1)."""
        return json_response(described(app))

    app.add_api_route("/public/v1/openapi.json", description, methods=["GET"], include_in_schema=False)
    problems.install(app, pages.problem)
    return app
