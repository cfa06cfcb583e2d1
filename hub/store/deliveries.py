"""Keeps how far each receiver was sent to, and what it answered: the same for every machine that sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from hub.deliveries import SAID_CHARS, Delivery
from hub.store.engine import open_engine, reading, writing
from hub.store.tables import deliveries, receivers

if TYPE_CHECKING:
    from collections.abc import Sequence


TOGETHER: Final = 1000
"""Numbers named in one statement: databases bound how many it may have."""


class StoredDeliveries:
    """hub.deliveries.Deliveries in the store. Threads may share it."""

    def __init__(self, url: str) -> None:
        """Keep them in the database at `url`."""
        self._engine = open_engine(url)

    def position(self, connection: str) -> int | None:
        """See Deliveries."""
        with reading(self._engine) as open_:
            query = sa.select(receivers.c.position).where(receivers.c.connection_id == connection)
            found = open_.execute(query).scalar_one_or_none()
            return None if found is None else int(found)

    def settle(self, connection: str, *, position: int | None = None, note: Delivery | None = None) -> None:
        """See Deliveries; one process at a time sends for a receiver."""
        with writing(self._engine) as open_:
            if note is not None:
                _note(open_, connection, note)
            if position is not None:
                _move(open_, connection, position)

    def asked(self, connection: str, limit: int) -> Sequence[int]:
        """See Deliveries."""
        mine = (deliveries.c.connection_id == connection) & (deliveries.c.state == "again")
        query = sa.select(deliveries.c.sequence).where(mine).order_by(deliveries.c.sequence).limit(limit)
        with reading(self._engine) as open_:
            return [int(sequence) for sequence in open_.execute(query).scalars()]

    def again(self, connection: str, sequences: Sequence[int] = (), *, delivered: bool = False) -> int:
        """Let what the receiver refused, or of it those numbers alone, be sent once more; return how many those are.

        With `delivered` those numbers are sent again that it took, too.
        """
        states = ("refused", "delivered") if delivered and sequences else ("refused",)
        mine = (deliveries.c.connection_id == connection) & deliveries.c.state.in_(states)
        parts = [sequences[at : at + TOGETHER] for at in range(0, len(sequences), TOGETHER)]
        chosen = [mine & deliveries.c.sequence.in_(part) for part in parts] or [mine]
        with writing(self._engine) as open_:
            marked = (open_.execute(sa.update(deliveries).where(each).values(state="again")) for each in chosen)
            return sum(each.rowcount for each in marked)

    def of(self, connection: str, *, limit: int, states: Sequence[str] = ()) -> Sequence[Delivery]:
        """Return the last `limit` documents of a receiver, oldest first."""
        query = sa.select(deliveries).where(deliveries.c.connection_id == connection)
        if states:
            query = query.where(deliveries.c.state.in_(states))
        with reading(self._engine) as open_:
            rows = open_.execute(query.order_by(deliveries.c.sequence.desc()).limit(limit)).all()
        return [_delivery(row) for row in reversed(rows)]

    def counts(self) -> dict[str, dict[str, int]]:
        """Count, by receiver, the documents in each state."""
        query = sa.select(deliveries.c.connection_id, deliveries.c.state, sa.func.count()).group_by(
            deliveries.c.connection_id, deliveries.c.state
        )
        found: dict[str, dict[str, int]] = {}
        with reading(self._engine) as open_:
            for connection, state, count in open_.execute(query.order_by(deliveries.c.connection_id)):
                found.setdefault(connection, {})[state] = int(count)
        return found

    def close(self) -> None:
        """Give up all connections."""
        self._engine.dispose()


def _note(open_: sa.Connection, connection: str, note: Delivery) -> None:
    values = {
        "document_id": note.document_id,
        "state": note.state,
        "said": note.said[:SAID_CHARS].replace("\x00", "�"),
        "at": note.at,
    }
    mine = (deliveries.c.connection_id == connection) & (deliveries.c.sequence == note.sequence)
    if not open_.execute(sa.update(deliveries).where(mine).values(**values)).rowcount:
        open_.execute(sa.insert(deliveries).values(connection_id=connection, sequence=note.sequence, **values))


def _move(open_: sa.Connection, connection: str, position: int) -> None:
    mine = receivers.c.connection_id == connection
    known = open_.execute(sa.select(receivers.c.position).where(mine)).scalar_one_or_none()
    if known is None:
        open_.execute(sa.insert(receivers).values(connection_id=connection, position=position))
    elif position > known:
        open_.execute(sa.update(receivers).where(mine).values(position=position))


def _delivery(row: sa.Row[Any]) -> Delivery:
    return Delivery(sequence=row.sequence, document_id=row.document_id, state=row.state, said=row.said, at=row.at)
