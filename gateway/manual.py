"""Shows people what the API offers: one page, written from the OpenAPI document, with nothing loaded from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import Depends, FastAPI
from starlette.requests import Request  # noqa: TC002 - the framework reads it at run time
from starlette.responses import Response  # noqa: TC002 - the framework reads it at run time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.pages import Pages
    from gateway.rights import Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One operation of the API as a person reads it."""

    method: str
    path: str
    said: tuple[str, ...]
    """Its description, a paragraph each."""
    parameters: tuple[str, ...]
    is_plain: bool
    """It can be asked as it stands, without filling in its path."""


def endpoints(document: Mapping[str, Any]) -> Iterator[Endpoint]:
    """Return the operations of an OpenAPI document, in its order."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            said = operation.get("description") or operation.get("summary", "")
            yield Endpoint(
                method=method.upper(),
                path=path,
                said=tuple(" ".join(paragraph.split()) for paragraph in said.split("\n\n")),
                parameters=tuple(each["name"] for each in operation.get("parameters", ())),
                is_plain=method == "get" and "{" not in path,
            )


def install(app: FastAPI, gate: Gate, pages: Pages) -> None:
    """Serve the page at /docs, to holders of a key."""

    def manual(request: Request) -> Response:
        """List every endpoint for people."""
        document = app.openapi()
        listed = list(endpoints(document))
        return pages.render("docs.html", request, endpoints=listed, version=document["openapi"])

    guarded = [Depends(gate.guard(None))]
    app.add_api_route("/docs", manual, methods=["GET"], include_in_schema=False, dependencies=guarded)
