"""Tells from the store what became of one push: a read whose id is its receipt's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from hub.model import ids
from hub.store import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

LOOKED_AT: Final = 1000
"""Records of a push of which it is told why they were refused; the counts are of all."""


def receipt_of(connection: sa.Connection, receipt_id: str, only: str | None) -> dict[str, Any]:
    """Return the portions, records, published events, outcomes and refusals of a push.

    `only` is the connection whose push it must be, None for any. Without portions nothing is known (yet).
    """
    read = tables.reads.c
    query = sa.select(tables.reads).where(read.read_id == receipt_id).order_by(read.portion)
    reports = connection.execute(query.where(read.connection_id == only) if only else query).all()
    sums = {name: sum(getattr(row, name) for row in reports) for name in ("read", "mapped", "empty", "quarantined")}
    return {
        "portions": [row.portion for row in reports],
        "records": sums,
        "published": sum(row.events for row in reports),
        "events": _outcomes(connection, receipt_id, {row.connection_id for row in reports}),
        "refused": [each for row in reports if row.quarantined for each in _refused(connection, row)],
    }


def _outcomes(connection: sa.Connection, receipt_id: str, connections: set[str]) -> dict[str, int]:
    tally = tables.tallies.c
    query = sa.select(tally.outcome, sa.func.sum(tally.n)).group_by(tally.outcome)
    own = query.where(tally.connection_id.in_(connections), tally.read_id == receipt_id)
    return {outcome: int(count) for outcome, count in connection.execute(own)}


def _refused(connection: sa.Connection, report: Any) -> Sequence[dict[str, Any]]:  # noqa: ANN401 - a row
    """Return why records of one report were refused, by the names that their rejections bear."""
    count = min(report.read, LOOKED_AT)
    numbers = {
        ids.rejection_id(report.connection_id, report.read_id, report.portion + place): place + 1
        for place in range(count)
    }
    column = tables.quarantine.c
    told = (column.rejection_id, column.code, column.path, column.problem, column.hint, column.value, column.place)
    found = connection.execute(sa.select(*told).where(column.rejection_id.in_(list(numbers)))).mappings()
    rows = [
        {"record": numbers[row["rejection_id"]], **{str(name): row[name] for name in list(row)[1:]}} for row in found
    ]
    return sorted(rows, key=_record_of)


def _record_of(row: dict[str, Any]) -> int:
    return int(row["record"])
