"""The tables of what is counted: derived from cases, and read by statistics and scores."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

import sqlalchemy as sa

from hub.model.facts import CaseFacts
from hub.store.tables import METADATA

_TYPES: Final[dict[str, tuple[type[sa.types.TypeEngine[Any]], bool]]] = {
    "str": (sa.Text, False),
    "date": (sa.Date, False),
    "date | None": (sa.Date, True),
    "int": (sa.Integer, False),
    "int | None": (sa.Integer, True),
    "bool": (sa.Boolean, False),
}
"""Column type, and whether it may be empty, by the type of a field."""


def _columns() -> list[sa.Column[Any]]:
    found = []
    for field in fields(CaseFacts):
        kind, nullable = _TYPES[str(field.type)]
        found.append(sa.Column(field.name, kind, nullable=nullable, primary_key=field.name == "case_id"))
    return found


case_facts = sa.Table(
    "case_facts",
    METADATA,
    *_columns(),
    sa.Index(None, "opened_on"),
    sa.Index(None, "accepted_on"),
    sa.Index(None, "finished_on"),
    sa.Index(None, "closed_on"),
    sa.Index(None, "department_id", "matter_code"),
)
"""One row a case, as hub/model/facts.py declares it; without those entered in error."""
