"""The Unit port on PostgreSQL and SQLite: what one transaction in one partition reads, and all that it writes."""

from __future__ import annotations

from dataclasses import astuple, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hub.errors import HubError
from hub.store import (
    columns,
    facts,
    leases,
    numbering,
    outgoing,
    reclassified,
    rows,
    tables,
    terms,
    terms_tables,
    waking,
)
from hub.store.bulk import among, insert
from hub.store.columns import EPOCH, aware
from hub.store.complaints import complaint_roles, role_rows
from hub.store.manifests import keep_manifests
from hub.store.refused import keep_refused
from hub.store.score_tables import conduct, score_marks

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from hub.model.terms import CatalogueChange
    from hub.model.values import (
        AlertRow,
        Arrival,
        CaseRow,
        Changes,
        ClockRow,
        Head,
        PaperRow,
        Watermark,
    )


class SqlUnit:
    """hub.ports.Unit: one transaction in one partition."""

    def __init__(self, connection: sa.Connection, head: Head) -> None:
        """Work on `connection`, whose transaction holds `head` locked."""
        self._connection, self._head = connection, head
        self._written = False

    @property
    def head(self) -> Head:
        """See hub.ports.Unit."""
        return self._head

    def arrivals(self, event_ids: Collection[str]) -> Mapping[str, Sequence[Arrival]]:
        """See hub.ports.Unit."""
        found: dict[str, list[Arrival]] = {}
        for row in self._where_in(sa.select(tables.inbox), tables.inbox.c.event_id, event_ids):
            found.setdefault(row.event_id, []).append(rows.arrival(row))
        return found

    def cases(self, case_ids: Collection[str]) -> Mapping[str, CaseRow]:
        """See hub.ports.Unit."""
        found = self._where_in(sa.select(tables.cases), tables.cases.c.case_id, case_ids)
        return {row.case_id: rows.case(row) for row in found}

    def entered(self, subjects: Collection[str]) -> Collection[str]:
        """See hub.ports.Unit."""
        own = sa.select(tables.ledger.c.subject).where(tables.ledger.c.partition == self._head.partition)
        return {row.subject for row in self._where_in(own, tables.ledger.c.subject, subjects)}

    def alerts(self, subjects: Collection[str]) -> Mapping[str, Sequence[AlertRow]]:
        """See hub.ports.Unit."""
        found: dict[str, list[AlertRow]] = {}
        for row in self._where_in(sa.select(tables.alerts), tables.alerts.c.subject, subjects):
            found.setdefault(row.subject, []).append(rows.alert(row))
        return found

    def alerts_named(self, alert_ids: Collection[str]) -> Mapping[str, AlertRow]:
        """See hub.ports.Unit."""
        found = self._where_in(reclassified.ALERTS, tables.alerts.c.alert_id, alert_ids)
        return {row.alert_id: reclassified.alert(row) for row in found}

    def clocks(self, subjects: Collection[str]) -> Mapping[str, Sequence[ClockRow]]:
        """See hub.ports.Unit."""
        found: dict[str, list[ClockRow]] = {}
        for row in self._where_in(sa.select(tables.clocks), tables.clocks.c.subject, subjects):
            found.setdefault(row.subject, []).append(rows.clock(row))
        return found

    def catalogue_changes(self, change_ids: Collection[str]) -> Mapping[str, CatalogueChange]:
        """See hub.ports.Unit."""
        column = terms_tables.catalogue_changes.c.change_id
        found = self._where_in(sa.select(terms_tables.catalogue_changes), column, change_ids)
        return {row.change_id: terms.change(row) for row in found}

    def catalogue_documents(self, department_ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
        """See hub.ports.Unit."""
        return terms.documents(self._connection, department_ids)

    def terms_numbers(self) -> tuple[int, int]:
        """See hub.ports.Unit."""
        return terms.numbers(self._connection)

    def recountable(self, kinds: Collection[str], is_present: Callable[[str], bool]) -> Mapping[str, AlertRow]:
        """See hub.ports.Unit."""
        return self.alerts_named(waking.stale(self._connection, kinds, is_present))

    def unledgered(self) -> Sequence[CatalogueChange]:
        """See hub.ports.Unit."""
        return terms.changes(self._connection, terms_tables.catalogue_changes.c.is_ledgered.is_(False))

    def papers(self, names: Collection[str]) -> Sequence[PaperRow]:
        """See hub.ports.Unit."""
        paper = outgoing.papers.c
        named = self._among(paper.paper_id, names) | self._among(paper.alert_id, names)
        found = self._connection.execute(
            sa.select(outgoing.papers).where(named).order_by(paper.issued_at, paper.number)
        )
        return [rows.paper(row) for row in found]

    def last_paper(self, instrument: str, year: int) -> int:
        """See hub.ports.Unit."""
        paper = outgoing.papers.c
        last = sa.select(sa.func.max(paper.number)).where((paper.instrument == instrument) & (paper.year == year))
        return int(self._connection.execute(last).scalar() or 0)

    def city_alerts(self) -> Mapping[str, AlertRow]:
        """See hub.ports.Unit."""
        alert = tables.alerts.c
        standing = alert.subject.contains(":") & alert.state.not_in(("cleared", "revoked", "closed"))
        found = self._connection.execute(sa.select(tables.alerts).where(standing))
        return {row.alert_id: rows.alert(row) for row in found}

    def watermarks(self) -> Mapping[str, Watermark]:
        """See hub.ports.Unit."""
        return numbering.watermarks_of(self._connection, self._head.partition)

    def arrived(self, reads: Collection[tuple[str, str]]) -> Mapping[str, int]:
        """See hub.ports.Unit."""
        tally = tables.tallies.c
        found: dict[str, int] = {}
        for connection_id, read_id in reads:
            mine = (tally.connection_id == connection_id) & (tally.read_id == read_id)
            here = mine & (tally.partition == self._head.partition)
            total = self._connection.execute(sa.select(sa.func.sum(tally.n)).where(here)).scalar()
            found[read_id] = int(total or 0)
        return found

    def due(self, horizons: Mapping[str, datetime], *, limit: int) -> Sequence[CaseRow]:
        """See hub.ports.Unit."""
        waking = sorted(self._waking(horizons, limit))[:limit] if horizons else ()
        found = self.cases([case_id for _, case_id in waking])
        return [found[case_id] for _, case_id in waking]

    def _waking(self, horizons: Mapping[str, datetime], limit: int) -> list[tuple[datetime, str]]:
        """Return instant and id of the first `limit` cases of each connection to wake, read in an index's order."""
        case = tables.cases.c
        mine = sa.select(case.wake_at, case.case_id).where(case.partition == self._head.partition)
        first = mine.order_by(case.wake_at, case.case_id).limit(limit)
        if self._connection.dialect.name == "postgresql":
            given = _given(horizons)
            theirs = (case.connection_id == given.c.connection_id) & (case.wake_at < given.c.horizon)
            each = first.where(theirs).lateral("each")
            found = sa.select(each).select_from(given.join(each, sa.true()))
            return [(row.wake_at, row.case_id) for row in self._connection.execute(found)]
        waking: list[tuple[datetime, str]] = []
        for connection_id, horizon in horizons.items():
            theirs = (case.connection_id == connection_id) & (case.wake_at < aware(horizon))
            waking += [(row.wake_at, row.case_id) for row in self._connection.execute(first.where(theirs))]
        return waking

    def write(self, changes: Changes) -> None:
        """See hub.ports.Unit."""
        self._check(changes)
        partition, connection = self._head.partition, self._connection
        insert(connection, tables.ledger, rows.entry_rows(changes.entries))
        insert(connection, tables.inbox, rows.arrival_rows(changes.arrivals, partition))
        insert(connection, tables.tallies, rows.tally_rows(changes.arrivals, partition), conflict="add")
        insert(connection, tables.cases, rows.case_rows(changes.cases, partition), conflict="replace")
        self._replace_clocks(changes)
        insert(connection, tables.alerts, rows.alert_rows(changes.alerts), conflict="replace")
        self._replace_traces(changes)
        self._replace_roles(changes)
        self._replace_facts(changes)
        insert(connection, outgoing.papers, rows.paper_rows(changes.papers), conflict="replace")
        insert(connection, score_marks, rows.mark_rows(changes.score_marks), conflict="ignore")
        insert(connection, conduct, rows.conduct_rows(changes.conduct), conflict="replace")
        insert(connection, tables.watermarks, rows.watermark_rows(changes.watermarks, partition), conflict="replace")
        insert(connection, tables.reads, rows.read_rows(changes.reports), conflict="ignore")
        keep_manifests(connection, changes.manifests)
        keep_refused(connection, changes.quarantine)
        self._mark_replayed(changes.replayed)
        insert(connection, tables.openings, [astuple(each) for each in changes.openings], conflict="replace")
        self._write_terms(changes)
        self._move_head(changes.head)

    def _check(self, changes: Changes) -> None:
        """Refuse changes that do not follow from the head: a fault of ours, never of a message."""
        head, entries = self._head, changes.entries
        expected = range(head.position + 1, head.position + 1 + len(entries))
        last = replace(head, position=head.position + len(entries), hash=entries[-1].hash if entries else head.hash)
        at_home = all((each.generation, each.partition) == (head.generation, head.partition) for each in entries)
        in_order = [entry.position for entry in entries] == list(expected)
        if self._written or not at_home or not in_order or changes.head != last:
            problem = f"changes do not follow position {head.position} of partition {head.partition}"
            raise HubError(problem)
        self._written = True

    def _replace_clocks(self, changes: Changes) -> None:
        """Write the clocks of the cases written, and forget those of theirs that are not named any more."""
        if changes.cases:
            clock = tables.clocks.c
            theirs = self._among(clock.subject, [case.case_id for case in changes.cases])
            named = self._among(clock.clock_id, [each.clock_id for each in changes.clocks])
            self._connection.execute(sa.delete(tables.clocks).where(theirs & sa.not_(named)))
        insert(self._connection, tables.clocks, rows.clock_rows(changes.clocks), conflict="replace")

    def _replace_traces(self, changes: Changes) -> None:
        if changes.cases:
            theirs = self._among(tables.traces.c.case_id, [case.case_id for case in changes.cases])
            self._connection.execute(sa.delete(tables.traces).where(theirs))
        insert(self._connection, tables.traces, rows.trace_rows(changes.traces))

    def _replace_roles(self, changes: Changes) -> None:
        if changes.cases:
            theirs = self._among(complaint_roles.c.case_id, [case.case_id for case in changes.cases])
            self._connection.execute(sa.delete(complaint_roles).where(theirs))
        insert(self._connection, complaint_roles, role_rows(changes.roles))

    def _replace_facts(self, changes: Changes) -> None:
        """Write what is counted of the cases written, forget those counted no more, and move the sums with them."""
        if changes.cases:
            facts.replace(
                self._connection, self._head.partition, [case.case_id for case in changes.cases], changes.facts
            )

    def _write_terms(self, changes: Changes) -> None:
        """Write what people changed of the terms; the cases that it concerns are woken in the same transaction."""
        terms.write(self._connection, changes, leases.database_now(self._connection) if changes.catalogue else EPOCH)
        waking.touched(self._connection, changes.touched)

    def _mark_replayed(self, rejection_ids: Sequence[str]) -> None:
        if rejection_ids:
            column = tables.quarantine.c
            named = sa.update(tables.quarantine).where(self._among(column.rejection_id, rejection_ids))
            self._connection.execute(named.values(state="replayed"))

    def _move_head(self, head: Head) -> None:
        if head == self._head:
            return
        mine = (tables.heads.c.generation == head.generation) & (tables.heads.c.partition == head.partition)
        moved = sa.update(tables.heads).where(mine).values(position=head.position, hash=head.hash)
        self._connection.execute(moved)

    def _where_in(
        self, query: sa.Select[Any], column: sa.Column[str], values: Collection[str]
    ) -> Sequence[sa.Row[Any]]:
        """Run `query` for the rows whose `column` is among `values`; one statement whatever their number."""
        return self._connection.execute(query.where(self._among(column, values))).all() if values else ()

    def _among(self, column: sa.Column[str], values: Collection[str]) -> sa.ColumnElement[bool]:
        return among(self._connection, column, values)


def _given(horizons: Mapping[str, datetime]) -> sa.FromClause:
    """Return `horizons` as a table of connection_id and horizon, handed over as two parameters (PostgreSQL)."""
    names = sa.literal(list(horizons), sa.ARRAY(sa.Text))
    moments = sa.literal([aware(moment) for moment in horizons.values()], sa.ARRAY(sa.TIMESTAMP(timezone=True)))
    given = (sa.column("connection_id", sa.Text), sa.column("horizon", columns.Instant))
    return sa.func.unnest(names, moments).table_valued(*given, name="given").render_derived()
