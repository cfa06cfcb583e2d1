"""Files that cases name: learned from the ledger, and how each of them stands; see hub.attachments.ports.Wanted."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa

from hub.model.attachments import STATES, Attachment, attachments_of
from hub.model.values import Outcome
from hub.store import tables
from hub.store.bulk import insert
from hub.store.columns import METADATA, at, one_of, text, whole
from hub.store.engine import open_engine, reading, writing

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

attachments = sa.Table(
    "attachments",
    METADATA,
    text("case_id", primary_key=True),
    text("sha256", primary_key=True),
    text("name"),
    text("media_type"),
    whole("size_bytes"),
    text("uri"),
    text("connection_id"),
    text("state"),
    text("problem"),
    text("said"),
    whole("attempts"),
    at("next_at", nullable=True),
    at("changed_at"),
    one_of("state", STATES),
    sa.Index(None, "next_at"),
    sa.Index(None, "state", "changed_at"),
)
"""Files of cases, derived from the ledger but for how they stand: state, problem, said, attempts, next_at, changed_at.
"""

attachment_cursors = sa.Table(
    "attachment_cursors",
    METADATA,
    whole("generation", primary_key=True),
    whole("partition", primary_key=True),
    whole("position"),
)
"""How far the ledger was read for them, by chain."""

_IN_FORCE: Final = frozenset({Outcome.NEW, Outcome.REVISED, Outcome.REMAPPED})
_FIELDS: Final = tuple(each.name for each in fields(Attachment))
_SAID: Final = ("name", "media_type", "size_bytes", "uri", "connection_id")
_ANEW: Final = (*_SAID, "state", "problem", "said", "attempts", "next_at", "changed_at")
_MARK: Final = b'"attachments":['
"""What an event without files does not hold: most need not be parsed."""


class StoredAttachments:
    """hub.attachments.ports.Wanted in the store, and what people ask of files. Threads may share it."""

    def __init__(self, url: str) -> None:
        """Keep them in the database at `url`."""
        self._engine = open_engine(url)

    def learn(self, now: datetime, limit: int) -> int:
        """See hub.attachments.ports.Wanted. Positions of a chain have no late commits: a cursor each will do."""
        with reading(self._engine) as connection:
            behind = _behind(connection)
        return sum(self._learn(chain, position, now, limit) for chain, position in behind.items())

    def _learn(self, chain: tuple[int, int], position: int, now: datetime, limit: int) -> int:
        entry = tables.ledger.c
        own = (entry.generation == chain[0]) & (entry.partition == chain[1]) & (entry.position > position)
        query = sa.select(entry.position, entry.kind, entry.outcome, entry.body).where(own)
        with writing(self._engine) as connection:
            found = connection.execute(query.order_by(entry.position).limit(limit)).all()
            if found:
                bodies = [row.body for row in found if row.kind == "event" and row.outcome in _IN_FORCE]
                _keep(connection, bodies, now)
                insert(connection, attachment_cursors, [(*chain, found[-1].position)], conflict="replace")
        return len(found)

    def due(self, now: datetime, limit: int) -> Sequence[Attachment]:
        """See hub.attachments.ports.Wanted."""
        file = attachments.c
        query = sa.select(attachments).where(file.next_at <= now).order_by(file.next_at, file.sha256).limit(limit)
        return self._found(query)

    def settle(self, attachment: Attachment) -> None:
        """See hub.attachments.ports.Wanted."""
        file = attachments.c
        mine = (file.case_id == attachment.case_id) & (file.sha256 == attachment.sha256)
        names = ("state", "problem", "said", "attempts", "next_at", "changed_at")
        changed = {name: getattr(attachment, name) for name in names}
        with writing(self._engine) as connection:
            connection.execute(sa.update(attachments).where(mine).values(**changed))

    def over(self, before: datetime, limit: int) -> Sequence[Attachment]:
        """See hub.attachments.ports.Wanted."""
        file, case = attachments.c, tables.cases.c
        ended = sa.select(case.case_id).where(case.closed_at < before)
        query = sa.select(attachments).where((file.state == "available") & file.case_id.in_(ended))
        return self._found(query.order_by(file.case_id, file.sha256).limit(limit))

    def is_shared(self, attachment: Attachment) -> bool:
        """See hub.attachments.ports.Wanted."""
        file = attachments.c
        others = (file.sha256 == attachment.sha256) & (file.case_id != attachment.case_id)
        query = sa.select(file.case_id).where(others & (file.state == "available")).limit(1)
        with reading(self._engine) as connection:
            return connection.execute(query).first() is not None

    def again(self, now: datetime, *, connection: str = "") -> int:
        """Let what could not be had, of one connection or of all, be tried again at once; return how many those are."""
        file = attachments.c
        mine = file.state == "unavailable"
        if connection:
            mine &= file.connection_id == connection
        with writing(self._engine) as open_:
            return open_.execute(sa.update(attachments).where(mine).values(next_at=now, attempts=0)).rowcount

    def of_case(self, case_id: str) -> Sequence[Attachment]:
        """Return the files of a case, by name."""
        mine = attachments.c.case_id == case_id
        return self._found(sa.select(attachments).where(mine).order_by(attachments.c.name, attachments.c.sha256))

    def listed(self, *, states: Collection[str] = (), connection: str = "", limit: int = 50) -> Sequence[Attachment]:
        """Return files, the newest change first."""
        query = sa.select(attachments)
        if states:
            query = query.where(attachments.c.state.in_(states))
        if connection:
            query = query.where(attachments.c.connection_id == connection)
        return self._found(query.order_by(attachments.c.changed_at.desc(), attachments.c.sha256).limit(limit))

    def counts(self) -> dict[str, dict[str, int]]:
        """Count files by connection and state."""
        file = attachments.c
        query = sa.select(file.connection_id, file.state, sa.func.count()).group_by(file.connection_id, file.state)
        found: dict[str, dict[str, int]] = {}
        with reading(self._engine) as connection:
            for name, state, count in connection.execute(query.order_by(file.connection_id)):
                found.setdefault(name, {})[state] = int(count)
        return found

    def close(self) -> None:
        """Give up all connections."""
        self._engine.dispose()

    def _found(self, query: sa.Select[Any]) -> Sequence[Attachment]:
        with reading(self._engine) as connection:
            return [Attachment(**{name: getattr(row, name) for name in _FIELDS}) for row in connection.execute(query)]


def _behind(connection: sa.Connection) -> dict[tuple[int, int], int]:
    """Return the chains that have entries not yet looked at, each with the last position that was."""
    head, cursor = tables.heads.c, attachment_cursors.c
    same = (head.generation == cursor.generation) & (head.partition == cursor.partition)
    seen = sa.func.coalesce(cursor.position, 0)
    query = sa.select(head.generation, head.partition, seen).select_from(
        tables.heads.outerjoin(attachment_cursors, same)
    )
    return {(row[0], row[1]): row[2] for row in connection.execute(query.where(head.position > seen))}


def _keep(connection: sa.Connection, bodies: Sequence[bytes], now: datetime) -> None:
    found = [
        attachment for body in bodies if _MARK in bytes(body) for attachment in attachments_of(orjson.loads(body), now)
    ]
    once = {(each.case_id, each.sha256): each for each in reversed(found)}
    rows = [tuple(getattr(each, name) for name in _FIELDS) for each in once.values()]
    for each in once.values():
        _amend(connection, each)
    insert(connection, attachments, rows, conflict="ignore")


def _amend(connection: sa.Connection, said: Attachment) -> None:
    """Try a file anew of which something else is said now, unless it is there already."""
    file = attachments.c
    mine = (file.case_id == said.case_id) & (file.sha256 == said.sha256) & (file.state != "available")
    differs = sa.or_(*(file[name] != getattr(said, name) for name in _SAID))
    connection.execute(
        sa.update(attachments).where(mine & differs).values({name: getattr(said, name) for name in _ANEW})
    )
