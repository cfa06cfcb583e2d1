"""Describes the public API for its OpenAPI document: what is answered, and how failures look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.contracts import PROBLEM
from gateway.problems import TITLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI

_TEXT: Final = {"type": "string"}

MATTERS: Final = {
    "type": "object",
    "required": ["items"],
    "properties": {
        "on": {"type": "string", "format": "date"},
        "total": {"type": "integer", "minimum": 0},
        "items": {"type": "array", "items": {"type": "object"}},
        "next": {"type": ["integer", "null"]},
    },
}

MATTER: Final = {
    "type": "object",
    "required": ["on", "matter", "versions"],
    "properties": {
        "on": {"type": "string", "format": "date"},
        "matter": {"type": "object", "required": ["matter_code", "name", "department"]},
        "versions": {"type": "array", "items": {"type": "object"}},
    },
}

COMPLAINT: Final = {
    "type": "object",
    "required": ["number", "secret"],
    "properties": {"number": _TEXT, "secret": {**_TEXT, "description": "told this once; it opens the complaint"}},
}

SENT: Final = {
    "type": "object",
    "required": ["number", "state"],
    "properties": {"number": _TEXT, "state": {"const": "sent"}},
}

TAKEN: Final = "the broker holds it"


def answer(status: int, schema: Mapping[str, Any], said: str = "what was asked for") -> dict[int | str, dict[str, Any]]:
    """Describe an answer."""
    return {status: {"description": said, "content": {"application/json": {"schema": schema}}}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe failures."""
    content = {"application/problem+json": {"schema": PROBLEM}}
    return {status: {"description": TITLES[status], "content": content} for status in statuses}


PROBLEMS: Final = problems(400, 404, 503)
ASKED: Final = problems(400, 404, 409, 413, 422, 429, 503)


def described(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document: a bad parameter is answered 400 here, never the framework's own 422."""
    document = app.openapi()
    for operations in document["paths"].values():
        for operation in operations.values():
            if "application/problem+json" not in operation["responses"].get("422", {}).get("content", {}):
                operation["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        document.get("components", {}).get("schemas", {}).pop(name, None)
    return document
