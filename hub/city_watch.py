"""Decides when the city is looked at: its lines every minute, everything that has time every hour."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from hub.model import ids
from hub.supervision.city_alerts import LIVE, look

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from hub.bench import Bench
    from hub.ports import CityReading
    from hub.supervision.city_alerts import CityFindings
    from hub.supervision.rules import Rule

LINES_S: Final = 60.0
"""Seconds between two looks at the lines: a silence of half an hour is then told within a minute."""

CITY_S: Final = 3600.0
"""Seconds between two looks at everything else; the rules count in days."""


class CityWatch:
    """Looks at the city when it is time. Belongs to the one process that owns the city's partition."""

    def __init__(self, reading: CityReading, rules: Mapping[str, Rule]) -> None:
        """Look through `reading`, and ask `rules`."""
        self._reading, self._rules = reading, rules
        self._lines_at = self._city_at = float("-inf")

    def home(self, partitions: int) -> int:
        """Return the partition that keeps what is said of no single case."""
        return ids.partition_of(ids.bucket_of(ids.CITY), partitions)

    def due(self, bench: Bench, now: datetime) -> CityFindings | None:
        """Look, if it is time; None where it is not."""
        at = time.monotonic()
        if at - self._city_at >= CITY_S:
            self._city_at = self._lines_at = at
            return self.look(bench, now)
        if at - self._lines_at >= LINES_S:
            self._lines_at = at
            view = self._reading.lines(now, bench.catalogue, bench.calendar)
            return look(view, bench.catalogue, {name: self._rules[name] for name in LIVE if name in self._rules})
        return None

    def look(self, bench: Bench, now: datetime) -> CityFindings:
        """Look at everything at once."""
        return look(self._reading.city(now, bench.catalogue, bench.calendar), bench.catalogue, self._rules)
