"""Keeps what departments say of their days, and reads it beside what the hub holds of them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from hub.model.digest import numbers_digest
from hub.model.values import ManifestRow
from hub.store import tables
from hub.store.bulk import insert
from hub.supervision.city import Balance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from hub.supervision.calendar import WorkCalendar
    from hub.supervision.city import Whose

RETRY: Final = timedelta(days=1)
"""How long after its word on a day a department's connection has time to bring what is missing: a poll, a
reconciliation, a replay from the quarantine."""

COMPARED_DAYS: Final = 31
"""Days looked back at; later words on older days change nothing."""


def keep_manifests(connection: sa.Connection, said: Sequence[ManifestRow]) -> None:
    """Write what was said of days; a word that comes late does not stand against a later one."""
    standing: dict[tuple[str, date], ManifestRow] = {}
    for each in said:
        key = each.connection_id, each.day
        if key not in standing and (before := _before(connection, each)) is not None:
            standing[key] = before
        standing[key] = each.after(standing.get(key))
    values = [
        (row.connection_id, row.day.isoformat(), row.cases, row.sha256, row.said_at, row.since)
        for row in standing.values()
    ]
    insert(connection, tables.manifests, values, conflict="replace")


def _before(connection: sa.Connection, said: ManifestRow) -> ManifestRow | None:
    kept = tables.manifests.c
    mine = (kept.connection_id == said.connection_id) & (kept.day == said.day.isoformat())
    row = connection.execute(sa.select(tables.manifests).where(mine)).one_or_none()
    return None if row is None else _manifest(row)


def _manifest(row: sa.Row[tuple[object, ...]]) -> ManifestRow:
    return ManifestRow(**{**row._asdict(), "day": date.fromisoformat(row.day)})


def balances(
    connection: sa.Connection,
    now: datetime,
    calendar: WorkCalendar,
    whose: Callable[[str], Whose | None],
) -> Iterator[Balance]:
    """Yield every day that a department spoke of, with what the hub holds of it.

    `whose` says whom a connection belongs to; None where it is not registered. The days of a connection hold the cases
    that it reports, by the day on which they were opened, those voided since among them.
    """
    since = calendar.day_of(now) - timedelta(days=COMPARED_DAYS)
    kept = tables.manifests.c
    query = sa.select(tables.manifests).where(kept.day >= since.isoformat()).order_by(kept.day, kept.connection_id)
    held: Mapping[str, int] = {}
    day: date | None = None
    for said in map(_manifest, connection.execute(query).all()):
        if said.day != day:
            day, held = said.day, _held(connection, said.day, calendar)
        owner = whose(said.connection_id)
        if owner is not None:
            yield _balance(connection, said, held.get(said.connection_id, 0), owner, now, calendar)


def _balance(
    connection: sa.Connection, said: ManifestRow, cases: int, whose: Whose, now: datetime, calendar: WorkCalendar
) -> Balance:
    """Weigh one day. Which cases it had is asked only where their number agrees and the department named them."""
    over_at = calendar.start_of(said.day + timedelta(days=1))
    digest = numbers_digest(_numbers(connection, said, calendar)) if said.sha256 and said.cases == cases else ""
    return Balance(
        whose=whose,
        connection_id=said.connection_id,
        day=said.day,
        said=(said.cases, said.sha256),
        held=(cases, digest),
        is_retried=said.said_at >= over_at and now >= max(said.since, over_at) + RETRY,
    )


def _of_day(day: date, calendar: WorkCalendar) -> sa.ColumnElement[bool]:
    opened = tables.cases.c.opened_at
    return (opened >= calendar.start_of(day)) & (opened < calendar.start_of(day + timedelta(days=1)))


def _held(connection: sa.Connection, day: date, calendar: WorkCalendar) -> Mapping[str, int]:
    case = tables.cases.c
    query = sa.select(case.connection_id, sa.func.count()).where(_of_day(day, calendar)).group_by(case.connection_id)
    return {row[0]: int(row[1]) for row in connection.execute(query)}


def _numbers(connection: sa.Connection, said: ManifestRow, calendar: WorkCalendar) -> Iterator[str]:
    case = tables.cases.c
    mine = _of_day(said.day, calendar) & (case.connection_id == said.connection_id)
    yield from connection.execute(sa.select(case.case_no).where(mine)).scalars()
