"""The hub's spine under test: connectors that publish what a test says, the hub's own line, and what came of it."""

from __future__ import annotations

import contextlib
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import orjson
import sqlalchemy as sa

from hub.bus import open_bus
from hub.bus.topology import topology
from hub.errors import Rejection
from hub.model import ids
from hub.model.digest import record_digest
from hub.model.documents import Evidence, event_document, rejection_document, report_document
from hub.model.values import EVERY_PARTITION, Connection, Delivery, Message
from hub.store.engine import open_engine, reading
from tests.support.casework import CONNECTION, DEPARTMENT, MATTER, a_case, an_event
from tests.support.hubs import hub_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hub.clock import ManualClock
    from hub.drain import Line
    from hub.ports import Bus
    from hub.wiring import Hub

ZONE: Final = ZoneInfo("Asia/Shanghai")
NOW: Final = datetime(2026, 3, 2, 4, tzinfo=UTC)
OTHER: Final = "taizhou.market.licences"
OTHER_DEPARTMENT: Final = "1132120001400001XL"
HUB_USER: Final = "sunlight"
CATALOGUE_DOCUMENT: Final = {
    "department": {
        "department_id": DEPARTMENT,
        "name": "住房和城乡建设局",
        "region_code": "321200",
        "valid_from": "2004-07-01",
    },
    "matters": [
        {
            "matter_code": MATTER,
            "version": "1",
            "name": "建筑工程施工许可",
            "power_type": "01",
            "valid_from": "2004-07-01",
            "promised_limit": {"n": 10, "unit": "working_day"},
            "statutory_limit": {"n": 20, "unit": "working_day"},
        }
    ],
}


def a_connection(connection_id: str = CONNECTION, **fields: Any) -> Connection:
    """Return a registration; the housing department's unless told."""
    department = OTHER_DEPARTMENT if connection_id == OTHER else DEPARTMENT
    base: dict[str, Any] = {"user": connection_id, "departments": frozenset({department}), "allowed_delay_s": 0}
    return Connection(connection_id=connection_id, **{**base, **fields})


@dataclass
class Read:
    """One read of a connector, as it tells the hub of it: events and rejections, then its report."""

    connection: str = CONNECTION
    backfill: bool = False
    department: str = ""
    read_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    portion: int = 0
    events: int = 0
    records: Counter[str] = field(default_factory=Counter)
    buckets: Counter[str] = field(default_factory=Counter)
    reported: int = 0
    refused: int = 0

    def event(self, event_type: str, occurred_at: str, *, case_no: str = "2026-0001", **fields: Any) -> Message:
        """Return the message of the next event; `fields` are of its data, `case` of its case."""
        document = self.document(event_type, occurred_at, case_no=case_no, **fields)
        return self.message(document)

    def document(self, event_type: str, occurred_at: str, *, case_no: str = "2026-0001", **fields: Any) -> Any:
        """Return the next event's document."""
        case = a_case(case_id=ids.case_id(self.connection, case_no), case_no=case_no)
        department = OTHER_DEPARTMENT if self.connection == OTHER else DEPARTMENT
        case |= {"department_id": self.department or department} | fields.pop("case", {})
        data = an_event(event_type, occurred_at, backfill=self.backfill, read_id=self.read_id, case=case, **fields)
        data |= {"connection_id": self.connection, "source_event_key": fields.get("source_event_key", case_no)}
        provenance = data.pop("provenance") | {"portion": self.portion, "ordinal": self.events}
        name = ids.event_id(self.connection, data["source_event_key"], data["type"], data["occurrence"])
        return event_document(
            name,
            data,
            provenance=provenance,
            received_at="2026-03-02T12:00:00+08:00",
            fingerprint="a" * 64,
            zone=ZONE,
        )

    def message(self, document: Mapping[str, Any]) -> Message:
        """Count `document` as this read's next event and return its message."""
        key = str(ids.bucket_of(document["subject"]))
        name = f"{self.read_id}:{self.portion}:{self.events}"
        self.events += 1
        self.records["mapped"] += 1
        self.buckets[key] += 1
        return Message(exchange="intake", key=key, kind="event", message_id=name, body=orjson.dumps(document))

    def rejection(self, raw: bytes = b"raw", **fields: Any) -> Message:
        """Return the message of a record that the connector refused."""
        said = {"stage": "map", "code": "map.unknown-code", "problem": "no such code", "hint": "add it", "place": "f:1"}
        origin = {
            "connection_id": self.connection,
            "read_id": self.read_id,
            "portion": self.portion,
            "ordinal": self.refused,
            "backfill": self.backfill,
            "mapping_fingerprint": "a" * 64,
        }
        self.records["quarantined"] += 1
        self.refused += 1
        evidence = Evidence(record_digest=record_digest(raw), size_bytes=len(raw), sealed=raw)
        document = rejection_document(
            Rejection(**{**said, **fields}), evidence, origin=origin, received_at="2026-03-02T12:00:00+08:00"
        )
        key = str(ids.bucket_of(self.connection))
        return Message(
            exchange="intake", key=key, kind="rejection", message_id=document["id"], body=orjson.dumps(document)
        )

    def report(self, watermark: str | None = None, *, final: bool = True, **fields: Any) -> Message:
        """Return the report of the portion so far, and begin the next portion."""
        counts = {name: self.records[name] for name in ("mapped", "empty", "quarantined")}
        data: dict[str, Any] = {
            "connection_id": self.connection,
            "read_id": self.read_id,
            "portion": self.portion,
            "backfill": self.backfill,
            "mapping_fingerprint": "a" * 64,
            "final": final,
            "records": {"read": sum(counts.values()), **counts},
            "events": self.events - self.reported,
            "buckets": dict(self.buckets),
            "digests_xor": "0" * 64,
            "checkpoint": None,
            "started_at": "2026-03-02T12:00:00+08:00",
            "ended_at": "2026-03-02T12:00:00+08:00",
        } | fields
        if watermark:
            data["watermark"] = watermark
        self.portion, self.reported = self.portion + 1, self.events
        self.records.clear()
        document = report_document(data)
        return Message(
            exchange="intake",
            key=EVERY_PARTITION,
            kind="report",
            message_id=document["id"],
            body=orjson.dumps(document),
        )


def delivered(message: Message, *, user: str = HUB_USER, redelivered: bool = False, tag: int = 1) -> Delivery:
    """Return a message as a partition's owner receives it."""
    return Delivery(
        queue="sunlight.intake.0",
        tag=tag,
        kind=message.kind,
        message_id=message.message_id,
        user=user,
        body=message.body,
        redelivered=redelivered,
    )


@dataclass
class Spine:
    """A hub with its own account's bus, its line, and what a test asks of it."""

    hub: Hub
    stack: contextlib.ExitStack
    bus: Bus = field(init=False)
    line: Line = field(init=False)

    def __post_init__(self) -> None:
        self.hub.store.register([a_connection(), a_connection(OTHER)])
        self.hub.store.load_catalogue([CATALOGUE_DOCUMENT])
        self.bus = self.opened(self.hub.settings.bus_url)
        self.line = self.hub.line(self.bus)
        self.stack.callback(self.line.release)

    @property
    def clock(self) -> ManualClock:
        clock: Any = self.hub.clock
        return clock  # type: ignore[no-any-return]

    def opened(self, url: str) -> Bus:
        """Open a bus at `url`, closed with the hub."""
        declared = topology(partitions=len(self.hub.partitions), views=self.hub.settings.feed.views)
        bus = open_bus(url, declared)
        self.stack.callback(bus.close)
        return bus

    def account(self, user: str) -> Bus:
        """Open an embedded bus as another account."""
        path = urlsplit(self.hub.settings.bus_url).path
        return self.opened(f"embedded://{user}@{path}")

    def tell(self, *messages: Message, bus: Bus | None = None) -> None:
        """Publish, as the account of `bus` where one is named, and bring everything to rest.

        A broker tells how many messages it holds a moment late, so they are counted.
        """
        (bus or self.bus).publish(messages)
        reports = sum(message.key == EVERY_PARTITION for message in messages)
        self.line.settle(expected=len(messages) + reports * (len(self.hub.partitions) - 1))

    def accounts(self) -> dict[str, dict[str, Any]]:
        """Return the accounting by connection, after asserting both identities and that nothing is in flight."""
        found = self.hub.queries.accounting()
        assert_identities(found)
        assert all(account["in_flight"] == 0 for account in found.values()), found
        return found

    def outcomes(self, connection: str = CONNECTION) -> dict[str, int]:
        """Return how many events of a connection had which outcome, those that none had left out."""
        counts = self.accounts().get(connection, {"outcomes": {}})["outcomes"]
        return {name: n for name, n in counts.items() if n}

    def quarantined(self) -> Sequence[dict[str, Any]]:
        """Return what is in quarantine."""
        return self.hub.queries.quarantine(limit=1000)

    def entries(self, kind: str) -> list[Any]:
        """Return the documents of one kind in the ledger, in order per partition."""
        query = "SELECT body FROM ledger WHERE kind = :kind ORDER BY partition, position"
        return [orjson.loads(body) for (body,) in self.rows(query, kind=kind)]

    def alerts(self) -> dict[tuple[str, str], str]:
        """Return the state of every alert by case number and rule."""
        return {(row["case_no"], row["rule_id"]): row["state"] for row in self.hub.queries.alerts(limit=1000)}

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """Ask the database itself."""
        engine = open_engine(self.hub.settings.store_url)
        with reading(engine) as connection:
            found = [tuple(row) for row in connection.execute(sa.text(query), values)]
        engine.dispose()
        return found


def assert_identities(accounts: Mapping[str, Mapping[str, Any]]) -> None:
    """Assert that every record and every event is accounted for."""
    for name, account in accounts.items():
        assert account["read"] == account["mapped"] + account["empty"] + account["quarantined"], name
        assert account["published"] + account["surplus"] == sum(account["outcomes"].values()) + account["in_flight"], (
            name,
            account,
        )
        assert account["surplus"] == 0, (name, account)


@contextlib.contextmanager
def a_spine(
    folder: Path, *, now: datetime = NOW, store_url: str = "", bus_url: str = "", **how: Any
) -> Iterator[Spine]:
    """Open a hub with two registered connections and the housing department's catalogue."""
    with contextlib.ExitStack() as stack:
        hub = hub_at(folder, now=now, store_url=store_url, bus_url=bus_url, **how)
        stack.callback(hub.close)
        yield Spine(hub, stack)
