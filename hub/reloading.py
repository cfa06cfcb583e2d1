"""Lets a connection's mapping change while it is read: checked, swapped between two reads, the old one kept if bad."""

from __future__ import annotations

import logging
import stat
from typing import TYPE_CHECKING, Final, Protocol

from hub.errors import Fault, HubError, Misconfigured, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from hub.mapping import CompiledMapping
    from hub.ports import Clock
    from hub.troubles import Troubles

LOG: Final = logging.getLogger(__name__)

Stamps = frozenset[tuple[str, int, int]]
"""What tells one state of some files from another: name, size and time of each."""


class Reads(Protocol):
    """A reader of one connection; see hub.reader.Reader."""

    def read(self, stopping: Callable[[], bool] = ...) -> None:
        """Read what is new."""

    def close(self) -> None:
        """Let go of the source and the bus."""


class LiveReader:
    """The reader of one connection, made anew whenever its mapping file has changed for the better."""

    def __init__(
        self,
        mapping: CompiledMapping,
        *,
        load: Callable[[], CompiledMapping],
        make: Callable[[CompiledMapping], Reads],
        register: Callable[[CompiledMapping], None],
        stamps: Callable[[], Stamps],
        troubles: Troubles,
        clock: Clock,
    ) -> None:
        """Read by `mapping`; when `stamps` change, `load` it anew, `register` it, and `make` another reader."""
        self._mapping, self._load, self._make, self._register = mapping, load, make, register
        self._stamps, self._troubles, self._clock = stamps, troubles, clock
        self._name = mapping.declaration.connection
        self._seen = self._looked = stamps()
        self._reader = make(mapping)

    def read(self, stopping: Callable[[], bool] = lambda: False) -> None:
        """Read what is new by the mapping as it is now; a long read ends at its next portion once that has changed."""
        self._renew()
        self._reader.read(lambda: stopping() or self._stamps() != self._looked)

    @property
    def every_s(self) -> float:
        """Return how many seconds lie between two reads, by the mapping as it is now."""
        return self._mapping.declaration.every_s

    def close(self) -> None:
        """Let go of the source and the bus."""
        self._reader.close()

    def _renew(self) -> None:
        """Swap the mapping for the one that the file holds now, if that is sound; else keep it, and say so."""
        now = self._looked = self._stamps()
        if now == self._seen:
            return
        try:
            found = self._load()
            check_same(found, self._name)
            if self._is_other(found):
                self._swap(found)
        except Misconfigured as bad:
            self._seen = now
            self._note(bad)
            return
        except Unavailable as away:  # the old mapping goes on; the next read tries again
            LOG.warning("a changed mapping waits", extra={"connection": self._name, "problem": str(away)})
            return
        self._seen = now
        self._troubles.clear(self._trouble)

    def _is_other(self, found: CompiledMapping) -> bool:
        old = self._mapping
        return (found.fingerprint, found.declaration) != (old.fingerprint, old.declaration)

    def _swap(self, found: CompiledMapping) -> None:
        self._register(found)
        reader = self._make(found)
        self._reader.close()
        self._reader, self._mapping = reader, found
        version = found.declaration.version
        LOG.info(
            "mapping swapped", extra={"connection": self._name, "version": version, "fingerprint": found.fingerprint}
        )

    def _note(self, bad: HubError) -> None:
        self._troubles.note(self._trouble, bad, self._clock.now())
        problem = f"the changed mapping is not taken, the one before goes on: {bad}"
        LOG.error("mapping refused", extra={"connection": self._name, "problem": problem})

    @property
    def _trouble(self) -> str:
        """Name the trouble of a bad file, which reading by the old one does not clear."""
        return f"{self._name} (changed mapping)"


def check_same(found: CompiledMapping, connection: str) -> None:
    """Raise Misconfigured where a changed file declares another connection than `connection`."""
    if found.declaration.connection != connection:
        problem = f"the file of {connection} now declares {found.declaration.connection}"
        hint = "another connection has a file of its own, and is read after a restart"
        raise Misconfigured(Fault(code="mappings.renamed", problem=problem, hint=hint))


def stamps_of(folders: Iterable[Path]) -> Stamps:
    """Return the state of the files in some folders, which need not be there."""
    found = set()
    for folder in folders:
        for path in folder.glob("*"):
            try:
                status = path.stat()
            except OSError:
                continue
            if stat.S_ISREG(status.st_mode):
                found.add((str(path), status.st_size, status.st_mtime_ns))
    return frozenset(found)
