"""Compares what a table has, day by day, with what was received of it, and fetches what is missing.

A transaction that stays open longer than `settle` + `overlap` commits rows behind the sweep's back: no cursor shows
them. Counting does.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from connectors.database import DatabaseSource, RowHandle, mark_of
from connectors.memory import Memory
from hub.model.values import Portion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from connectors.database_options import Reconcile
    from hub.model.values import Record
    from hub.ports import Source

LOG: Final = logging.getLogger(__name__)

TOPIC: Final = "received"

FETCHED_TOGETHER: Final = 500
"""Missing rows fetched and delivered together."""

KEPT_DAYS: Final = 2
"""Days beyond the compared ones for which what was received is remembered."""


def reconciled(source: Source, folder: Path, name: str) -> Source:
    """Return a source, counted now and then where it is a table that declares so; what came is kept in `folder`."""
    if not isinstance(source, DatabaseSource) or source.options.reconcile is None:
        return source
    memory = Memory(folder / f"{name}.received.db")
    return Reconciling(source, memory, source.options.reconcile, zone=source.options.zone, name=name)


class Table(Protocol):
    """A source that can also be asked for the keys of a day, and for single rows."""

    def read(self, checkpoint: Mapping[str, Any] | None) -> Iterator[Portion]:
        """See hub.ports.Source."""

    def acknowledge(self, records: Sequence[Record]) -> None:
        """See hub.ports.Source."""

    def probe(self) -> Mapping[str, str]:
        """See hub.ports.Source."""

    def close(self) -> None:
        """See hub.ports.Source."""

    def keys(self, since: datetime, until: datetime) -> Iterator[tuple[Any, str]]:
        """Yield key and mark of every row that changed from `since` to `until` (left out)."""

    def fetch(self, keys: Sequence[Any]) -> list[Record]:
        """Return the rows of `keys` as records."""


class Reconciling:
    """A polled table whose rows are counted now and then; see hub.ports.Source."""

    def __init__(self, table: Table, memory: Memory, options: Reconcile, *, zone: ZoneInfo, name: str) -> None:
        """Compare the days of `zone` that `options` name; `name` is the connection's, for the log."""
        self._table, self._memory, self._options = table, memory, options
        self._zone, self._name = zone, name

    def read(self, checkpoint: Mapping[str, Any] | None) -> Iterator[Portion]:
        """Yield the table's portions, and before the last one what comparing has found."""
        about = (checkpoint or {}).get("reconciled", {})
        for portion in self._table.read(checkpoint):
            if portion.final and portion.watermark is not None and self._is_due(about, portion.watermark):
                yield replace(portion, checkpoint={**(portion.checkpoint or {}), "reconciled": about}, final=False,
                              watermark=None)  # fmt: skip
                yield from self._compared(portion, portion.watermark)
                return
            yield replace(portion, checkpoint={**(portion.checkpoint or {}), "reconciled": about})

    def acknowledge(self, records: Sequence[Record]) -> None:
        """Tell the table that `records` are safe, and remember that they were received."""
        self._table.acknowledge(records)
        handles = [record.handle for record in records if isinstance(record.handle, RowHandle)]
        self._memory.put(TOPIC, [(str(handle.key), handle.mark) for handle in handles if handle.mark])

    def probe(self) -> Mapping[str, str]:
        """Try the table."""
        return self._table.probe()

    def close(self) -> None:
        """Let go of the table and the memory."""
        self._table.close()
        self._memory.close()

    def _is_due(self, about: Mapping[str, Any], bound: datetime) -> bool:
        """Tell whether a sweep up to `bound` is to be followed by a comparison."""
        last = about.get("at")
        return last is None or bound - datetime.fromisoformat(last) >= timedelta(seconds=self._options.every_s)

    def _compared(self, ended: Portion, bound: datetime) -> Iterator[Portion]:
        counts = Counter[str]()
        for since, until in self._days(bound):
            missing = self._missing(since, until, counts)
            for first in range(0, len(missing), FETCHED_TOGETHER):
                records = self._table.fetch(missing[first : first + FETCHED_TOGETHER])
                yield Portion(records=records, checkpoint=None)
        self._memory.forget(TOPIC, below=mark_of(bound - timedelta(days=self._options.days + KEPT_DAYS)))
        about = {"at": bound.isoformat(), "days": self._options.days, **counts}
        say = LOG.warning if counts["missing"] or counts["gone"] else LOG.info
        say("compared with the source", extra={"connection": self._name, **about})
        checkpoint = {**(ended.checkpoint or {}), "reconciled": about}
        yield Portion(records=[], checkpoint=checkpoint, watermark=ended.watermark, final=True)

    def _days(self, bound: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the days to be compared, the oldest first, the last one up to `bound`."""
        midnight = bound.astimezone(self._zone).replace(hour=0, minute=0, second=0, microsecond=0)
        for back in range(self._options.days - 1, -1, -1):
            since = midnight - timedelta(days=back)
            yield since, min(since + timedelta(days=1), bound)

    def _missing(self, since: datetime, until: datetime, counts: Counter[str]) -> list[Any]:
        """Return the keys of a day's rows that were not received as they are; count."""
        rows = list(self._table.keys(since, until))
        known = self._memory.get(TOPIC, [str(key) for key, _ in rows])
        missing = [key for key, mark in rows if known.get(str(key)) != mark]
        received = self._memory.count(TOPIC, least=mark_of(since), below=mark_of(until))
        counts["source"] += len(rows)
        counts["missing"] += len(missing)
        counts["gone"] += received - (len(rows) - len(missing))
        return missing
