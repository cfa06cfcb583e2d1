"""What is kept of scores: the inputs of a month that is frozen, and what a person entered for a department."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from hub.errors import in_words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


SCORE_ENTERED: Final = "score.entered"
"""The act by which a person enters what no system reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """All that one month was scored from, named by the digest of its document; `act_id` is its entry in the ledger."""

    period: str
    digest: str
    document: Mapping[str, Any]
    frozen_at: datetime
    by: str
    act_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """One entry that a person made for a department's month; `mark_id` is its entry in the ledger, too."""

    mark_id: str
    period: str
    department_id: str
    indicator_id: str
    amount: Decimal
    ground: str
    by: str
    at: datetime

    @classmethod
    def said(cls, mark_id: str, data: Mapping[str, Any], at: datetime) -> Entered:
        """Return what an act `score.entered` (schemas/act.v1) enters; ValueError where it does not say all of it."""
        try:
            return cls(mark_id=mark_id, period=data["period"], department_id=data["department_id"],
                       indicator_id=data["indicator_id"], amount=Decimal(data["amount"]),
                       ground=data.get("note", ""), by=data["by"], at=at)  # fmt: skip
        except (KeyError, ArithmeticError) as lacking:
            raise ValueError(in_words(lacking)) from lacking
