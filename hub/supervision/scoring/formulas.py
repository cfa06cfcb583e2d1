"""The formulas of indicators, by id. A formula that was ever used is never changed: a better one gets another id."""

from __future__ import annotations

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final, TypeAlias

from hub.supervision.scoring.values import CENT, NOT_ISSUED, TAKEN_BACK, Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hub.supervision.scoring.indicators import Charge, Indicator, IndicatorSet
    from hub.supervision.scoring.values import Card, Inputs

Formula: TypeAlias = "Callable[[Indicator, Inputs, IndicatorSet, str], Iterator[Line]]"
"""What an indicator adds to or takes from a department's month; the text is the last day of the month."""

_USUAL: Final = ("notice", "yellow", "red")


def rounded(value: Fraction | Decimal) -> Decimal:
    """Round to two decimals, half up: the one rounding there is."""
    if isinstance(value, Decimal):
        return value.quantize(CENT, rounding=ROUND_HALF_UP)
    hundreds = abs(value) * 100
    whole = (2 * hundreds.numerator + hundreds.denominator) // (2 * hundreds.denominator)
    return Decimal(whole if value >= 0 else -whole) * CENT


def share(indicator: Indicator, inputs: Inputs) -> Fraction | None:
    """Return the share of the first of its inputs in the second; None where that is 0 or less than its sample."""
    part, whole = (inputs.count(name) for name in indicator.inputs)
    return Fraction(part, whole) if whole and whole >= indicator.min_sample else None


def cards(indicator: Indicator, inputs: Inputs, chosen: IndicatorSet, _: str) -> Iterator[Line]:
    """Take points for every alert of the head's rules; what was taken back is told, and takes none."""
    for card in inputs.cards:
        charge = chosen.charges.get(card.rule_id)
        if charge is not None and indicator.head in charge.heads and card.state not in NOT_ISSUED:
            yield _card(indicator, card, charge, chosen)


def _card(indicator: Indicator, card: Card, charge: Charge, chosen: IndicatorSet) -> Line:
    cost = charge.points.get(card.level, chosen.cards[card.level])
    points = -cost if card.counts else Decimal(0)
    why_zh, why_en = _why_not(card)
    place = card.case_no or card.subject
    return Line(
        head=indicator.head,
        indicator_id=indicator.indicator_id,
        kind="deduction" if points else "note",
        points=points,
        zh=f"{card.rule_id} {_LEVELS[card.level]} {place}{why_zh}",
        en=f"{card.rule_id} {card.level} {place}{why_en}",
        about={"alert_id": card.alert_id, "rule_id": card.rule_id, "state": card.state, "subject": card.subject,
               "case_no": card.case_no, "charged_to": card.charged_to, "disclosure": card.disclosure},
    )  # fmt: skip


_LEVELS: Final = {"notice": "提醒", "yellow": "黄牌", "red": "红牌"}


def _why_not(card: Card) -> tuple[str, str]:
    if card.state in TAKEN_BACK:
        return "（已解除或撤销，不扣分）", f" ({card.state}: no points)"
    if card.charged_to != "department":
        return f"（归因于{card.charged_to}，不扣分）", f" (charged to the {card.charged_to}: no points)"
    return "", ""


def share_steps(indicator: Indicator, inputs: Inputs, _: IndicatorSet, __: str) -> Iterator[Line]:
    """Take points for every full step of a share: one for each per cent, up to the cap."""
    value = share(indicator, inputs)
    if value is not None:
        steps = value * 100 // Fraction(indicator.number("step_percent"))
        points = _capped(indicator, Decimal(int(steps)) * indicator.number("points"))
        yield _line(indicator, "deduction", -points, f"{_percent(value)}%")


def rate(indicator: Indicator, inputs: Inputs, _: IndicatorSet, __: str) -> Iterator[Line]:
    """Take points the further a share is from its target, all of them where it reaches `zero_percent`."""
    value = share(indicator, inputs)
    if value is not None and "most" in indicator.numbers:
        target, zero = (Fraction(indicator.number(name)) for name in ("target_percent", "zero_percent"))
        lost = min(max((target - value * 100) / (target - zero), Fraction(0)), Fraction(1))
        yield _line(indicator, "deduction", -rounded(lost * Fraction(indicator.number("most"))), f"{_percent(value)}%")


def bonus_steps(indicator: Indicator, inputs: Inputs, _: IndicatorSet, __: str) -> Iterator[Line]:
    """Add points for every full step of a share."""
    value = share(indicator, inputs)
    if value is not None:
        steps = value * 100 // Fraction(indicator.number("step_percent"))
        points = _capped(indicator, Decimal(int(steps)) * indicator.number("points"))
        yield _line(indicator, "bonus", points, f"{_percent(value)}%")


def marks(indicator: Indicator, inputs: Inputs, _: IndicatorSet, __: str) -> Iterator[Line]:
    """Take the points that a person has entered, each with its ground."""
    for mark in inputs.marks:
        if mark.indicator_id == indicator.indicator_id:
            said = {"mark_id": mark.mark_id}
            yield _line(indicator, "deduction", -_capped(indicator, mark.amount), f"{mark.ground}（{mark.by}）", said)


def surveyed(indicator: Indicator, inputs: Inputs, chosen: IndicatorSet, _: str) -> Iterator[Line]:
    """Take of a head what a survey of 0 to 100 leaves of it; of several entries the last counts."""
    found = [mark for mark in inputs.marks if mark.indicator_id == indicator.indicator_id]
    if found:
        weight = next(head.weight for head in chosen.heads if head.head_id == indicator.head)
        lost = Fraction(weight) * (100 - Fraction(found[-1].amount)) / 100
        said = {"mark_id": found[-1].mark_id}
        yield _line(indicator, "deduction", -rounded(lost), f"{found[-1].amount}/100 {found[-1].ground}", said)


def limit_cut(indicator: Indicator, inputs: Inputs, _: IndicatorSet, __: str) -> Iterator[Line]:
    """Add points where all statutory limits were cut in public by a share that a person has entered, in per cent."""
    for mark in inputs.marks:
        if mark.indicator_id == indicator.indicator_id and mark.amount >= indicator.number("from_percent"):
            above = (mark.amount - indicator.number("from_percent")) / indicator.number("step_percent")
            points = indicator.number("points") + above.to_integral_value(rounding=ROUND_FLOOR)
            said = {"mark_id": mark.mark_id}
            yield _line(indicator, "bonus", _capped(indicator, points), f"{mark.amount}% {mark.ground}", said)


def obligation(indicator: Indicator, inputs: Inputs, _: IndicatorSet, day: str) -> Iterator[Line]:
    """Take all that only reliable data could earn, where a connection is past its day below its level."""
    owed = inputs.obligation
    if owed is not None and owed.is_missed(day):
        text = f"{owed.due_on}前应达{owed.required}，现{owed.reached or '无'} due {owed.due_on}: {owed.required}"
        yield _line(indicator, "deduction", -indicator.number("points"), text)


def shown(_: Indicator, __: Inputs, ___: IndicatorSet, ____: str) -> Iterator[Line]:
    """Take and add nothing: the indicator is measured and shown."""
    return iter(())


def _capped(indicator: Indicator, points: Decimal) -> Decimal:
    least = points if indicator.floor is None else max(points, indicator.floor)
    return rounded(least if indicator.cap is None else min(least, indicator.cap))


def _percent(value: Fraction) -> Decimal:
    return rounded(value * 100)


def _line(indicator: Indicator, kind: str, points: Decimal, said: str, about: Mapping[str, str] | None = None) -> Line:
    return Line(
        head=indicator.head,
        indicator_id=indicator.indicator_id,
        kind=kind if points else "note",
        points=points or Decimal(0),
        zh=f"{indicator.zh} {said}",
        en=f"{indicator.en} {said}",
        source=indicator.source,
        about=about or {},
    )


FORMULAS: Final[Mapping[str, Formula]] = {
    "cards.v1": cards,
    "share_steps.v1": share_steps,
    "rate.v1": rate,
    "bonus_steps.v1": bonus_steps,
    "marks.v1": marks,
    "survey.v1": surveyed,
    "limit_cut.v1": limit_cut,
    "obligation.v1": obligation,
    "shown.v1": shown,
}
"""Every formula by its id."""
