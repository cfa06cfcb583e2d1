"""Says what a department late with its connections is scored on: the level owed by a day, and the one it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.coverage.board import held
from hub.supervision.scoring.values import Obligation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.coverage.board import Cell

REQUIRED: Final = "C3"
"""The level from which data count as reliable: below it, past its day, a connection is scored on what is missing."""


def owed(cells: Sequence[Cell]) -> Mapping[str, Obligation]:
    """Return by department what it owes, as far as a day is planned for it: it has what its least covered matter has.

    A certificate under which nothing is reported holds no level here either, as on the coverage board. What is exempt,
    and what nobody has listed, is not owed.
    """
    found: dict[str, Obligation] = {}
    for cell in cells:
        department, day = cell.obligation.department_id, cell.obligation.planned.get(REQUIRED)
        if day is None or cell.state in ("exempt", "unknown"):
            continue
        before = found.get(department)
        level = held(cell) if before is None else min(before.reached, held(cell))
        found[department] = Obligation(due_on=day.isoformat(), required=REQUIRED, reached=level)
    return found
