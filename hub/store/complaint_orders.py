"""Counts the complaint orders of a department whose limits ended on a day, and how many were kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from hub.store import tables
from hub.store.complaints import complaint_roles
from hub.supervision.caselog import decode
from hub.supervision.families.holding import HANDLER, centres_of, owner_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from hub.supervision.caselog import Fact

FINAL: Final = ("complaint", "petition")
"""Clocks of the final answer: an order counts on the day on which one of these was stopped, or was missed."""

SIGNING: Final = "complaint_signing"
"""The clock of the acknowledgement: one from each dispatch."""

ACCEPTING: Final = "complaint_acceptance"
ENDED: Final = ("met", "breached")

_SENT: Final = ("complaint.dispatched", "complaint.redispatched")

LATEST: Final = 20_000
"""Orders of a day that are looked at for one department; beyond it the share is told by these."""


def orders_of(connection: sa.Connection, department_id: str, span: tuple[datetime, datetime]) -> Mapping[str, int]:
    """Return `orders` and `orders_in_time` of a day; nothing where the hub follows no complaints.

    An order is the department's that handles the complaint: nobody's while it is given back. It is in time where that
    department signed for it, and where it was accepted and answered, within every limit.
    """
    case, clock, mine = tables.cases.c, tables.clocks.c, complaint_roles.c
    ended_at = sa.case((clock.state == "met", clock.stopped_at), else_=clock.due_at)
    is_final = clock.kind.in_(FINAL) & clock.state.in_(ENDED)
    is_own = (mine.case_id == case.case_id) & (mine.department_id == department_id) & (mine.role == HANDLER)
    joined = sa.select(case.case_id, case.log).select_from(
        tables.clocks.join(tables.cases, case.case_id == clock.subject).join(complaint_roles, is_own)
    )
    of_day = joined.where(is_final & (ended_at >= span[0]) & (ended_at < span[1])).order_by(case.case_id)
    own = {row.case_id: decode(row.log).facts for row in connection.execute(of_day.limit(LATEST))}
    if not own and not _has_complaints(connection):
        return {}
    late = {name for name in own if _is_late(connection, name, own[name], department_id)}
    return {"orders": len(own), "orders_in_time": len(own) - len(late)}


def _dispatches(facts: Sequence[Fact]) -> list[Fact]:
    """Return the dispatches of a complaint's own centres, in order: what others say of it sends it nowhere."""
    ordered = sorted(facts, key=lambda fact: fact.occurred_at)
    centres = centres_of(ordered, owner_of(ordered)) if ordered else ()
    return [fact for fact in ordered if fact.type in _SENT and fact.department_id in centres]


def _receiver(fact: Fact) -> str:
    return str(fact.detail.get("handling", {}).get("department_id", ""))


def _is_late(connection: sa.Connection, case_id: str, facts: Sequence[Fact], department_id: str) -> bool:
    """Tell whether a limit of an order was missed; that of signing where the order was sent to this department."""
    mine = {fact.occurred_at for fact in _dispatches(facts) if _receiver(fact) == department_id}
    clock = tables.clocks.c
    query = sa.select(clock.kind, clock.started_at).where(
        (clock.subject == case_id) & (clock.state == "breached") & clock.kind.in_((*FINAL, ACCEPTING, SIGNING))
    )
    return any(row.kind != SIGNING or row.started_at in mine for row in connection.execute(query))


def _has_complaints(connection: sa.Connection) -> bool:
    """Tell whether any complaint was ever sent to anybody here."""
    return bool(connection.execute(sa.select(sa.exists().where(tables.clocks.c.kind == SIGNING))).scalar())
