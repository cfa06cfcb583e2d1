"""Joins the rows of child tables (steps, materials, results) to the row they belong to, and finds those that changed.

A child table may have a cursor of its own: a row added to it makes its parent be read again, whatever the parent's own
cursor says.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.sql import quoted_name

from hub.errors import Fault, Misconfigured

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

    from connectors.database_engine import Database
    from connectors.database_options import ChildOptions, DatabaseOptions

MOST_CHILDREN: Final = 10_000
"""Child rows of one portion's rows at most, of one table: a case has tens, a wrong join a table."""


@dataclass(frozen=True, slots=True)
class Window:
    """Between which instants a child row changed, both included."""

    since: datetime
    bound: datetime


class ChildTable:
    """One child table of a polled one."""

    def __init__(self, database: Database, options: ChildOptions, parent: DatabaseOptions) -> None:
        """Read the rows of `options.table` that belong to rows of `parent`."""
        self._database, self._options, self._parent = database, options, parent

    @property
    def name(self) -> str:
        """Return the field of a record that holds the child rows."""
        return self._options.name

    @property
    def by(self) -> str:
        """Return the parent's column that the child's refers to."""
        return self._options.by or self._parent.key

    @property
    def has_cursor(self) -> bool:
        """Tell whether the table shows when its rows changed."""
        return bool(self._options.cursor)

    def check(self) -> None:
        """Look at the table, before a transaction is open; raise Misconfigured where it is declared in vain."""
        if self._types and self.has_cursor:
            _ = self._form

    def rows_of(self, connection: Connection, parents: Sequence[Any]) -> Mapping[Any, list[dict[str, Any]]]:
        """Return the child rows of each of `parents`, in order; those without any are absent."""
        table, parent = self._table, self._options.parent
        found = sa.select(*(table.c[name] for name in self._columns)).where(table.c[parent].in_(parents))
        if self._options.order:
            found = found.order_by(table.c[self._options.order])
        rows = connection.execute(found.limit(MOST_CHILDREN + 1)).mappings().all()
        if len(rows) > MOST_CHILDREN:
            hint = "check connect.children: parent must be the column that refers to one row of the table"
            raise self._fault("parent", f"over {MOST_CHILDREN:,} rows of {self._options.table} belong to a page", hint)
        children = defaultdict(list)
        for row in rows:
            children[row[parent]].append({str(name): value for name, value in row.items() if name != parent})
        return children

    def changed(self, connection: Connection, window: Window, after: Any, limit: int) -> Sequence[Any]:  # noqa: ANN401 - a key
        """Return the next parents, in order, of which a child changed within `window`."""
        column = self._table.c[self._options.parent]
        cursor = self._table.c[self._options.cursor]
        low, high = (self._value(self._form.write(at)) for at in (window.since, window.bound))
        found = sa.select(column).distinct().where(cursor >= low, cursor <= high)
        if after is not None:
            found = found.where(column > self._database.parameter(after, self._types[self._options.parent]))
        return list(connection.execute(found.order_by(column).limit(limit)).scalars())

    @cached_property
    def _types(self) -> Mapping[str, Any]:
        options = self._options
        found = self._database.columns(options.table, options.schema)
        for key, name in (("parent", options.parent), ("order", options.order), ("cursor", options.cursor)):
            if name and name not in found:
                problem = f"table {options.table} has no column {name}" if found else f"no table {options.table}"
                raise self._fault(key, problem, f"it has {', '.join(sorted(found))}" if found else "check the name")
        return found

    @cached_property
    def _columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self._options.parent, *(self._options.columns or self._types))))

    @cached_property
    def _table(self) -> sa.TableClause:
        schema = self._options.schema
        return sa.table(
            quoted_name(self._options.table, quote=True),
            *(sa.column(quoted_name(name, quote=True)) for name in self._types),
            schema=quoted_name(schema, quote=True) if schema else None,
        )

    @cached_property
    def _form(self) -> Any:  # noqa: ANN401 - a TimeForm
        column = self._types[self._options.cursor]
        return self._database.time_form(column, zone=self._parent.zone, text_format=self._parent.cursor_format)

    def _value(self, value: Any) -> Any:  # noqa: ANN401 - whatever the column holds
        return self._database.parameter(value, self._types[self._options.cursor])

    def _fault(self, key: str, problem: str, hint: str) -> Misconfigured:
        path = f"connect.children.{self.name}.{key}"
        place = self._database.place
        return Misconfigured(Fault(code="source.table", problem=problem, file=place, target_path=path, hint=hint))


def joined(
    connection: Connection, rows: Sequence[RowMapping], children: Sequence[ChildTable]
) -> list[Mapping[str, Any]]:
    """Return `rows` with their children, each table's under its name."""
    found: list[dict[str, Any]] = [{str(name): value for name, value in row.items()} for row in rows]
    for child in children:
        below = child.rows_of(connection, [row[child.by] for row in rows])
        for row in found:
            row[child.name] = below.get(row[child.by], [])
    return list(found)
