"""The files of papers in the store, and what is asked of papers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from hub.store import outgoing, rows
from hub.store.bulk import insert
from hub.store.engine import open_engine, reading, writing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.model.values import PaperRow


class SqlPaperShelf:
    """hub.ports.PaperShelf in one database."""

    def __init__(self, url: str) -> None:
        """Use the database at `url`."""
        self._engine = open_engine(url)

    def undrawn(self, limit: int) -> Sequence[PaperRow]:
        """See hub.ports.PaperShelf."""
        paper = outgoing.papers.c
        with reading(self._engine) as connection:
            query = sa.select(outgoing.papers).where(paper.docx_digest == "").order_by(paper.paper_id).limit(limit)
            return [rows.paper(row) for row in connection.execute(query)]

    def keep(self, files: Mapping[str, tuple[str, bytes]]) -> None:
        """See hub.ports.PaperShelf."""
        with writing(self._engine) as connection:
            kept = [(digest, media, body) for digest, (media, body) in files.items()]
            insert(connection, outgoing.paper_files, kept, conflict="ignore")

    def close(self) -> None:
        """Give up the database."""
        self._engine.dispose()


class PaperQueries:
    """Questions about papers."""

    _engine: sa.Engine

    def papers(self, alert_id: str) -> Sequence[PaperRow]:
        """Return the papers of an alert, the first issued first."""
        paper = outgoing.papers.c
        with reading(self._engine) as connection:
            query = sa.select(outgoing.papers).where(paper.alert_id == alert_id)
            return [rows.paper(row) for row in connection.execute(query.order_by(paper.issued_at, paper.number))]

    def paper(self, paper_id: str) -> PaperRow | None:
        """Return one paper."""
        with reading(self._engine) as connection:
            query = sa.select(outgoing.papers).where(outgoing.papers.c.paper_id == paper_id)
            row = connection.execute(query).one_or_none()
            return rows.paper(row) if row is not None else None

    def paper_file(self, digest: str) -> bytes | None:
        """Return a paper's file by its SHA-256."""
        with reading(self._engine) as connection:
            found = connection.execute(
                sa.select(outgoing.paper_files.c.body).where(outgoing.paper_files.c.digest == digest)
            ).scalar()
            return bytes(found) if found is not None else None
