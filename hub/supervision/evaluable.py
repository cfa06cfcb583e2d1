"""Which rules can be judged at a connection: those whose inputs it reports; the others are shown, never passed."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

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
    return _missing(rule.reads, offers)


REMEMBERED: Final = 1 << 14
"""Answers remembered, one a rule and connection: every case of a connection asks the same again."""


@lru_cache(maxsize=REMEMBERED)
def _missing(reads: tuple[str, ...], offers: frozenset[str]) -> Sequence[str]:
    asked = (name for name in reads if not name.startswith(NOT_REPORTED))
    return tuple(name for name in asked if offers.isdisjoint(name.split("|")))


def not_evaluable(rules: Mapping[str, Rule], offers: frozenset[str]) -> Mapping[str, Sequence[str]]:
    """Return by rule what is missing at a connection, for those that cannot be judged there."""
    lacking = {name: missing(rule, offers) for name, rule in rules.items() if rule.scope == "case"}
    return {name: names for name, names in lacking.items() if names}
