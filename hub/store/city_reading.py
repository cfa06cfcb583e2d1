"""Reads the city as rules across cases look at it: months, lines, penalties, complaints, references and alerts."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa

from hub.store import columns, rows, tables
from hub.store.complaint_lists import list_balances
from hub.store.engine import reading
from hub.store.manifests import balances
from hub.supervision.alert_clocks import issued_at
from hub.supervision.city import CityView, Complained, Issued, LineState, Month, Penalty, Reference, Whose
from hub.supervision.rules.across import LINKED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from hub.model.values import Connection, Trace
    from hub.supervision.calendar import WorkCalendar
    from hub.supervision.catalogue import Catalogue

MONTHS: Final = 4
"""Months looked at: the last three full ones can make a yellow of R47, and one more a longer silence."""

SETTLED_DAYS: Final = 3
"""Days after its end from which a month is looked at: what happened on its last day is keyed in by then."""

PENALTY_DAYS: Final = 366
COMPLAINT_DAYS: Final = 62
ALERT_DAYS: Final = 62
"""Days looked back at: at least twice what the rules' windows ask."""

BACKLOG: Final = timedelta(hours=1)
"""How far a watermark may lie behind the last read before that counts as a backlog."""

_FINISHED: Final = ("cleared", "revoked", "closed")
_TAKEN_BACK: Final = ("cleared", "revoked", "pending")


class CityReader:
    """hub.ports.CityReading on one database. Threads may share it."""

    def __init__(self, engine: sa.Engine) -> None:
        """Read from `engine`."""
        self._engine = engine

    def city(self, now: datetime, catalogue: Catalogue, calendar: WorkCalendar) -> CityView:
        """See hub.ports.CityReading."""
        today = calendar.day_of(now)
        with reading(self._engine) as connection:
            return CityView(
                now=now,
                today=today,
                calendar=calendar,
                penalties=[_penalty(each) for each in _traces(connection, "penalty", today, PENALTY_DAYS)],
                months=_months(connection, today, catalogue, calendar),
                lines=_lines(connection, catalogue),
                balances=[
                    *balances(connection, now, calendar, _owners(connection, catalogue).get),
                    *list_balances(connection, calendar),
                ],
                references=_references(connection),
                complaints=[_complained(each) for each in _traces(connection, "complaint", today, COMPLAINT_DAYS)],
                alerts=_issued(connection, now),
            )

    def lines(self, now: datetime, catalogue: Catalogue, calendar: WorkCalendar) -> CityView:
        """See hub.ports.CityReading."""
        with reading(self._engine) as connection:
            found = _lines(connection, catalogue)
        return CityView(now=now, today=calendar.day_of(now), calendar=calendar, lines=found)


def _traces(connection: sa.Connection, kind: str, today: date, days: int) -> Sequence[Trace]:
    trace = tables.traces.c
    since = (today - timedelta(days=days)).isoformat()
    query = sa.select(tables.traces).where((trace.kind == kind) & (trace.day >= since))
    return [rows.trace(row) for row in connection.execute(query.order_by(trace.day, trace.case_id, trace.n))]


def _whose(trace: Trace) -> Whose:
    return Whose(department_id=trace.department_id, region_code=trace.region_code)


def _penalty(trace: Trace) -> Penalty:
    said = trace.document
    return Penalty(
        whose=_whose(trace),
        case_id=trace.case_id,
        violation=said["violation"],
        tier=said["tier"],
        amount=Decimal(said["amount"]),
        decided_on=trace.day,
        is_told=said.get("is_told", True),
    )


def _complained(trace: Trace) -> Complained:
    said = trace.document
    return Complained(
        whose=_whose(trace),
        case_id=trace.case_id,
        matter_code=said["matter_code"],
        related_case_no=said["related_case_no"],
        registered_on=trace.day,
        is_told=said.get("is_told", True),
    )


def _is_known(reference: Trace, known: Mapping[str, tuple[str, str]], links: Mapping[str, str]) -> bool:
    """Tell whether a case is there that something refers to; of linked complaints, one at the end of the links."""
    number, passed = reference.document["number"], set[str]()
    if reference.document["about"] != LINKED:
        return number in known
    while number in known and number not in passed:
        passed.add(number)
        case_id, state = known[number]
        if state != "linked":
            return True
        number = links.get(case_id, "")
    return False


def _references(connection: sa.Connection) -> Sequence[Reference]:
    """Return what refers to cases; one is known if it has the number now, or had it before it was renumbered.

    The first of linked complaints is known if one is there that is itself linked to none.
    """
    trace, case = tables.traces.c, tables.cases.c
    every = [rows.trace(row) for row in connection.execute(sa.select(tables.traces).where(trace.kind == "reference"))]
    numbers = sorted({each.document["number"] for each in every})
    known: dict[str, tuple[str, str]] = {}
    for place in range(0, len(numbers), 1000):
        asked = sa.select(case.case_no, case.case_id, case.state).where(case.case_no.in_(numbers[place : place + 1000]))
        known |= {row.case_no: (row.case_id, row.state) for row in connection.execute(asked)}
    links = {each.case_id: each.document["number"] for each in every if each.document["about"] == LINKED}
    return [
        Reference(
            whose=_whose(each),
            kind=each.document["about"],
            number=each.document["number"],
            event_id=each.document["event_id"],
            is_known=_is_known(each, known, links),
            is_told=each.document.get("is_told", True),
        )
        for each in every
    ]


def _issued(connection: sa.Connection, now: datetime) -> Sequence[Issued]:
    alert = tables.alerts.c
    recent = alert.raised_at >= now - timedelta(days=ALERT_DAYS)
    query = sa.select(tables.alerts).where(sa.or_(recent, alert.state.not_in(_FINISHED)))
    return [_as_issued(row) for row in connection.execute(query.order_by(alert.raised_at, alert.alert_id))]


def _as_issued(row: sa.Row[Any]) -> Issued:
    document = orjson.loads(row.document)
    return Issued(
        whose=Whose(department_id=row.department_id, region_code=row.region_code),
        alert_id=row.alert_id,
        rule_id=row.rule_id,
        level=row.level,
        about=document.get("case", {}).get("matter_code", row.subject if ":" in row.subject else ""),
        raised_at=issued_at(document),
        is_standing=row.state not in _TAKEN_BACK,
        is_answered=any(each["move"] in ("answer", "appeal") for each in document.get("history", ())),
    )


def _lines(connection: sa.Connection, catalogue: Catalogue) -> Sequence[LineState]:
    known = [rows.connection(row.document) for row in connection.execute(sa.select(tables.connections))]
    read, mark = tables.reads.c, tables.watermarks.c
    last_read = sa.func.max(read.ended_at, type_=columns.Instant)
    ended = dict(_pairs(connection, sa.select(read.connection_id, last_read).group_by(read.connection_id)))
    least = sa.func.min(mark.delivered_to, type_=columns.Instant)
    marks = dict(_pairs(connection, sa.select(mark.connection_id, least).group_by(mark.connection_id)))
    return [
        LineState(
            whose=_of_connection(each, catalogue),
            connection_id=each.connection_id,
            heartbeat_at=ended[each.connection_id],
            backlog_since=_backlog(connection, each.connection_id, marks, ended[each.connection_id]),
            every_s=each.every_s,
        )
        for each in known
        if each.every_s and each.connection_id in ended
    ]


def _pairs(connection: sa.Connection, query: sa.Select[Any]) -> Iterator[tuple[str, datetime]]:
    for name, moment in connection.execute(query):
        if moment is not None:
            yield name, moment


def _backlog(connection: sa.Connection, name: str, marks: Mapping[str, datetime], read_at: datetime) -> datetime | None:
    """Return since when what a source has does not come: its watermark stands while it is read.

    A watermark that moves with files alone stands where none comes, too: a source that was found empty since is quiet.
    """
    mark = marks.get(name)
    if mark is None or read_at - mark <= BACKLOG:
        return None
    since = max(mark, _emptied_at(connection, name) or mark)
    return since if read_at - since > BACKLOG else None


def _emptied_at(connection: sa.Connection, name: str) -> datetime | None:
    """Return when a source last held nothing that has not arrived, by its reads that every partition has all of."""
    read, mark = tables.reads.c, tables.watermarks.c
    kept = connection.execute(sa.select(tables.watermarks).where(mark.connection_id == name))
    waiting = {each.read_id for row in kept for each in rows.watermark(row).awaited}
    arrived = (read.connection_id == name) & read.read_id.not_in(waiting)
    found: datetime | None = connection.execute(
        sa.select(sa.func.max(read.emptied_at, type_=columns.Instant)).where(arrived)
    ).scalar()
    return found


def _owners(connection: sa.Connection, catalogue: Catalogue) -> Mapping[str, Whose]:
    """Return by connection who answers for it."""
    known = (rows.connection(row.document) for row in connection.execute(sa.select(tables.connections)))
    return {each.connection_id: _of_connection(each, catalogue) for each in known}


def _of_connection(connection: Connection, catalogue: Catalogue) -> Whose:
    """Name who answers for a line: its department; of several the first, as the centre that speaks for them is one."""
    name = min(connection.departments)
    department = catalogue.department(name) or {}
    return Whose(department_id=name, region_code=str(department.get("region_code", "")))


def _months(connection: sa.Connection, today: date, catalogue: Catalogue, calendar: WorkCalendar) -> Sequence[Month]:
    """Return the last full months of every department that has been heard of before each of them began."""
    heard = _heard_since(connection, calendar)
    found = []
    for first, following in _spans(today):
        opened = _opened(connection, calendar.start_of(first), calendar.start_of(following))
        late = _late(connection, calendar.start_of(first), calendar.start_of(following))
        found += [
            Month(
                whose=Whose(department_id=name, region_code=str(department.get("region_code", ""))),
                month=f"{first:%Y-%m}",
                cases=opened.get(name, 0),
                entered_late=late.get(name, 0),
                matters=_active(catalogue, name, first, following),
            )
            for name, department in catalogue.departments().items()
            if name in heard and heard[name] <= first
        ]
    return found


def _spans(today: date) -> Iterator[tuple[date, date]]:
    """Yield the first days of the last full months, each with that of the month after it, the oldest first."""
    last = (today - timedelta(days=SETTLED_DAYS)).replace(day=1)
    firsts = [last]
    for _ in range(MONTHS):
        firsts.insert(0, (firsts[0] - timedelta(days=1)).replace(day=1))
    yield from pairwise(firsts)


def _heard_since(connection: sa.Connection, calendar: WorkCalendar) -> Mapping[str, date]:
    """Return by department the day from which one of its connections was read."""
    read = tables.reads.c
    first = sa.func.min(read.ended_at, type_=columns.Instant)
    began = dict(_pairs(connection, sa.select(read.connection_id, first).group_by(read.connection_id)))
    heard: dict[str, date] = {}
    for row in connection.execute(sa.select(tables.connections)):
        known = rows.connection(row.document)
        if known.connection_id in began:
            day = calendar.day_of(began[known.connection_id])
            for department in known.departments:
                heard[department] = min(day, heard.get(department, day))
    return heard


def _opened(connection: sa.Connection, start: datetime, end: datetime) -> Mapping[str, int]:
    case = tables.cases.c
    within = (case.opened_at >= start) & (case.opened_at < end) & (case.state != "voided")
    query = sa.select(case.department_id, sa.func.count()).where(within).group_by(case.department_id)
    return {row[0]: int(row[1]) for row in connection.execute(query)}


def _late(connection: sa.Connection, start: datetime, end: datetime) -> Mapping[str, int]:
    """Count by department the cases opened within a span that a notice of R44 stands against."""
    case, alert = tables.cases.c, tables.alerts.c
    within = (case.opened_at >= start) & (case.opened_at < end)
    noticed = (alert.rule_id == "R44") & alert.state.not_in(("cleared", "revoked"))
    joined = tables.alerts.join(tables.cases, alert.subject == case.case_id)
    query = sa.select(case.department_id, sa.func.count(sa.distinct(case.case_id))).select_from(joined)
    return {
        row[0]: int(row[1]) for row in connection.execute(query.where(within & noticed).group_by(case.department_id))
    }


def _active(catalogue: Catalogue, department: str, first: date, following: date) -> int:
    """Count the matters of a department that were in force through a whole month."""
    return len(
        {
            matter.matter_code
            for matter in catalogue.matters()
            if matter.department_id == department
            and matter.status == "active"
            and matter.is_valid(first)
            and matter.is_valid(following - timedelta(days=1))
        }
    )
