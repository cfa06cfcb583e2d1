"""Writes many rows with one statement each: arrays unnested on PostgreSQL, executemany on SQLite.

The hot path of the hub; SQLAlchemy's per-row work would cost more than the database itself.
"""

from __future__ import annotations

from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Literal

import orjson
import sqlalchemy as sa

from hub.store.columns import Instant, aware, microseconds

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

Conflict = Literal["refuse", "ignore", "replace", "add"]
"""On a row whose key exists: let the database refuse, keep the old row, take the new one, or add its columns."""


def insert(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Sequence[Any]], *, conflict: Conflict = "refuse"
) -> None:
    """Insert `rows`, each in the order of the table's columns. TypeError for a naive instant.

    With `replace`, of several rows of one key the last stands.
    """
    if not rows:
        return
    columns = list(zip(*(_last_of_each(table, rows) if conflict == "replace" else rows), strict=True))
    postgres = connection.dialect.name == "postgresql"
    for index in _instants(table):
        columns[index] = tuple(map(aware if postgres else microseconds, columns[index]))
    if postgres:
        connection.exec_driver_sql(_postgres(table, conflict), tuple(map(list, columns)))
    else:
        for index in _days(table):
            columns[index] = tuple(None if day is None else day.isoformat() for day in columns[index])
        connection.exec_driver_sql(_sqlite(table, conflict), list(zip(*columns, strict=True)))


def among(connection: sa.Connection, column: sa.Column[str], values: Collection[str]) -> sa.ColumnElement[bool]:
    """Tell whether `column` is among `values`; one parameter whatever their number."""
    if connection.dialect.name == "postgresql":
        return column == sa.func.any(sa.literal(list(values), sa.ARRAY(sa.Text)))
    listed = sa.func.json_each(orjson.dumps(list(values)).decode()).table_valued("value")
    return column.in_(sa.select(listed.c.value))


def _last_of_each(table: sa.Table, rows: Sequence[Sequence[Any]]) -> Collection[Sequence[Any]]:
    key = itemgetter(*(index for index, column in enumerate(table.columns) if column.primary_key))
    return {key(row): row for row in rows}.values()


@lru_cache(maxsize=64)
def _instants(table: sa.Table) -> frozenset[int]:
    return frozenset(index for index, column in enumerate(table.columns) if isinstance(column.type, Instant))


@lru_cache(maxsize=64)
def _days(table: sa.Table) -> frozenset[int]:
    return frozenset(index for index, column in enumerate(table.columns) if isinstance(column.type, sa.Date))


@lru_cache(maxsize=64)
def _postgres(table: sa.Table, conflict: Conflict) -> str:
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - only where it is used

    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    resolved = _resolution(table, conflict, differs="DISTINCT FROM")
    arrays = ", ".join(f"%b::{column.type.compile(dialect)}[]" for column in table.columns)
    return f"INSERT INTO {table.name} ({_names(table)}) SELECT * FROM unnest({arrays}) {resolved}"  # noqa: S608 - our own names


@lru_cache(maxsize=64)
def _sqlite(table: sa.Table, conflict: Conflict) -> str:
    resolved = _resolution(table, conflict, differs="NOT")
    marks = ", ".join("?" for _ in table.columns)
    return f"INSERT INTO {table.name} ({_names(table)}) VALUES ({marks}) {resolved}"  # noqa: S608 - our own names


def _names(table: sa.Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.columns)


def _resolution(table: sa.Table, conflict: Conflict, *, differs: str) -> str:
    """Say what to do about a row whose key exists; one that stands as it is is not written again."""
    key = ", ".join(f'"{column.name}"' for column in table.primary_key)
    if conflict == "refuse":
        return ""
    if conflict == "ignore":
        return "ON CONFLICT DO NOTHING"
    values = [column.name for column in table.columns if not column.primary_key]
    if conflict == "add":
        sums = ", ".join(f'"{name}" = "{table.name}"."{name}" + excluded."{name}"' for name in values)
        return f"ON CONFLICT ({key}) DO UPDATE SET {sums}"
    kept = ", ".join(f'"{name}" = excluded."{name}"' for name in values)
    changed = " OR ".join(f'"{table.name}"."{name}" IS {differs} excluded."{name}"' for name in values)
    return f"ON CONFLICT ({key}) DO UPDATE SET {kept} WHERE {changed}"
