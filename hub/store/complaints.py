"""Which department is what to which complaint: written with the case, and asked by those who handle complaints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from hub.store import tables
from hub.store.choosing import UNOPENED, newest_parts
from hub.store.columns import METADATA, one_of, text
from hub.store.engine import reading

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from hub.model.values import ComplaintRole

ROLES: Final = ("centre", "handler", "assisting")

complaint_roles = sa.Table(
    "complaint_roles",
    METADATA,
    text("case_id", primary_key=True),
    text("department_id", primary_key=True),
    text("role", primary_key=True),
    one_of("role", ROLES),
    sa.Index(None, "department_id", "role"),
)
"""What each department is to each complaint as it stands: derived, like the cases."""


def role_rows(roles: Iterable[ComplaintRole]) -> list[tuple[str, str, str]]:
    """Rows of `complaint_roles`."""
    return [(each.case_id, each.department_id, each.role) for each in roles]


_SHOWN: Final = tuple(column for column in tables.cases.c if column.name != "partition")


class ComplaintQueries:
    """What is asked of complaints."""

    _engine: sa.Engine

    def complaints(
        self,
        *,
        department: str | None = None,
        roles: Collection[str] = ROLES,
        state: str | None = None,
        disclosures: Collection[str],
        after: str | None = None,
        limit: int = 50,
    ) -> list[dict[str, Any]]:
        """List complaints newest first, after that named `after`: those in which a department has one of these roles.

        Without a department those in which anybody has. Each has its log, and when the next of its open clocks is due.
        """
        case, mine = tables.cases.c, complaint_roles.c
        chosen = [mine.case_id == case.case_id, mine.role.in_(sorted(roles))]
        if department is not None:
            chosen.append(mine.department_id == department)
        query = sa.select(*_SHOWN, _due()).where(sa.exists().where(*chosen), case.disclosure.in_(sorted(disclosures)))
        query = query.where(case.state == state) if state else query
        query = query.order_by(case.opened_at.desc(), case.case_id.desc())
        found: list[dict[str, Any]] = []
        with reading(self._engine) as connection:
            for part in _after(connection, after):
                if len(found) < limit:
                    rows = connection.execute(query.where(part).limit(limit - len(found)))
                    found += [dict(row) for row in rows.mappings()]
        return found


def _after(connection: sa.Connection, case_id: str | None) -> Sequence[sa.ColumnElement[bool]]:
    """Say what follows a complaint in the order of the list; nothing follows one that does not exist."""
    if not case_id:
        return newest_parts(None)
    case = tables.cases.c
    row = connection.execute(sa.select(case.opened_at).where(case.case_id == case_id)).one_or_none()
    return () if row is None else newest_parts((row.opened_at or UNOPENED, case_id))


def _due() -> sa.Label[Any]:
    """Return when the next of a complaint's clocks that runs or is missed is due."""
    clock = tables.clocks.c
    open_ones = (clock.subject == tables.cases.c.case_id) & clock.stopped_at.is_(None)
    return sa.select(sa.func.min(clock.due_at)).where(open_ones).scalar_subquery().label("due_at")
