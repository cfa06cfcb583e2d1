"""The data-quality score 数据质量分, apart from performance: completeness, lateness, rejects, contradictions, days."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from hub.supervision.scoring.formulas import rounded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from hub.supervision.scoring.values import Inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One component: of `sample` things `bad` are wrong. `value` of 100; None where there is nothing to judge by."""

    part_id: str
    zh: str
    en: str
    bad: int
    sample: int

    @property
    def value(self) -> Decimal | None:
        """Return what is right, in per cent."""
        return rounded(Fraction(self.sample - self.bad, self.sample) * 100) if self.sample else None


PARTS: Final = (
    ("completeness", "完整", "complete", "incomplete", "cases"),
    ("lateness", "及时", "in time", "late", "cases"),
    ("rejects", "有效", "accepted", "quarantined", "records"),
    ("reconciliation", "一致", "without contradiction", "conflicting", "events"),
    ("manifests", "对账", "days that balance", "differing", "days"),
)
"""Each component: id, names, the count of what is wrong, and of all that it is counted among."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """A department's data quality: the mean of the components that can be judged; None where none can."""

    parts: Sequence[Part]

    @property
    def value(self) -> Decimal | None:
        """Return the mean, of 100."""
        known = [Fraction(each.sample - each.bad, each.sample) for each in self.parts if each.sample]
        return rounded(sum(known, Fraction(0)) / len(known) * 100) if known else None


def quality(inputs: Inputs) -> Quality:
    """Judge what came of a department in a month, as it came; nothing of it enters the performance score."""
    counts = inputs.quality
    return Quality(
        parts=[
            Part(part_id=name, zh=zh, en=en, bad=min(counts.get(bad, 0), counts.get(whole, 0)),
                 sample=counts.get(whole, 0))
            for name, zh, en, bad, whole in PARTS
        ]
    )  # fmt: skip
