"""Brings a database to the present schema, begins the ledger, and starts a new generation of partitions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from hub.errors import Fault, Misconfigured
from hub.model import ids
from hub.model.chain import GENESIS, Chain
from hub.model.values import Head, Watermark
from hub.store import leases, numbering, rows, tables
from hub.store.bulk import insert
from hub.store.engine import open_engine, writing
from hub.store.sql import present_heads

if TYPE_CHECKING:
    from collections.abc import Sequence

MIGRATION_LOCK: Final = 5_911_870_104
"""Number of the advisory lock that migrations take on PostgreSQL; any that no other program uses there."""

REHOMED: Final = 10_000
"""Cases given their new partition with one statement, so that memory does not grow with their number."""

SCRIPTS: Final = Path(__file__).parent / "migrations"


def migrate(url: str) -> Sequence[str]:
    """Apply every revision that is missing, oldest first; return those applied."""
    engine = open_engine(url)
    try:
        with writing(engine) as connection:
            _alone(connection)
            present = MigrationContext.configure(connection).get_current_revision()
            config = Config()
            config.set_main_option("script_location", str(SCRIPTS))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        walk = ScriptDirectory(str(SCRIPTS)).walk_revisions(base=present or "base", head="heads")
        return [script.revision for script in reversed(list(walk)) if script.revision != present]
    finally:
        engine.dispose()


def partitions(url: str) -> tuple[int, int]:
    """Return the number of partitions of the present generation, and the most there ever were; 0 where none began."""
    engine = open_engine(url)
    try:
        with writing(engine) as connection:
            highest = connection.execute(sa.select(sa.func.max(tables.heads.c.partition))).scalar()
            return len(present_heads(connection)), 0 if highest is None else highest + 1
    finally:
        engine.dispose()


def is_begun(url: str) -> bool:
    """Tell whether the store at `url` has tables of a hub."""
    engine = open_engine(url)
    try:
        with writing(engine) as connection:
            return sa.inspect(connection).has_table(tables.heads.name)
    finally:
        engine.dispose()


def begin(url: str, *, partitions: int) -> bool:
    """Begin the ledger, or a new generation where the number of partitions has changed; tell whether anything began.

    The first entry of each new chain carries the heads of the old ones, and whoever held a lease is fenced. A change is
    refused while the hub is at work: drain first (docs/operate.md).
    """
    engine = open_engine(url)
    try:
        with writing(engine) as connection:
            _alone(connection)
            old = present_heads(connection)
            if len(old) == partitions:
                return False
            if old:
                _require_rest(connection, len(old))
            _open_generation(connection, partitions, old)
        return True
    finally:
        engine.dispose()


def _alone(connection: sa.Connection) -> None:
    """Let nobody else migrate at the same time; a SQLite file has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))


def _require_rest(connection: sa.Connection, partitions: int) -> None:
    """Raise Misconfigured while the hub is at work, and let nobody begin until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("LOCK TABLE leases, heads IN EXCLUSIVE MODE"))
    for table, at_work, why in (
        (tables.leases, tables.leases.c.lease_until > leases.database_now(connection), "somebody holds a lease"),
        (tables.watermarks, tables.watermarks.c.awaited != "[]", "events of a read have not all arrived"),
        (tables.watermarks, tables.watermarks.c.importing != "", "an import is not finished"),
        (tables.watermarks, tables.watermarks.c.reading != "", "a read is not finished"),
    ):
        if connection.execute(sa.select(table).where(at_work).limit(1)).first():
            raise _not_at_rest(partitions, why)
    if numbering.behind(connection):
        raise _not_at_rest(partitions, "entries are not yet relayed")


def _not_at_rest(partitions: int, why: str) -> Misconfigured:
    return Misconfigured(
        Fault(
            code="store.not-drained",
            problem=f"the ledger has {partitions} partitions, and their number changes only at rest: {why}",
            hint="stop intake, let supervision and relay finish, stop them, then run `sunlight migrate`",
        )
    )


def _open_generation(connection: sa.Connection, partitions: int, old: Sequence[sa.Row[Any]]) -> None:
    generation = old[0].generation + 1 if old else 1
    for partition in range(partitions):
        _open_chain(connection, generation, partition, old)
    if old:
        connection.execute(sa.update(tables.leases).values(epoch=tables.leases.c.epoch + 1, owner=None))
        _rehome_cases(connection, partitions)
        _rehome_watermarks(connection, partitions, len(old))


def _open_chain(connection: sa.Connection, generation: int, partition: int, old: Sequence[sa.Row[Any]]) -> None:
    start = Head(generation=generation, partition=partition, position=0, hash=GENESIS)
    chain = Chain(start, leases.database_now(connection))
    if old:
        inherited = [[head.generation, head.partition, head.position, head.hash.hex()] for head in old]
        chain.append(kind="genesis", subject="", outcome="", body=orjson.dumps({"heads": inherited}))
    head = chain.head
    insert(connection, tables.heads, [(head.generation, head.partition, head.position, head.hash)])
    insert(connection, tables.cursors, [(head.generation, head.partition, head.position)])
    insert(connection, tables.ledger, rows.entry_rows(chain.entries))


def _rehome_cases(connection: sa.Connection, partitions: int) -> None:
    """Give every case its new partition."""
    cases = tables.cases.c
    change = sa.update(tables.cases).where(cases.case_id == sa.bindparam("id")).values(partition=sa.bindparam("home"))
    last = ""
    query = sa.select(cases.case_id).order_by(cases.case_id).limit(REHOMED)
    while found := connection.execute(query.where(cases.case_id > last)).scalars().all():
        homes = [{"id": case, "home": ids.partition_of(ids.bucket_of(case), partitions)} for case in found]
        connection.execute(change, homes)
        last = found[-1]


def _rehome_watermarks(connection: sa.Connection, partitions: int, before: int) -> None:
    """Give every new partition the least watermark that the old ones had; none where one of them had none."""
    marks: dict[str, list[Watermark]] = {}
    for row in connection.execute(sa.select(tables.watermarks)):
        marks.setdefault(row.connection_id, []).append(rows.watermark(row))
    connection.execute(sa.delete(tables.watermarks))
    least = [_least(each, before) for each in marks.values()]
    for partition in range(partitions):
        insert(connection, tables.watermarks, rows.watermark_rows(least, partition))


def _least(marks: Sequence[Watermark], partitions: int) -> Watermark:
    known = [mark.delivered_to for mark in marks if mark.delivered_to is not None]
    return Watermark(
        connection_id=marks[0].connection_id,
        delivered_to=min(known) if len(known) == partitions else None,
        reading=max(mark.reading for mark in marks),
        reading_since=max((mark.reading_since for mark in marks if mark.reading_since), default=None),
    )
