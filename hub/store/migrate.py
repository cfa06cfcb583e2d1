"""Brings a database to the present schema, begins the ledger, and starts a new generation of partitions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

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

SCRIPTS: Final = Path(__file__).parent / "migrations"


def migrate(url: str) -> Sequence[str]:
    """Apply every revision that is missing, oldest first; return those applied."""
    engine = open_engine(url)
    try:
        with writing(engine) as connection:
            present = MigrationContext.configure(connection).get_current_revision()
            config = Config()
            config.set_main_option("script_location", str(SCRIPTS))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        walk = ScriptDirectory(str(SCRIPTS)).walk_revisions(base=present or "base", head="heads")
        return [script.revision for script in reversed(list(walk)) if script.revision != present]
    finally:
        engine.dispose()


def begin(url: str, *, partitions: int) -> bool:
    """Begin the ledger, or a new generation where the number of partitions has changed; tell whether anything began.

    The first entry of each new chain carries the heads of the old ones. A change is refused while entries are not yet
    relayed or an owner is at work: drain first (architecture.md, contract 3).
    """
    engine = open_engine(url)
    try:
        with writing(engine) as connection:
            old = present_heads(connection)
            if len(old) == partitions:
                return False
            _require_drained(connection, old)
            generation = old[0].generation + 1 if old else 1
            for partition in range(partitions):
                _open_chain(connection, generation, partition, old)
            if old:
                _rehome(connection, partitions)
        return True
    finally:
        engine.dispose()


def _require_drained(connection: sa.Connection, old: Sequence[sa.Row[tuple[object, ...]]]) -> None:
    now = leases.database_now(connection)
    busy = sa.select(sa.func.count()).where(tables.leases.c.lease_until > now, tables.leases.c.owner.is_not(None))
    if old and (numbering.behind(connection) or connection.execute(busy.select_from(tables.leases)).scalar_one()):
        raise Misconfigured(
            Fault(
                code="store.not-drained",
                problem=f"the ledger has {len(old)} partitions and is at work; their number changes only at rest",
                hint="stop intake, let supervision and relay finish, stop them, then run `sunlight migrate`",
            )
        )


def _open_chain(
    connection: sa.Connection, generation: int, partition: int, old: Sequence[sa.Row[tuple[object, ...]]]
) -> None:
    start = Head(generation=generation, partition=partition, position=0, hash=GENESIS)
    chain = Chain(start, leases.database_now(connection))
    if old:
        inherited = [[head.generation, head.partition, head.position, head.hash.hex()] for head in old]
        chain.append(kind="genesis", subject="", outcome="", body=orjson.dumps({"heads": inherited}))
    head = chain.head
    insert(connection, tables.heads, [(head.generation, head.partition, head.position, head.hash)])
    insert(connection, tables.cursors, [(head.generation, head.partition, 0)])
    insert(connection, tables.ledger, rows.entry_rows(chain.entries))


def _rehome(connection: sa.Connection, partitions: int) -> None:
    """Give every case its new partition, and every new partition the least watermark that the old ones had."""
    cases = tables.cases.c
    for case_id, partition in connection.execute(sa.select(cases.case_id, cases.partition)).all():
        home = ids.partition_of(ids.bucket_of(case_id), partitions)
        if home != partition:
            connection.execute(sa.update(tables.cases).where(cases.case_id == case_id).values(partition=home))
    least: dict[str, list[Watermark]] = {}
    for row in connection.execute(sa.select(tables.watermarks)):
        mark = rows.watermark(row)
        least.setdefault(row.connection_id, []).append(mark)
    connection.execute(sa.delete(tables.watermarks))
    for partition in range(partitions):
        insert(connection, tables.watermarks, rows.watermark_rows(map(_least, least.values()), partition))


def _least(marks: Sequence[Watermark]) -> Watermark:
    known = [mark.delivered_to for mark in marks if mark.delivered_to is not None]
    return Watermark(
        connection_id=marks[0].connection_id,
        delivered_to=min(known) if len(known) == len(marks) else None,
        importing=max(mark.importing for mark in marks),
        reading=max(mark.reading for mark in marks),
        reading_since=max((mark.reading_since for mark in marks if mark.reading_since), default=None),
    )
