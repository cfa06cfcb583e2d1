"""Keeps who may use the gateway: keys are added and revoked, never deleted, and only their digests are here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import sqlalchemy as sa

from hub.identity import Identity
from hub.store import rows
from hub.store.engine import open_engine, reading, writing
from hub.store.tables import identities

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hub.identity import Issued


class Identities:
    """The keys of one store. Threads may share it."""

    def __init__(self, url: str) -> None:
        """Keep keys in the database at `url`."""
        self._engine = open_engine(url)

    def add(self, issued: Issued) -> None:
        """Keep a new key; of its token only the digest."""
        who = issued.identity
        values = {
            "key_id": who.key_id,
            "name": who.name,
            "kind": who.kind,
            "scopes": orjson.dumps(sorted(who.scopes)).decode(),
            "key_hash": issued.key_hash,
            "created_at": who.created_at,
            "expires_at": who.expires_at,
            "department_id": who.department_id or None,
        }
        with writing(self._engine) as connection:
            connection.execute(sa.insert(identities).values(**values))

    def list(self) -> Sequence[tuple[Identity, datetime | None]]:
        """Return every key ever issued, oldest first, with when it was last seen in use."""
        with reading(self._engine) as connection:
            query = sa.select(identities).order_by(identities.c.created_at, identities.c.key_id)
            return [(_identity(row), row.last_used_at) for row in connection.execute(query)]

    def find(self, key_id: str) -> tuple[Identity, str] | None:
        """Return a key and its digest by its id; None if there is none."""
        with reading(self._engine) as connection:
            row = connection.execute(sa.select(identities).where(identities.c.key_id == key_id)).one_or_none()
            return None if row is None else (_identity(row), row.key_hash)

    def any(self) -> bool:
        """Tell whether a key was ever issued; a revoked one counts, so that revoking the last never opens the door."""
        with reading(self._engine) as connection:
            return connection.execute(sa.select(identities.c.key_id).limit(1)).first() is not None

    def revoke(self, key_id: str, now: datetime) -> bool:
        """Revoke a key from `now` on; False if there is none that is not revoked already."""
        chosen = (identities.c.key_id == key_id) & identities.c.revoked_at.is_(None)
        with writing(self._engine) as connection:
            return connection.execute(sa.update(identities).where(chosen).values(revoked_at=now)).rowcount == 1

    def seen(self, key_id: str, now: datetime) -> None:
        """Remember that a key was used."""
        with writing(self._engine) as connection:
            connection.execute(sa.update(identities).where(identities.c.key_id == key_id).values(last_used_at=now))

    def close(self) -> None:
        """Give up all connections."""
        self._engine.dispose()


def _identity(row: sa.Row[tuple[object, ...]]) -> Identity:
    values = rows.named(row)
    names = ("key_id", "name", "kind", "created_at", "expires_at", "revoked_at")
    return Identity(
        scopes=frozenset(orjson.loads(values["scopes"])),
        department_id=values["department_id"] or "",
        **{name: values[name] for name in names},
    )
