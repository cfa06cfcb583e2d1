"""What is asked of alerts, their clocks, and of what people did to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hub.store import reclassified, rows, tables
from hub.store.choosing import behind, equal, within
from hub.store.engine import reading

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from hub.model.values import AlertRow, ClockRow


class AlertQueries:
    """Questions about alerts."""

    _engine: sa.Engine

    def alerts(  # noqa: PLR0913 - one parameter a filter
        self,
        *,
        rule: str | None = None,
        state: str | None = None,
        level: str | None = None,
        department: str | None = None,
        region: str | None = None,
        disclosures: Collection[str] | None = None,
        before: datetime | None = None,
        after: tuple[datetime, str] | None = None,
        limit: int = 50,
    ) -> list[dict[str, Any]]:
        """List alerts, newest change first, by alert id where many changed at one instant; each with its last document.

        One that is about no case has no number, title and class; it is shown like a case of the intranet.

        `before` keeps those changed before an instant; `after` pages: the instant and id of the last alert before.
        """
        alert, case = tables.alerts.c, tables.cases.c
        chosen = [
            *equal({alert.rule_id: rule, alert.state: state, alert.level: level, alert.department_id: department}),
            *within(alert.region_code, region),
            *_visible(disclosures),
            *([alert.changed_at < before] if before else []),
            *behind(alert.changed_at, alert.alert_id, after),
        ]
        joined = tables.alerts.outerjoin(tables.cases, alert.subject == case.case_id)
        query = sa.select(tables.alerts, case.case_no, case.title, case.disclosure).select_from(joined).where(*chosen)
        return self._all(query.order_by(alert.changed_at.desc(), alert.alert_id).limit(limit))

    def alert(self, name: str) -> AlertRow | None:
        """Return one alert by its id, or by what only its id begins with; None if there is none, or more than one."""
        with reading(self._engine) as connection:
            begun = tables.alerts.c.alert_id.startswith(name, autoescape=True)
            found = connection.execute(reclassified.ALERTS.where(begun).limit(2)).all()
            return reclassified.alert(found[0]) if len(found) == 1 else None

    def clocks(self, subject: str) -> list[ClockRow]:
        """Return the clocks of a case or an alert, the first due first."""
        clock = tables.clocks
        with reading(self._engine) as connection:
            query = sa.select(clock).where(clock.c.subject == subject).order_by(clock.c.due_at, clock.c.clock_id)
            return [rows.clock(row) for row in connection.execute(query)]

    def act(self, act_id: str) -> str | None:
        """Return the outcome of what a person did: the act, or `refused: …`; None while it is not ledgered."""
        ledger = tables.ledger.c
        with reading(self._engine) as connection:
            query = sa.select(ledger.outcome).where((ledger.subject == act_id) & (ledger.kind == "act"))
            found: str | None = connection.execute(query.limit(1)).scalar()
            return found

    def alert_counts(self) -> list[dict[str, Any]]:
        """Count alerts by region, department, rule, level and state."""
        alert = tables.alerts.c
        key = (alert.region_code, alert.department_id, alert.rule_id, alert.level, alert.state)
        return self._all(sa.select(*key, sa.func.count().label("n")).group_by(*key).order_by(*key))

    def _all(self, query: sa.Select[Any]) -> list[dict[str, Any]]:
        with reading(self._engine) as connection:
            return [rows.named(row) for row in connection.execute(query)]


def _visible(disclosures: Collection[str] | None) -> list[sa.ColumnElement[bool]]:
    """Choose alerts of cases of these classes; what is about no case is for whoever may see the intranet."""
    if disclosures is None:
        return []
    case = tables.cases.c
    of_cases = case.disclosure.in_(list(disclosures))
    return [sa.or_(of_cases, case.case_id.is_(None)) if "intranet" in disclosures else of_cases]
