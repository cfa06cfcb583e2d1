"""Tells what a row said before: for systems that write over one status column and keep no history of it.

The mapping's `changed(status)` compares the two. What was said before is remembered once the row is safe with the hub,
so that a transition is never lost; the time it has is that of the row's last change, as it was observed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import orjson

from hub.mapping.before import BEFORE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connectors.memory import Memory
    from hub.model.values import Portion, Record
    from hub.ports import Source

TOPIC: Final = "observed"


@dataclass(frozen=True, slots=True)
class Observed:
    """A source's own handle of a record, and what the record says now."""

    handle: Any
    key: str
    says: str


class Observing:
    """A source each of whose records knows what the one of its key said before; see hub.ports.Source."""

    def __init__(self, source: Source, memory: Memory, *, key: str, columns: Sequence[str]) -> None:
        """Watch `columns` of what `source` reads, where `key` tells rows apart."""
        self._source, self._memory, self._key, self._columns = source, memory, key, columns

    def read(self, checkpoint: Mapping[str, Any] | None) -> Iterator[Portion]:
        """Yield the source's portions, every record with what was said before it."""
        for portion in self._source.read(checkpoint):
            yield replace(portion, records=self._with_before(portion.records))

    def acknowledge(self, records: Sequence[Record]) -> None:
        """Tell the source that `records` are safe, and remember what they say."""
        handles = [record.handle for record in records]
        inner = [replace(record, handle=getattr(record.handle, "handle", record.handle)) for record in records]
        self._source.acknowledge(inner)
        safe = [each for each, record in zip(handles, records, strict=True) if record.refused is None]
        self._memory.put(TOPIC, [(each.key, each.says) for each in safe if isinstance(each, Observed)])

    def probe(self) -> Mapping[str, str]:
        """Try the source."""
        return self._source.probe()

    def close(self) -> None:
        """Let go of the source and the memory."""
        self._source.close()
        self._memory.close()

    def _with_before(self, records: Sequence[Record]) -> list[Record]:
        keys = [self._key_of(record) for record in records]
        before = dict(self._memory.get(TOPIC, sorted({key for key in keys if key})))
        found = []
        for key, record in zip(keys, records, strict=True):
            if not key:
                found.append(record)
                continue
            says = orjson.dumps({name: record.tree.get(name) for name in self._columns}).decode()
            tree = {**record.tree, BEFORE: orjson.loads(before.get(key, "{}"))}
            found.append(replace(record, tree=tree, handle=Observed(record.handle, key, says)))
            before[key] = says
        return found

    def _key_of(self, record: Record) -> str:
        value = record.tree.get(self._key) if record.refused is None else None
        return "" if value is None else str(value)
