"""Coverage for programs and for people, and the signed list of how certificates stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Depends
from starlette.requests import Request  # noqa: TC002 - the framework reads it at run time
from starlette.responses import Response

from gateway.contracts import file_of
from gateway.problems import Problem, json_response

if TYPE_CHECKING:
    from gateway.pages import Pages
    from gateway.reading import Parts
    from gateway.rights import Gate
    from gateway.words import Names

JWS: Final = "application/jose+json"
"""Media type of a JWS in JSON serialization (RFC 7515)."""

LEVELS: Final = ("C1", "C2", "C3", "C4")


class Coverage:
    """The endpoints; an instance holds what they ask and nothing of any request."""

    def __init__(self, parts: Parts, names: Names, pages: Pages) -> None:
        """Answer from `parts`, show through `pages`."""
        self._parts, self._names, self._pages = parts, names, pages

    def told(self) -> Response:
        """Tell how much of what departments owe is certified, as of now; a share that nobody knows is null."""
        return json_response(self._board())

    def page(self, request: Request) -> Response:
        """Show the coverage board."""
        return self._pages.render(
            "coverage.html", request, board=self._board(), levels=LEVELS, department=self._names.department
        )

    def status_list(self) -> Response:
        """Return the signed list of how every certificate stands (JWS); it says itself when it is stale."""
        signed = self._parts.status_list()
        if not signed:
            raise Problem(404, "no-status", "no certificates are kept here", hint="ask the bureau's hub")
        return Response(signed, media_type=JWS, headers={"cache-control": "no-store"})

    def _board(self) -> dict[str, object]:
        board = dict(self._parts.coverage())
        if not board:
            raise Problem(404, "no-coverage", "no certificates are kept here", hint="ask the bureau's hub")
        return board


def router(parts: Parts, gate: Gate, names: Names, pages: Pages) -> APIRouter:
    """Return the routes, each behind its scope."""
    shown, routes = Coverage(parts, names, pages), APIRouter()
    behind = Depends(gate.guard("cases:read"))
    routes.add_api_route("/v1/coverage", shown.told, methods=["GET"], dependencies=[behind])
    routes.add_api_route("/coverage", shown.page, methods=["GET"], dependencies=[behind], include_in_schema=False)
    anybody = Depends(gate.guard(None))
    listed = file_of(JWS)
    routes.add_api_route(
        "/v1/conformance/status.jws", shown.status_list, methods=["GET"], dependencies=[anybody], **listed
    )
    return routes
