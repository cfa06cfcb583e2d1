"""Which rules can be judged at a connection: those whose inputs it reports; the others are shown, never passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.supervision.rules import Rule

NOT_REPORTED = ("clock:", "catalogue:", "hub:")
"""Prefixes of inputs that no connection reports: clocks follow from events; the rest the hub has itself."""


def is_evaluable(rule: Rule, offers: frozenset[str] | None) -> bool:
    """Tell whether a connection reports all that a rule reads."""
    return offers is None or not missing(rule, offers)


def missing(rule: Rule, offers: frozenset[str]) -> Sequence[str]:
    """Return what a rule reads and a connection does not report; `a|b` asks for one of them."""
    asked = (name for name in rule.reads if not name.startswith(NOT_REPORTED))
    return [name for name in asked if offers.isdisjoint(name.split("|"))]


def not_evaluable(rules: Mapping[str, Rule], offers: frozenset[str]) -> Mapping[str, Sequence[str]]:
    """Return by rule what is missing at a connection, for those that cannot be judged there."""
    lacking = {name: missing(rule, offers) for name, rule in rules.items() if rule.scope == "case"}
    return {name: names for name, names in lacking.items() if names}
