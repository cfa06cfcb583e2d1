"""Counts in a department's own table how many cases began on each of the last days, and which they were."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.sql import quoted_name

from connectors.manifests import Asking, Said
from hub.errors import Fault, Misconfigured
from hub.model.digest import numbers_digest
from hub.model.values import Manifest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connectors.database_engine import Database
    from connectors.database_options import DatabaseOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class CountOptions:
    """Which columns of the polled table say when a case began and how it is numbered.

    `names_cases`: the case number is that column as it stands, so that the numbers themselves can be compared.
    """

    opened: str
    number: str
    names_cases: bool
    asking: Asking


class TableStatement:
    """A connectors.manifests.Statement over the polled table."""

    def __init__(self, database: Database, options: DatabaseOptions, count: CountOptions) -> None:
        """Count the rows of the table that `options` name."""
        self._database, self._options, self._count = database, options, count
        self.asking = count.asking

    def said(self) -> Said:
        """See Statement. A day counts once it is over for longer than `settle`, by the database's own clock."""
        with self._database.reading() as connection:
            now = self._database.now(connection) - timedelta(seconds=self._options.settle_s)
        today = now.astimezone(self._options.zone).date()
        days = [today - timedelta(days=back) for back in range(self.asking.days, 0, -1)]
        return Said([self._manifest(day) for day in days])

    def _manifest(self, day: date) -> Manifest:
        numbers = set(self._numbers(day))
        return Manifest(day=day, cases=len(numbers), sha256=numbers_digest(numbers) if self._count.names_cases else "")

    def _numbers(self, day: date) -> Iterator[str]:
        low, high = (self._bound(each) for each in (day, day + timedelta(days=1)))
        opened, number = self._column(self._count.opened), self._column(self._count.number)
        within = sa.select(number).distinct().select_from(self._table).where(opened >= low, opened < high)
        with self._database.reading() as connection:
            found = connection.execute(within).scalars().all()
        yield from (str(each).strip() for each in found if each is not None)

    def _bound(self, day: date) -> Any:  # noqa: ANN401 - what the column holds
        column, options = self._types[self._count.opened], self._options
        if isinstance(column, sa.Date):
            return self._database.parameter(day, column)
        form = self._database.time_form(column, zone=options.zone, text_format=options.cursor_format)
        start = datetime.combine(day, time(), options.zone)
        return self._database.parameter(form.write(start), column)

    @cached_property
    def _types(self) -> Mapping[str, Any]:
        found = self._database.columns(self._options.table, self._options.schema)
        wanted = {"connect.manifest.opened": self._count.opened, "connect.manifest.number": self._count.number}
        lacking = [
            Fault(
                code="source.table",
                problem=f"table {self._options.table} has no column {name}",
                file=self._database.place,
                target_path=path,
                hint=f"it has {', '.join(sorted(found))}",
            )
            for path, name in wanted.items()
            if name not in found
        ]
        if lacking:
            raise Misconfigured(*lacking)
        return found

    @cached_property
    def _table(self) -> sa.TableClause:
        schema = self._options.schema
        columns = (self._count.opened, self._count.number)
        return sa.table(
            quoted_name(self._options.table, quote=True),
            *(sa.column(quoted_name(name, quote=True)) for name in dict.fromkeys(columns)),
            schema=quoted_name(schema, quote=True) if schema else None,
        )

    def _column(self, name: str) -> sa.ColumnElement[Any]:
        return self._table.c[name]
