"""Decides what of the public feed is shown no more: cases that have ceased to be public, or never should have been."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa

from hub.store import tables

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_KEPT: Final = ("specversion", "id", "source", "subject", "datacontenttype", "sequence", "streamsequence")
"""Of the envelope, what a tombstone keeps: enough to tell which document it stands for."""


def with_tombstones(connection: sa.Connection, documents: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return documents of the public feed, those of cases that are not public any more, or void, as tombstones."""
    read = [orjson.loads(each["body"]) for each in documents]
    hidden = _hidden(connection, {document["subject"] for document in read if "subject" in document})
    return [
        {**each, "body": _tombstone(document)} if document.get("subject") in hidden else each
        for each, document in zip(documents, read, strict=True)
    ]


def _hidden(connection: sa.Connection, subjects: Collection[str]) -> frozenset[str]:
    case = tables.cases.c
    gone = (case.disclosure != "public") | (case.state == "voided")
    query = sa.select(case.case_id).where(case.case_id.in_(list(subjects)), gone)
    return frozenset(connection.execute(query).scalars())


def _tombstone(document: dict[str, Any]) -> bytes:
    kept = {name: document[name] for name in _KEPT if name in document}
    return orjson.dumps({**kept, "type": "sunlight.case.withheld.v1", "data": {"type": "case.withheld"}})
