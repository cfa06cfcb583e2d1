"""Keeps how far each subscriber's webhook has come, and what was passed by."""

from __future__ import annotations

from dataclasses import asdict, astuple
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hub.store import rows
from hub.store.bulk import insert
from hub.store.engine import open_engine, reading, writing
from hub.store.tables import feed, parked_webhooks, webhooks
from hub.webhooks import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


class WebhookStore:
    """The progress of webhooks in one store. Threads may share it."""

    def __init__(self, url: str) -> None:
        """Keep it in the database at `url`."""
        self._engine = open_engine(url)

    def progress(self, name: str) -> Progress | None:
        """Return how far a subscriber's webhook has come; None for one that has not begun."""
        with reading(self._engine) as connection:
            row = connection.execute(sa.select(webhooks).where(webhooks.c.name == name)).one_or_none()
            return None if row is None else Progress(**rows.named(row))

    def save(self, progress: Progress) -> None:
        """Keep how far it has come."""
        with writing(self._engine) as connection:
            insert(connection, webhooks, [astuple(progress)], conflict="replace")

    def advance(self, known: Progress, now: Progress) -> bool:
        """Keep how far it has come, unless it stands otherwise than `known` or is gone; tell whether it was kept."""
        each = webhooks.c
        same = (each.name == known.name) & (each.sequence == known.sequence)
        same &= (each.attempts == known.attempts) & (each.state == known.state)
        with writing(self._engine) as connection:
            changed = connection.execute(sa.update(webhooks).where(same).values(**asdict(now)))
            return changed.rowcount == 1

    def park(self, name: str, sequence: int, said: str, at: datetime) -> None:
        """Note a document that was passed by. Noting it twice changes nothing."""
        with writing(self._engine) as connection:
            insert(connection, parked_webhooks, [(name, sequence, said, at)], conflict="replace")

    def parked(self, name: str, view: str) -> Sequence[dict[str, Any]]:
        """Return the documents that a subscriber's webhook passed by, with what their receiver said, in order."""
        own = (parked_webhooks.c.name == name) & (feed.c.view == view)
        query = sa.select(feed, parked_webhooks.c.said, parked_webhooks.c.parked_at).where(own)
        joined = query.join_from(parked_webhooks, feed, feed.c.sequence == parked_webhooks.c.sequence)
        with reading(self._engine) as connection:
            return [rows.named(row) for row in connection.execute(joined.order_by(feed.c.sequence))]

    def unpark(self, name: str, sequence: int) -> None:
        """Forget that a document was passed by."""
        chosen = (parked_webhooks.c.name == name) & (parked_webhooks.c.sequence == sequence)
        with writing(self._engine) as connection:
            connection.execute(sa.delete(parked_webhooks).where(chosen))

    def forget(self, name: str) -> None:
        """Forget everything of a subscriber that is gone: another may take its name."""
        with writing(self._engine) as connection:
            for table in (webhooks, parked_webhooks):
                connection.execute(sa.delete(table).where(table.c.name == name))

    def state(self, name: str) -> dict[str, Any] | None:
        """Return how a webhook stands, for people."""
        found = self.progress(name)
        return None if found is None else asdict(found)

    def close(self) -> None:
        """Give up all connections."""
        self._engine.dispose()
