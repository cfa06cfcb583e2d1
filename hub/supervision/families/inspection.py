"""Inspections 检查: 计划, 实施, 结果, 责令整改, 复查, 办结."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.supervision.families.transition import Transition, move

if TYPE_CHECKING:
    from collections.abc import Mapping

INSPECTION: Final[Mapping[str, Transition]] = {
    "inspection.planned": move(0, ("",), "planned"),
    "inspection.carried_out": move(1, ("", "planned"), "carried_out"),
    "inspection.result": move(2, ("carried_out",), "concluded"),
    "inspection.rectification_ordered": move(3, ("carried_out", "concluded", "rechecked"), "rectifying"),
    "inspection.rechecked": move(4, ("concluded", "rectifying"), "rechecked"),
    "inspection.closed": move(5, ("concluded", "rechecked"), "closed"),
}
"""What was ordered to be rectified is rechecked before the case is closed."""
