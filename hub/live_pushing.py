"""Lets the mapping of a department that sends change while the gateway runs: checked, swapped, the old kept if bad."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from hub.errors import Misconfigured
from hub.reloading import check_same, stamps_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from hub.mapping import CompiledMapping
    from hub.ports import Clock
    from hub.troubles import Troubles

LOG: Final = logging.getLogger(__name__)

LOOK_S: Final = 1.0
"""Seconds between two looks at the files."""


class LiveMappings(Mapping[str, "CompiledMapping"]):
    """The mappings of the departments that send, by connection. Safe to share between threads."""

    def __init__(
        self,
        files: Mapping[Path, CompiledMapping],
        *,
        load: Callable[[Path], CompiledMapping],
        register: Callable[[CompiledMapping], None],
        folders: Iterable[Path],
        troubles: Troubles,
        clock: Clock,
    ) -> None:
        """Begin with `files` as loaded; when a file of `folders` changes, `load` them anew, `register` what differs."""
        self._files = {mapping.declaration.connection: path for path, mapping in files.items()}
        self._mappings = {mapping.declaration.connection: mapping for mapping in files.values()}
        self._load, self._register, self._folders = load, register, tuple(folders)
        self._troubles, self._clock = troubles, clock
        self._seen, self._lock = stamps_of(self._folders), threading.Lock()
        self._looked_at = clock.now()

    def __getitem__(self, connection: str) -> CompiledMapping:
        """Return a mapping as it is now; KeyError where there is none."""
        self._look()
        return self._mappings[connection]

    def __iter__(self) -> Iterator[str]:
        """Name the connections: they are those of the start."""
        return iter(tuple(self._mappings))

    def __len__(self) -> int:
        """Count the connections."""
        return len(self._mappings)

    def _look(self) -> None:
        now = self._clock.now()
        with self._lock:
            if abs((now - self._looked_at).total_seconds()) < LOOK_S:
                return
            self._looked_at = now
            found = stamps_of(self._folders)
            if found == self._seen:
                return
            self._seen = found
            for connection, path in self._files.items():
                self._renew(connection, path)

    def _renew(self, connection: str, path: Path) -> None:
        """Take a file's mapping as it is now, if it is sound and still this connection's; else say so, and go on."""
        old, trouble = self._mappings[connection], f"{connection} (changed mapping)"
        try:
            found = self._load(path)
            check_same(found, connection)
            if _differ(found, old):
                self._register(found)
                self._mappings[connection] = found
                LOG.info("mapping swapped", extra={"connection": connection, "version": found.declaration.version})
        except Misconfigured as bad:
            self._troubles.note(trouble, bad, self._clock.now())
            LOG.error("mapping refused", extra={"connection": connection, "problem": str(bad)})  # noqa: TRY400 - it says all
            return
        self._troubles.clear(trouble)


def _differ(one: CompiledMapping, other: CompiledMapping) -> bool:
    return (one.fingerprint, one.declaration) != (other.fingerprint, other.declaration)
