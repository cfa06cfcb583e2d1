"""Opens a department's database for reading, bounded in time, and translates what it says when it fails."""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from psycopg.errors import DataError
from psycopg.types.datetime import DateLoader, TimestampLoader, TimestamptzLoader
from psycopg.types.json import JsonbLoader, JsonLoader
from sqlalchemy import create_engine, event, exc, inspect
from sqlalchemy.pool import QueuePool

from hub.errors import Fault, Misconfigured, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine import URL
    from sqlalchemy.types import TypeEngine

CONNECT_S: Final = 10
"""Seconds to wait for the database to answer at all."""

_STEPS: Final = 10_000
"""SQLite virtual-machine steps between two looks at the clock."""

LEVELS: Final = 100
"""Levels of nesting in a JSON column; what lies deeper is taken as text. Every reader of JSON has some limit."""

KINDS: Final = ("sqlite", "postgresql")
"""Databases that can be read. A further one is its driver, its opening statements and its clock."""


class Database:
    """One database, connected to when first used. It is read in read-only transactions, of bounded time."""

    def __init__(self, url: URL, *, timeout_s: float, place: str) -> None:
        """Prepare to open `url`; a statement may take `timeout_s`; `place` is the mapping file that declares it."""
        self.place = place
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._timeout_s = timeout_s
        self._engine = _sqlite(url) if self.is_sqlite else _postgresql(url)

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
            for statement in self._opening(writing=writing):
                connection.exec_driver_sql(statement)
            if self.is_sqlite:
                self._limit_sqlite(connection)
            yield connection
            connection.commit()

    def _opening(self, *, writing: bool) -> tuple[str, ...]:
        if self.is_sqlite:
            query_only, begin = ("OFF", "BEGIN IMMEDIATE") if writing else ("ON", "BEGIN")
            return (f"PRAGMA query_only = {query_only}", begin)
        mode = "READ WRITE" if writing else "READ ONLY"
        return (f"SET TRANSACTION {mode}", f"SET LOCAL statement_timeout = {int(self._timeout_s * 1000)}")

    def _limit_sqlite(self, connection: Connection) -> None:
        """Interrupt a transaction that takes too long; SQLite has no time-out of its own for that."""
        driver = connection.connection.driver_connection
        deadline = time.monotonic() + self._timeout_s
        if isinstance(driver, sqlite3.Connection):
            driver.set_progress_handler(lambda: int(time.monotonic() > deadline), _STEPS)

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
        if self.is_sqlite:
            text = connection.exec_driver_sql("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')").scalar_one()
            return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
        instant: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
        return instant.astimezone(UTC)

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Tell a database that is away (Unavailable) from one that does not fit its declaration (Misconfigured)."""
    try:
        yield
    except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError) as away:
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


def _sqlite(url: URL) -> Engine:
    """Open an existing file only: a mistyped path must not become an empty database."""
    address = f"file:{quote(url.database or '')}?mode=rw"

    def connect() -> sqlite3.Connection:
        driver = sqlite3.connect(address, uri=True, timeout=CONNECT_S, isolation_level=None, check_same_thread=False)
        driver.text_factory = _text
        return driver

    return create_engine("sqlite+pysqlite://", creator=connect, poolclass=QueuePool, pool_size=1, max_overflow=0)


def _text(raw: bytes) -> str | bytes:
    """Return text; bytes where a department's program has written another encoding into a text column."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def _postgresql(url: URL) -> Engine:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={"connect_timeout": CONNECT_S},
        pool_size=1,
        max_overflow=0,
        pool_pre_ping=True,
    )
    event.listen(engine, "connect", _tolerate_odd_values)
    return engine


def _tolerate_odd_values(driver: Any, _record: object) -> None:  # noqa: ANN401 - psycopg's connection
    """Take as text what Python has no value for: times of infinity or beyond 9999, JSON that is nested without end.

    One row, not the poll, is odd.
    """
    for name, loader in _LOADERS.items():
        driver.adapters.register_loader(name, type(f"Tolerant{loader.__name__}", (_Tolerant, loader), {}))


_LOADERS: Final[Mapping[str, type]] = {
    "timestamp": TimestampLoader,
    "timestamptz": TimestamptzLoader,
    "date": DateLoader,
    "json": JsonLoader,
    "jsonb": JsonbLoader,
}


class _Tolerant:
    """Falls back to the text that PostgreSQL wrote."""

    def load(self, data: Any) -> Any:  # noqa: ANN401 - psycopg's buffer in, a value or text out
        raw = bytes(data)
        try:
            return raw.decode() if _is_deep(raw) else super().load(data)  # type: ignore[misc]
        except (DataError, ValueError):
            return raw.decode()


def _is_deep(raw: bytes) -> bool:
    """Tell whether JSON is nested deeper than what can be handled; quotes are not looked at, text may count as deep."""
    if raw.count(b"[") + raw.count(b"{") <= LEVELS:
        return False
    depth = deepest = 0
    for byte in raw:
        depth += (byte in b"[{") - (byte in b"]}")
        deepest = max(deepest, depth)
    return deepest > LEVELS
