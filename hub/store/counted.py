"""The tables of what is counted: derived from cases, and read by statistics and scores."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

import sqlalchemy as sa

from hub.model.facts import CaseFacts
from hub.statistics.figures import BLOCK_DAYS, NAMES
from hub.store.columns import METADATA

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


def _cell() -> list[sa.Column[Any]]:
    """Return the key of a cell; with the partition last, so that owners never wait for one another."""
    return [
        sa.Column("grain", sa.Text, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("department_id", sa.Text, primary_key=True),
        sa.Column("matter_code", sa.Text, primary_key=True),
        sa.Column("region_code", sa.Text, primary_key=True),
        sa.Column("power_type", sa.Text, primary_key=True),
        sa.Column("family", sa.Text, primary_key=True),
        sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
    ]


figures = sa.Table("figures", METADATA, *_cell(), *(sa.Column(name, sa.Integer, nullable=False) for name in NAMES))
"""Sums over `case_facts` by cell (hub/statistics/figures.py), moved in the transaction that moves the facts."""

durations = sa.Table(
    "durations",
    METADATA,
    *_cell(),
    sa.Column("block", sa.Integer, primary_key=True, autoincrement=False),
    *(sa.Column(f"n{place}", sa.Integer, nullable=False) for place in range(BLOCK_DAYS)),
)
"""How many cases of a month took how many working days: whole days, so that percentiles are exact. `n3` of block 1 are
those that took 23: numbers side by side are added up far faster than a row for each."""
