"""Decides what a department's own key sees of what is closed: its own alone, and no report 举报 of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.supervision.caselog import decode, in_force
from hub.supervision.fold import fold
from hub.views import may_reach

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.reading import Parts, Row
    from hub.identity import Identity

_CLOSED: Final = frozenset({"restricted", "secret"})


def may_see(parts: Parts, who: Identity, *, case_id: str, department_id: str, class_: str) -> bool:
    """Tell whether `who`, whose classes hold `class_`, may see a case, or an alert that `department_id` answers for.

    A key of the centre sees all of its classes. A department's sees of restricted and secret cases its own, and of
    those no report of itself (Petition Regulation 2022, art. 30).
    """
    if not who.department_id or class_ not in _CLOSED:
        return True
    row = parts.reading.case(case_id) if department_id == who.department_id else None
    return row is not None and may_reach(fold(in_force(decode(row["log"])), parts.zone).attributes, who.department_id)


def seen_by(parts: Parts, who: Identity) -> Callable[[Sequence[Row]], Sequence[Row]]:
    """Return what picks out of rows those that `who` may see, for gateway.listing."""
    return lambda rows: seen(parts, who, rows)


def seen(parts: Parts, who: Identity, rows: Sequence[Row]) -> Sequence[Row]:
    """Return the rows of cases or alerts that `who` may see."""
    return [
        row
        for row in rows
        if may_see(
            parts, who, case_id=row.get("case_id") or row.get("subject", ""), department_id=row["department_id"],
            class_=row["disclosure"] or "",
        )
    ]  # fmt: skip
