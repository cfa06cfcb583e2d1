"""Writes case events as a connection would publish them, for tests that need no department: one read at a time."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson

from hub.model import ids
from hub.model.digest import record_digest
from hub.model.documents import event_document, report_document, written
from hub.model.values import EVERY_PARTITION, Message

if TYPE_CHECKING:
    from datetime import datetime, tzinfo


@dataclass
class Telling:
    """One read of `connection`: its events' documents and messages, then its report. `base` is of every case."""

    connection: str
    base: dict[str, Any]
    fingerprint: str
    received_at: datetime
    zone: tzinfo
    backfill: bool = False
    read_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    portion: int = 0
    events: int = 0
    reported: int = 0
    buckets: Counter[str] = field(default_factory=Counter)

    def document(self, event_type: str, occurred_at: datetime | str, case_no: str, **fields: Any) -> dict[str, Any]:
        """Return the next event's document; `case` among the fields is added to the case."""
        at = occurred_at if isinstance(occurred_at, str) else written(occurred_at, self.zone)
        case_id = ids.case_id(fields.pop("numbering", self.connection), case_no)
        case = {**self.base, "case_id": case_id, "case_no": case_no} | fields.pop("case", {})
        data: dict[str, Any] = {
            "type": event_type,
            "connection_id": self.connection,
            "source_event_key": case_no,
            "occurrence": "",
            "source_version": 0,
            "mapping_version": 1,
            "on_change": "conflict",
            "occurred_at": at,
            "case": case,
        } | fields
        provenance = {
            "read_id": self.read_id,
            "portion": self.portion,
            "ordinal": self.events,
            "record_digest": record_digest(orjson.dumps([event_type, case_no, at, data["occurrence"]])),
            "place": f"conformance, case {case_no}",
            "backfill": self.backfill,
        }
        name = ids.event_id(self.connection, data["source_event_key"], data["type"], data["occurrence"])
        return event_document(
            name,
            data,
            provenance=provenance,
            received_at=written(self.received_at, self.zone),
            fingerprint=self.fingerprint,
            zone=self.zone,
        )

    def message(self, document: dict[str, Any], *, body: bytes | None = None) -> Message:
        """Count a document as this read's next event, and return its message."""
        document["data"]["provenance"]["ordinal"] = self.events
        key = str(ids.bucket_of(document["subject"]))
        name = f"{self.read_id}:{self.portion}:{self.events}"
        self.events += 1
        self.buckets[key] += 1
        body = orjson.dumps(document) if body is None else body
        return Message(exchange="intake", key=key, kind="event", message_id=name, body=body)

    def event(self, event_type: str, occurred_at: datetime | str, case_no: str, **fields: Any) -> Message:
        """Return the next event's message."""
        return self.message(self.document(event_type, occurred_at, case_no, **fields))

    def report(self, watermark: datetime | None = None) -> Message:
        """Return the report of the portion so far, and begin the next."""
        count = self.events - self.reported
        data: dict[str, Any] = {
            "connection_id": self.connection,
            "read_id": self.read_id,
            "portion": self.portion,
            "backfill": self.backfill,
            "mapping_fingerprint": self.fingerprint,
            "final": True,
            "records": {"read": count, "mapped": count, "empty": 0, "quarantined": 0},
            "events": count,
            "buckets": dict(self.buckets),
            "digests_xor": "0" * 64,
            "checkpoint": None,
            "started_at": written(self.received_at, self.zone),
            "ended_at": written(self.received_at, self.zone),
        }
        if watermark is not None:
            data["watermark"] = written(watermark, self.zone)
        self.portion, self.reported = self.portion + 1, self.events
        document = report_document(data)
        body = orjson.dumps(document)
        return Message(exchange="intake", key=EVERY_PARTITION, kind="report", message_id=document["id"], body=body)


def later(moment: datetime, **how: float) -> datetime:
    """Return a moment so much later."""
    return moment + timedelta(**how)
