"""Opens databases: PostgreSQL and SQLite made to behave alike where it matters, foreign errors told in our words."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from tenacity import retry, retry_if_exception_message, stop_after_delay, wait_random

from hub.errors import Fault, Misconfigured, Unavailable

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

BUSY_MS: Final = 30_000
"""Milliseconds a SQLite writer waits for another before the store counts as away."""


STALL_S: Final = 60
"""Seconds a process may stall inside a transaction before PostgreSQL takes it, with its locks, so that another owner
can go on. Far longer than any batch takes."""

LOCK_S: Final = 15
"""Seconds PostgreSQL waits for a lock before the store counts as away."""

REACH: Final = {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""Seconds and tries after which a PostgreSQL that does not answer counts as away."""

NOT_MIGRATED: Final = frozenset({"42P01", "42703", "3F000"})
"""SQLSTATE of PostgreSQL where a table, a column or a schema is not there."""

BROKEN: Final = frozenset({"25P03", "40001", "40P01", "53300", "55P03", "57P01", "57P02", "57P03"})
"""SQLSTATE of PostgreSQL that time mends: a transaction that stalled too long, a deadlock, a lock not had in time, a
server that is full, stopping or starting. Not all of them reach us as OperationalError."""

REFUSED: Final = frozenset({"28000", "28P01", "3D000", "42501"})
"""SQLSTATE of PostgreSQL where it knows neither the account nor the database, or the account may not do this."""

SHUT_OUT: Final = (
    "authentication failed",
    "no password supplied",
    "pg_hba.conf",
    "is not permitted to log in",
    "permission denied for database",
    "认证失败",
    "不允许角色",
    "权限不够",
)
"""What PostgreSQL says to those it does not let in. libpq hands no SQLSTATE out before a connection stands, so that the
text has to do; the server writes it in its own language (English, Chinese)."""

UNKNOWN: Final = re.compile(r'(database|role|数据库|角色) *["“].*["”] *(does not exist|不存在)')
"""What PostgreSQL says where the URL names a database or an account that it does not have."""


def open_engine(url: str, *, stall_s: float = STALL_S, lock_s: float = LOCK_S, by_key: bool = False) -> sa.Engine:
    """Return an engine for `url` (postgresql+psycopg://… or sqlite:///…); nothing is reached before its first use.

    `by_key` is for callers that read by key alone: during an import PostgreSQL's statistics are older than the rows,
    and it would read whole tables for every batch.

    Its errors do not show parameters: these are documents, which belong into no log.
    """
    if url.startswith("sqlite"):
        path = sa.make_url(url).database
        if path:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(url, connect_args={"timeout": BUSY_MS / 1000}, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    url = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)
    limits = {"idle_in_transaction_session_timeout": f"{stall_s * 1000:.0f}", "lock_timeout": f"{lock_s * 1000:.0f}"}
    settings = {**limits, "timezone": "UTC", "enable_seqscan": "off" if by_key else "on"}
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    arguments = {**REACH, "options": options}
    return sa.create_engine(
        url, pool_pre_ping=True, pool_size=5, max_overflow=10, connect_args=arguments, hide_parameters=True
    )


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """Hand transactions to us, and make a commit survive a power cut."""
    connection.isolation_level = None
    for pragma in (f"busy_timeout={BUSY_MS}", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    _write_ahead(connection)


@retry(
    retry=retry_if_exception_message(message="database is locked"),
    wait=wait_random(max=0.1),
    stop=stop_after_delay(BUSY_MS / 1000),
    reraise=True,
)
def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch a file to its journal: SQLite does not wait where several processes do that to a new file at once."""
    connection.execute("PRAGMA journal_mode=WAL")


def _begin_sqlite(connection: sa.Connection) -> None:
    """Take the write lock at once where the transaction will write; two deferred writers would deadlock."""
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Open a transaction that writes: commit on a clean exit, roll back on an exception."""
    with translated(), engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Open a transaction that only reads, on one snapshot."""
    options: dict[str, Any] = {"reading": True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with translated(), engine.connect().execution_options(**options) as connection:
        yield connection


@contextmanager
def translated() -> Iterator[None]:
    """Say in our words that the database is away or not prepared; everything else passes as it is."""
    try:
        yield
    except sa.exc.TimeoutError as busy:
        problem = f"the store is away: {busy.args[0]}"
        raise Unavailable(problem) from busy
    except sa.exc.DBAPIError as error:
        if fault := _operators_fault(error):
            raise Misconfigured(fault) from error
        if _is_away(error):
            problem = "the store is away: " + str(error.orig).partition("\n")[0]
            raise Unavailable(problem) from error
        raise


def _operators_fault(error: sa.exc.DBAPIError) -> Fault | None:
    text = str(error.orig)
    if getattr(error.orig, "sqlstate", None) in NOT_MIGRATED or text.startswith(("no such table", "no such column")):
        problem = "the store has no tables, or old ones"
        return Fault(code="store.not-migrated", problem=problem, hint="run `sunlight migrate`")
    if getattr(error.orig, "sqlstate", None) in REFUSED or _is_shut_out(text):
        problem = "the store refuses us: " + text.partition("\n")[0]
        hint = "check the account, password and database of store_url (SUNLIGHT_STORE_URL), and what the account may do"
        return Fault(code="store.refused", problem=problem, hint=hint)
    if text in {"file is not a database", "database disk image is malformed"}:
        return Fault(code="store.not-a-database", problem=f"the store's {text}", hint="check store_url, or restore it")
    return None


def _is_shut_out(text: str) -> bool:
    """Tell whether the server answered, and did not let us in; never of statements, which may quote documents."""
    refused = text.startswith(("connection failed", "connection is bad"))
    return refused and (any(said in text for said in SHUT_OUT) or UNKNOWN.search(text) is not None)


def _is_away(error: sa.exc.DBAPIError) -> bool:
    away = isinstance(error, (sa.exc.OperationalError, sa.exc.InterfaceError)) or error.connection_invalidated
    return away or getattr(error.orig, "sqlstate", None) in BROKEN
