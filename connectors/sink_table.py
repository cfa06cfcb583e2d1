"""Delivers documents as rows of a department's table: one row a document, known by its key, put in once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.sql import quoted_name

from connectors.database_dialects import is_unfit
from connectors.database_engine import Database
from connectors.database_options import TIMEOUT_S, database_url, identifier, table_name
from hub.errors import Fault, Misconfigured, Refused, Rejection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.options import Declaration, Options

PROBLEM_CHARS: Final = 200
"""Characters kept of what the database says of a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions:
    """Which table takes the rows, and which of its columns takes a document's key.

    `journal` is a table of keys, in a column of the same name, for a receiver that deletes the rows it took.
    """

    table: str
    schema: str | None
    key: str
    journal: tuple[str | None, str] | None = None


class TableSink:
    """See Sink. The key's column should be unique; a row that is there already is left as it is."""

    def __init__(self, database: Database, options: TableOptions) -> None:
        """Put rows into the table that `options` name; it is connected to at the first document."""
        self._database, self._options = database, options

    def send(self, document: Mapping[str, Any], *, key: str) -> str:
        """See Sink."""
        self._check(document)
        name, table, journals = self._options.key, self._table, self._journal
        try:
            with self._database.writing() as connection:
                if any(_holds(connection, each.c[name], key) for each in (table, *journals)):
                    return f"row {key} is there already"
                _insert(connection, table, {**document, name: key})
                for journal in journals:
                    _insert(connection, journal, {name: key})
        except _Unfit as unfit:
            raise _refused(unfit.problem) from unfit
        return f"row {key}"

    def close(self) -> None:
        """See Sink."""
        self._database.close()

    @cached_property
    def _columns(self) -> tuple[str, ...]:
        found = tuple(self._database.columns(self._options.table, self._options.schema))
        if self._options.key not in found:
            raise self._no_column("connect.key", self._options.key, found)
        return found

    @cached_property
    def _table(self) -> sa.TableClause:
        return _table_of(self._options.table, self._options.schema, self._columns)

    @cached_property
    def _journal(self) -> tuple[sa.TableClause, ...]:
        """Return the table of keys, where there is one: what is in it was put in, in one step with its row."""
        if self._options.journal is None:
            return ()
        schema, table = self._options.journal
        found = tuple(self._database.columns(table, schema))
        if self._options.key not in found:
            raise self._no_column("connect.journal", self._options.key, found, table)
        return (_table_of(table, schema, (self._options.key,)),)

    def _check(self, document: Mapping[str, Any]) -> None:
        """Refuse what is no row; raise Misconfigured for a column that the table does not have."""
        nested = [name for name, value in document.items() if isinstance(value, (dict, list))]
        if nested:
            raise _refused(f"{nested[0]} holds more than one value, and a column holds one")
        lacking = [name for name in document if name not in self._columns]
        if lacking:
            raise self._no_column("set", lacking[0], self._columns)

    def _no_column(self, path: str, name: str, found: tuple[str, ...], table: str = "") -> Misconfigured:
        table = table or self._options.table
        problem = f"table {table} has no column {name}" if found else f"there is no table {table}"
        unseen = f"check {path.replace('.key', '.table')} and what the account may see"
        hint = f"it has {', '.join(found)}" if found else unseen
        return Misconfigured(
            Fault(code="sink.table", problem=problem, file=self._database.place, target_path=path, hint=hint)
        )


class _Unfit(Exception):
    """The database takes this row in no form."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def _table_of(table: str, schema: str | None, columns: tuple[str, ...]) -> sa.TableClause:
    return sa.table(
        quoted_name(table, quote=True),
        *(sa.column(quoted_name(name, quote=True)) for name in columns),
        schema=quoted_name(schema, quote=True) if schema else None,
    )


def _holds(connection: sa.Connection, column: sa.ColumnClause[Any], key: str) -> bool:
    return connection.execute(sa.select(column).where(column == key)).first() is not None


def _insert(connection: sa.Connection, table: sa.TableClause, row: Mapping[str, Any]) -> None:
    try:
        connection.execute(sa.insert(table).values(row))
    except exc.StatementError as wrong:
        if not is_unfit(wrong):
            raise
        raise _Unfit(f"the table does not take the row: {type(getattr(wrong, 'orig', wrong)).__name__}") from wrong


def _refused(problem: str) -> Refused:
    hint = "compare the outbound mapping with the table: types, lengths, what must not be empty"
    return Refused(Rejection(stage="validate", code="deliver.refused", problem=problem[:PROBLEM_CHARS], hint=hint))


def open_table(connect: Options, declaration: Declaration) -> TableSink:
    """Open the table that an outbound mapping declares: `url`, `table`, `key`, `journal`, `timeout`."""
    schema, table = table_name(connect)
    place, _, journal = connect.text("journal", "").rpartition(".")
    keys = identifier(connect, "journal", place) or None, identifier(connect, "journal", journal)
    key = identifier(connect, "key", connect.text("key"))
    options = TableOptions(schema=schema or None, table=table, key=key, journal=keys if journal else None)
    url, timeout_s = database_url(connect), connect.seconds("timeout", TIMEOUT_S)
    return TableSink(Database(url, timeout_s=timeout_s, place=declaration.connection), options)
