"""What later knowledge changes in a month that is frozen: told line by line, and booked in a later statement."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.supervision.scoring.values import Line, Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """One line of a frozen month that is another now. `points` is what changes: after, less before."""

    period: str
    """The month that it is about."""
    line: Line
    """As it is now; where it is gone, as it was."""
    before: Decimal
    after: Decimal

    @property
    def points(self) -> Decimal:
        """Return what it changes."""
        return self.after - self.before


def adjustments(before: Statement, after: Statement) -> Sequence[Adjustment]:
    """Compare two statements of one department's month; the points add up to the difference of their scores."""
    was, now = _summed(before), _summed(after)
    lines = {**{line.key: line for line in before.lines}, **{line.key: line for line in after.lines}}
    found = [
        Adjustment(
            period=after.period, line=lines[key], before=was.get(key, Decimal(0)), after=now.get(key, Decimal(0))
        )
        for key in sorted(lines)
    ]
    return [each for each in found if each.points]


def _summed(statement: Statement) -> Mapping[tuple[str, str, str, str], Decimal]:
    """Sum the lines of each name; a card that was taken back is a note, and was a deduction: both are one name."""
    sums: dict[tuple[str, str, str, str], Decimal] = {}
    for line in statement.lines:
        sums[line.key] = sums.get(line.key, Decimal(0)) + line.points
    return sums
