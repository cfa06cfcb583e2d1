"""Wakes cases whose terms have changed: what they are judged by is another calendar, catalogue or law now."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hub.store import columns, tables
from hub.store.bulk import among

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from hub.model.terms import Touched
    from hub.supervision.law import Moved


def departments(connection: sa.Connection, department_ids: Collection[str]) -> None:
    """Wake the open cases of these departments, within the caller's transaction."""
    case = tables.cases.c
    if department_ids:
        _wake(connection, among(connection, case.department_id, department_ids) & case.closed_at.is_(None))


def touched(connection: sa.Connection, given: Sequence[Touched]) -> None:
    """Wake the cases that a change of the catalogue may concern, and no other.

    A matter may be another department's too, where that one has no version of its own.
    """
    case = tables.cases.c
    for each in given:
        if each.matters is None:
            chosen = case.department_id == each.department_id
        else:
            chosen = among(connection, case.matter_code, each.matters) & _judged_by(each)
        is_open = case.closed_at.is_(None)
        later = is_open if each.since is None else is_open | (case.closed_at >= each.since)
        _wake(connection, chosen & later)


def _judged_by(given: Touched) -> sa.ColumnElement[bool]:
    """Choose the cases of a department, and those of departments whose own documents do not name the matter."""
    case, held = tables.cases.c, tables.catalogue.c
    others = sa.select(held.department_id).where(held.department_id != given.department_id)
    named = [held.document.contains(f'"matter_code":"{code}"', autoescape=True) for code in given.matters or ()]
    return case.department_id.not_in(others.where(sa.or_(*named)))


def recounted(connection: sa.Connection, is_present: Callable[[str], bool]) -> int:
    """Wake the cases with a clock that still runs by a calendar of which `is_present` says no; count them."""
    clock = tables.clocks.c
    running = clock.state.in_(("running", "paused"))
    if not (past := _past(connection, running, is_present)):
        return 0
    others = sa.select(clock.subject).where(running, among(connection, clock.calendar_version, past))
    return _wake(connection, tables.cases.c.case_id.in_(others))


def stale(connection: sa.Connection, kinds: Collection[str], is_present: Callable[[str], bool]) -> Collection[str]:
    """Return what has a running clock of these kinds by a calendar of which `is_present` says no."""
    clock = tables.clocks.c
    running = among(connection, clock.kind, kinds) & clock.state.in_(("running", "paused"))
    if not (past := _past(connection, running, is_present)):
        return set()
    others = sa.select(clock.subject).where(running, among(connection, clock.calendar_version, past)).distinct()
    return set(connection.execute(others).scalars())


def _past(
    connection: sa.Connection, running: sa.ColumnElement[bool], is_present: Callable[[str], bool]
) -> Sequence[str]:
    """Return the versions by which these clocks were counted and of which `is_present` says no: a few, if any."""
    query = sa.select(tables.clocks.c.calendar_version).where(running).distinct()
    return [each for each in connection.execute(query).scalars() if not is_present(each)]


def relawed(connection: sa.Connection, moved: Moved, start_of: Callable[[date], datetime]) -> int:
    """Wake the cases that another limit of the law concerns; return how many there are."""
    case, clock = tables.cases.c, tables.clocks.c
    since = start_of(moved.since) if moved.since > date.min else columns.EPOCH
    began = [clock.started_at >= since, *([clock.started_at < start_of(moved.until)] if moved.until else [])]
    by_law = clock.basis.startswith("《", autoescape=True)
    concerned: sa.ColumnElement[bool] = case.case_id.in_(
        sa.select(clock.subject).where(clock.kind == moved.kind, by_law, *began)
    )
    if moved.appears:
        opened = [case.opened_at < start_of(moved.until)] if moved.until else []
        was_open = case.closed_at.is_(None) | (case.closed_at >= since)
        concerned = concerned | sa.and_(was_open, *opened)
    return _wake(connection, concerned)


def still_open(connection: sa.Connection, kinds: Collection[str] | None) -> int:
    """Wake the open cases that have a clock of these kinds (None: all of them); return how many there are."""
    case, clock = tables.cases.c, tables.clocks.c
    chosen: sa.ColumnElement[bool] = case.closed_at.is_(None)
    if kinds is not None:
        chosen = chosen & case.case_id.in_(sa.select(clock.subject).where(among(connection, clock.kind, kinds)))
    return _wake(connection, chosen)


def _wake(connection: sa.Connection, chosen: sa.ColumnElement[bool]) -> int:
    return connection.execute(sa.update(tables.cases).where(chosen).values(wake_at=columns.EPOCH)).rowcount
