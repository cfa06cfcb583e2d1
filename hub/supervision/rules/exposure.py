"""Rule R42: what is secret or personal and has reached the public 涉密或个人信息误公开."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.supervision.instants import written
from hub.supervision.rules.rule import Finding, Rule, View, evidence, found
from hub.views.fields import PUBLIC_CASE, PUBLIC_EVENT
from hub.views.masking import found_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

_CLOSED: Final = frozenset({"restricted", "secret"})


def exposed(rule: Rule, view: View) -> Iterator[Finding]:
    """Find publications of what is restricted or secret, and identity or phone numbers among what the public sees."""
    for fact in view.case.all("case.published", "penalty.published"):
        class_ = fact.attributes["disclosure"]["class"]
        if class_ in _CLOSED:
            yield found(
                rule, fact.event_id, f"{class_}级信息被公开。", f"an item of class {class_} was published.",
                evidence(fact, fact.type, written(fact.occurred_at, view.calendar.zone), expected="not published"),
            )  # fmt: skip
    if view.case.attributes["disclosure"]["class"] == "public":
        for fact in view.case.timeline:
            name = personal_in({**fact.attributes, **fact.detail})
            if name:
                yield found(
                    rule, f"{fact.event_id}:{name}", f"公开字段{name}含个人信息（证件号、电话等）。",
                    f"the public field {name} holds a personal number or contact.",
                    evidence(fact, name, "(masked)", expected="no personal number"),
                )  # fmt: skip


def personal_in(fields: Mapping[str, Any]) -> str:
    """Name the first field of the public view that holds a person's number or contact; empty where none does.

    Names and addresses are masked on their way out, and raise no alert: what is taken for one may be none.
    """
    for name in (*PUBLIC_CASE, *PUBLIC_EVENT):
        value = fields.get(name)
        if isinstance(value, str) and name not in _CODES and any(each.kind in _SURE for each in found_in(value)):
            return name
    return ""


_SURE: Final = frozenset({"citizen", "trader", "mobile", "email", "account", "card", "passport"})
"""Kinds whose form alone says what they are."""

_CODES: Final = frozenset({"case_id", "matter_code", "department_id", "occurred_at", "case_no"})
"""Fields that are codes by their nature and may look like numbers of people."""


R42: Final = Rule(
    rule_id="R42", version=1, zh="涉密或个人信息误公开", en="secret or personal information published", phase="post",
    class_="integrity", level="red", type_code="7", basis="政府信息公开条例 arts. 14, 15; 个人信息保护法",
    reads=(), find=exposed,
)  # fmt: skip
