"""Builders of what a score is computed from; a test states only what it is about."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from hub.indicators import SHIPPED, load_set
from hub.supervision.scoring.values import Card, Cell, Inputs, Mark

OURS: Final = "11321200014000028L"
THEIRS: Final = "1132120001400001XL"
MONTH: Final = "2026-10"
SET: Final = load_set(SHIPPED / "nine-heads.1.yaml")
NAMES: Final = ("incomplete", "closed", "early", "rated", "rated_bad", "on_time", "promised")


def a_card(rule: str = "R14", level: str = "yellow", **fields: Any) -> Card:
    """Return a card that stands."""
    said = {"alert_id": f"{rule}-1", "state": "raised", "region_code": "321281", "matter_code": "m",
            "subject": "case", "case_no": "2026-0001", "raised_on": "2026-10-12"}  # fmt: skip
    return Card(rule_id=rule, level=level, **{**said, **fields})


def a_mark(indicator: str, amount: str) -> Mark:
    """Return an entry of a person."""
    return Mark(mark_id=f"{indicator}-1", indicator_id=indicator, amount=Decimal(amount), ground="文号1", by="王五")


def a_month(*cards: Card, department: str = OURS, **fields: Any) -> Inputs:
    """Return a department's month of 100 closed cases; counts are given by name, other fields by theirs."""
    counts = {"closed": 100, **{name: fields.pop(name) for name in NAMES if name in fields}}
    cells = [Cell(region_code="321281", matter_code="m", counts=counts)]
    return Inputs(department_id=department, region_code="321281", **{"cells": cells, "cards": cards, **fields})
