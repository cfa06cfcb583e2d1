"""Opens a department's database for reading, bounded in time, and translates what it says when it fails."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import exc, inspect

from connectors.database_dialects import DIALECTS, is_refusal
from connectors.database_time import time_form
from hub.errors import Fault, Misconfigured, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL
    from sqlalchemy.types import TypeEngine

    from connectors.database_time import TimeForm

KINDS: Final = tuple(DIALECTS)
"""Databases that can be read."""


class Database:
    """One database, connected to when first used. It is read in read-only transactions, of bounded time."""

    def __init__(self, url: URL, *, timeout_s: float, place: str) -> None:
        """Prepare to open `url`; a statement may take `timeout_s`; `place` is the mapping file that declares it."""
        self.place = place
        self._timeout_s = timeout_s
        self._dialect = DIALECTS[url.get_backend_name()]
        self._engine = self._dialect.engine(url)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that can write nothing."""
        with self._transaction(writing=False) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that holds what it reads against other writers; commit on a clean exit."""
        with self._transaction(writing=True) as connection:
            yield connection

    @contextmanager
    def _transaction(self, *, writing: bool) -> Iterator[Connection]:
        with translated(self.place), self._engine.connect() as connection:
            for statement in self._dialect.opening(writing=writing, timeout_s=self._timeout_s):
                connection.exec_driver_sql(statement)
            self._dialect.limit(connection, self._timeout_s)
            yield connection
            connection.commit()

    def columns(self, table: str, schema: str | None) -> Mapping[str, TypeEngine[Any]]:
        """Return a table's columns with their types, as the database describes them; empty where there is no table."""
        with translated(self.place):
            try:
                found = inspect(self._engine).get_columns(table, schema)
            except exc.NoSuchTableError:
                return {}
        return {column["name"]: column["type"] for column in found}

    def primary_key(self, table: str, schema: str | None) -> Sequence[str]:
        """Return the columns of a table's primary key; empty where it has none."""
        with translated(self.place):
            return list(inspect(self._engine).get_pk_constraint(table, schema)["constrained_columns"])

    def now(self, connection: Connection) -> datetime:
        """Return the database's own clock, aware UTC."""
        return self._dialect.now(connection)

    def parameter(self, value: Any, column: TypeEngine[Any]) -> Any:  # noqa: ANN401 - whatever a column holds
        """Return a value as a parameter that is compared as the column's own."""
        return self._dialect.parameter(value, column)

    def time_form(self, column: TypeEngine[Any], *, zone: ZoneInfo, text_format: str) -> TimeForm:
        """Return how a column's times stand to the clock; raise Misconfigured where it holds none."""
        return time_form(column, zone=zone, text_format=text_format, instants=self._dialect.instants, place=self.place)

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Tell a database that is away (Unavailable) from one that does not fit its declaration (Misconfigured)."""
    try:
        yield
    except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError) as away:
        if is_refusal(away):
            hint = "check account, password, database and table, and what the account may do"
            raise Misconfigured(
                Fault(code="source.database", problem=_reason(away), file=place, target_path="connect", hint=hint)
            ) from away
        hint = "check that it runs; where a statement took too long, index the cursor column or raise connect.timeout"
        raise Unavailable(_reason(away), place=place, hint=hint) from away
    except exc.DBAPIError as wrong:
        if wrong.connection_invalidated:
            raise Unavailable(_reason(wrong), place=place, hint="check that it runs") from wrong
        hint = "compare the declaration with the table and with what the account may do"
        raise Misconfigured(
            Fault(code="source.database", problem=_reason(wrong), file=place, target_path="connect", hint=hint)
        ) from wrong


def _reason(error: exc.SQLAlchemyError) -> str:
    """Say what the driver said, in one line and without the statement, whose parameters may be personal."""
    original = getattr(error, "orig", None) or error
    return f"{type(original).__name__}: {str(original).splitlines()[0] if str(original) else ''}"[:300]
