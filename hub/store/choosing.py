"""How rows are chosen and paged: the conditions that the store's questions share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from hub.store import columns, tables

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

UNOPENED: Final = datetime.min.replace(tzinfo=UTC)
"""Stands in a page's mark for the opening of a case that has none: before every instant a record can name."""


def equal(wanted: Mapping[sa.Column[str], str | None]) -> list[sa.ColumnElement[bool]]:
    """Choose rows that have every value that is wanted."""
    return [column == value for column, value in wanted.items() if value]


def within(column: sa.Column[str], region: str | None) -> list[sa.ColumnElement[bool]]:
    """Choose a region with all that lies in it."""
    return [column.startswith(region, autoescape=True)] if region else []


def disclosed(disclosures: Collection[str] | None) -> list[sa.ColumnElement[bool]]:
    """Choose cases of these disclosure classes; None: of any."""
    return [] if disclosures is None else [tables.cases.c.disclosure.in_(list(disclosures))]


def behind(
    moment: sa.ColumnElement[datetime], name: sa.Column[str], last: tuple[datetime, str] | None
) -> list[sa.ColumnElement[bool]]:
    """Choose what comes after `last` where the latest comes first, by name within one instant."""
    return [sa.or_(moment < last[0], (moment == last[0]) & (name > last[1]))] if last else []


def newest_parts(after: tuple[datetime, str] | None) -> Sequence[sa.ColumnElement[bool]]:
    """Say what follows `after`: first the opened cases, then the unopened, each in one stretch of one index."""
    case = tables.cases.c
    opened, unopened = case.opened_at.is_not(None), case.opened_at.is_(None)
    if after is None:
        return opened, unopened
    moment, name = after
    if moment == UNOPENED:
        return (unopened & (case.case_id < name),)
    mark = sa.tuple_(sa.literal(moment, columns.Instant), sa.literal(name, sa.Text))
    return sa.tuple_(case.opened_at, case.case_id) < mark, unopened
