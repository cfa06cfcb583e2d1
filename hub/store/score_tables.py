"""The tables of scores: how cases were reported, what months were frozen, and what people entered for them."""

from __future__ import annotations

from dataclasses import fields
from typing import Final

import sqlalchemy as sa

from hub.model.conduct import Conduct
from hub.store.columns import METADATA, at, text

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
    text("period", primary_key=True),
    text("digest"),
    sa.Column("body", sa.LargeBinary, nullable=False),
    at("frozen_at"),
    text("by"),
    text("act_id"),
)
"""What each month was scored from, named by its digest (SHA-256 of the document that `body` holds packed). Rows are
appended."""

score_marks = sa.Table(
    "score_marks",
    METADATA,
    text("mark_id", primary_key=True),
    text("period"),
    text("department_id"),
    text("indicator_id"),
    text("amount"),
    text("ground"),
    text("by"),
    at("at"),
    sa.Index(None, "period", "department_id"),
)
"""What people entered for a department's month. Rows are appended."""
