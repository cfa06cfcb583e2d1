"""What store tests share: empty stores to open, rows that state only what a test is about, processes to stall."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from hub.model.chain import Chain
from hub.model.values import (
    AlertRow,
    Arrival,
    CaseRow,
    Changes,
    ClockRow,
    Entry,
    Outcome,
    Place,
    QuarantineRow,
    ReadReport,
)
from hub.store.engine import open_engine
from hub.store.queries import Queries
from hub.store.sql import SqlStore
from tests.support.prepared import prepare

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import sqlalchemy as sa

    from hub.ports import Unit

ROOT: Final = Path(__file__).parents[2]
NOW: Final = datetime(2026, 3, 1, 8, 30, 15, 123_456, tzinfo=UTC)
LONG_S: Final = 600.0
"""Seconds of a lease that outlasts any test."""


@dataclass
class StorePlace:
    """One empty database where stores can be opened. Closes what was opened there."""

    url: str
    opened: list[SqlStore | Queries] = field(default_factory=list)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def prepare(self, partitions: int = 1) -> StorePlace:
        """Migrate it and begin its ledger."""
        prepare(self.url, partitions=partitions)
        return self

    def open(self) -> SqlStore:
        """Open another store here."""
        store = SqlStore(self.url)
        self.opened.append(store)
        return store

    def queries(self) -> Queries:
        """Open the reading side."""
        queries = Queries(self.url)
        self.opened.append(queries)
        return queries

    @contextmanager
    def tampering(self) -> Iterator[sa.Connection]:
        """Write behind the store's back."""
        engine = open_engine(self.url)
        try:
            with engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()

    def rows(self, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
        """Read behind the store's back."""
        with self.tampering() as connection:
            return [tuple(row) for row in connection.execute(query)]

    def process(self, script: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a process that runs `script` with the URL and `arguments` as its argv; its output can be read."""
        command = [sys.executable, "-c", script, self.url, *arguments]
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.started.append(process)
        return process

    def close(self) -> None:
        """Close what was opened here, and end what was started."""
        for process in self.started:
            process.kill()
            process.communicate()
        for each in self.opened:
            each.close()


DATABASES: Final = ["sqlite", pytest.param("postgres", marks=pytest.mark.servers)]
"""What the Store port's contract is run against."""


@contextmanager
def empty_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StorePlace]:
    """Make an empty database of the kind that the fixture's parameter names."""
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/store.db" if sqlite else request.getfixturevalue("postgres").fresh_database()
    place = StorePlace(url)
    yield place
    place.close()


def cut(url: str) -> None:
    """Break every connection to a PostgreSQL database, and let nobody in."""
    name = urlsplit(url).path.lstrip("/")
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    with _administering(url) as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name)))
        connection.execute(end, [name])


def mend(url: str) -> None:
    """Let people into a PostgreSQL database again."""
    name = sql.Identifier(urlsplit(url).path.lstrip("/"))
    with _administering(url) as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))


def _administering(url: str) -> psycopg.Connection:
    parts = urlsplit(url)._replace(scheme="postgresql", path="/postgres")
    return psycopg.connect(urlunsplit(parts), autocommit=True)


def held(store: SqlStore, role: str = "partition/0", owner: str = "me") -> int:
    """Claim `role` for long and return the epoch."""
    epoch = store.claim(role, owner=owner, lease_s=LONG_S)
    assert epoch is not None
    return epoch


def entries(unit: Unit, count: int, *, kind: str = "event", prefix: str = "e", body: bytes | None = None) -> Chain:
    """Extend the unit's chain by `count` entries about case `c`; their bodies are named `<prefix><n>`."""
    chain = Chain(unit.head, NOW)
    for n in range(count):
        chain.append(kind=kind, subject="c", outcome="new", body=body or f"{prefix}{n}".encode())
    return chain


def written(unit: Unit, chain: Chain | None = None, **changes: Any) -> None:
    """Write `chain` and whatever else is named."""
    chain = chain or Chain(unit.head, NOW)
    unit.write(Changes(head=chain.head, entries=chain.entries, **changes))


def extend(store: SqlStore, epoch: int, count: int, *, partition: int = 0, prefix: str = "e") -> None:
    """Append `count` event entries to a partition's chain in one transaction."""
    with store.unit(partition, epoch=epoch) as unit:
        written(unit, entries(unit, count, prefix=prefix))


def an_arrival(event_id: str = "event", **fields: Any) -> Arrival:
    """Return an inbox row with every field set."""
    base = Arrival(
        event_id=event_id,
        read_id="read",
        portion=1,
        ordinal=0,
        connection_id="conn",
        digest="d" * 64,
        source_version=3,
        mapping_version=2,
        record_digest="r" * 64,
        fingerprint="f" * 64,
        outcome=Outcome.NEW,
        position=1,
    )
    return replace(base, **fields)


def a_case(case_id: str = "case", **fields: Any) -> CaseRow:
    """Return a case with every field set."""
    base = CaseRow(
        case_id=case_id,
        connection_id="conn",
        case_no="2026-0001",
        department_id="11321200014000028L",
        region_code="321281",
        matter_code="m",
        title="建筑工程施工许可",
        disclosure="public",
        state="accepted",
        opened_at=NOW,
        closed_at=NOW.replace(microsecond=1),
        first_position=1,
        wake_at=NOW.replace(microsecond=999_999),
        log=bytes(range(256)),
    )
    return replace(base, **fields)


def a_clock(clock_id: str = "clock", subject: str = "case", **fields: Any) -> ClockRow:
    """Return a clock with every field set."""
    base = ClockRow(
        clock_id=clock_id,
        subject=subject,
        kind="promised",
        occurrence="1",
        state="running",
        basis="catalogue",
        started_at=NOW,
        due_at=NOW.replace(microsecond=7),
        warn_at=NOW.replace(year=2025),
        stopped_at=NOW.replace(year=1969),
        provisional=True,
        calendar_version="2026",
        derivation=("受理之日起", "十个工作日"),
    )
    return replace(base, **fields)


def an_alert(alert_id: str = "alert", subject: str = "case", **fields: Any) -> AlertRow:
    """Return an alert with every field set."""
    base = AlertRow(
        alert_id=alert_id,
        subject=subject,
        rule_id="R14",
        occurrence=alert_id,
        level="yellow",
        state="raised",
        department_id="11321200014000028L",
        region_code="321281",
        raised_at=NOW,
        changed_at=NOW.replace(microsecond=5),
        document={"rule": "R14", "说明": ["超期", 1, None, {"a": True}]},
    )
    return replace(base, **fields)


def a_report(read_id: str = "read", **fields: Any) -> ReadReport:
    """Return the report of a portion of ten records and twelve events."""
    base = ReadReport(
        read_id=read_id,
        portion=1,
        connection_id="conn",
        final=True,
        backfill=False,
        read=10,
        mapped=7,
        empty=2,
        quarantined=1,
        events=12,
        ended_at=NOW,
        body=b'{"report":1}',
    )
    return replace(base, **fields)


def a_quarantine_row(rejection_id: str = "rejection", **fields: Any) -> QuarantineRow:
    """Return a refused record with every field set."""
    base = QuarantineRow(
        rejection_id=rejection_id,
        connection_id="conn",
        read_id="read",
        ordinal=4,
        stage="map",
        code="map.unknown-code",
        path="/channel",
        problem="no such code",
        hint="add it",
        place="table t, key 1",
        record_digest="r" * 64,
        sealed=b"\x00\xff",
        size_bytes=2,
        received_at=NOW,
        last_at=NOW,
        value="7",
        seen=1,
        state="open",
    )
    return replace(base, **fields)


def everywhere(entry: Entry) -> Sequence[Place]:
    """Put every entry on the public view, in county 321281."""
    return [a_place(entry)]


def a_place(entry: Entry, **fields: Any) -> Place:
    """Return where an entry appears."""
    base = Place(
        view="public",
        kind=entry.kind,
        county="321281",
        key=f"{entry.kind}.321200.321281.d.t",
        document={"text": entry.body.decode(), "partition": entry.partition},
    )
    return replace(base, **fields)
