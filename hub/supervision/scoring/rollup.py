"""Rolls scores up: months to a half-year or a year, departments to a county or the city. A mean whose parts add up."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from hub.supervision.scoring.formulas import rounded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """A mean with what each part contributes; `rounding` is what rounding the contributions leaves over."""

    parts: Sequence[tuple[str, Decimal, Decimal]]
    """Name, value, and what it contributes: its value by the number of parts, rounded."""
    value: Decimal
    rounding: Decimal


def mean(values: Mapping[str, Decimal]) -> Mean | None:
    """Return the mean of named values, in their order; None of none. Contributions and rounding add up to it."""
    if not values:
        return None
    n = len(values)
    value = rounded(sum((Fraction(each) for each in values.values()), Fraction(0)) / n)
    parts = [(name, each, rounded(Fraction(each) / n)) for name, each in values.items()]
    left = value - sum((contributed for _, _, contributed in parts), Decimal(0))
    return Mean(parts=parts, value=value, rounding=left)
