"""What is kept of scores: the inputs of a month that is frozen, and what a person entered for a department."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from decimal import Decimal


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
