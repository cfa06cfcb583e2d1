"""Reads the little that the public site needs, and nothing else: an account that may read three tables is enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa

from hub.store import rows, tables
from hub.store.engine import open_engine, reading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TABLES: Final = (tables.catalogue, tables.cases, tables.clocks)
"""What is read, and all that the account of a public site needs to read."""

SAME_NUMBER: Final = 20
"""Cases of one number that are looked at: departments number their cases by themselves."""

_CASE: Final = (
    "case_id", "case_no", "department_id", "region_code", "matter_code", "disclosure", "state", "opened_at",
    "closed_at", "log",
)  # fmt: skip


class PublicReading:
    """See gateway.public.parts.Reading. Threads may share it."""

    def __init__(self, url: str) -> None:
        """Ask the database at `url`."""
        self._engine = open_engine(url)

    def catalogue(self) -> Sequence[Mapping[str, Any]]:
        """Return the documents of every department."""
        query = sa.select(tables.catalogue.c.document).order_by(tables.catalogue.c.department_id)
        with reading(self._engine) as connection:
            return [orjson.loads(document) for document in connection.execute(query).scalars()]

    def numbered(self, case_no: str) -> Sequence[dict[str, Any]]:
        """Return the cases of a number, each with its log and clocks."""
        case = tables.cases.c
        query = sa.select(*(case[name] for name in _CASE)).where(case.case_no == case_no).order_by(case.case_id)
        with reading(self._engine) as connection:
            found = [rows.named(row) for row in connection.execute(query.limit(SAME_NUMBER))]
            clock = tables.clocks.c
            for each in found:
                own = sa.select(tables.clocks).where(clock.subject == each["case_id"]).order_by(clock.due_at)
                each["clocks"] = [rows.clock(row) for row in connection.execute(own)]
            return found

    def close(self) -> None:
        """Give up all connections."""
        self._engine.dispose()
