"""What a dossier asks of the ledger: entries by what they are about, the hashes before them, heads, links."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from hub.model.values import Head
from hub.store import rows, tables
from hub.store.bulk import among
from hub.store.engine import reading

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from hub.model.values import Entry


class DossierQueries:
    """Questions about the ledger."""

    _engine: sa.Engine

    def entries_about(self, subjects: Collection[str]) -> Sequence[Entry]:
        """Return the ledger entries with these subjects, in the order of their chains."""
        ledger = tables.ledger.c
        with reading(self._engine) as connection:
            query = sa.select(tables.ledger).where(among(connection, ledger.subject, subjects))
            found = connection.execute(query.order_by(ledger.generation, ledger.partition, ledger.position))
            return [rows.entry(row) for row in found]

    def hashes_before(self, entries: Sequence[Entry]) -> Sequence[bytes]:
        """Return for each entry the hash of the one before it in its chain."""
        ledger = tables.ledger.c
        with reading(self._engine) as connection:
            return [
                bytes(
                    connection.execute(
                        sa.select(ledger.hash).where(
                            (ledger.generation == entry.generation)
                            & (ledger.partition == entry.partition)
                            & (ledger.position == entry.position - 1)
                        )
                    ).scalar_one()
                )
                for entry in entries
            ]

    def heads(self) -> Sequence[Head]:
        """Return the heads of all chains."""
        heads = tables.heads
        with reading(self._engine) as connection:
            query = sa.select(heads).order_by(heads.c.generation, heads.c.partition)
            return [Head(**rows.named(row)) for row in connection.execute(query)]

    def chain_after(self, generation: int, partition: int, position: int, last: int) -> Iterator[Entry]:
        """Yield the entries of a chain after a position, up to the last."""
        ledger = tables.ledger.c
        own = (ledger.generation == generation) & (ledger.partition == partition)
        query = sa.select(tables.ledger).where(own & (ledger.position > position) & (ledger.position <= last))
        with reading(self._engine) as connection:
            found = connection.execute(query.order_by(ledger.position).execution_options(yield_per=2000))
            for row in found:
                yield rows.entry(row)
