"""Inputs as documents: what is frozen, by its digest, and read back to the very same values."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hub.supervision.scoring.indicators import canonical
from hub.supervision.scoring.values import Card, Cell, Inputs, Mark, Obligation

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 1
_CARD = ("alert_id", "rule_id", "level", "state", "region_code", "matter_code", "subject", "case_no", "raised_on",
         "charged_to", "disclosure")  # fmt: skip


def written(inputs: Inputs) -> dict[str, Any]:
    """Write a department's inputs, everything in a fixed order."""
    owed = inputs.obligation
    return {
        "department_id": inputs.department_id,
        "region_code": inputs.region_code,
        "cells": [
            {"region_code": cell.region_code, "matter_code": cell.matter_code,
             "counts": {name: n for name, n in cell.counts.items() if n}}
            for cell in sorted(inputs.cells, key=lambda each: (each.region_code, each.matter_code))
        ],
        "cards": [
            {name: getattr(card, name) for name in _CARD}
            for card in sorted(inputs.cards, key=lambda each: (each.raised_on, each.alert_id))
        ],
        "marks": [
            {"mark_id": mark.mark_id, "indicator_id": mark.indicator_id, "amount": str(mark.amount),
             "ground": mark.ground, "by": mark.by}
            for mark in inputs.marks
        ],
        "obligation": None if owed is None
        else {"due_on": owed.due_on, "required": owed.required, "reached": owed.reached},
        "quality": {name: n for name, n in inputs.quality.items() if n},
    }  # fmt: skip


def read(document: Mapping[str, Any]) -> Inputs:
    """Read what `written` wrote."""
    owed = document["obligation"]
    return Inputs(
        department_id=document["department_id"],
        region_code=document["region_code"],
        cells=[Cell(**each) for each in document["cells"]],
        cards=[Card(**each) for each in document["cards"]],
        marks=[Mark(**{**each, "amount": Decimal(each["amount"])}) for each in document["marks"]],
        obligation=None if owed is None else Obligation(**owed),
        quality=document["quality"],
    )


def digest(document: object) -> str:
    """Name a document by what it says: the SHA-256 of its canonical JSON."""
    return hashlib.sha256(canonical(document)).hexdigest()
