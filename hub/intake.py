"""Takes a source's records in: decode, map, validate, publish; only then the source is told and its checkpoint moves.

Every record ends as case events or as a rejection that keeps its bytes; the read-report counts both.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol
from zoneinfo import ZoneInfo

import orjson

from hub.errors import Refused, Rejection
from hub.model import ids
from hub.model.digest import record_digest, xor_digests
from hub.model.documents import Evidence, event_document, rejection_document, report_document, written
from hub.model.shapes import shape
from hub.model.values import EVERY_PARTITION, Message, Portion
from hub.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime, tzinfo
    from pathlib import Path

    from hub.model.values import Manifest, Record
    from hub.ports import Bus, Checkpoints, Clock, Source, Vault

HUB_ZONE: Final = ZoneInfo("Asia/Shanghai")
"""Zone in which times are written unless the settings say otherwise."""

PUBLISHED_TOGETHER: Final = 2000
"""Messages handed to the bus at a time, so that memory stays bounded however many events a record yields."""

SEALED_BYTES: Final = 1 << 20
"""Largest record whose bytes leave the connector; a larger one stays in its spool, known by digest."""

TRAVELLING_BYTES: Final = 16 << 10
"""Largest checkpoint that goes with a report, each of which stands in the ledger for ever."""

PLACE_CHARS: Final = 1000
"""Longest place that a case event carries (schemas/case-event.v1)."""


class MappedEvent(Protocol):
    """One event of a record."""

    @property
    def event_id(self) -> str:
        """Return its id."""

    @property
    def data(self) -> dict[str, Any]:
        """Return its data (schemas/case-event.v1), all but the provenance, which is added to it."""


class Declared(Protocol):
    """What the intake needs to know of the connection."""

    @property
    def connection(self) -> str:
        """Return the connection's id."""


class RecordMapping(Protocol):
    """A compiled mapping."""

    @property
    def declaration(self) -> Declared:
        """Return what the mapping file declares."""

    @property
    def fingerprint(self) -> str:
        """Return the digest of what the mapping means."""

    def map_record(self, tree: Mapping[str, Any]) -> Sequence[MappedEvent]:
        """Return the record's events, none if it says nothing; raise Refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadTotals:
    """What one read came to: records, but for `events`. `read` = `mapped` + `empty` + `quarantined`."""

    read_id: str
    portions: int = 0
    read: int = 0
    mapped: int = 0
    empty: int = 0
    quarantined: int = 0
    events: int = 0

    def messages(self, partitions: int) -> int:
        """Return how many messages the read put into the intake queues: its reports go to every partition."""
        return self.events + self.quarantined + self.portions * partitions


class Intake:
    """The intake of one connection. Belongs to one thread, as its bus does; at most one runs per connection."""

    def __init__(
        self,
        *,
        bus: Bus,
        mapping: RecordMapping,
        clock: Clock,
        checkpoints: Checkpoints,
        vault: Vault,
        spool: Path,
        zone: tzinfo = HUB_ZONE,
    ) -> None:
        """Map by `mapping` and publish to `bus`; refused bytes are sealed by `vault`, or kept in the folder `spool`."""
        self._bus, self._mapping, self._clock, self._zone = bus, mapping, clock, zone
        self._checkpoints, self._vault, self._spool = checkpoints, vault, Spool(spool)
        self._connection = mapping.declaration.connection

    def run_once(
        self,
        source: Source,
        *,
        backfill: bool = False,
        watermark: datetime | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> ReadTotals:
        """Read what is new at `source`, to its end; return what that came to.

        A `backfill` reads from the beginning and leaves the checkpoint alone. `watermark` (aware) stands for what the
        source itself says it has delivered. `progress` is told, after every portion, how many records were read.
        Unavailable leaves the checkpoint where the last confirmed portion put it: run again.
        """
        read = _Read(backfill=backfill)
        checkpoint = None if backfill else self._checkpoints.load(self._connection)
        for portion in source.read(checkpoint):
            handed = self._deliver(read, portion, watermark or portion.watermark)
            source.acknowledge(handed)
            if portion.checkpoint is not None and not backfill:
                self._checkpoints.save(self._connection, portion.checkpoint)
            if progress is not None:
                progress(read.totals.read)
        return read.totals

    def replay_record(self, record: Record) -> tuple[ReadTotals, Rejection | None]:
        """Take one record in again, which was refused before: a read of one record, with its own read-report.

        It says nothing of what the source has delivered: it has no watermark.
        """
        read = _Read(backfill=False)
        (handed,) = self._deliver(read, Portion(records=[record], checkpoint=None, final=True), None)
        return read.totals, handed.refused

    def take_pushed(
        self, records: Sequence[Record], *, read_id: str, begins: int
    ) -> tuple[ReadTotals, Sequence[Rejection | None]]:
        """Take in what a department has sent by itself, as a read called `read_id`; return what became of each record.

        Its portion and its ordinals begin with `begins`: the same push sent again is the same messages, and another
        push under the same name is told apart.
        """
        read = _Read(backfill=False, read_id=read_id, begins=begins)
        handed = self._deliver(read, Portion(records=records, checkpoint=None, final=True), None)
        return read.totals, [record.refused for record in handed]

    def refusals(self, records: Sequence[Record]) -> Sequence[Rejection | None]:
        """Tell of each record why it would be refused, None where it would not; nothing is published."""
        now = written(self._clock.now(), self._zone)
        work = _PortionWork(_Read(backfill=False), self._mapping, now, self._zone)
        return [work.take(record) for record in records]

    def _deliver(self, read: _Read, portion: Portion, watermark: datetime | None) -> Sequence[Record]:
        """Publish a portion's messages, then its report; return its records, those refused here marked so."""
        work = _PortionWork(read, self._mapping, written(self._clock.now(), self._zone), self._zone)
        handed = []
        for record in portion.records:
            rejection = work.take(record)
            if rejection is not None:
                work.reject(rejection, record, self._evidence(record))
                record = dataclasses.replace(record, refused=rejection)  # noqa: PLW2901 - the same record, marked
            handed.append(record)
            if len(work.messages) >= PUBLISHED_TOGETHER:
                self._bus.publish(work.handed_over())
        if work.messages:
            self._bus.publish(work.handed_over())
        if handed or portion.final:
            self._bus.publish([self._report(read, work, portion, watermark)])
            read.count(work)
        return handed

    def _evidence(self, record: Record) -> Evidence:
        digest, size_bytes = record_digest(record.raw), len(record.raw)
        if size_bytes > SEALED_BYTES:
            return Evidence(record_digest=digest, size_bytes=size_bytes, spool=self._spool.keep(record.raw))
        return Evidence(record_digest=digest, size_bytes=size_bytes, sealed=self._vault.seal(record.raw))

    def _report(self, read: _Read, work: _PortionWork, portion: Portion, watermark: datetime | None) -> Message:
        data: dict[str, Any] = {
            **work.origin(),
            "final": portion.final,
            "records": work.counts(),
            "events": work.events,
            "buckets": dict(read.buckets),
            "digests_xor": xor_digests(work.digests),
            "checkpoint": _travelling(portion.checkpoint),
            "started_at": work.received_at,
            "ended_at": written(self._clock.now(), self._zone),
        }
        if portion.final and watermark is not None:
            data["watermark"] = written(watermark, self._zone)
        if portion.final and portion.emptied_at is not None:
            data["emptied_at"] = written(portion.emptied_at, self._zone)
        if portion.manifests:
            data["manifests"] = [_said(manifest) for manifest in portion.manifests]
        document = report_document(data)
        body = orjson.dumps(document)
        return Message(exchange="intake", key=EVERY_PARTITION, kind="report", message_id=document["id"], body=body)


class _Read:
    """One read in progress: its name, and what its portions have come to so far."""

    def __init__(self, *, backfill: bool, read_id: str = "", begins: int = 0) -> None:
        self.backfill, self.begins = backfill, begins
        self.totals = ReadTotals(read_id=read_id or str(uuid.uuid4()))
        self.buckets: Counter[str] = Counter()

    def count(self, work: _PortionWork) -> None:
        """Add a portion that is delivered and reported."""
        before = self.totals
        self.totals = ReadTotals(
            read_id=before.read_id,
            portions=before.portions + 1,
            read=before.read + len(work.digests),
            mapped=before.mapped + work.mapped,
            empty=before.empty + work.empty,
            quarantined=before.quarantined + work.quarantined,
            events=before.events + work.events,
        )


class _PortionWork:
    """One portion on its way: its messages, and its counts."""

    def __init__(self, read: _Read, mapping: RecordMapping, received_at: str, zone: tzinfo) -> None:
        self.messages: list[Message] = []
        self.digests: list[str] = []
        self.mapped = self.empty = self.quarantined = self.events = 0
        self.received_at = received_at
        self._read, self._mapping, self._zone = read, mapping, zone
        self._holds = shape("case-event.v1").holds

    def counts(self) -> Mapping[str, int]:
        """Return what became of the records."""
        return {
            "read": len(self.digests),
            "mapped": self.mapped,
            "empty": self.empty,
            "quarantined": self.quarantined,
        }

    def origin(self) -> dict[str, Any]:
        """Return what all documents of this portion say of where they come from."""
        return {
            "connection_id": self._mapping.declaration.connection,
            "read_id": self._read.totals.read_id,
            "portion": self._read.begins + self._read.totals.portions,
            "backfill": self._read.backfill,
            "mapping_fingerprint": self._mapping.fingerprint,
        }

    def handed_over(self) -> Sequence[Message]:
        """Return the messages so far, and forget them."""
        messages, self.messages = self.messages, []
        return messages

    def take(self, record: Record) -> Rejection | None:
        """Turn a record into messages, wholly; or return why it is refused, wholly."""
        digest = record_digest(record.raw)
        self.digests.append(digest)
        if record.refused is not None:
            return record.refused
        try:
            messages = list(self._messages(self._mapping.map_record(record.tree), record.place, digest))
        except Refused as refused:
            return refused.rejection
        self.messages += messages
        self.events += len(messages)
        self._read.buckets.update(message.key for message in messages)
        if messages:
            self.mapped += 1
        else:
            self.empty += 1
        return None

    def _messages(self, events: Sequence[MappedEvent], place: str, digest: str) -> Iterator[Message]:
        totals = self._read.totals
        said = {
            "read_id": totals.read_id,
            "portion": self._read.begins + totals.portions,
            "record_digest": digest,
            "place": place[:PLACE_CHARS],
            "backfill": self._read.backfill,
        }
        for ordinal, event in enumerate(events, start=self._read.begins + totals.events + self.events):
            document = event_document(
                event.event_id,
                event.data,
                provenance={**said, "ordinal": ordinal},
                received_at=self.received_at,
                fingerprint=self._mapping.fingerprint,
                zone=self._zone,
            )
            yield Message(
                exchange="intake",
                key=str(ids.bucket_of(document["subject"])),
                kind="event",
                message_id=f"{totals.read_id}:{said['portion']}:{ordinal}",
                body=self._body(document),
            )

    def _body(self, document: dict[str, Any]) -> bytes:
        """Write a document that has the shape of a case event; raise Refused for any other."""
        try:
            if self._holds(document):
                return orjson.dumps(document)
        except (ValueError, TypeError) as unwritable:
            raise Refused(_unfit("unwritable", "", f"no JSON can hold it: {type(unwritable).__name__}")) from unwritable
        problem = next(iter(shape("case-event.v1").problems(document)))
        raise Refused(_unfit(problem.rule.lower(), problem.path, problem.problem))

    def reject(self, rejection: Rejection, record: Record, evidence: Evidence) -> None:
        """Add the rejection of a record that was just taken."""
        self.quarantined += 1
        placed = dataclasses.replace(rejection, place=rejection.place or record.place)
        ordinal = self._read.begins + self._read.totals.read + len(self.digests) - 1
        origin = self.origin() | {"ordinal": ordinal}
        document = rejection_document(placed, evidence, origin=origin, received_at=self.received_at)
        key = str(ids.bucket_of(origin["connection_id"]))
        body = orjson.dumps(document)
        self.messages.append(
            Message(exchange="intake", key=key, kind="rejection", message_id=document["id"], body=body)
        )


def _travelling(checkpoint: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return a checkpoint as it goes with a report; of one that is large only its size: it stays with its reader."""
    size = len(orjson.dumps(checkpoint))
    return checkpoint if size <= TRAVELLING_BYTES else {"omitted_bytes": size}


def _said(manifest: Manifest) -> dict[str, Any]:
    said: dict[str, Any] = {"day": manifest.day.isoformat(), "cases": manifest.cases}
    return {**said, "sha256": manifest.sha256} if manifest.sha256 else said


def _unfit(rule: str, path: str, problem: str) -> Rejection:
    hint = "correct the record at its source, or the mapping's expression for this field"
    return Rejection(stage="validate", code=f"validate.{rule}", path=path, problem=problem, hint=hint)
