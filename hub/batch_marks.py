"""How far every connection has delivered, as one batch moves it; and up to when its cases may be judged."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hub import marks
from hub.horizon import horizon

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from hub.admission import Admitted
    from hub.model.values import Arrival, Awaited, Connection, Watermark
    from hub.ports import Unit


class BatchMarks:
    """The watermarks of one partition during a batch."""

    def __init__(self, unit: Unit, connections: Mapping[str, Connection], now: datetime) -> None:
        """Begin with what `unit` holds."""
        self._unit, self._connections, self._now = unit, connections, now
        self._known = unit.watermarks()
        self._marks = dict(self._known)

    def begin(self, event: Admitted) -> None:
        """Note that the read of an event is coming in."""
        mark = self._mark(event.connection_id)
        begun = marks.begun(mark, event.message[0], backfill=event.backfill, now=self._now)
        self._marks[event.connection_id] = begun

    def reported(self, connection_id: str, awaited: Awaited) -> None:
        """Note that a read has ended, and what of it must be here before its watermark holds."""
        self._marks[connection_id] = marks.reported(self._mark(connection_id), awaited)

    def settle(self, arrivals: Sequence[Arrival]) -> None:
        """Move the watermarks whose events are all here, `arrivals` of this batch included."""
        for name, mark in list(self._marks.items()):
            if mark.awaited:
                self._marks[name] = marks.settled(mark, self._arrived(mark, arrivals))

    def horizon(self, connection_id: str) -> datetime | None:
        """Return up to when the cases of a connection may be judged; None where they may not."""
        connection = self._connections.get(connection_id)
        delay_s = connection.allowed_delay_s if connection else 0
        return horizon(self._marks.get(connection_id), allowed_delay_s=delay_s, now=self._now)

    def horizons(self) -> dict[str, datetime]:
        """Return the horizon of every connection that may be judged now."""
        found = {name: self.horizon(name) for name in self._connections}
        return {name: instant for name, instant in found.items() if instant is not None}

    def changed(self) -> list[Watermark]:
        """Return the watermarks that the batch has moved."""
        return [mark for name, mark in self._marks.items() if self._known.get(name) != mark]

    def _mark(self, connection_id: str) -> Watermark:
        return self._marks.get(connection_id) or marks.fresh(connection_id)

    def _arrived(self, mark: Watermark, arrivals: Sequence[Arrival]) -> Mapping[str, int]:
        """Count the messages here of every read that a connection's mark awaits."""
        own = mark.connection_id
        arrived = Counter(arrival.read_id for arrival in arrivals if arrival.connection_id == own)
        arrived.update(self._unit.arrived({(own, awaited.read_id) for awaited in mark.awaited}))
        return arrived
