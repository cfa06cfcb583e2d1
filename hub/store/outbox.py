"""The outbox of notices in the store, and what is asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from hub.store import outgoing, reclassified, rows, tables
from hub.store.bulk import insert
from hub.store.engine import open_engine, reading, writing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hub.model.values import AlertRow, NotificationRow

_OVER: Final = ("shadow", "closed", "cleared", "revoked", "verified")


class SqlOutbox:
    """hub.notifying.Outbox in one database."""

    def __init__(self, url: str) -> None:
        """Use the database at `url`."""
        self._engine = open_engine(url)

    def cursor(self) -> int | None:
        """See hub.notifying.Outbox."""
        with reading(self._engine) as connection:
            found: int | None = connection.execute(sa.select(outgoing.notification_cursor.c.sequence)).scalar()
            return found

    def add(self, notices: Sequence[NotificationRow], cursor: int | None = None) -> None:
        """See hub.notifying.Outbox."""
        with writing(self._engine) as connection:
            insert(connection, outgoing.notifications, rows.notification_rows(notices), conflict="ignore")
            if cursor is not None:
                insert(connection, outgoing.notification_cursor, [(1, cursor)], conflict="replace")

    def watched(self) -> Sequence[tuple[AlertRow, Sequence[NotificationRow]]]:
        """See hub.notifying.Outbox."""
        alert, notice = tables.alerts.c, outgoing.notifications.c
        with reading(self._engine) as connection:
            told = sa.select(outgoing.notifications).join(tables.alerts, alert.alert_id == notice.alert_id)
            found: dict[str, list[NotificationRow]] = {}
            for row in connection.execute(told.where(alert.state.not_in(_OVER)).order_by(notice.created_at)):
                found.setdefault(row.alert_id, []).append(rows.notification(row))
            query = reclassified.ALERTS.where(alert.alert_id.in_(sa.select(notice.alert_id)))
            alerts = [reclassified.alert(row) for row in connection.execute(query.where(alert.state.not_in(_OVER)))]
        return [(each, found.get(each.alert_id, [])) for each in alerts]

    def due(self, channel: str, now: datetime, limit: int) -> Sequence[NotificationRow]:
        """See hub.notifying.Outbox."""
        notice = outgoing.notifications.c
        mine = (notice.channel == channel) & (notice.state == "waiting") & (notice.next_at <= now)
        with reading(self._engine) as connection:
            query = (
                sa.select(outgoing.notifications)
                .where(mine)
                .order_by(notice.next_at, notice.notification_id)
                .limit(limit)
            )
            return [rows.notification(row) for row in connection.execute(query)]

    def settle(self, notice: NotificationRow) -> None:
        """See hub.notifying.Outbox."""
        with writing(self._engine) as connection:
            insert(connection, outgoing.notifications, rows.notification_rows([notice]), conflict="replace")

    def close(self) -> None:
        """Give up the database."""
        self._engine.dispose()


class NotificationQueries:
    """Questions about notices."""

    _engine: sa.Engine

    def notifications(
        self, *, alert_id: str | None = None, state: str | None = None, channel: str | None = None, limit: int = 50
    ) -> Sequence[NotificationRow]:
        """List notices, the newest first."""
        notice = outgoing.notifications.c
        chosen: list[Any] = [
            column == value
            for column, value in ((notice.alert_id, alert_id), (notice.state, state), (notice.channel, channel))
            if value is not None
        ]
        with reading(self._engine) as connection:
            query = (
                sa.select(outgoing.notifications)
                .where(*chosen)
                .order_by(notice.created_at.desc(), notice.notification_id)
            )
            return [rows.notification(row) for row in connection.execute(query.limit(limit))]
