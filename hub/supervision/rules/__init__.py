"""The supervision rules in force: one table, read and never written at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.supervision.rules.across import ACROSS, R44_RATE
from hub.supervision.rules.authority import AUTHORITY
from hub.supervision.rules.catalogue import CATALOGUE
from hub.supervision.rules.complaints import COMPLAINTS
from hub.supervision.rules.exposure import R42
from hub.supervision.rules.handling import HANDLING
from hub.supervision.rules.late_entry import R44
from hub.supervision.rules.money import MONEY
from hub.supervision.rules.procedure import PROCEDURE
from hub.supervision.rules.rule import Finding, Rule, View
from hub.supervision.rules.tampering import R45

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ALL_RULES", "CITY_RULES", "RULES", "Finding", "Rule", "View"]

_EVERY: Final = (*AUTHORITY, *CATALOGUE, *HANDLING, *PROCEDURE, *MONEY, R42, R44, R45, *COMPLAINTS, *ACROSS)

ALL_RULES: Final[Mapping[str, Rule]] = {rule.rule_id: rule for rule in sorted(_EVERY, key=lambda each: each.rule_id)}
"""All fifty-three rules by their ids. R44 has a part that looks at one case and one that looks at a month."""

RULES: Final[Mapping[str, Rule]] = {name: rule for name, rule in ALL_RULES.items() if rule.scope == "case"}
"""The rules that look at one case, by their ids."""

CITY_RULES: Final[Mapping[str, Rule]] = {
    **{name: rule for name, rule in ALL_RULES.items() if rule.scope != "case"},
    R44_RATE.rule_id: R44_RATE,
}
"""The rules that look at the catalogue or at many cases, by their ids."""
