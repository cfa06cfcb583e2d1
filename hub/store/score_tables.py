"""The tables of scores: how cases were reported, what months were frozen, and what people entered for them."""

from __future__ import annotations

from dataclasses import fields
from typing import Final

import sqlalchemy as sa

from hub.model.conduct import Conduct
from hub.store.tables import METADATA, Instant


def _text(name: str, *, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, primary_key=primary_key)


_TYPES: Final = {"str": sa.Text, "int": sa.BigInteger}

conduct = sa.Table(
    "conduct",
    METADATA,
    *(
        sa.Column(each.name, _TYPES[str(each.type)], nullable=False, primary_key=each.name == "case_id")
        for each in fields(Conduct)
    ),
    sa.Index(None, "department_id", "serial_of", "serial"),
)
"""How each case was reported, as hub/model/conduct.py declares it; derived like the cases."""

score_freezes = sa.Table(
    "score_freezes",
    METADATA,
    _text("period", primary_key=True),
    _text("digest"),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("frozen_at", Instant, nullable=False),
    _text("by"),
    _text("act_id"),
)
"""What each month was scored from, named by its digest (SHA-256 of the document that `body` holds packed). Rows are
appended."""

score_marks = sa.Table(
    "score_marks",
    METADATA,
    _text("mark_id", primary_key=True),
    _text("period"),
    _text("department_id"),
    _text("indicator_id"),
    _text("amount"),
    _text("ground"),
    _text("by"),
    sa.Column("at", Instant, nullable=False),
    sa.Index(None, "period", "department_id"),
)
"""What people entered for a department's month. Rows are appended."""
