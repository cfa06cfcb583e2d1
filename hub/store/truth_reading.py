"""Gathers how departments' months were reported, by sums over small rows: never by opening cases."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hub.store.counted import case_facts
from hub.store.engine import reading
from hub.store.score_reading import delivered, owners, span
from hub.store.score_tables import conduct
from hub.supervision.truth.values import Numbers, Reported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from hub.supervision.calendar import WorkCalendar

_JOINED = case_facts.join(conduct, conduct.c.case_id == case_facts.c.case_id)
_LIVE = conduct.c.is_backfill == 0
"""Whoever reported a case answers for how that was done: of a complaint its centre, not the department it counts to."""


class TruthReader:
    """hub.ports.TruthReading on one database. Threads may share it."""

    def __init__(self, engine: sa.Engine) -> None:
        """Read from `engine`."""
        self._engine = engine

    def month(self, period: str, calendar: WorkCalendar, today: date) -> Sequence[Reported]:
        """See hub.ports.TruthReading."""
        first, following = span(period)
        fact = case_facts.c
        opened = (fact.opened_on >= first) & (fact.opened_on < following) & _LIVE
        closed = (fact.closed_on >= first) & (fact.closed_on < following) & _LIVE
        with reading(self._engine) as connection:
            counts = _counts(connection, opened, closed)
            _add_delivered(connection, first, following, calendar, counts)
            groups = _groups(connection, opened)
            durations, handlers = _durations(connection, closed), _handlers(connection, closed)
            numbers, days = _numbers(connection, opened), _days(connection, opened)
        passed = [day for day in _days_of(first, min(following, today)) if calendar.is_workday(day)]
        return [
            Reported(
                department_id=name,
                group=groups.get(name, ""),
                counts=counts[name],
                durations=durations.get(name, {}),
                handlers=handlers.get(name, {}),
                numbers=numbers.get(name, ()),
                days=days.get(name, ()),
                workdays=passed,
            )
            for name in sorted(counts)
        ]


def _days_of(first: date, following: date) -> Sequence[date]:
    return [type(first).fromordinal(n) for n in range(first.toordinal(), following.toordinal())]


def _if(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((condition, 1), else_=0))


def _counts(
    connection: sa.Connection, opened: sa.ColumnElement[bool], closed: sa.ColumnElement[bool]
) -> dict[str, dict[str, int]]:
    fact, told = case_facts.c, conduct.c
    begun = sa.select(
        told.department_id,
        sa.func.count().label("opened"),
        _if(fact.late_entry).label("entered_late"),
        _if(told.placeholders > 0).label("placeholders"),
        _if(told.is_late == 1).label("late"),
    )
    limited = fact.on_time | fact.late
    ended = sa.select(
        told.department_id,
        sa.func.count().label("closed"),
        _if(limited).label("limited"),
        _if(told.at_limit == 1).label("at_limit"),
        _if(limited & (told.backdated > 0)).label("backdated"),
        _if(limited & (told.vanished > 0)).label("vanished"),
    )
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for query, chosen in ((begun, opened), (ended, closed)):
        for row in connection.execute(query.select_from(_JOINED).where(chosen).group_by(told.department_id)):
            said = row._asdict()
            found[said.pop("department_id")].update({name: int(n) for name, n in said.items()})
    return found


def _add_delivered(
    connection: sa.Connection, first: date, following: date, calendar: WorkCalendar, counts: dict[str, dict[str, int]]
) -> None:
    whose = owners(connection)
    for name, said in delivered(connection, first, following, calendar).items():
        if name in whose:
            own = counts[whose[name]]
            for what in ("events", "conflicting"):
                own[what] = own.get(what, 0) + said.get(what, 0)


def _groups(connection: sa.Connection, opened: sa.ColumnElement[bool]) -> Mapping[str, str]:
    """Return by department the power type of most of its cases."""
    fact, told = case_facts.c, conduct.c
    query = sa.select(told.department_id, fact.power_type, sa.func.count()).select_from(_JOINED).where(opened)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for department, power_type, n in connection.execute(query.group_by(told.department_id, fact.power_type)):
        counts[department][power_type] = n
    return {name: min(own, key=lambda each: (-own[each], each)) for name, own in counts.items()}


def _durations(
    connection: sa.Connection, closed: sa.ColumnElement[bool]
) -> Mapping[str, Mapping[str, tuple[int, int]]]:
    """Return by department and matter the cases that took any time, and the most that took the very same."""
    fact, told = case_facts.c, conduct.c
    key = (told.department_id, fact.matter_code)
    alike = (
        sa.select(*key, sa.func.count().label("n"))
        .select_from(_JOINED)
        .where(closed & (told.used_minutes > 0))
        .group_by(*key, told.used_minutes)
        .subquery()
    )
    query = sa.select(
        alike.c.department_id, alike.c.matter_code, sa.func.sum(alike.c.n), sa.func.max(alike.c.n)
    ).group_by(alike.c.department_id, alike.c.matter_code)
    found: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for department, matter, n, most in connection.execute(query):
        found[department][matter] = int(n), int(most)
    return found


def _handlers(connection: sa.Connection, closed: sa.ColumnElement[bool]) -> Mapping[str, Mapping[str, int]]:
    told = conduct.c
    query = sa.select(told.department_id, told.handler, sa.func.count()).select_from(_JOINED)
    found: dict[str, dict[str, int]] = defaultdict(dict)
    chosen = query.where(closed & (told.handler != "")).group_by(told.department_id, told.handler)
    for department, handler, n in connection.execute(chosen):
        found[department][handler] = n
    return found


def _numbers(connection: sa.Connection, opened: sa.ColumnElement[bool]) -> Mapping[str, Sequence[Numbers]]:
    """Return the rows of numbers of a month's cases; a number between them may be of another month's case."""
    told, every = conduct.c, conduct.alias("every_case")
    spans = (
        sa.select(
            told.department_id,
            told.serial_of,
            sa.func.min(told.serial).label("first"),
            sa.func.max(told.serial).label("last"),
            sa.func.count().label("cases"),
        )
        .select_from(_JOINED)
        .where(opened & (told.serial > 0))
        .group_by(told.department_id, told.serial_of)
        .subquery()
    )
    within = (
        (every.c.department_id == spans.c.department_id)
        & (every.c.serial_of == spans.c.serial_of)
        & (every.c.serial >= spans.c.first)
        & (every.c.serial <= spans.c.last)
    )
    key: tuple[Any, ...] = tuple(spans.c)
    query = sa.select(*key, sa.func.count(sa.distinct(every.c.serial)).label("known"))
    found: dict[str, list[Numbers]] = defaultdict(list)
    for row in connection.execute(query.select_from(spans.join(every, within)).group_by(*key)):
        found[row.department_id].append(
            Numbers(prefix=row.serial_of, first=row.first, last=row.last, known=row.known, cases=row.cases)
        )
    return found


def _days(connection: sa.Connection, opened: sa.ColumnElement[bool]) -> Mapping[str, Sequence[date]]:
    fact, told = case_facts.c, conduct.c
    query = sa.select(told.department_id, fact.opened_on).select_from(_JOINED).where(opened).distinct()
    found: dict[str, list[date]] = defaultdict(list)
    for department, day in connection.execute(query):
        found[department].append(day)
    return found
