"""Leases with fencing tokens: who may write what, decided by the database, timed by its own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from hub.clock import SystemClock
from hub.errors import Fenced
from hub.store.tables import leases


def claim(connection: sa.Connection, role: str, *, owner: str, lease_s: float) -> int | None:
    """Take or renew `role` for `owner`; return its epoch, or None while another holds it.

    Who stands by never waits for who works: a lease that lasts is read without a lock, and one that has run out while
    its owner is inside a transaction is held by it all the same, until that transaction ends.
    """
    query = sa.select(leases).where(leases.c.role == role)
    until = database_now(connection) + timedelta(seconds=lease_s)
    row = connection.execute(query).one_or_none()
    if row is None:
        return _first(connection, role, owner, until)
    if not _is_free(connection, row, owner):
        return None
    mine = row.owner == owner
    row = connection.execute(query.with_for_update(skip_locked=not mine)).one_or_none()
    if row is None or not _is_free(connection, row, owner):
        return None
    epoch = int(row.epoch) if row.owner == owner else int(row.epoch) + 1
    change = sa.update(leases).where(leases.c.role == role).values(epoch=epoch, owner=owner, lease_until=until)
    connection.execute(change)
    return epoch


def _is_free(connection: sa.Connection, row: sa.Row[tuple[object, ...]], owner: str) -> bool:
    return row.owner in {None, owner} or row.lease_until <= database_now(connection)


def _first(connection: sa.Connection, role: str, owner: str, until: datetime) -> int | None:
    """Take a role nobody has ever had; where two try at once, one gets it."""
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(leases).values(role=role, epoch=1, owner=owner, lease_until=until))
    except sa.exc.IntegrityError:
        return None
    return 1


def release(connection: sa.Connection, role: str, *, epoch: int) -> None:
    """Give `role` up, if `epoch` is still its epoch."""
    held = (leases.c.role == role) & (leases.c.epoch == epoch)
    connection.execute(sa.update(leases).where(held).values(owner=None, lease_until=None))


def check(connection: sa.Connection, role: str, *, epoch: int, hold: bool = True) -> None:
    """Raise Fenced if `epoch` is not `role`'s epoch; `hold` its row, so that it stays until the transaction ends."""
    query = sa.select(leases.c.epoch).where(leases.c.role == role)
    present = connection.execute(query.with_for_update() if hold else query).scalar()
    if present != epoch:
        problem = f"{role} is at epoch {present}, not {epoch}: another owner has it"
        raise Fenced(problem)


def database_now(connection: sa.Connection) -> datetime:
    """Return the database's own time; a SQLite file has the machine's."""
    if connection.dialect.name == "postgresql":
        moment: datetime = connection.execute(sa.text("SELECT clock_timestamp()")).scalar_one()
        return moment.astimezone(UTC)
    return SystemClock().now()
