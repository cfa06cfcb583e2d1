"""What is asked of the terms that cases are judged by: changes of the catalogue, notices, and what they moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from hub.store import terms, terms_tables
from hub.store.choosing import equal
from hub.store.engine import reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.model.terms import CatalogueChange, ClockChange, NoticeRow


NUMBER_DIGITS: Final = 6
"""Digits of the greatest number that a change is named by; what is longer begins an id."""


class TermsQueries:
    """Questions about catalogue, calendar and recounted clocks."""

    _engine: sa.Engine

    def catalogue_changes(
        self, *, state: str | None = None, department: str | None = None, limit: int = 50
    ) -> Sequence[CatalogueChange]:
        """List changes of the catalogue, the newest first."""
        change = terms_tables.catalogue_changes.c
        query = sa.select(terms_tables.catalogue_changes).where(
            *equal({change.state: state, change.department_id: department})
        )
        with reading(self._engine) as connection:
            ordered = query.order_by(change.number.desc(), change.change_id).limit(limit)
            return [terms.change(row) for row in connection.execute(ordered)]

    def catalogue_change(self, name: str) -> CatalogueChange | None:
        """Return one change by its number, its id, or what only its id begins with."""
        change = terms_tables.catalogue_changes.c
        is_number = name.isdigit() and len(name) <= NUMBER_DIGITS
        chosen = change.number == int(name) if is_number else change.change_id.startswith(name, autoescape=True)
        with reading(self._engine) as connection:
            found = connection.execute(sa.select(terms_tables.catalogue_changes).where(chosen).limit(2)).all()
            return terms.change(found[0]) if len(found) == 1 else None

    def notices(self) -> Sequence[NoticeRow]:
        """Return every notice of working days, in the order of loading."""
        with reading(self._engine) as connection:
            return terms.notices(connection)

    def clock_changes(self, subject: str) -> Sequence[ClockChange]:
        """Return what changed terms did to the clocks of a case, the earliest first."""
        change = terms_tables.clock_changes.c
        query = sa.select(terms_tables.clock_changes).where(change.subject == subject)
        with reading(self._engine) as connection:
            ordered = query.order_by(change.changed_at, change.kind, change.clock_id)
            return [terms.clock_change(row) for row in connection.execute(ordered)]
