"""Decides what of a view's feed is shown no more: cases that the view shows no more, or never should have shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa

from hub.model.documents import tombstone
from hub.store import tables
from hub.store.bulk import among
from hub.views import open_views

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


def with_tombstones(connection: sa.Connection, documents: Sequence[dict[str, Any]], view: str) -> list[dict[str, Any]]:
    """Return documents of a view's feed, those of cases that the view does not show any more as tombstones."""
    read = [orjson.loads(each["body"]) for each in documents]
    hidden = _hidden(connection, {document["subject"] for document in read if "subject" in document}, view)
    return [
        {**each, "body": orjson.dumps(tombstone(document))} if document.get("subject") in hidden else each
        for each, document in zip(documents, read, strict=True)
    ]


def _hidden(connection: sa.Connection, subjects: Collection[str], view: str) -> frozenset[str]:
    case = tables.cases.c
    query = sa.select(case.case_id, case.disclosure, case.state).where(among(connection, case.case_id, subjects))
    found = connection.execute(query)
    return frozenset(row.case_id for row in found if view not in open_views(row.disclosure, row.state))
