"""Keeps what months were scored from, and what people entered for them: appended, never changed."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import orjson
import sqlalchemy as sa

from hub.model.scores import Frozen
from hub.store import tables
from hub.store.bulk import insert
from hub.store.engine import reading, writing
from hub.store.score_tables import score_freezes
from hub.supervision.scoring.indicators import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence


class ScoreBook:
    """hub.ports.ScoreKeeping on one database. Threads may share it."""

    def __init__(self, engine: sa.Engine) -> None:
        """Keep it in `engine`'s database."""
        self._engine = engine

    def freeze(self, frozen: Frozen) -> Frozen:
        """See hub.ports.ScoreKeeping."""
        body = zlib.compress(canonical(frozen.document))
        row = (frozen.period, frozen.digest, body, frozen.frozen_at, frozen.by, frozen.act_id)
        with writing(self._engine) as connection:
            insert(connection, score_freezes, [row], conflict="ignore")
        kept = self.frozen(frozen.period)
        return kept or frozen

    def frozen(self, period: str) -> Frozen | None:
        """See hub.ports.ScoreKeeping."""
        with reading(self._engine) as connection:
            row = connection.execute(sa.select(score_freezes).where(score_freezes.c.period == period)).one_or_none()
        if row is None:
            return None
        return Frozen(
            period=row.period,
            digest=row.digest,
            document=orjson.loads(zlib.decompress(row.body)),
            frozen_at=row.frozen_at,
            by=row.by,
            act_id=row.act_id,
        )

    def periods(self) -> Sequence[str]:
        """See hub.ports.ScoreKeeping."""
        with reading(self._engine) as connection:
            return list(
                connection.execute(sa.select(score_freezes.c.period).order_by(score_freezes.c.period)).scalars()
            )

    def ledgered(self, act_id: str) -> str | None:
        """See hub.ports.ScoreKeeping."""
        ledger = tables.ledger.c
        with reading(self._engine) as connection:
            query = sa.select(ledger.body).where((ledger.subject == act_id) & (ledger.kind == "act")).limit(1)
            body = connection.execute(query).scalar()
        return None if body is None else str(orjson.loads(bytes(body))["data"].get("digest", ""))
