"""Keeps who subscribes to what: one row a subscriber; what it was handed over is kept by nobody here."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa

from hub.errors import Fault, Misconfigured
from hub.store import rows
from hub.store.engine import open_engine, reading, writing
from hub.store.tables import subscribers
from hub.subscription import Subscription

if TYPE_CHECKING:
    from collections.abc import Sequence

_COLUMNS = ("name", "view", "state", "key_id", "created_at")


class Subscribers:
    """The subscribers of one store. Threads may share it."""

    def __init__(self, url: str) -> None:
        """Keep subscribers in the database at `url`."""
        self._engine = open_engine(url)

    def add(self, wanted: Subscription) -> None:
        """Keep a new subscriber; Misconfigured where there is one of that name."""
        try:
            with writing(self._engine) as connection:
                connection.execute(sa.insert(subscribers).values(**_row(wanted)))
        except sa.exc.IntegrityError as taken:
            hint = f"if its `add` was interrupted: sunlight subscriber rotate {wanted.name}; else choose another name"
            problem = f"there is a subscriber {wanted.name!r} already"
            raise Misconfigured(Fault(code="subscriber.taken", problem=problem, hint=hint)) from taken

    def put(self, changed: Subscription) -> None:
        """Keep a subscriber as it is now."""
        with writing(self._engine) as connection:
            values = _row(changed)
            connection.execute(sa.update(subscribers).where(subscribers.c.name == changed.name).values(**values))

    def remove(self, name: str) -> None:
        """Forget a subscriber."""
        with writing(self._engine) as connection:
            connection.execute(sa.delete(subscribers).where(subscribers.c.name == name))

    def find(self, name: str) -> Subscription | None:
        """Return a subscriber by its name."""
        return next(iter(self._where(subscribers.c.name == name)), None)

    def of_key(self, key_id: str) -> Subscription | None:
        """Return the subscriber whose API key it is."""
        return next(iter(self._where(subscribers.c.key_id == key_id)), None)

    def list(self) -> Sequence[Subscription]:
        """Return every subscriber, by name."""
        return self._where(sa.true())

    def close(self) -> None:
        """Give up all connections."""
        self._engine.dispose()

    def _where(self, chosen: sa.ColumnElement[bool]) -> Sequence[Subscription]:
        query = sa.select(subscribers).where(chosen).order_by(subscribers.c.name)
        with reading(self._engine) as connection:
            return [_subscription(row) for row in connection.execute(query)]


def _row(kept: Subscription) -> dict[str, Any]:
    values = asdict(kept)
    wishes = {name: value for name, value in values.items() if name not in _COLUMNS}
    document = orjson.dumps({**wishes, "kinds": sorted(kept.kinds)}).decode()
    return {**{name: values[name] for name in _COLUMNS}, "document": document}


def _subscription(row: sa.Row[Any]) -> Subscription:
    values = rows.named(row)
    wishes = orjson.loads(values.pop("document"))
    wishes |= {"kinds": frozenset(wishes["kinds"]), "regions": tuple(wishes["regions"])}
    return Subscription(**values, **wishes)
