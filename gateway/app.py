"""Makes the gateway from its parts: health, figures, the query API and the console. A pure factory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fastapi import Depends, FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response  # noqa: TC002 - the framework reads it at run time

from gateway import (
    api,
    asyncapi,
    complaining,
    conformance,
    console,
    contracts,
    coverage,
    desk,
    feeding,
    figures,
    following,
    health,
    manual,
    metrics,
    offering,
    problems,
    receiving,
    soap,
)
from gateway.pages import Pages
from gateway.problems import json_response
from gateway.rights import Gate
from gateway.scores import router as score_routes
from gateway.shield import Shield
from gateway.taking import Taking
from gateway.terms import router as terms_router
from gateway.words import Names

if TYPE_CHECKING:
    from gateway.reading import Parts

STATIC: Final = Path(__file__).parent / "static"


def create_app(parts: Parts) -> FastAPI:
    """Return the gateway over `parts`."""
    app = FastAPI(
        title="Sunlight Hub 阳光枢纽",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        responses=contracts.PROBLEMS,
    )
    gate, names = Gate(keys=parts.keys, now=parts.wall_now), Names(parts.catalogue)
    pages, taking = Pages(parts.zone), Taking(parts)
    app.add_middleware(Shield, gate=gate)
    app.include_router(health.router(parts))
    app.include_router(score_routes(parts, gate, names, pages))
    app.include_router(metrics.router(parts, gate))
    app.include_router(api.router(parts, gate, names))
    app.include_router(feeding.router(parts, gate))
    app.include_router(receiving.router(parts, gate, taking))
    app.include_router(offering.router(parts, gate, taking))
    app.include_router(soap.router(parts, gate, taking))
    app.include_router(desk.router(parts, gate, taking, pages))
    app.include_router(complaining.router(parts, gate, names, pages, taking))
    app.include_router(following.router(parts, gate, names, pages))
    app.include_router(coverage.router(parts, gate, names, pages))
    app.include_router(conformance.router(parts, gate, names, pages))
    app.include_router(figures.router(parts, gate, pages))
    app.include_router(terms_router(parts, gate))
    app.include_router(console.router(parts, gate, names, pages))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    _serve_description(app, gate)
    manual.install(app, gate, pages)
    problems.install(app, pages.problem)
    return app


def _serve_description(app: FastAPI, gate: Gate) -> None:
    """Serve the OpenAPI document of /v1, to holders of a key."""

    def description() -> Response:
        """Describe every endpoint (OpenAPI 3.1)."""
        document: dict[str, Any] = app.openapi()
        return json_response(document)

    def feed_description() -> Response:
        """Describe what subscribers are sent, and how (AsyncAPI 3.0)."""
        return json_response(asyncapi.document(app.version))

    guarded = [Depends(gate.guard(None))]
    app.add_api_route("/v1/openapi.json", description, methods=["GET"], dependencies=guarded)
    app.add_api_route("/v1/asyncapi.json", feed_description, methods=["GET"], dependencies=guarded)
