"""Reads figures for people: statistics of cases and alerts, and what a report has to be wary of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from hub.statistics.asked import regions_of
from hub.store import alert_statistics, columns, counted, statistics, tables
from hub.store.engine import reading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, tzinfo

    from hub.statistics.alerting import AlertLine
    from hub.statistics.asked import Asked
    from hub.statistics.told import Line


class StatisticsQueries:
    """Questions about the city's figures. Threads may share it."""

    _engine: sa.Engine

    def statistics(self, asked: Asked) -> Sequence[Line]:
        """Answer a question about the city's figures, one line for each value of what it is told by."""
        with reading(self._engine) as connection:
            return statistics.lines(connection, asked)

    def alert_statistics(self, asked: Asked, zone: tzinfo) -> Sequence[AlertLine]:
        """Answer a question about alerts, by the local day on which they were raised."""
        with reading(self._engine) as connection:
            return alert_statistics.alert_lines(connection, asked, zone)

    def provisional(self, asked: Asked) -> int:
        """Count finished cases that cannot be judged yet, as their year's working days are not announced."""
        facts = counted.case_facts.c
        chosen = [
            facts.finished_on >= asked.span.start,
            facts.finished_on <= asked.span.last,
            facts.is_provisional,
            sa.not_(facts.on_time | facts.late),
        ]
        if asked.region:
            chosen.append(facts.region_code.in_(regions_of(asked.region)))
        with reading(self._engine) as connection:
            return int(connection.execute(sa.select(sa.func.count()).where(*chosen)).scalar() or 0)

    def delivered(self) -> Mapping[str, datetime | None]:
        """Tell up to when each connection has surely delivered: its least watermark; None: nothing yet."""
        mark, own = tables.watermarks.c, tables.connections
        least = sa.func.min(mark.delivered_to, type_=columns.Instant)
        joined = own.outerjoin(tables.watermarks, own.c.connection_id == mark.connection_id)
        query = sa.select(own.c.connection_id, least.label("delivered_to")).select_from(joined)
        with reading(self._engine) as connection:
            found = connection.execute(query.group_by(own.c.connection_id))
            return {row.connection_id: row.delivered_to for row in found}
