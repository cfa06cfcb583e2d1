"""Rules on money: R27 unlawful fees, R28 penalties outside their tier, R30 fines on the spot beyond their limit."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from hub.supervision.rules.rule import Finding, Parameter, Rule, View, evidence, found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.supervision.caselog import Fact
    from hub.supervision.matter import Matter

_PENALTY_LAW: Final = date(2021, 7, 15)
_PERSON: Final = ("person", "1")
"""Codes of a citizen among the kinds of applicants (GB/T 39046-2020, A.4)."""


def charged_unlawfully(rule: Rule, view: View) -> Iterator[Finding]:
    """Find fees on a free matter, of an unlisted item, or outside the item's bounds (Licensing Law arts. 58, 59)."""
    for fact in view.case.all("fee.charged"):
        matter = view.matter(fact.occurred_at)
        fee = fact.detail.get("fee")
        if matter is None or fee is None:
            continue
        expected = _fee_expected(matter, fee["item_code"], Decimal(fee["amount"]))
        if expected:
            yield found(
                rule, fact.event_id, f"收费{fee['item_code']} {fee['amount']}元不合规定。",
                f"fee {fee['item_code']} of {fee['amount']} yuan is not lawful.",
                evidence(fact, "fee.amount", fee["amount"], expected=expected),
            )  # fmt: skip


def _fee_expected(matter: Matter, code: str, amount: Decimal) -> str:
    """Say what would be lawful where this fee is not; empty where it is, or the catalogue says nothing of fees."""
    if amount == 0 or (matter.is_charged is None and not matter.fee_items):
        return ""
    if matter.is_charged is False:
        return "no fee"
    item = next((each for each in matter.fee_items if each.code == code), None)
    if item is None:
        return "one of " + (", ".join(each.code for each in matter.fee_items) or "no items")
    is_less, is_more = item.least is not None and amount < item.least, item.most is not None and amount > item.most
    return f"{item.least or 0} to {item.most if item.most is not None else 'any'}" if is_less or is_more else ""


def outside_tier(rule: Rule, view: View) -> Iterator[Finding]:
    """Find penalties outside the declared tier, or of a tier whose circumstances are not evidenced."""
    for fact in view.case.all("penalty.decided"):
        matter, said = view.matter(fact.occurred_at), fact.detail.get("discretion", {})
        if matter is None or not matter.tiers or "amount" not in said:
            continue
        problem = _tier_problem(matter, fact)
        if problem:
            name, value, expected = problem
            yield found(
                rule, fact.event_id, "处罚与所引裁量档次不符。", "the penalty does not fit its declared tier.",
                evidence(fact, name, value, expected=expected),
            )  # fmt: skip


def _tier_problem(matter: Matter, fact: Fact) -> tuple[str, str, str] | None:
    said = fact.detail["discretion"]
    named = (said.get("violation_code", ""), said.get("tier_code", ""))
    tier = next((each for each in matter.tiers if (each.violation_code, each.tier) == named), None)
    if tier is None:
        return "discretion.tier_code", "/".join(named), "a tier of the published table"
    if not tier.least <= Decimal(said["amount"]) <= tier.most:
        return "discretion.amount", said["amount"], f"{tier.least} to {tier.most}"
    lacking = tier.factors - set(said.get("factors", ()))
    return ("discretion.factors", ", ".join(said.get("factors", ())), ", ".join(sorted(lacking))) if lacking else None


def too_much_on_the_spot(rule: Rule, view: View) -> Iterator[Finding]:
    """Find fines of the simplified procedure beyond what may be decided on the spot (Penalty Law art. 51)."""
    if view.case.attributes.get("procedure") != "simplified":
        return
    kind = view.case.attributes.get("applicant", {}).get("kind", "")
    for fact in view.case.all("penalty.decided"):
        day = view.calendar.day_of(fact.occurred_at)
        most = rule.value("citizen" if kind in _PERSON else "organisation", day)
        amount = fact.detail.get("discretion", {}).get("amount")
        if most is not None and amount is not None and Decimal(amount) > most:
            yield found(
                rule, fact.event_id, f"当场处罚{amount}元超过限额。", f"{amount} yuan is too much for the spot.",
                evidence(fact, "discretion.amount", amount, expected=f"<= {most}"),
            )  # fmt: skip


R27: Final = Rule(
    rule_id="R27", version=1, zh="违规收费", en="unlawful fee", phase="in", class_="integrity", level="red",
    type_code="4", basis="行政许可法 arts. 58, 59, 75", reads=("fee.charged", "catalogue:fees"),
    find=charged_unlawfully,
)  # fmt: skip
R28: Final = Rule(
    rule_id="R28", version=1, zh="裁量越档", en="outside the discretion tier", phase="in", class_="integrity",
    level="red", type_code="5", basis="行政处罚法 art. 34",
    reads=("penalty.decided", "discretion.amount", "discretion.tier_code", "catalogue:discretion"),
    find=outside_tier, mode="manual",
)  # fmt: skip
R30: Final = Rule(
    rule_id="R30", version=1, zh="现场处罚超额", en="fine on the spot too high", phase="in", class_="enforcement",
    level="red", type_code="5", basis="行政处罚法 art. 51",
    reads=("penalty.decided", "discretion.amount", "case.procedure"), find=too_much_on_the_spot, mode="manual",
    parameters=(
        Parameter(name="citizen", value=Decimal(200), unit="yuan", source="行政处罚法 art. 51",
                  valid_from=_PENALTY_LAW),
        Parameter(name="organisation", value=Decimal(3000), unit="yuan", source="行政处罚法 art. 51",
                  valid_from=_PENALTY_LAW),
    ),
)  # fmt: skip

MONEY: Final = (R27, R28, R30)
