"""Remembers, on the reader's side, what was last seen of each row of a source: a durable file per connection.

It may be lost: all is then seen for the first time, and what comes again is told apart as a duplicate further on.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final

from hub.errors import Fault, Misconfigured, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS seen (topic TEXT, name TEXT, value TEXT NOT NULL, PRIMARY KEY (topic, name)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_by_value ON seen (topic, value);
"""
_ASKED_TOGETHER: Final = 500


class Memory:
    """Names and values by topic. Opened when first used; belongs to one thread."""

    def __init__(self, path: Path) -> None:
        """Keep everything in the file `path`."""
        self._path = path
        self._open: sqlite3.Connection | None = None

    def get(self, topic: str, names: Sequence[str]) -> Mapping[str, str]:
        """Return the values of `names`; those never seen are absent."""
        found: dict[str, str] = {}
        for first in range(0, len(names), _ASKED_TOGETHER):
            some = names[first : first + _ASKED_TOGETHER]
            marks = ",".join("?" * len(some))
            asked = f"SELECT name, value FROM seen WHERE topic = ? AND name IN ({marks})"  # noqa: S608 - marks alone
            found.update(self._run(asked, (topic, *some)))
        return found

    def count(self, topic: str, *, least: str, below: str) -> int:
        """Count the names whose value lies from `least` to below `below`."""
        asked = "SELECT count(*), 0 FROM seen WHERE topic = ? AND value >= ? AND value < ?"
        return int(self._run(asked, (topic, least, below))[0][0])

    def put(self, topic: str, values: Iterable[tuple[str, str]]) -> None:
        """Remember values durably before returning."""
        rows = [(topic, name, value) for name, value in values]
        with self._told(), self._connected() as connection:
            connection.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", rows)

    def forget(self, topic: str, *, below: str) -> None:
        """Forget the names whose value lies below `below`."""
        with self._told(), self._connected() as connection:
            connection.execute("DELETE FROM seen WHERE topic = ? AND value < ?", (topic, below))

    def close(self) -> None:
        """Let go of the file."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _run(self, statement: str, parameters: tuple[str, ...]) -> list[tuple[str, str]]:
        with self._told(), closing(self._connected().execute(statement, parameters)) as cursor:
            return list(cursor.fetchall())

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell a file that cannot be written, or is none of ours, in our words."""
        try:
            yield
        except (OSError, sqlite3.OperationalError) as away:
            self.close()
            hint = "check the data folder: its space and rights"
            raise Unavailable(str(away), place=str(self._path), hint=hint) from away
        except sqlite3.DatabaseError as broken:
            self.close()
            problem = f"it is no memory of rows: {broken}"
            hint = "move it away: it may be lost"
            fault = Fault(code="source.memory", problem=problem, file=str(self._path), hint=hint)
            raise Misconfigured(fault) from broken

    def _connected(self) -> sqlite3.Connection:
        if self._open is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._open = sqlite3.connect(self._path)
            self._open.execute("PRAGMA journal_mode = WAL")
            self._open.executescript(_SCHEMA)
        return self._open
