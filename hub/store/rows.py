"""Turns values into rows and back: one place that knows in which order a table's columns stand."""

from __future__ import annotations

from datetime import date, datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import orjson

from hub.model.conduct import Conduct
from hub.model.facts import CaseFacts
from hub.model.values import (
    AlertRow,
    Arrival,
    Awaited,
    CaseRow,
    ClockRow,
    Connection,
    Entry,
    NotificationRow,
    Outcome,
    PaperRow,
    QuarantineRow,
    ReadReport,
    Trace,
    Watermark,
)
from hub.store import counted, outgoing, score_tables, tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import sqlalchemy as sa

    from hub.model.scores import Entered

Row = tuple[Any, ...]


def _getter(table: sa.Table, value: type, *, left_out: str = "") -> Callable[[Any], Row]:
    """Return what reads a value's fields in the order of the table's columns."""
    names = tuple(column.name for column in table.columns if column.name != left_out)
    missing = set(names) - set(value.__slots__)  # type: ignore[attr-defined]
    if missing:
        problem = f"{value.__name__} lacks {sorted(missing)}"
        raise AssertionError(problem)
    return attrgetter(*names)


_ENTRY = _getter(tables.ledger, Entry)
_CASE = _getter(tables.cases, CaseRow, left_out="partition")
_ARRIVAL = _getter(tables.inbox, Arrival, left_out="partition")
_QUARANTINE = _getter(tables.quarantine, QuarantineRow)
_READ = _getter(tables.reads, ReadReport)
_FACTS = _getter(counted.case_facts, CaseFacts)
_CONDUCT = _getter(score_tables.conduct, Conduct)


_NOTIFICATION = _getter(outgoing.notifications, NotificationRow)


_OUTCOMES: Final = {outcome.value: outcome for outcome in Outcome}
"""Looked up rather than called: this is read for every event."""


def named(row: sa.Row[Any]) -> dict[str, Any]:
    """Return a row's values by column."""
    return row._asdict()


def entry_rows(entries: Iterable[Entry]) -> list[Row]:
    """Rows of `ledger`."""
    return list(map(_ENTRY, entries))


def entry(row: sa.Row[Any]) -> Entry:
    """Read one ledger row."""
    return Entry(**named(row))


def arrival_rows(arrivals: Iterable[Arrival], partition: int) -> list[Row]:
    """Rows of `inbox`."""
    return [(*row[:-2], str(row[-2]), partition, row[-1]) for row in map(_ARRIVAL, arrivals)]


def arrival(row: sa.Row[Any]) -> Arrival:
    """Read one inbox row."""
    values = named(row)
    del values["partition"]
    values["outcome"] = _OUTCOMES[values["outcome"]]
    return Arrival(**values)


def tally_rows(arrivals: Iterable[Arrival], partition: int) -> list[Row]:
    """Rows of `tallies`: how many arrivals of each portion had which outcome."""
    counts: dict[tuple[str, str, int, int, str], int] = {}
    for each in arrivals:
        key = (each.connection_id, each.read_id, each.portion, partition, str(each.outcome))
        counts[key] = counts.get(key, 0) + 1
    return [(*key, n) for key, n in counts.items()]


def case_rows(cases: Iterable[CaseRow], partition: int) -> list[Row]:
    """Rows of `cases`."""
    return [(row[0], partition, *row[1:]) for row in map(_CASE, cases)]


def case(row: sa.Row[Any]) -> CaseRow:
    """Read one case."""
    values = named(row)
    del values["partition"]
    return CaseRow(**values)


def clock_rows(clocks: Iterable[ClockRow]) -> list[Row]:
    """Rows of `clocks`; of a clock that is told twice in a batch the last stands."""
    latest = {each.clock_id: each for each in clocks}
    return [
        (
            each.clock_id,
            each.subject,
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
        for each in latest.values()
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
            each.subject,
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


def mark_rows(entries: Iterable[Entered]) -> list[Row]:
    """Rows of what people entered for a department's month."""
    return [
        (
            each.mark_id,
            each.period,
            each.department_id,
            each.indicator_id,
            str(each.amount),
            each.ground,
            each.by,
            each.at,
        )
        for each in entries
    ]


def paper_rows(papers: Iterable[PaperRow]) -> list[Row]:
    """Rows of `papers`."""
    return [
        (
            each.paper_id,
            each.instrument,
            each.year,
            each.number,
            each.alert_id,
            each.issued_at,
            orjson.dumps(each.content).decode(),
            each.docx_digest,
            each.pdf_digest,
        )
        for each in papers
    ]


def paper(row: sa.Row[Any]) -> PaperRow:
    """Read one paper."""
    return PaperRow(**{**named(row), "content": orjson.loads(row.content)})


def notification_rows(notices: Iterable[NotificationRow]) -> list[Row]:
    """Rows of `notices`."""
    return list(map(_NOTIFICATION, notices))


def notification(row: sa.Row[Any]) -> NotificationRow:
    """Read one notice."""
    return NotificationRow(**named(row))


def trace_rows(traces: Iterable[Trace]) -> list[Row]:
    """Rows of `traces`."""
    return [
        (
            each.case_id,
            each.n,
            each.kind,
            each.department_id,
            each.region_code,
            each.day.isoformat(),
            orjson.dumps(each.document).decode(),
        )
        for each in traces
    ]


def trace(row: sa.Row[Any]) -> Trace:
    """Read one trace."""
    values = named(row)
    return Trace(**{**values, "day": date.fromisoformat(row.day), "document": orjson.loads(row.document)})


def fact_rows(facts: Iterable[CaseFacts]) -> list[Row]:
    """Rows of `case_facts`."""
    return list(map(_FACTS, facts))


def case_facts(row: sa.Row[Any]) -> CaseFacts:
    """Read what is counted of one case."""
    return CaseFacts(**named(row))


def conduct_rows(conduct: Iterable[Conduct]) -> list[Row]:
    """Rows of `conduct`."""
    return list(map(_CONDUCT, conduct))


def watermark_rows(marks: Iterable[Watermark], partition: int) -> list[Row]:
    """Rows of `watermarks`."""
    return [
        (
            each.connection_id,
            partition,
            each.delivered_to,
            each.importing,
            each.importing_since,
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
    return list(map(_READ, reports))


def quarantine_rows(rows: Sequence[QuarantineRow]) -> list[Row]:
    """Rows of `quarantine`."""
    return list(map(_QUARANTINE, rows))


def connection_document(connection: Connection) -> str:
    """Write one registration."""
    fields = {name: getattr(connection, name) for name in Connection.__slots__}
    offers = None if connection.offers is None else sorted(connection.offers)
    return orjson.dumps({**fields, "departments": sorted(connection.departments), "offers": offers}).decode()


def connection(document: str) -> Connection:
    """Read one registration."""
    fields: Mapping[str, Any] = orjson.loads(document)
    offers = fields.get("offers")
    held = {"departments": frozenset(fields["departments"]), "offers": None if offers is None else frozenset(offers)}
    return Connection(**{**fields, **held})
