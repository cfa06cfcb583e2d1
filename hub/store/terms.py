"""Keeps the terms that cases are judged by: the catalogue and its changes, notices of working days, what they moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa

from hub.model.terms import CatalogueChange, ClockChange, NoticeRow
from hub.store import tables, terms_tables
from hub.store.bulk import among, insert
from hub.store.rows import named
from hub.supervision.amendment import change_id, differences, valid_from

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from hub.model.values import Changes

INITIAL: Final = "initial import 初次导入"

OPERATOR: Final = "operator 运维"
"""Who loads a department's first document, where nobody is named."""


def change(row: sa.Row[Any]) -> CatalogueChange:
    """Read one change of the catalogue."""
    return CatalogueChange(**{**named(row), "parts": orjson.loads(row.parts)})


def notice(row: sa.Row[Any]) -> NoticeRow:
    """Read one notice."""
    return NoticeRow(**{**named(row), "document": orjson.loads(row.document)})


def clock_change(row: sa.Row[Any]) -> ClockChange:
    """Read what became of one clock."""
    return ClockChange(**{**named(row), "why": orjson.loads(row.why)})


def documents(connection: sa.Connection, department_ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
    """Return the documents of these departments; those without one are absent."""
    column = tables.catalogue.c
    found = connection.execute(
        sa.select(column.department_id, column.document).where(among(connection, column.department_id, department_ids))
    )
    return {row.department_id: orjson.loads(row.document) for row in found}


def numbers(connection: sa.Connection) -> tuple[int, int]:
    """Return the last number of a change of the catalogue, and of a notice."""
    last = [sa.func.max(table.c.number) for table in (terms_tables.catalogue_changes, terms_tables.calendar_notices)]
    found = [connection.execute(sa.select(each)).scalar() for each in last]
    return found[0] or 0, found[1] or 0


def notices(connection: sa.Connection) -> Sequence[NoticeRow]:
    """Return every notice, in the order of loading."""
    return [notice(row) for row in connection.execute(sa.select(terms_tables.calendar_notices).order_by("number"))]


def changes(connection: sa.Connection, chosen: sa.ColumnElement[bool] | None = None) -> Sequence[CatalogueChange]:
    """Return changes of the catalogue in the order of their proposal."""
    query = sa.select(terms_tables.catalogue_changes).order_by("number", "change_id")
    return [change(row) for row in connection.execute(query if chosen is None else query.where(chosen))]


def imported(
    connection: sa.Connection, old: Mapping[str, Any] | None, new: Mapping[str, Any], by: str, now: datetime
) -> CatalogueChange:
    """Return the change by which a document came into force with nobody's approval; the ledger is yet to be told."""
    parts, department = differences(old, new), new["department"]["department_id"]
    return CatalogueChange(
        change_id=change_id(department, [*parts, {"at": now.isoformat()}]),
        number=numbers(connection)[0] + 1,
        department_id=department,
        state="imported",
        valid_from=valid_from(parts),
        parts=parts,
        note=INITIAL,
        proposed_by=by,
        proposed_at=now,
        is_ledgered=False,
    )


def write(connection: sa.Connection, batch: Changes, now: datetime) -> None:
    """Write what a batch changes of the terms, and what changed terms did to clocks."""
    insert(connection, terms_tables.catalogue_changes, _change_rows(batch.catalogue_changes), conflict="replace")
    insert(connection, terms_tables.calendar_notices, _notice_rows(batch.notices))
    insert(connection, terms_tables.clock_changes, _clock_change_rows(batch.clock_changes), conflict="replace")
    held = [(name, orjson.dumps(document).decode(), now) for name, document in batch.catalogue.items()]
    insert(connection, tables.catalogue, held, conflict="replace")


def keep(connection: sa.Connection, changes_: Sequence[CatalogueChange]) -> None:
    """Keep changes that came into force outside a batch."""
    insert(connection, terms_tables.catalogue_changes, _change_rows(changes_), conflict="replace")


def _change_rows(given: Sequence[CatalogueChange]) -> list[tuple[Any, ...]]:
    names = [column.name for column in terms_tables.catalogue_changes.columns]
    return [
        tuple(orjson.dumps(each.parts).decode() if name == "parts" else getattr(each, name) for name in names)
        for each in given
    ]


def _notice_rows(given: Sequence[NoticeRow]) -> list[tuple[Any, ...]]:
    return [
        (each.number, each.year, orjson.dumps(each.document).decode(), each.loaded_by, each.loaded_at) for each in given
    ]


def _clock_change_rows(given: Sequence[ClockChange]) -> list[tuple[Any, ...]]:
    return [
        (each.clock_id, each.changed_at, each.subject, each.kind, each.old_due, each.new_due, each.old_state,
         each.new_state, orjson.dumps(each.why).decode())
        for each in given
    ]  # fmt: skip
