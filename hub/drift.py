"""Watches every source for what its mapping was not written for, and remembers it in the data folder."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

import orjson

from hub.files import write_durably
from hub.mapping.drift import Finding, Seen, Tracker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hub.mapping import CompiledMapping
    from hub.model.values import Portion, Record
    from hub.ports import Source

LOG: Final = logging.getLogger(__name__)


class Drifts:
    """What was seen of each connection, one file each. It helps people: a file that is damaged stops nothing."""

    def __init__(self, folder: Path) -> None:
        """Keep it in `folder`, which is made when first needed."""
        self._folder = folder

    def load(self, connection: str) -> Seen:
        """Return what was seen so far; nothing where there is no file, or none that can be read."""
        try:
            said = orjson.loads(self._path(connection).read_bytes())
            findings = [Finding(**each) for each in said["findings"]]
            return Seen(set(said["columns"]), said["types"], findings, is_learning=said["is_learning"])
        except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
            return Seen()

    def save(self, connection: str, seen: Seen) -> None:
        """Remember what was seen."""
        said = {**dataclasses.asdict(seen), "columns": sorted(seen.columns)}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_durably(self._path(connection), orjson.dumps(said))
        except OSError as refused:
            LOG.warning("drift cannot be remembered", extra={"connection": connection, "problem": str(refused)})

    def forget(self, connection: str) -> None:
        """Begin anew with the next read: what comes then is the usual."""
        self._path(connection).unlink(missing_ok=True)

    def connections(self) -> Sequence[str]:
        """Name every connection of which something was seen."""
        return sorted(unquote(path.stem) for path in self._folder.glob("*.json"))

    def _path(self, connection: str) -> Path:
        return self._folder / f"{quote(connection, safe='')}.json"


class Watched:
    """A source whose records are looked at as they pass; see hub.ports.Source."""

    def __init__(self, source: Source, mapping: CompiledMapping, drifts: Drifts) -> None:
        """Watch `source` for what `mapping` was not written for."""
        self._source, self._drifts = source, drifts
        self._connection = mapping.declaration.connection
        self._coded = mapping.coded

    def read(self, checkpoint: Mapping[str, Any] | None) -> Iterator[Portion]:
        """Yield the source's portions; what is new in them is told and remembered when the read ends."""
        seen = self._drifts.load(self._connection)
        tracker, known = Tracker(seen, self._coded), len(seen.findings)
        tracker.begin()
        count = 0
        for portion in self._source.read(checkpoint):
            for record in portion.records:
                if record.refused is None:
                    tracker.look(record.tree)
            count += len(portion.records)
            yield portion
        if count:
            tracker.end()
            self._tell(seen.findings[known:])
            self._drifts.save(self._connection, seen)

    def _tell(self, findings: Sequence[Finding]) -> None:
        for each in findings:
            LOG.warning("the source has changed", extra={"connection": self._connection, **dataclasses.asdict(each)})

    def acknowledge(self, records: Sequence[Record]) -> None:
        """Tell the source that `records` are safe."""
        self._source.acknowledge(records)

    def probe(self) -> Mapping[str, str]:
        """Try the source."""
        return self._source.probe()

    def close(self) -> None:
        """Let go of the source."""
        self._source.close()
