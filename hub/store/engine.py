"""Opens databases: PostgreSQL and SQLite made to behave alike where it matters, foreign errors told in our words."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy import event

from hub.errors import Fault, Misconfigured, Unavailable

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

BUSY_MS: Final = 30_000
"""Milliseconds a SQLite writer waits for another before the store counts as away."""


POSTGRES_OPTIONS: Final = "-c idle_in_transaction_session_timeout=60s -c lock_timeout=15s -c timezone=UTC"
"""A process that stalls inside a transaction loses it, with its locks, so that another owner can take over."""


def open_engine(url: str) -> sa.Engine:
    """Return an engine for `url` (postgresql+psycopg://… or sqlite:///…); nothing is reached before its first use."""
    if url.startswith("sqlite"):
        path = sa.make_url(url).database
        if path:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(url, connect_args={"timeout": BUSY_MS / 1000})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    url = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)
    return sa.create_engine(
        url, pool_pre_ping=True, pool_size=5, max_overflow=10, connect_args={"options": POSTGRES_OPTIONS}
    )


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """Hand transactions to us, and make a commit survive a power cut (architecture.md, contract 13)."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_MS}", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


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
    except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError) as away:
        if _is_missing_table(away):
            raise _not_migrated() from away
        problem = f"the store is away: {str(getattr(away, 'orig', away)).splitlines()[0]}"
        raise Unavailable(problem) from away
    except sa.exc.ProgrammingError as wrong:
        if _is_missing_table(wrong):
            raise _not_migrated() from wrong
        raise
    except sa.exc.DBAPIError as broken:
        if broken.connection_invalidated:
            raise Unavailable("the store's connection broke") from broken
        raise


def _is_missing_table(error: Exception) -> bool:
    text = str(getattr(error, "orig", error))
    return "no such table" in text or 'relation "' in text


def _not_migrated() -> Misconfigured:
    return Misconfigured(
        Fault(code="store.not-migrated", problem="the store has no tables, or old ones", hint="run `sunlight migrate`")
    )
