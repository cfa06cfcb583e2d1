"""Reads the hub's complaints as a centre's own list is held against them, and what the last comparisons came to."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa

from hub.complaint_post.reconciling import PREFIX, Held
from hub.complaint_post.standing import standing
from hub.store import tables
from hub.store.bulk import among
from hub.store.counted import case_facts
from hub.store.engine import open_engine, reading
from hub.store.terms_tables import terms
from hub.supervision.caselog import decode
from hub.supervision.city import Balance, Whose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hub.bench import Bench
    from hub.supervision.calendar import WorkCalendar

READ_TOGETHER: Final = 500
"""Rows of cases held in memory at a time."""


class ComplaintLists:
    """hub.complaint_post.reconciling.Complaints on one database. Threads may share it."""

    def __init__(self, url: str, bench: Callable[[], Bench]) -> None:
        """Ask the database at `url`; complaints are folded as `bench` says."""
        self._engine, self._bench = open_engine(url), bench

    def complaints_of(self, centre_ids: frozenset[str], since: datetime) -> Sequence[Held]:
        """See Complaints."""
        bench, case, fact = self._bench(), tables.cases.c, case_facts.c
        day = bench.calendar.day_of(since)
        query = (
            sa.select(case.case_id, case.state, case.log)
            .join_from(tables.cases, case_facts, case.case_id == fact.case_id)
            .where((fact.family == "complaint") & (fact.opened_on >= day) & (case.disclosure != "secret"))
        )
        found = []
        with reading(self._engine) as connection:
            for row in connection.execute(query.execution_options(yield_per=READ_TOGETHER)):
                complaint = standing(decode(row.log).facts, bench)
                if complaint is not None and centre_ids.intersection(complaint.centres()):
                    number = complaint.case.case_no
                    found.append(Held(complaint_no=number, case_id=row.case_id, state=row.state))
        return found

    def sent_of(self, connection: str, view: str, case_ids: Sequence[str]) -> Sequence[int]:
        """See Complaints."""
        sent, feed, entry = tables.deliveries.c, tables.feed.c, tables.ledger.c
        numbered = sa.select(feed.sequence, feed.message_id).join_from(
            tables.deliveries, tables.feed, (sent.sequence == feed.sequence) & (feed.view == view)
        )
        with reading(self._engine) as open_:
            of_cases = sa.select(entry.generation, entry.partition, entry.position).where(
                among(open_, entry.subject, case_ids) & (entry.kind == "event")
            )
            places = {f"{row.generation}:{row.partition}:{row.position}" for row in open_.execute(of_cases)}
            rows = open_.execute(numbered.where(sent.connection_id == connection)).all()
        return sorted(row.sequence for row in rows if row.message_id.rsplit(":", 1)[0] in places)

    def last(self) -> dict[str, Any]:
        """Return what the last comparison of each receiver came to, by connection."""
        query = sa.select(terms.c.name, terms.c.document).where(terms.c.name.startswith(PREFIX, autoescape=True))
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(terms.c.name)).all()
        return {row.name.removeprefix(PREFIX): orjson.loads(row.document) for row in rows}

    def close(self) -> None:
        """Give up all connections."""
        self._engine.dispose()


def list_balances(connection: sa.Connection, calendar: WorkCalendar) -> Iterator[Balance]:
    """Yield how each receiver's list compares that once differed after what differed was sent again.

    Its day is the one on which that was first so; once nothing lasts it is balanced.
    """
    query = sa.select(terms.c.name, terms.c.document).where(terms.c.name.startswith(PREFIX, autoescape=True))
    for row in connection.execute(query):
        found = orjson.loads(row.document)
        if found["lasting_since"]:
            listed = found["listed" if found["lasting"] else "held"]
            yield Balance(
                whose=Whose(department_id=found["department_id"], region_code=found["region_code"]),
                connection_id=row.name.removeprefix(PREFIX),
                day=calendar.day_of(datetime.fromisoformat(found["lasting_since"])),
                said=(listed[0], listed[1]),
                held=(found["held"][0], found["held"][1]),
                is_retried=found["lasting"] > 0,
            )
