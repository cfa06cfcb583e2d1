"""Describes what departments send and are answered, for the OpenAPI document: bodies, receipts, problems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response

from gateway.problems import TITLES
from hub.model.codes import code_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TEXT: Final = {"type": "string"}
_COUNT: Final = {"type": "integer", "minimum": 0}

REFUSED: Final = {
    "type": "object",
    "description": "Why one record was refused; `record` counts from 1.",
    "required": ["record", "code", "problem"],
    "properties": {"record": {"type": "integer", "minimum": 1}}
    | dict.fromkeys(("code", "path", "problem", "hint", "value", "place"), _TEXT),
}

PROBLEM: Final = {
    "type": "object",
    "description": "A problem document (RFC 9457), and what to do.",
    "required": ["type", "title", "status", "detail", "hint"],
    "properties": dict.fromkeys(("type", "title", "detail", "hint", "instance"), _TEXT)
    | {"status": {"type": "integer"}, "problems": {"type": "array", "items": REFUSED}},
}

RECEIPT: Final = {
    "type": "object",
    "description": "What became of a push: pending until the ledger has it.",
    "required": ["receipt_id", "state", "records"],
    "properties": {
        "receipt_id": {"type": "string", "format": "uuid"},
        "state": {"enum": ["pending", "accepted", "duplicate", "partly", "quarantined", "conflicting"]},
        "records": {"type": "object", "properties": dict.fromkeys(("read", "mapped", "empty", "quarantined"), _COUNT)},
        "published": _COUNT,
        "events": {"type": "object", "additionalProperties": _COUNT},
        "refused": {"type": "array", "items": REFUSED},
    },
}

KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Names one body for ever: sent again it is the same push. Without one its digest is its name.",
    "schema": {"type": "string", "maxLength": 200, "pattern": "^[!-~]+$"},
}

SENT: Final = (400, 401, 403, 404, 409, 413, 415, 422, 429, 503)
ASKED: Final = (401, 403, 404, 503)


def answers(*good: tuple[int, str], problems: Sequence[int]) -> dict[int | str, dict[str, Any]]:
    """Return the answers of an endpoint: a receipt under each of `good`, a problem under each of `problems`."""
    receipt = {"content": {"application/json": {"schema": RECEIPT}}}
    problem = {"content": {"application/problem+json": {"schema": PROBLEM}}}
    told: dict[int | str, dict[str, Any]] = {status: {"description": said, **receipt} for status, said in good}
    return told | {status: {"description": TITLES[status], **problem} for status in problems}


def body(content: Mapping[str, Any], description: str) -> dict[str, Any]:
    """Return the description of a body that is read as it comes."""
    return {"parameters": [KEY], "requestBody": {"required": True, "description": description, "content": content}}


PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    **answers(problems=(400, 401, 403, 404, 503)),
    "default": {"description": "any other problem", "content": {"application/problem+json": {"schema": PROBLEM}}},
}
"""What any question may be answered instead."""


def file_of(*media_types: str) -> dict[str, Any]:
    """Return what tells, of a route, that it answers with a file of one of these media types."""
    content: dict[str, Any] = {each: {} for each in media_types}
    return {"response_class": Response, "responses": {200: {"description": "the file", "content": content}}}


ANY_FILE: Final = file_of("*/*")
"""Files of cases have the media type of each."""

RECORDS: Final = body(
    {kind: {} for kind in ("application/json", "application/x-ndjson", "text/csv", "application/xml")},
    "Records in the format and encoding that the connection's mapping declares.",
)
EVENT: Final = {
    "type": "object",
    "required": ["type", "occurred_at", "case"],
    "properties": {
        "type": {"enum": sorted(code_list("event_types").rows)},
        "occurred_at": {"type": "string", "format": "date-time"},
        "occurrence": {"type": "string", "maxLength": 400},
        "case": {
            "type": "object",
            "required": ["source_case_no", "region_code"],
            "properties": {
                "source_case_no": {"type": "string", "minLength": 1, "maxLength": 200},
                "region_code": {"type": "string", "pattern": "^[0-9]{6}$", "example": "321200"},
            },
        },
    },
}
"""What an event has at the least; schemas/case-event.v1 says all that it may have."""

EVENTS: Final = body(
    {"application/json": {"schema": {"oneOf": [EVENT, {"type": "array", "items": EVENT}]}}},
    "One case event or a list: the data of schemas/case-event.v1 without what is the hub's to say.",
)
TAKEN: Final = ((202, "the broker holds all of it"), (200, "it was taken in before"))
"""What is answered to a push that is taken in."""
