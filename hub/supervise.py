"""Supervises one partition's cases: messages in, one transaction a batch, alerts out; and lets time pass for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.batch_terms import Terms
from hub.deciding import Session
from hub.supervision.alert_clocks import KINDS
from hub.supervision.city_alerts import reconcile_city

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hub.model.values import (
        CaseRow,
        Changes,
        Delivery,
    )
    from hub.ports import Unit
    from hub.refused import RefusedMessage
    from hub.supervision.city_alerts import CityFindings

__all__ = ["Terms", "decide", "keep_refused", "patrol", "watch"]


def decide(unit: Unit, deliveries: Sequence[Delivery], *, terms: Terms, now: datetime) -> Changes:
    """Decide all that `deliveries` change in the unit's partition. Reads the unit, writes nothing."""
    session = Session(unit, terms, now)
    session.take(deliveries)
    return session.changes(session.judge(session.touched()))


def patrol(unit: Unit, *, terms: Terms, now: datetime, limit: int, unfit: set[str]) -> Changes | None:
    """Judge at most `limit` cases whose time has come; None if there are none. Reads the unit, writes nothing.

    A case that cannot be judged at all is added to `unfit`, and passed over from then on: it holds up no other.
    """
    session = Session(unit, terms, now)
    while due := _fit(unit.due(session.marks.horizons(), limit=limit + len(unfit)), unfit)[:limit]:
        if cases := session.judge_due(due, unfit):
            return session.changes(cases)
    return None


def _fit(due: Sequence[CaseRow], unfit: set[str]) -> Sequence[CaseRow]:
    return [row for row in due if row.case_id not in unfit]


def watch(unit: Unit, found: CityFindings, *, terms: Terms, now: datetime) -> Changes | None:
    """Raise and end the alerts about no single case, after what was found in the city; None where none changes."""
    standing = {**unit.city_alerts(), **unit.alerts_named(found.ids().keys())}
    moved = reconcile_city(found, standing, now=now)
    imports = unit.unledgered()
    recountable = unit.recountable(KINDS, terms.bench.calendar.is_present)
    if not (moved or imports or recountable):
        return None
    session = Session(unit, terms, now)
    session.recount(recountable)
    session.tell(moved)
    session.enter_imports(imports)
    return session.changes(())


def keep_refused(unit: Unit, refused: RefusedMessage, *, terms: Terms, now: datetime) -> Changes:
    """Put one message aside, accounted for. Reads the unit, writes nothing."""
    session = Session(unit, terms, now)
    session.keep(refused)
    return session.changes(())
