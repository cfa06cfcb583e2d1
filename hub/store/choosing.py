"""How rows are chosen and paged: the conditions that the store's questions share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from hub.store import tables

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime


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
