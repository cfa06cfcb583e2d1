"""Rebinds the queues of an embedded bus (hub/bus/rebind.py has the order)."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hub.bus import embedded_sql as sql
from hub.bus.embedded import EmbeddedBus
from hub.bus.topology import MARK
from hub.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hub.bus.topology import Binding, Topology


class EmbeddedMover:
    """See hub.bus.rebind.Mover. Instances of the bus that are open see each step with their next transaction."""

    def __init__(self, path: str) -> None:
        """Use the file at `path`, which need not be there."""
        self._path = Path(path)

    def is_used(self) -> bool:
        """See Mover."""
        with self._writing() as db:
            return bool(db and db.execute(sql.QUEUE, (MARK,)).fetchone())

    def agrees(self, partitions: int) -> bool:
        """See Mover."""
        with self._writing() as db:
            row = db.execute(sql.QUEUE, (MARK,)).fetchone() if db else None
            return row is None or row["max_length"] == partitions

    def mark(self, partitions: int) -> None:
        """See Mover."""
        with self._writing() as db:
            if db:
                db.execute(sql.MARKED, (partitions, MARK))

    def unbind(self, bindings: Sequence[Binding]) -> None:
        """See Mover."""
        with self._writing() as db:
            if db:
                db.executemany(sql.UNBIND, [(each.exchange, each.queue, each.key) for each in bindings])
                removed = db.execute("PRAGMA user_version").fetchone()[0]
                db.execute(f"PRAGMA user_version = {removed + 1}")

    def busy(self, queues: Sequence[str]) -> Sequence[str]:
        """See Mover: what a consumer holds counts as in the queue."""
        with self._writing() as db:
            rows = {queue: db.execute(sql.QUEUE, (queue,)).fetchone() for queue in queues} if db else {}
            return [queue for queue, row in rows.items() if row and row["depth"]]

    def declare(self, topology: Topology) -> None:
        """See Mover."""
        bus = EmbeddedBus(str(self._path), topology, user="")
        bus.depth(MARK)
        bus.close()

    def drop(self, queues: Sequence[str]) -> None:
        """See Mover."""
        with self._writing() as db:
            if db:
                db.executemany(sql.DROP_QUEUE, [(queue,) for queue in queues])

    def close(self) -> None:
        """See Mover: nothing stays open between two steps."""

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection | None]:
        """Open one transaction on the file; None where there is no bus yet."""
        if not self._path.exists():
            yield None
            return
        try:
            db = sqlite3.connect(self._path, timeout=30, isolation_level=None)
            db.row_factory = sqlite3.Row
            try:
                db.execute("PRAGMA foreign_keys = ON")
                db.execute("BEGIN IMMEDIATE")
                yield db if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'binding'").fetchone() else None
                db.execute("COMMIT")
            finally:
                db.close()
        except sqlite3.Error as error:
            raise Unavailable(str(error), place=str(self._path), hint="see that the file may be written") from error
