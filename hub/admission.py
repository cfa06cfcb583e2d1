"""Decides whether a message may enter the ledger: its shape, its names, and who said it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

import orjson

from hub.errors import Refused, Rejection, Stage
from hub.model import ids
from hub.model.digest import content_digest
from hub.model.shapes import shape
from hub.model.values import Arrival, Awaited, Manifest, ManifestRow, QuarantineRow, ReadReport
from hub.refused import storable
from hub.supervision.alert_cycle import Deed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hub.model.values import Connection, Delivery, Outcome

SHAPES: Final = {"event": "case-event.v1", "report": "read-report.v1", "rejection": "rejection.v1", "act": "act.v1"}
"""The schema of each kind of message that intake carries."""

ALERT_ACT: Final = "alert."
"""What the names of acts on alerts begin with."""

_NULL: Final = b"\\u0000"
"""How JSON spells the one character that PostgreSQL cannot hold in text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A case event that may enter: its data, and the names the hub itself has computed for it."""

    event_id: str
    case_id: str
    connection_id: str
    digest: str
    fingerprint: str
    data: Mapping[str, Any]
    body: bytes

    @property
    def message(self) -> tuple[str, int]:
        """Name the message itself, so that a redelivery is told from a second report."""
        return self.data["provenance"]["read_id"], self.data["provenance"]["ordinal"]

    @property
    def backfill(self) -> bool:
        """Tell whether the event is part of a declared backfill."""
        return bool(self.data["provenance"]["backfill"])

    def arrival(self, outcome: Outcome, position: int | None) -> Arrival:
        """Return the inbox row of this arrival."""
        provenance = self.data["provenance"]
        return Arrival(
            event_id=self.event_id,
            read_id=provenance["read_id"],
            portion=provenance["portion"],
            ordinal=provenance["ordinal"],
            connection_id=self.connection_id,
            digest=self.digest,
            source_version=self.data["source_version"],
            mapping_version=self.data["mapping_version"],
            record_digest=provenance["record_digest"],
            fingerprint=self.fingerprint,
            outcome=outcome,
            position=position,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A read-report that may be filed, and the watermark it moves."""

    report: ReadReport
    watermark: datetime | None
    buckets: Mapping[str, int]
    """Events of the whole read so far, by bucket."""
    manifests: Sequence[Manifest] = ()

    def said(self, now: datetime) -> Iterator[ManifestRow]:
        """Yield what its department says of its days; the hub is held against it from `now` on, by its own clock."""
        at = min(self.report.ended_at, now)
        for each in self.manifests:
            yield ManifestRow(
                connection_id=self.report.connection_id,
                day=each.day,
                cases=each.cases,
                sha256=each.sha256,
                said_at=at,
                since=now,
            )

    def awaited(self, partition: int, partitions: int) -> Awaited:
        """Return what `partition` must have seen before the watermark holds there."""
        mine = (n for bucket, n in self.buckets.items() if ids.partition_of(int(bucket), partitions) == partition)
        return Awaited(read_id=self.report.read_id, events=sum(mine), watermark=self.watermark)

    @property
    def subject(self) -> str:
        """Name it in the ledger."""
        return ids.report_id(self.report.connection_id, self.report.read_id, self.report.portion)


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectionPaper:
    """A connector's rejection that may be filed."""

    row: QuarantineRow
    evidence: bytes
    """The document as the ledger keeps it: the record's digest, not its sealed bytes, which the quarantine has."""

    @property
    def subject(self) -> str:
        """Name it in the ledger."""
        return self.row.rejection_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What a person did, or wants to do, which the ledger must remember."""

    subject: str
    """The act's own id: entered twice it is one act."""
    act: str
    done_to: str
    """The rejection or the alert that it is done to."""
    at: datetime
    data: Mapping[str, Any]
    body: bytes

    @property
    def deed(self) -> Deed:
        """Return what is to be done to an alert."""
        said = {
            name: self.data.get(name, "") for name in ("by", "role", "department_id", "note", "ground", "due_on", "to")
        }
        return Deed(move=self.act.removeprefix(ALERT_ACT), at=self.at, **said)

    @property
    def is_on_terms(self) -> bool:
        """Tell whether it changes what cases are judged by: the catalogue, or the calendar."""
        return self.act.startswith(("catalogue.", "calendar."))

    @property
    def is_on_alert(self) -> bool:
        """Tell whether it is done to an alert."""
        return self.act.startswith(ALERT_ACT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Who may say what in one partition. `trusted` is the hub's own bus account: imports, replays, the gateway."""

    connections: Mapping[str, Connection]
    trusted: str
    partition: int
    partitions: int

    def event(self, delivery: Delivery) -> Admitted:
        """Admit one case event or raise Refused."""
        document = _shaped(delivery)
        data = document["data"]
        connection = self._speaker(delivery, data["connection_id"])
        _require(
            data["case"]["department_id"] in connection.departments,
            "authorise.department",
            "/data/case/department_id",
            f"{connection.connection_id} may not speak for department {data['case']['department_id']}",
            "add the department to the connection's allow-list, or correct the record",
        )
        self._check_names(document)
        return Admitted(
            event_id=document["id"],
            case_id=data["case"]["case_id"],
            connection_id=connection.connection_id,
            digest=content_digest(data),
            fingerprint=document["mappingfingerprint"],
            data=data,
            body=delivery.body,
        )

    def report(self, delivery: Delivery) -> Report:
        """Admit one read-report; or raise Refused."""
        document = _shaped(delivery)
        data = document["data"]
        self._speaker(delivery, data["connection_id"])
        _check_paper(document, ids.report_id(data["connection_id"], data["read_id"], data["portion"]))
        counts = data["records"]
        _require(
            counts["read"] == counts["mapped"] + counts["empty"] + counts["quarantined"],
            "validate.records",
            "/data/records",
            "read is not mapped + empty + quarantined",
            "count every record once",
            "validate",
        )
        report = ReadReport(
            read_id=data["read_id"],
            portion=data["portion"],
            connection_id=data["connection_id"],
            final=data["final"],
            backfill=data["backfill"],
            read=counts["read"],
            mapped=counts["mapped"],
            empty=counts["empty"],
            quarantined=counts["quarantined"],
            events=data["events"],
            ended_at=_instant(data["ended_at"]),
            body=delivery.body,
            emptied_at=_instant(data["emptied_at"]) if "emptied_at" in data else None,
        )
        watermark = _instant(data["watermark"]) if "watermark" in data else None
        manifests = [_manifest(said) for said in data.get("manifests", ())]
        return Report(report=report, watermark=watermark, buckets=data["buckets"], manifests=manifests)

    def rejection(self, delivery: Delivery, now: datetime) -> RejectionPaper:
        """Admit one rejection into the quarantine or raise Refused."""
        document = _shaped(delivery)
        data = document["data"]
        self._speaker(delivery, data["connection_id"])
        _check_paper(document, ids.rejection_id(data["connection_id"], data["read_id"], data["ordinal"]))
        row = QuarantineRow(
            rejection_id=document["id"],
            sealed=_unwrapped(data.get("sealed", "")),
            size_bytes=data.get("size_bytes", 0),
            received_at=now,
            last_at=now,
            value=data.get("value", ""),
            **{name: data[name] for name in _QUARANTINE_FIELDS},
        )
        data.pop("sealed", None)
        return RejectionPaper(row=row, evidence=orjson.dumps(document))

    def act(self, delivery: Delivery, now: datetime) -> Act:
        """Admit what a person did through the hub's own account, or raise Refused."""
        document = _shaped(delivery)
        _require(
            delivery.user == self.trusted,
            "authorise.act",
            "/source",
            f"bus user {delivery.user!r} may not act for people",
            "act through the hub's command or its gateway",
        )
        data = document["data"]
        return Act(
            subject=document["id"],
            act=data["act"],
            done_to=data["subject"],
            at=min(_instant(document["time"]), now),
            data=data,
            body=delivery.body,
        )

    def _speaker(self, delivery: Delivery, connection_id: str) -> Connection:
        connection = self.connections.get(connection_id)
        if connection is None:
            raise _refusal(
                "authorise.connection",
                "/data/connection_id",
                f"connection {connection_id} is not registered",
                "register its mapping (sunlight check --register, sunlight import)",
            )
        _require(
            delivery.user in (connection.user, self.trusted),
            "authorise.speaker",
            "/source",
            f"bus user {delivery.user!r} may not speak for {connection_id}",
            f"publish as {connection.user!r}",
        )
        return connection

    def _check_names(self, document: Mapping[str, Any]) -> None:
        data = document["data"]
        connection, case = data["connection_id"], data["case"]["case_id"]
        named = ids.event_id(connection, data["source_event_key"], data["type"], data["occurrence"])
        hint = "derive identifiers as hub.model.ids does"
        _require(document["id"] == named, "authorise.event-id", "/id", "the id is not that of this event", hint)
        _require(document["subject"] == case, "authorise.subject", "/subject", "the subject is not the case", hint)
        _require(
            document["source"] == f"/connections/{connection}" and document["type"] == f"sunlight.{data['type']}.v1",
            "authorise.envelope",
            "/source",
            "the envelope and the data name different connections or types",
            hint,
        )
        _require(
            ids.partition_of(ids.bucket_of(case), self.partitions) == self.partition,
            "authorise.partition",
            "/subject",
            "the message came by another case's bucket",
            "publish with crc32(case_id) % 256 as routing key",
        )


_QUARANTINE_FIELDS: Final = (
    "connection_id",
    "read_id",
    "ordinal",
    "stage",
    "code",
    "path",
    "problem",
    "hint",
    "place",
    "record_digest",
)


def _shaped(delivery: Delivery) -> dict[str, Any]:
    if delivery.kind not in SHAPES:
        raise _refusal("validate.kind", "", f"intake carries no {delivery.kind!r}", "see schemas/", "validate")
    expected = shape(SHAPES[delivery.kind])
    try:
        document = orjson.loads(delivery.body)
    except orjson.JSONDecodeError as broken:
        raise _refusal("validate.json", "", str(broken), "send one UTF-8 JSON document", "validate") from broken
    if not expected.holds(document):
        problem = expected.problems(document)[0]
        raise _refusal(f"validate.{problem.rule.lower()}", problem.path, problem.problem, "see schemas/", "validate")
    if _NULL in delivery.body and (place := next(_nulls(document), None)) is not None:
        raise _refusal("validate.null", place, "it holds the character U+0000", "send text without it", "validate")
    return dict(document)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _check_paper(document: Mapping[str, Any], name: str) -> None:
    """Hold a report or a rejection to its names: its id must be `name`."""
    connection = document["data"]["connection_id"]
    hint = "derive identifiers as hub.model.ids does"
    _require(document["id"] == name, "authorise.paper-id", "/id", "the id is not that of this document", hint)
    _require(
        document["subject"] == connection and document["source"] == f"/connections/{connection}",
        "authorise.envelope",
        "/source",
        "the envelope and the data name different connections",
        hint,
    )


def _manifest(said: Mapping[str, Any]) -> Manifest:
    return Manifest(day=date.fromisoformat(said["day"]), cases=said["cases"], sha256=said.get("sha256", ""))


def _unwrapped(sealed: str) -> bytes:
    try:
        return base64.b64decode(sealed, validate=True)
    except ValueError as broken:
        raise _refusal(
            "validate.base64", "/data/sealed", "the bytes are no base64", "send base64", "validate"
        ) from broken


def _nulls(node: object, path: str = "") -> Iterator[str]:
    """Yield the place of every U+0000 in a document."""
    if isinstance(node, dict):
        for name, child in node.items():
            yield from _nulls(name, f"{path}/{storable(name)}")
            yield from _nulls(child, f"{path}/{storable(name)}")
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from _nulls(child, f"{path}/{index}")
    elif isinstance(node, str) and "\x00" in node:
        yield path


def _require(
    held: bool,  # noqa: FBT001 - a predicate
    code: str,
    path: str,
    problem: str,
    hint: str,
    stage: Stage = "authorise",
) -> None:
    if not held:
        raise _refusal(code, path, problem, hint, stage)


def _refusal(code: str, path: str, problem: str, hint: str, stage: Stage = "authorise") -> Refused:
    return Refused(Rejection(stage=stage, code=code, path=path, problem=problem, hint=hint))
