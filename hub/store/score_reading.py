"""Gathers what a month is scored from: counts of cases and clocks, alerts, entries, and how the data came."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson
import sqlalchemy as sa

from hub.store import rows, tables
from hub.store.counted import case_facts
from hub.store.engine import reading
from hub.store.score_tables import conduct, score_marks
from hub.supervision.alert_cycle import attributed_to
from hub.supervision.scoring.values import TAKEN_BACK, Card, Cell, Inputs, Mark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.supervision.calendar import WorkCalendar

_GIVEN_UP: Final = ("withdrawn", "terminated", "voided")
"""States of cases that ended and are not judged as closings."""

_CLOCKS: Final[Mapping[str, str]] = {
    "delivery": "delivery",
    "publication": "publication",
    "complaint": "complaint",
    "petition": "complaint",
    "rating_answer": "rating_answer",
}
"""Clocks of closed cases that are counted as met or judged, and what they are counted as."""

_BAD: Final = 4
"""The first of the bad ratings 差评 (GB/T 39046 A.8)."""

_Key = tuple[str, str, str]
"""Department, region and matter."""

_Chosen: TypeAlias = "Sequence[sa.ColumnElement[bool]]"
"""Which rows are meant."""


class ScoreReader:
    """hub.ports.ScoreReading on one database. Threads may share it."""

    def __init__(self, engine: sa.Engine) -> None:
        """Read from `engine`."""
        self._engine = engine

    def month(
        self,
        period: str,
        calendar: WorkCalendar,
        homes: Mapping[str, str],
        charged: Mapping[str, str],
        department: str = "",
    ) -> Sequence[Inputs]:
        """See hub.ports.ScoreReading."""
        first, following = span(period)
        fact = case_facts.c
        closed = [_within(fact.closed_on, first, following), fact.state.not_in(_GIVEN_UP)]
        opened = [_within(fact.opened_on, first, following), conduct.c.is_backfill == 0]
        raised = _raised(first, following, calendar)
        if department:
            closed.append(fact.department_id == department)
            opened.append(conduct.c.department_id == department)
            raised.append(tables.alerts.c.department_id == department)
            homes = {name: region for name, region in homes.items() if name == department}
        with reading(self._engine) as connection:
            counts = _closed(connection, closed)
            _add_clocks(connection, closed, counts)
            cards = _cards(connection, raised, calendar, charged)
            _add_feedback(connection, raised, cards, counts)
            marks = _marks(connection, period, department)
            came = [delivered(connection, first, following, calendar), balanced(connection, first, following)]
            quality = _quality(connection, opened, came)
        _add_cards(cards, counts)
        return _assembled(homes, counts, cards, marks, quality)


def span(period: str) -> tuple[date, date]:
    """Return the first day of a month ("2026-10") and of the one after it."""
    year, month = map(int, period.split("-"))
    return date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)


def _if(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((condition, 1), else_=0))


def _within(column: sa.Column[Any], first: date, following: date) -> sa.ColumnElement[bool]:
    return (column >= first) & (column < following)


def _closed(connection: sa.Connection, closed: _Chosen) -> dict[_Key, dict[str, int]]:
    """Count the cases that ended within a month and were not given up."""
    fact = case_facts.c
    timed = fact.used_workdays.is_not(None) & fact.promised_workdays.is_not(None)
    query = (
        sa.select(
            fact.department_id,
            fact.region_code,
            fact.matter_code,
            sa.func.count().label("closed"),
            _if(fact.on_time | fact.late).label("promised"),
            _if(fact.on_time).label("on_time"),
            _if(fact.late).label("overdue"),
            _if(fact.early).label("early"),
            sa.func.sum(sa.case((timed, fact.used_workdays), else_=0)).label("used_days"),
            sa.func.sum(sa.case((timed, fact.promised_workdays), else_=0)).label("promised_days"),
            _if(fact.supplement).label("supplemented"),
            _if(fact.special).label("special"),
            _if(fact.extension).label("extended"),
            _if(fact.online).label("online"),
            _if(fact.rating.is_not(None)).label("rated"),
            _if(fact.rating < _BAD).label("rated_good"),
            _if(fact.rating >= _BAD).label("rated_bad"),
            _if((conduct.c.is_incomplete == 1) & (conduct.c.department_id == fact.department_id)).label("incomplete"),
        )
        .select_from(case_facts.outerjoin(conduct, conduct.c.case_id == fact.case_id))
        .where(*closed)
        .group_by(fact.department_id, fact.region_code, fact.matter_code)
    )
    found: dict[_Key, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in connection.execute(query):
        said = rows.named(row)
        key = said.pop("department_id"), said.pop("region_code"), said.pop("matter_code")
        found[key].update({name: int(n) for name, n in said.items()})
    return found


def _add_clocks(connection: sa.Connection, closed: _Chosen, counts: dict[_Key, dict[str, int]]) -> None:
    """Count the clocks of the closed cases that were judged."""
    fact, clock = case_facts.c, tables.clocks.c
    key = (fact.department_id, fact.region_code, fact.matter_code, clock.kind, clock.state)
    query = (
        sa.select(*key, sa.func.count().label("n"))
        .select_from(case_facts.join(tables.clocks, clock.subject == fact.case_id))
        .where(*closed)
        .where(clock.kind.in_(_CLOCKS), clock.state.in_(("met", "breached")))
        .group_by(*key)
    )
    for row in connection.execute(query):
        own = counts[row.department_id, row.region_code, row.matter_code]
        own[f"{_CLOCKS[row.kind]}.judged"] += row.n
        own[f"{_CLOCKS[row.kind]}.met"] += row.n if row.state == "met" else 0


def _raised(first: date, following: date, calendar: WorkCalendar) -> list[sa.ColumnElement[bool]]:
    """Choose the alerts raised in a month; none changes before it is raised, and of changes there is an index."""
    alert, start = tables.alerts.c, calendar.start_of(first)
    end = calendar.start_of(following)
    return [alert.changed_at >= start, alert.raised_at >= start, alert.raised_at < end]


def _cards(
    connection: sa.Connection, raised: _Chosen, calendar: WorkCalendar, charged: Mapping[str, str]
) -> Mapping[str, Sequence[Card]]:
    """Return by department the alerts raised in a month that were issued."""
    alert, case = tables.alerts.c, tables.cases.c
    query = (
        sa.select(
            *(alert.alert_id, alert.rule_id, alert.level, alert.state, alert.region_code, alert.department_id),
            *(alert.subject, alert.raised_at, case.case_no, case.matter_code, case.disclosure),
            alert.document,
        )
        .select_from(tables.alerts.outerjoin(tables.cases, alert.subject == case.case_id))
        .where(*raised, alert.state.not_in(("shadow", "pending")))
        .order_by(alert.raised_at, alert.alert_id)
    )
    found: dict[str, list[Card]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.department_id].append(
            Card(
                alert_id=row.alert_id,
                rule_id=row.rule_id,
                level=row.level,
                state=row.state,
                region_code=row.region_code,
                matter_code=row.matter_code or "",
                subject=row.subject,
                case_no=row.case_no or "",
                disclosure=row.disclosure or "",
                raised_on=calendar.day_of(row.raised_at).isoformat(),
                charged_to=_attributed(row.document) or charged.get(row.rule_id, "department"),
            )
        )
    return found


def _attributed(document: str) -> str:
    """Return whom a person attributed an alert to; empty where nobody did. Most documents need not be read for it."""
    return attributed_to(orjson.loads(document)) if _ATTRIBUTE in document else ""


_BALANCES: Final = "R48"
"""The rule that holds departments' days against the hub's."""

_ATTRIBUTE: Final = "attribute"
"""What stands in the document of an alert that was attributed by a person, and in hardly any other."""


def _add_cards(cards: Mapping[str, Sequence[Card]], counts: dict[_Key, dict[str, int]]) -> None:
    """Count the alerts that stand beside the cases they are about."""
    for department, own in cards.items():
        for card in own:
            if card.counts:
                cell = counts[department, card.region_code, card.matter_code]
                cell["alerts"] = cell.get("alerts", 0) + 1
                cell["cards"] = cell.get("cards", 0) + (card.level != "notice")


def _add_feedback(
    connection: sa.Connection, raised: _Chosen, cards: Mapping[str, Sequence[Card]], counts: dict[_Key, dict[str, int]]
) -> None:
    """Count the clocks on answering the month's alerts, but for those whose cause is somebody else's."""
    alert, clock = tables.alerts.c, tables.clocks.c
    others = {card.alert_id for own in cards.values() for card in own if card.charged_to != "department"}
    key = (alert.alert_id, alert.department_id, alert.region_code, clock.state)
    query = (
        sa.select(*key, sa.func.count().label("n"))
        .select_from(tables.alerts.join(tables.clocks, clock.subject == alert.alert_id))
        .where(*raised, clock.kind == "alert_feedback")
        .where(clock.state.in_(("met", "breached")))
        .group_by(*key)
    )
    for row in connection.execute(query):
        if row.alert_id in others:
            continue
        own = counts[row.department_id, row.region_code, ""]
        own["alert_feedback.judged"] = own.get("alert_feedback.judged", 0) + row.n
        own["alert_feedback.met"] = own.get("alert_feedback.met", 0) + (row.n if row.state == "met" else 0)


def _marks(connection: sa.Connection, period: str, department: str) -> Mapping[str, Sequence[Mark]]:
    entry = score_marks.c
    own = [entry.period == period, *([entry.department_id == department] if department else [])]
    query = sa.select(score_marks).where(*own).order_by(entry.at, entry.mark_id)
    found: dict[str, list[Mark]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.department_id].append(
            Mark(mark_id=row.mark_id, indicator_id=row.indicator_id, amount=Decimal(row.amount), ground=row.ground,
                 by=row.by)
        )  # fmt: skip
    return found


def _quality(
    connection: sa.Connection, opened: _Chosen, came: Sequence[Mapping[str, Mapping[str, int]]]
) -> Mapping[str, Mapping[str, int]]:
    """Count by department how the cases that it reported in a month came, and what `came` of its connections.

    What came of a connection that speaks for several departments is charged to none of them.
    """
    found: dict[str, dict[str, int]] = defaultdict(dict)
    fact, told = case_facts.c, conduct.c
    query = (
        sa.select(
            told.department_id,
            sa.func.count().label("cases"),
            sa.func.sum(told.is_late).label("late"),
            sa.func.sum(told.is_incomplete).label("incomplete"),
        )
        .select_from(case_facts.join(conduct, told.case_id == fact.case_id))
        .where(*opened)
        .group_by(told.department_id)
    )
    for row in connection.execute(query):
        found[row.department_id] = {"cases": row.cases, "late": int(row.late), "incomplete": int(row.incomplete)}
    whose = owners(connection)
    for name, said in (line for lines in came for line in lines.items()):
        if name in whose:
            own = found[whose[name]]
            for what, n in said.items():
                own[what] = own.get(what, 0) + n
    return found


def owners(connection: sa.Connection) -> Mapping[str, str]:
    """Return the department of every connection that speaks for one alone."""
    known = (rows.connection(row.document) for row in connection.execute(sa.select(tables.connections)))
    return {each.connection_id: min(each.departments) for each in known if len(each.departments) == 1}


def delivered(
    connection: sa.Connection, first: date, following: date, calendar: WorkCalendar
) -> Mapping[str, Mapping[str, int]]:
    """Count by connection the records read and refused, and the events taken and in conflict, but for backfills."""
    read, tally = tables.reads.c, tables.tallies.c
    ended = (read.ended_at >= calendar.start_of(first)) & (read.ended_at < calendar.start_of(following))
    live = ended & read.backfill.is_(False)
    records = sa.select(
        read.connection_id, sa.func.sum(read.read).label("records"), sa.func.sum(read.quarantined).label("quarantined")
    )
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in connection.execute(records.where(live).group_by(read.connection_id)):
        found[row.connection_id] = {"records": int(row.records), "quarantined": int(row.quarantined)}
    same = (
        (tally.connection_id == read.connection_id) & (tally.read_id == read.read_id) & (tally.portion == read.portion)
    )
    events = sa.select(
        read.connection_id,
        sa.func.sum(tally.n).label("events"),
        sa.func.sum(sa.case((tally.outcome == "conflicting", tally.n), else_=0)).label("conflicting"),
    ).select_from(tables.reads.join(tables.tallies, same))
    for row in connection.execute(events.where(live).group_by(read.connection_id)):
        found[row.connection_id] |= {"events": int(row.events), "conflicting": int(row.conflicting)}
    return found


def balanced(connection: sa.Connection, first: date, following: date) -> Mapping[str, Mapping[str, int]]:
    """Count by connection the days of a month that its department spoke of, and those on which the two still differ.

    Days differ as R48 finds them, once the time to bring what is missing is over; not where its alert was taken back,
    nor where a person attributed it to connector or hub.
    """
    said, alert = tables.manifests.c, tables.alerts.c
    days = sa.select(said.connection_id, sa.func.count().label("n")).where(_in_month(said.day, first, following))
    rows_ = connection.execute(days.group_by(said.connection_id))
    found = {row.connection_id: {"days": int(row.n), "differing": 0} for row in rows_}
    differing = sa.select(alert.subject, alert.document).where(
        alert.rule_id == _BALANCES, alert.state.not_in(TAKEN_BACK), _in_month(alert.occurrence, first, following)
    )
    for row in connection.execute(differing):
        own = found.get(row.subject.removeprefix("connection:"))
        if own is not None and _attributed(row.document) in ("", "department"):
            own["differing"] += 1
    return found


def _in_month(day: sa.ColumnElement[str], first: date, following: date) -> sa.ColumnElement[bool]:
    """Choose local days as they are written, YYYY-MM-DD."""
    return (day >= first.isoformat()) & (day < following.isoformat())


def _assembled(
    homes: Mapping[str, str],
    counts: Mapping[_Key, Mapping[str, int]],
    cards: Mapping[str, Sequence[Card]],
    marks: Mapping[str, Sequence[Mark]],
    quality: Mapping[str, Mapping[str, int]],
) -> Sequence[Inputs]:
    """Put together every department of the catalogue, and every other that was heard of; in order."""
    cells: dict[str, list[Cell]] = defaultdict(list)
    for (department, region, matter), said in sorted(counts.items()):
        cells[department].append(Cell(region_code=region, matter_code=matter, counts=dict(said)))
    return [
        Inputs(
            department_id=name,
            region_code=homes.get(name) or min((cell.region_code for cell in cells.get(name, ())), default=""),
            cells=cells.get(name, ()),
            cards=cards.get(name, ()),
            marks=marks.get(name, ()),
            quality=quality.get(name, {}),
        )
        for name in sorted({*homes, *cells, *cards, *marks})
    ]
