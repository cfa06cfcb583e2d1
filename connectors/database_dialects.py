"""Decides how each kind of database is opened, bounded and asked for its clock. A further kind is a class and one line.

Whatever the kind: transactions say whether they write, statements end in time, and one odd value is one odd row.
"""

from __future__ import annotations

import sqlite3
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import quote

import pymysql
import sqlalchemy as sa
from psycopg.errors import DataError
from psycopg.types.datetime import DateLoader, TimestampLoader, TimestamptzLoader
from psycopg.types.json import JsonbLoader, JsonLoader
from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions, convert_datetime
from sqlalchemy import create_engine, event, exc, types
from sqlalchemy.dialects import mysql
from sqlalchemy.pool import QueuePool

from connectors.database_foreign import FOREIGN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine import URL
    from sqlalchemy.types import TypeEngine

CONNECT_S: Final = 10
"""Seconds to wait for the database to answer at all."""

_STEPS: Final = 10_000
"""SQLite virtual-machine steps between two looks at the clock."""

LEVELS: Final = 100
"""Levels of nesting in a JSON column; what lies deeper is taken as text. Every reader of JSON has some limit."""


class Dialect(Protocol):
    """One kind of database."""

    @property
    def instants(self) -> Mapping[type[TypeEngine[Any]], str]:
        """Return by type of column how its times stand to the clock: `zoned`, `local`, `utc` or `text`."""

    def engine(self, url: URL) -> Engine:
        """Return an engine of one connection."""

    def opening(self, *, writing: bool, timeout_s: float) -> tuple[str, ...]:
        """Return the statements with which a transaction begins."""

    def limit(self, connection: Connection, timeout_s: float) -> None:
        """Bound what the statements alone do not."""

    def now(self, connection: Connection) -> datetime:
        """Return the database's own clock, aware UTC."""

    def parameter(self, value: Any, column: TypeEngine[Any]) -> Any:  # noqa: ANN401 - whatever a column holds
        """Return a value as a parameter that is compared as the column's own."""


class Sqlite:
    """An SQLite file: it has no type of time, and no time-out of its own."""

    instants: Final[Mapping[type[TypeEngine[Any]], str]] = {
        types.DateTime: "text",
        types.TIMESTAMP: "text",
        types.NullType: "text",
        types.String: "text",
    }

    def engine(self, url: URL) -> Engine:
        """Open an existing file only: a mistyped path must not become an empty database."""
        address = f"file:{quote(url.database or '')}?mode=rw"

        def connect() -> sqlite3.Connection:
            driver = sqlite3.connect(
                address, uri=True, timeout=CONNECT_S, isolation_level=None, check_same_thread=False
            )
            driver.text_factory = _text
            return driver

        return create_engine("sqlite+pysqlite://", creator=connect, poolclass=QueuePool, pool_size=1, max_overflow=0)

    def opening(self, *, writing: bool, timeout_s: float) -> tuple[str, ...]:  # noqa: ARG002 - see limit
        """See Dialect."""
        query_only, begin = ("OFF", "BEGIN IMMEDIATE") if writing else ("ON", "BEGIN")
        return (f"PRAGMA query_only = {query_only}", begin)

    def limit(self, connection: Connection, timeout_s: float) -> None:
        """Interrupt a transaction that takes too long."""
        driver = connection.connection.driver_connection
        deadline = time.monotonic() + timeout_s
        if isinstance(driver, sqlite3.Connection):
            driver.set_progress_handler(lambda: int(time.monotonic() > deadline), _STEPS)

    def now(self, connection: Connection) -> datetime:
        """See Dialect."""
        text = connection.exec_driver_sql("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')").scalar_one()
        return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)

    def parameter(self, value: Any, column: TypeEngine[Any]) -> Any:  # noqa: ANN401, ARG002 - it compares what it is given
        """See Dialect."""
        return value


class PostgreSql:
    """PostgreSQL, and what speaks its protocol and SQL (人大金仓 KingbaseES, openGauss)."""

    instants: Final[Mapping[type[TypeEngine[Any]], str]] = {
        types.DateTime: "local",
        types.TIMESTAMP: "local",
        types.String: "text",
    }

    def engine(self, url: URL) -> Engine:
        """See Dialect."""
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args={"connect_timeout": CONNECT_S},
            pool_size=1,
            max_overflow=0,
            pool_pre_ping=True,
        )
        event.listen(engine, "connect", _tolerate_odd_values)
        return engine

    def opening(self, *, writing: bool, timeout_s: float) -> tuple[str, ...]:
        """See Dialect."""
        mode = "READ WRITE" if writing else "READ ONLY"
        return (f"SET TRANSACTION {mode}", f"SET LOCAL statement_timeout = {int(timeout_s * 1000)}")

    def limit(self, connection: Connection, timeout_s: float) -> None:
        """Do nothing: the statement's own limit is set."""

    def now(self, connection: Connection) -> datetime:
        """See Dialect."""
        instant: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
        return instant.astimezone(UTC)

    def parameter(self, value: Any, column: TypeEngine[Any]) -> Any:  # noqa: ANN401 - whatever a column holds
        """See Dialect."""
        return sa.cast(sa.literal(str(value)), column)


class MySql:
    """MariaDB and MySQL. A session's zone is UTC, so that `timestamp` is an instant; `datetime` is a wall clock's."""

    instants: Final[Mapping[type[TypeEngine[Any]], str]] = {
        mysql.TIMESTAMP: "utc",
        types.DateTime: "local",
        types.String: "text",
    }

    def engine(self, url: URL) -> Engine:
        """See Dialect."""
        engine = create_engine(
            url.set(drivername="mysql+pymysql"),
            connect_args={
                "connect_timeout": CONNECT_S,
                "charset": "utf8mb4",
                "init_command": "SET time_zone = '+00:00'",
                "conv": {**conversions, FIELD_TYPE.TIMESTAMP: _instant},
            },
            pool_size=1,
            max_overflow=0,
            pool_pre_ping=True,
        )
        event.listen(engine, "connect", _bound_statements)
        return engine

    def opening(self, *, writing: bool, timeout_s: float) -> tuple[str, ...]:  # noqa: ARG002 - see limit
        """See Dialect."""
        return (f"START TRANSACTION {'READ WRITE' if writing else 'READ ONLY'}",)

    def limit(self, connection: Connection, timeout_s: float) -> None:
        """Let a statement end in time: MariaDB counts seconds, MySQL milliseconds, and both reading ones alone."""
        named = (
            f"max_statement_time = {timeout_s}"
            if connection.dialect.is_mariadb  # type: ignore[attr-defined]
            else f"max_execution_time = {int(timeout_s * 1000)}"
        )
        connection.exec_driver_sql(f"SET SESSION {named}")

    def now(self, connection: Connection) -> datetime:
        """See Dialect."""
        instant: datetime = connection.exec_driver_sql("SELECT UTC_TIMESTAMP(6)").scalar_one()
        return instant.replace(tzinfo=UTC)

    def parameter(self, value: Any, column: TypeEngine[Any]) -> Any:  # noqa: ANN401, ARG002 - a constant becomes the column's
        """See Dialect. Offsets are not understood by all versions; instants are written in UTC, as the session is."""
        return str(value).removesuffix("+00:00")


def _bound_statements(driver: Any, _record: object) -> None:  # noqa: ANN401 - pymysql's connection
    """Give up a server that stops answering in the middle of a statement."""
    driver._read_timeout = driver._read_timeout or 10 * CONNECT_S  # noqa: SLF001 - set after the handshake, whose limit is its own


def _instant(text: Any) -> Any:  # noqa: ANN401 - pymysql's text in, a value or that text out
    """Read a `timestamp`: an instant; 0000-00-00 stays text."""
    found = convert_datetime(text)
    return found.replace(tzinfo=UTC) if isinstance(found, datetime) else found


def _text(raw: bytes) -> str | bytes:
    """Return text; bytes where a department's program has written another encoding into a text column."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


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


_REFUSED: Final = frozenset({1044, 1045, 1049, 1054, 1142, 1143, 1146, 1227, 1290, 1792})
"""Codes of MariaDB and MySQL for what time does not mend, though their driver calls it operational."""

_SAID: Final = ("password authentication failed", "no password supplied", "no pg_hba.conf entry")
"""What PostgreSQL says when it lets nobody in: psycopg tells it as one that is away."""


def is_refusal(error: exc.SQLAlchemyError) -> bool:
    """Tell whether a database that answers refuses what it is asked, which is the operator's to mend."""
    original = getattr(error, "orig", None)
    if isinstance(original, pymysql.MySQLError):
        return bool(original.args) and original.args[0] in _REFUSED
    return any(said in str(original) for said in _SAID)


_UNFIT: Final = frozenset({1048, 1264, 1265, 1292, 1364, 1366, 1406})
"""Codes of MariaDB and MySQL for a row that a table does not take, some of which their driver calls operational."""


def is_unfit(error: Exception) -> bool:
    """Tell whether a database refuses a row for what it holds, and would again."""
    if isinstance(error, exc.DataError | exc.IntegrityError):
        return True
    if isinstance(error, exc.DBAPIError):
        original = error.orig
        return isinstance(original, pymysql.MySQLError) and bool(original.args) and original.args[0] in _UNFIT
    return isinstance(error, exc.StatementError)


DIALECTS: Final[Mapping[str, Dialect]] = {
    "sqlite": Sqlite(),
    "postgresql": PostgreSql(),
    "mysql": MySql(),
    "mariadb": MySql(),
    **FOREIGN,
}
"""By the name that a URL begins with."""
