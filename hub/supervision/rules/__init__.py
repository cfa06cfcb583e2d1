"""The supervision rules in force: one table, read and never written at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.supervision.rules.deadlines import R10, R13, R14, R15, R40
from hub.supervision.rules.late_entry import R44
from hub.supervision.rules.rule import Finding, Rule, View
from hub.supervision.rules.tampering import R45

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RULES", "Finding", "Rule", "View"]

RULES: Final[Mapping[str, Rule]] = {rule.rule_id: rule for rule in (R10, R13, R14, R15, R40, R44, R45)}
"""Every rule by its id."""
