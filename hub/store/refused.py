"""Keeps what was refused, one entry a cause: what comes again while its entry is open is counted there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from hub.store import rows, tables
from hub.store.bulk import among, insert

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hub.model.values import QuarantineRow


def keep_refused(connection: sa.Connection, refused: Sequence[QuarantineRow]) -> None:
    """Write `refused` within the caller's transaction."""
    if not refused:
        return
    opened = _open_of(connection, {row.record_digest for row in refused})
    fresh: dict[tuple[str, ...], QuarantineRow] = {}
    again: dict[str, list[datetime]] = {}
    for row in refused:
        first = opened.get(row.cause) or fresh.setdefault(row.cause, row).rejection_id
        if first != row.rejection_id:
            again.setdefault(first, []).append(row.last_at)
    insert(connection, tables.quarantine, rows.quarantine_rows(list(fresh.values())), conflict="ignore")
    _count(connection, again)


def _open_of(connection: sa.Connection, digests: set[str]) -> dict[tuple[str, ...], str]:
    """Return the open entries of these records by cause, held against being closed meanwhile."""
    column = tables.quarantine.c
    cause = (column.connection_id, column.record_digest, column.stage, column.code, column.path)
    query = sa.select(column.rejection_id, *cause).where(
        among(connection, column.record_digest, digests), column.state == "open"
    )
    return {tuple(row[1:]): row[0] for row in connection.execute(query.with_for_update())}


def _count(connection: sa.Connection, again: dict[str, list[datetime]]) -> None:
    column = tables.quarantine.c
    counted = sa.update(tables.quarantine).where(column.rejection_id == sa.bindparam("id"))
    values = [{"id": name, "more": len(moments), "last": max(moments)} for name, moments in again.items()]
    if values:
        change = counted.values(seen=column.seen + sa.bindparam("more"), last_at=sa.bindparam("last"))
        connection.execute(change, values)
