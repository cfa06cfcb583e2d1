"""Scores one department's month, and puts departments in order: pure, and the same for ever on the same inputs."""

from __future__ import annotations

from calendar import monthrange
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from hub.supervision.scoring.formulas import FORMULAS, rounded, share
from hub.supervision.scoring.values import Line, Shown, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hub.supervision.scoring.indicators import Head, Indicator, IndicatorSet
    from hub.supervision.scoring.values import Inputs

BONUS: Final = "bonus"
SAMPLE: Final = "closed"
"""The count that must reach the set's least sample before a department is ranked."""

_RATIO_INPUTS: Final = 2


def score(period: str, inputs: Inputs, chosen: IndicatorSet) -> Statement:
    """Score one department's month ("2026-10") by a set: heads, then bonus, then the conversion factor."""
    day = last_day(period)
    lines = [line for head in chosen.heads for line in _head(head, inputs, chosen, day)]
    lines += [line for each in chosen.indicators if each.head == BONUS for line in _lines(each, inputs, chosen, day)]
    lines += _converted(lines, chosen.factor(inputs.department_id))
    owed = inputs.obligation
    return Statement(
        period=period,
        department_id=inputs.department_id,
        region_code=inputs.region_code,
        lines=lines,
        shown=[_shown(each, inputs) for each in chosen.indicators if len(each.inputs) == _RATIO_INPUTS],
        sample=inputs.count(SAMPLE),
        min_sample=chosen.min_sample,
        is_obliged=owed is not None and owed.is_missed(day),
        grade=chosen.grade(sum((line.points for line in lines), Decimal(0))),
    )


def last_day(period: str) -> str:
    """Return the last day of a month."""
    year, month = map(int, period.split("-"))
    return f"{period}-{monthrange(year, month)[1]:02}"


def _head(head: Head, inputs: Inputs, chosen: IndicatorSet, day: str) -> Iterator[Line]:
    """Begin with the head's weight, take what its indicators take, and give back what would lead below 0."""
    begin = Line(head=head.head_id, indicator_id="", kind="base", points=head.weight, zh=head.zh, en=head.en,
                 source="set")  # fmt: skip
    yield begin
    left = head.weight
    for each in chosen.indicators:
        if each.head == head.head_id:
            for line in _lines(each, inputs, chosen, day):
                left += line.points
                yield line
    if left < 0:
        yield Line(head=head.head_id, indicator_id="", kind="floor", points=-left, zh=f"{head.zh} 扣至0分为止",
                   en=f"{head.en}: not below 0", source="set")  # fmt: skip


def _lines(indicator: Indicator, inputs: Inputs, chosen: IndicatorSet, day: str) -> Iterator[Line]:
    yield from FORMULAS[indicator.formula_id](indicator, inputs, chosen, day)


def _converted(lines: Sequence[Line], factor: Decimal) -> Sequence[Line]:
    """Return the line by which the factor changes the sum; none where it is 1."""
    total = sum((line.points for line in lines), Decimal(0))
    change = rounded(total * factor) - total
    if factor == 1:
        return ()
    return (Line(head="", indicator_id="", kind="conversion", points=change, zh=f"折算系数 {factor}",
                 en=f"conversion factor {factor}", source="set"),)  # fmt: skip


def _shown(indicator: Indicator, inputs: Inputs) -> Shown:
    value = share(indicator, inputs)
    scale = 100 if indicator.unit == "percent" else 1
    return Shown(
        indicator_id=indicator.indicator_id,
        zh=indicator.zh,
        en=indicator.en,
        unit=indicator.unit,
        direction=indicator.direction,
        value=None if value is None else rounded(value * scale),
        sample=inputs.count(indicator.inputs[1]),
        min_sample=indicator.min_sample,
        source=indicator.source,
    )


def ranks(statements: Sequence[Statement]) -> Mapping[str, int]:
    """Rank the departments that can be ranked, the best first; equal scores share a rank, and the next is left out."""
    ranked = [each for each in statements if each.is_ranked]
    return {each.department_id: 1 + sum(other.score > each.score for other in ranked) for each in ranked}
