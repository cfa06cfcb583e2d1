"""Builds the documents that the bus carries: CloudEvents 1.0 envelopes around data, in the shapes of schemas/."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final

import orjson

from hub.errors import Refused, Rejection
from hub.model import ids

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

_JSON: Final = "application/json"
_DAY_CHARS: Final = 10
"""Characters of `YYYY-MM-DD`: a time that is no longer is a day."""

VALUE_CHARS: Final = 80
"""Characters of an offending value that a rejection shows."""

WITHHELD: Final = "case.withheld"
"""Outcome of the entry that takes a case out of views, and type of the tombstone that tells their readers."""

SHOWN: Final = "case.shown"
"""Outcome of the entry that shows a case in views again."""

PROBLEM_CHARS: Final = 400
"""Characters of a problem's text: long values are quoted in it."""


def parse(body: bytes) -> dict[str, Any]:
    """Read one document; raise Refused where `body` is not one JSON object."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as broken:
        raise _no_document(str(broken)) from broken
    if not isinstance(document, dict):
        raise _no_document("the JSON is no object")
    return document


def _no_document(problem: str) -> Refused:
    return Refused(
        Rejection(stage="validate", code="validate.json", problem=problem, hint="send one UTF-8 JSON object")
    )


def written(instant: datetime, zone: tzinfo) -> str:
    """Write an aware instant in `zone`, as RFC 3339 has it."""
    return instant.astimezone(zone).isoformat()


def envelope_time(occurred_at: str, zone: tzinfo) -> str:
    """Return an instant as it is, and a day as the instant at which it begins in `zone`; else the text itself."""
    if len(occurred_at) > _DAY_CHARS:
        return occurred_at
    try:
        return datetime.combine(date.fromisoformat(occurred_at), time(), zone).isoformat()
    except ValueError:
        return occurred_at


def event_document(
    event_id: str,
    data: dict[str, Any],
    *,
    provenance: Mapping[str, Any],
    received_at: str,
    fingerprint: str,
    zone: tzinfo,
) -> dict[str, Any]:
    """Wrap the data of one case event (schemas/case-event.v1), which gets its `provenance`.

    `received_at` is written already, once for all events that were received together.
    """
    data["provenance"] = provenance
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": "/connections/" + data["connection_id"],
        "type": "sunlight." + data["type"] + ".v1",
        "subject": data["case"]["case_id"],
        "time": envelope_time(data["occurred_at"], zone),
        "datacontenttype": _JSON,
        "dataschema": "urn:sunlight:schema:case-event:1",
        "receivedat": received_at,
        "mappingfingerprint": fingerprint,
        "data": data,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The bytes of a refused record as they leave the connector: sealed, or by where the connector keeps them."""

    record_digest: str
    size_bytes: int
    sealed: bytes = b""
    spool: str = ""


def rejection_document(
    rejection: Rejection,
    evidence: Evidence,
    *,
    origin: Mapping[str, Any],
    received_at: str,
) -> dict[str, Any]:
    """Write a refused record (schemas/rejection.v1).

    `origin` holds connection_id, read_id, portion, ordinal (of the record in its read), backfill, mapping_fingerprint.
    """
    data: dict[str, Any] = {
        **origin,
        "stage": rejection.stage,
        "code": rejection.code,
        "path": rejection.path,
        "problem": rejection.problem[:PROBLEM_CHARS] or rejection.code,
        "hint": rejection.hint,
        "value": rejection.value[:VALUE_CHARS],
        "place": rejection.place,
        "record_digest": evidence.record_digest,
        "size_bytes": evidence.size_bytes,
    }
    if evidence.sealed:
        data["sealed"] = base64.b64encode(evidence.sealed).decode()
    if evidence.spool:
        data["spool"] = evidence.spool
    name = ids.rejection_id(origin["connection_id"], origin["read_id"], origin["ordinal"])
    document = _paper(name, origin["connection_id"], "record.rejected", "rejection", received_at, data)
    document["receivedat"] = received_at
    return document


def report_document(data: Mapping[str, Any]) -> dict[str, Any]:
    """Wrap the data of one read-report (schemas/read-report.v1)."""
    name = ids.report_id(data["connection_id"], data["read_id"], data["portion"])
    return _paper(name, data["connection_id"], "read.reported", "read-report", data["ended_at"], data)


def alert_document(data: Mapping[str, Any]) -> dict[str, Any]:
    """Wrap the data of one alert as it stands after a move (schemas/alert.v1)."""
    word, moved_at = alert_word(data), data.get("changed_at") or data["raised_at"]
    return {
        "specversion": "1.0",
        "id": ids.alert_move_id(data["alert_id"], f"{word}#{len(data.get('history', ()))}", moved_at),
        "source": "/supervision",
        "type": f"sunlight.alert.{word}.v1",
        "subject": data["case"]["case_id"] if "case" in data else data["subject"],
        "time": moved_at,
        "datacontenttype": _JSON,
        "dataschema": "urn:sunlight:schema:alert:1",
        "data": data,
    }


_STAYING: Final = {"order": "supervised", "escalate": "escalated", "attribute": "attributed"}
"""How moves are called after which an alert's state is what it was."""


def alert_word(data: Mapping[str, Any]) -> str:
    """Return what an alert's document tells of: its state, or what happened to it while its state stayed."""
    history = data.get("history", ())
    return _STAYING.get(history[-1]["move"] if history else "") or str(data["state"])


def tombstone(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stands for a document, or for a case, that a view does not show any more (case-withheld.v1)."""
    kept = ("specversion", "id", "source", "subject", "time", "sequence", "streamsequence")
    return {
        **{name: document[name] for name in kept if name in document},
        "type": f"sunlight.{WITHHELD}.v1",
        "datacontenttype": _JSON,
        "dataschema": "urn:sunlight:schema:case-withheld:1",
        "data": {"type": WITHHELD},
    }


def is_tombstone(document: Mapping[str, Any]) -> bool:
    """Tell whether a document of the feed only says that a case is not shown any more."""
    return bool(document["data"].get("type") == WITHHELD)


def act_document(act: str, *, subject: str, by: str, at: str, said: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Write what a person did (schemas/act.v1): `by` did `act` to `subject` at an instant, and what was `said` too."""
    return {
        "specversion": "1.0",
        "id": ids.act_id(act, subject, by, at),
        "source": "/people",
        "type": f"sunlight.{act}.v1",
        "subject": subject,
        "time": at,
        "datacontenttype": _JSON,
        "dataschema": "urn:sunlight:schema:act:1",
        "data": {"act": act, "subject": subject, "by": by, **(said or {})},
    }


def _paper(name: str, connection_id: str, kind: str, schema: str, at: str, data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": name,
        "source": f"/connections/{connection_id}",
        "type": f"sunlight.{kind}.v1",
        "subject": connection_id,
        "time": at,
        "datacontenttype": _JSON,
        "dataschema": f"urn:sunlight:schema:{schema}:1",
        "data": data,
    }
