"""Wakes cases whose terms have changed: what they are judged by is another calendar or catalogue now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from hub.store import tables
from hub.store.bulk import among

if TYPE_CHECKING:
    from collections.abc import Collection


def departments(connection: sa.Connection, department_ids: Collection[str]) -> None:
    """Wake the open cases of these departments, within the caller's transaction."""
    case = tables.cases.c
    if department_ids:
        theirs = among(connection, case.department_id, department_ids) & case.closed_at.is_(None)
        connection.execute(sa.update(tables.cases).where(theirs).values(wake_at=tables.EPOCH))


def recounted(connection: sa.Connection, calendar_version: str) -> int:
    """Wake the cases with a clock that still runs by another calendar; return how many there are."""
    clock = tables.clocks.c
    others = sa.select(clock.subject).where(
        clock.state.in_(("running", "paused")), clock.calendar_version != calendar_version
    )
    waken = sa.update(tables.cases).where(tables.cases.c.case_id.in_(others)).values(wake_at=tables.EPOCH)
    return connection.execute(waken).rowcount
