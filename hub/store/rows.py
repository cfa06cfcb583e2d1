"""Turns values into rows and back: one place that knows in which order a table's columns stand."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from hub.model.values import (
    AlertRow,
    Arrival,
    Awaited,
    CaseRow,
    ClockRow,
    Connection,
    Entry,
    Outcome,
    QuarantineRow,
    ReadReport,
    Watermark,
)
from hub.store import tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import sqlalchemy as sa

Row = tuple[Any, ...]


def _getter(table: sa.Table, value: type, *, left_out: tuple[str, ...] = ()) -> tuple[str, ...]:
    names = tuple(column.name for column in table.columns if column.name not in left_out)
    missing = set(names) - set(value.__slots__)  # type: ignore[attr-defined]
    if missing:
        problem = f"{value.__name__} lacks {sorted(missing)}"
        raise AssertionError(problem)
    return names


_ENTRY = _getter(tables.ledger, Entry)
_CASE = _getter(tables.cases, CaseRow, left_out=("partition",))
_QUARANTINE = _getter(tables.quarantine, QuarantineRow)
_READ = _getter(tables.reads, ReadReport)


def named(row: sa.Row[Any]) -> dict[str, Any]:
    """Return a row's values by column."""
    return row._asdict()


def entry_rows(entries: Iterable[Entry]) -> list[Row]:
    """Rows of `ledger`."""
    return [tuple(getattr(entry, name) for name in _ENTRY) for entry in entries]


def entry(row: sa.Row[Any]) -> Entry:
    """Read one ledger row."""
    return Entry(**named(row))


def arrival_rows(arrivals: Iterable[Arrival], partition: int) -> list[Row]:
    """Rows of `inbox`."""
    return [
        (
            each.event_id,
            each.read_id,
            each.ordinal,
            each.portion,
            each.connection_id,
            each.digest,
            each.source_version,
            each.mapping_version,
            each.record_digest,
            each.fingerprint,
            str(each.outcome),
            partition,
            each.position,
        )
        for each in arrivals
    ]


def arrival(row: sa.Row[Any]) -> Arrival:
    """Read one inbox row."""
    values = named(row)
    del values["partition"]
    return Arrival(**{**values, "outcome": Outcome(values["outcome"])})


def tally_rows(arrivals: Iterable[Arrival], partition: int) -> list[Row]:
    """Rows of `tallies`: how many arrivals of each portion had which outcome."""
    counts: dict[tuple[str, str, int, int, str], int] = {}
    for each in arrivals:
        key = (each.connection_id, each.read_id, each.portion, partition, str(each.outcome))
        counts[key] = counts.get(key, 0) + 1
    return [(*key, n) for key, n in counts.items()]


def case_rows(cases: Iterable[CaseRow], partition: int) -> list[Row]:
    """Rows of `cases`."""
    return [(each.case_id, partition, *(getattr(each, name) for name in _CASE[1:])) for each in cases]


def case(row: sa.Row[Any]) -> CaseRow:
    """Read one case."""
    values = named(row)
    del values["partition"]
    return CaseRow(**values)


def clock_rows(clocks: Iterable[ClockRow]) -> list[Row]:
    """Rows of `clocks`."""
    return [
        (
            each.clock_id,
            each.case_id,
            each.kind,
            each.occurrence,
            each.state,
            each.basis,
            each.started_at,
            each.due_at,
            each.warn_at,
            each.stopped_at,
            each.provisional,
            each.calendar_version,
            orjson.dumps(list(each.derivation)).decode(),
        )
        for each in clocks
    ]


def clock(row: sa.Row[Any]) -> ClockRow:
    """Read one clock."""
    return ClockRow(**{**named(row), "derivation": tuple(orjson.loads(named(row)["derivation"]))})


def alert_rows(alerts: Iterable[AlertRow]) -> list[Row]:
    """Rows of `alerts`; of several moves of one alert in a batch the last stands."""
    latest = {each.alert_id: each for each in alerts}
    return [
        (
            each.alert_id,
            each.case_id,
            each.rule_id,
            each.occurrence,
            each.level,
            each.state,
            each.department_id,
            each.region_code,
            each.raised_at,
            each.changed_at,
            orjson.dumps(each.document).decode(),
        )
        for each in latest.values()
    ]


def alert(row: sa.Row[Any]) -> AlertRow:
    """Read one alert."""
    return AlertRow(**{**named(row), "document": orjson.loads(named(row)["document"])})


def watermark_rows(marks: Iterable[Watermark], partition: int) -> list[Row]:
    """Rows of `watermarks`."""
    return [
        (
            each.connection_id,
            partition,
            each.delivered_to,
            each.importing,
            each.reading,
            each.reading_since,
            _awaited_text(each.awaited),
        )
        for each in marks
    ]


def watermark(row: sa.Row[Any]) -> Watermark:
    """Read one watermark."""
    listed = orjson.loads(row.awaited)
    awaited = tuple(Awaited(read_id=read, events=n, watermark=_moment(text)) for read, n, text in listed)
    values = {name: value for name, value in named(row).items() if name != "partition"}
    return Watermark(**{**values, "awaited": awaited})


def _awaited_text(awaited: Sequence[Awaited]) -> str:
    return orjson.dumps([[each.read_id, each.events, each.watermark] for each in awaited]).decode()


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def read_rows(reports: Sequence[ReadReport]) -> list[Row]:
    """Rows of `reads`."""
    return [tuple(getattr(each, name) for name in _READ) for each in reports]


def quarantine_rows(rows: Sequence[QuarantineRow]) -> list[Row]:
    """Rows of `quarantine`."""
    return [tuple(getattr(each, name) for name in _QUARANTINE) for each in rows]


def connection_document(connection: Connection) -> str:
    """Write one registration."""
    fields = {name: getattr(connection, name) for name in Connection.__slots__}
    return orjson.dumps({**fields, "departments": sorted(connection.departments)}).decode()


def connection(document: str) -> Connection:
    """Read one registration."""
    fields: Mapping[str, Any] = orjson.loads(document)
    return Connection(**{**fields, "departments": frozenset(fields["departments"])})
