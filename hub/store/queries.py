"""Reads the store for people: the command line, the gateway and the console. Never writes."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from hub.model.values import Outcome
from hub.store import columns, numbering, rows, tables
from hub.store.alert_queries import AlertQueries
from hub.store.choosing import disclosed, equal, newest_parts, within
from hub.store.complaints import ComplaintQueries
from hub.store.dossier_queries import DossierQueries
from hub.store.engine import open_engine, reading
from hub.store.outbox import NotificationQueries
from hub.store.papers import PaperQueries
from hub.store.receipts import receipt_of
from hub.store.statistics_queries import StatisticsQueries
from hub.store.terms_queries import TermsQueries
from hub.store.withholding import with_tombstones

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from hub.model.values import Entry

PAGE: Final = 50
"""Rows of a page where nobody asks for another number."""

_CASE_LIST: Final = tuple(column for column in tables.cases.c if column.name not in {"log", "partition"})


class Queries(AlertQueries, StatisticsQueries, TermsQueries, PaperQueries, DossierQueries, NotificationQueries,
              ComplaintQueries):  # fmt: skip
    """Every question that is asked of the store. Threads may share it."""

    def __init__(self, url: str) -> None:
        """Ask the database at `url`."""
        self._engine = open_engine(url)

    def summary(self) -> dict[str, Any]:
        """Count everything once: cases, records, events, clocks, alerts, feed."""
        with reading(self._engine) as connection:
            by_state = _counted(connection, tables.cases, "state")
            return {
                "cases": {"total": sum(by_state.values()), "by_state": by_state},
                "records": _record_sums(connection),
                "events": {outcome.value: 0 for outcome in Outcome} | _outcomes(connection),
                "clocks": _nested(connection, tables.clocks, "kind", "state"),
                "alerts": _nested(connection, tables.alerts, "rule_id", "state"),
                "feed": {"last_sequence": _last_sequence(connection)},
            }

    def accounting(self) -> dict[str, dict[str, Any]]:
        """Account for every record and event, by connection.

        `published` is what read-reports say, and for portions whose reader died before its report, what arrived.
        `in_flight` are events that a portion reports and that are not here, `surplus` those here that none reports: two
        figures, so that one never hides the other.
        """
        with reading(self._engine) as connection:
            reads = connection.execute(sa.select(tables.reads)).all()
            arrived = _arrived(connection)
        return _account(reads, arrived)

    def cases(
        self,
        *,
        region: str | None = None,
        department: str | None = None,
        state: str | None = None,
        text: str | None = None,
        disclosures: Collection[str] | None = None,
        after: str | None = None,
        limit: int = PAGE,
    ) -> list[dict[str, Any]]:
        """List cases by case id, after the case id `after`; `text` is looked for in number and title."""
        case = tables.cases.c
        chosen = [
            *equal({case.department_id: department, case.state: state}),
            *within(case.region_code, region),
            *disclosed(disclosures),
            *_saying(text),
        ]
        query = sa.select(*_CASE_LIST).where(*chosen).order_by(case.case_id).limit(limit)
        return self._all(query.where(case.case_id > after) if after else query)

    def newest_cases(
        self,
        *,
        region: str | None = None,
        department: str | None = None,
        state: str | None = None,
        text: str | None = None,
        disclosures: Collection[str] | None = None,
        after: tuple[datetime, str] | None = None,
        limit: int = PAGE,
    ) -> list[dict[str, Any]]:
        """List cases newest first, the greater case id first where they opened at one instant; the unopened come last.

        `after` is the opening instant and the id of the last case of the page before (UNOPENED for one not yet opened).
        """
        case = tables.cases.c
        chosen = [
            *equal({case.department_id: department, case.state: state}),
            *within(case.region_code, region),
            *disclosed(disclosures),
            *_saying(text),
        ]
        query = sa.select(*_CASE_LIST).where(*chosen).order_by(case.opened_at.desc(), case.case_id.desc())
        found: list[dict[str, Any]] = []
        for part in newest_parts(after):
            if len(found) < limit:
                found += self._all(query.where(part).limit(limit - len(found)))
        return found

    def case(self, case_id: str) -> dict[str, Any] | None:
        """Return one case with its log, clocks, alerts and ledger entries; None if there is no such case."""
        with reading(self._engine) as connection:
            row = connection.execute(sa.select(tables.cases).where(tables.cases.c.case_id == case_id)).one_or_none()
            if row is None:
                return None
            clocks = sa.select(tables.clocks).where(tables.clocks.c.subject == case_id)
            alerts = sa.select(tables.alerts).where(tables.alerts.c.subject == case_id)
            ledger = sa.select(tables.ledger).where(tables.ledger.c.subject == case_id)
            order = (tables.ledger.c.generation, tables.ledger.c.position)
            return {
                **rows.named(row),
                "clocks": [rows.clock(each) for each in connection.execute(clocks.order_by(tables.clocks.c.due_at))],
                "alerts": [rows.alert(each) for each in connection.execute(alerts.order_by(tables.alerts.c.raised_at))],
                "entries": [rows.entry(each) for each in connection.execute(ledger.order_by(*order))],
            }

    def events_of(self, case_id: str, generation: int, position: int) -> Sequence[Entry]:
        """Return the entries of a case's events up to and including a place in its chain, in order."""
        entry = tables.ledger.c
        until = (entry.generation < generation) | ((entry.generation == generation) & (entry.position <= position))
        own = (entry.subject == case_id) & (entry.kind == "event")
        query = sa.select(tables.ledger).where(own & until).order_by(entry.generation, entry.position)
        with reading(self._engine) as connection:
            return [rows.entry(row) for row in connection.execute(query)]

    def case_by_number(self, case_no: str) -> str | None:
        """Return the id of a case by its number; None if there is none."""
        with reading(self._engine) as connection:
            query = sa.select(tables.cases.c.case_id).where(tables.cases.c.case_no == case_no).limit(1)
            found: str | None = connection.execute(query).scalar()
            return found

    def feed(
        self,
        view: str,
        *,
        after: int,
        limit: int = PAGE,
        kinds: Collection[str] | None = None,
        regions: Collection[str] | None = None,
    ) -> list[dict[str, Any]]:
        """List documents of one view after a sequence, in order; `body` is the document as published.

        A tombstone stands for every document of a case that the view does not show any more.
        """
        feed = tables.feed.c
        query = sa.select(tables.feed).where((feed.view == view) & (feed.sequence > after))
        if kinds:
            query = query.where(feed.kind.in_(list(kinds)))
        if regions:
            query = query.where(sa.or_(*(feed.county.startswith(each, autoescape=True) for each in regions)))
        found = self._all(query.order_by(feed.sequence).limit(limit))
        if not found:
            return found
        with reading(self._engine) as connection:
            return with_tombstones(connection, found, view)

    def quarantine(
        self, *, connection: str | None = None, state: str | None = None, limit: int = PAGE
    ) -> list[dict[str, Any]]:
        """List refused records and messages, newest first, with their sealed bytes."""
        column = tables.quarantine.c
        query = sa.select(tables.quarantine).order_by(column.received_at.desc(), column.rejection_id).limit(limit)
        query = query.where(column.connection_id == connection) if connection else query
        return self._all(query.where(column.state == state) if state else query)

    def open_quarantine(self) -> dict[str, int]:
        """Count by connection the refused records and messages that nobody has replayed."""
        column = tables.quarantine.c
        query = sa.select(column.connection_id, sa.func.count()).where(column.state == "open")
        with reading(self._engine) as connection:
            return {row[0]: row[1] for row in connection.execute(query.group_by(column.connection_id))}

    def quarantine_item(self, rejection_id: str) -> dict[str, Any] | None:
        """Return one refused record by its id or a prefix of it that only it has; None otherwise."""
        column = tables.quarantine.c
        query = sa.select(tables.quarantine).where(column.rejection_id.startswith(rejection_id, autoescape=True))
        found = self._all(query.limit(2))
        return found[0] if len(found) == 1 else None

    def receipt(self, receipt_id: str, connection_id: str | None) -> dict[str, Any]:
        """Tell what became of a push; see hub.store.receipts."""
        with reading(self._engine) as connection:
            return receipt_of(connection, receipt_id, connection_id)

    def next_wake(self) -> datetime | None:
        """Return the next instant at which time alone changes a case; None if there is none."""
        with reading(self._engine) as connection:
            earliest: datetime | None = connection.execute(sa.select(sa.func.min(tables.cases.c.wake_at))).scalar()
            return earliest

    def connections(self) -> list[dict[str, Any]]:
        """Return every registered connection with its last read and its least watermark."""
        mark, read = tables.watermarks.c, tables.reads.c
        marks = sa.select(
            mark.connection_id,
            sa.func.min(mark.delivered_to, type_=columns.Instant).label("delivered_to"),
            sa.func.max(mark.importing).label("importing"),
        ).group_by(mark.connection_id)
        last = sa.select(
            read.connection_id,
            sa.func.max(read.ended_at, type_=columns.Instant).label("last_read_at"),
            sa.func.sum(read.read).label("records"),
        ).group_by(read.connection_id)
        marked, reported = marks.subquery(), last.subquery()
        own = tables.connections
        return self._all(
            sa.select(
                own.c.connection_id,
                marked.c.delivered_to,
                sa.func.coalesce(marked.c.importing, "").label("importing"),
                reported.c.last_read_at,
                sa.func.coalesce(reported.c.records, 0).label("records"),
            )
            .select_from(
                own.outerjoin(marked, marked.c.connection_id == own.c.connection_id).outerjoin(
                    reported, reported.c.connection_id == own.c.connection_id
                )
            )
            .order_by(own.c.connection_id)
        )

    def departments(self) -> list[dict[str, Any]]:
        """Count cases by region, department and state."""
        case = tables.cases.c
        key = (case.region_code, case.department_id, case.state)
        return self._all(sa.select(*key, sa.func.count().label("n")).group_by(*key).order_by(*key))

    def last_sequence(self) -> int:
        """Return the highest sequence of the feed given so far."""
        with reading(self._engine) as connection:
            return _last_sequence(connection)

    def lag(self) -> dict[str, int]:
        """Return how many ledger entries await the relay, and how many numbered documents await the broker."""
        with reading(self._engine) as connection:
            unnumbered = sum(chain.position - chain.numbered for chain in numbering.behind(connection))
            state = connection.execute(sa.select(tables.relay)).one_or_none()
            return {"unnumbered": unnumbered, "unconfirmed": state.last_sequence - state.published if state else 0}

    def close(self) -> None:
        """Give up all connections."""
        self._engine.dispose()


class StoredFeed:
    """The documents of one view, as those who send them ask for them."""

    def __init__(self, queries: Queries, view: str) -> None:
        """Show `view`."""
        self._queries, self._view = queries, view

    def after(self, sequence: int, kind: str, limit: int) -> Sequence[dict[str, Any]]:
        """Return the documents of a kind after a sequence, in order."""
        return self._queries.feed(self._view, after=sequence, limit=limit, kinds=[kind])

    def last(self) -> int:
        """Return the highest sequence given so far."""
        return self._queries.last_sequence()


def _saying(text: str | None) -> list[sa.ColumnElement[bool]]:
    """Choose cases with `text` in number or title, in either case of its letters."""
    case = tables.cases.c
    both = (column.icontains(text, autoescape=True) for column in (case.case_no, case.title)) if text else ()
    return [sa.or_(*both)] if text else []


def _counted(connection: sa.Connection, table: sa.Table, column: str) -> dict[str, int]:
    key = table.c[column]
    return {row[0]: int(row[1]) for row in connection.execute(sa.select(key, sa.func.count()).group_by(key))}


def _nested(connection: sa.Connection, table: sa.Table, outer: str, inner: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    keys = (table.c[outer], table.c[inner])
    for first, second, count in connection.execute(sa.select(*keys, sa.func.count()).group_by(*keys).order_by(*keys)):
        found[first][second] = int(count)
    return dict(found)


def _record_sums(connection: sa.Connection) -> dict[str, int]:
    names = ("read", "mapped", "empty", "quarantined")
    sums = [sa.func.coalesce(sa.func.sum(tables.reads.c[name]), 0) for name in names]
    return dict(zip(names, map(int, connection.execute(sa.select(*sums)).one()), strict=True))


def _outcomes(connection: sa.Connection) -> dict[str, int]:
    tally = tables.tallies.c
    query = sa.select(tally.outcome, sa.func.sum(tally.n)).group_by(tally.outcome)
    return {row[0]: int(row[1]) for row in connection.execute(query)}


def _last_sequence(connection: sa.Connection) -> int:
    return connection.execute(sa.select(tables.relay.c.last_sequence)).scalar() or 0


def _arrived(connection: sa.Connection) -> Mapping[tuple[str, str, int], dict[str, int]]:
    tally = tables.tallies.c
    key = (tally.connection_id, tally.read_id, tally.portion, tally.outcome)
    found: dict[tuple[str, str, int], dict[str, int]] = defaultdict(dict)
    for connection_id, read_id, portion, outcome, n in connection.execute(
        sa.select(*key, sa.func.sum(tally.n)).group_by(*key)
    ):
        found[connection_id, read_id, portion][outcome] = int(n)
    return found


_COUNTS: Final = ("read", "mapped", "empty", "quarantined", "published", "unreported", "in_flight", "surplus")


def _account(
    reads: Sequence[sa.Row[Any]], arrived: Mapping[tuple[str, str, int], Mapping[str, int]]
) -> dict[str, dict[str, Any]]:
    sums: dict[str, dict[str, Any]] = defaultdict(
        lambda: dict.fromkeys(_COUNTS, 0) | {"outcomes": {outcome.value: 0 for outcome in Outcome}}
    )
    reported = set()
    for row in reads:
        own = sums[row.connection_id]
        reported.add((row.connection_id, row.read_id, row.portion))
        for name in ("read", "mapped", "empty", "quarantined"):
            own[name] += getattr(row, name)
        here = sum(arrived.get((row.connection_id, row.read_id, row.portion), {}).values())
        own["published"] += row.events
        own["in_flight"] += max(row.events - here, 0)
        own["surplus"] += max(here - row.events, 0)
    for key, outcomes in arrived.items():
        own = sums[key[0]]
        for outcome, n in outcomes.items():
            own["outcomes"][outcome] += n
        if key not in reported:
            own["published"] += sum(outcomes.values())
            own["unreported"] += sum(outcomes.values())
    return dict(sums)
