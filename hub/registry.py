"""Knows the registered connections: read from the store, kept for a while, asked anew for one it does not know."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from hub.errors import Fault, Misconfigured
from hub.model.values import Connection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.ports import Store

KEEP_S: Final = 5.0
"""Seconds after which a changed registration is seen."""

MISS_S: Final = 0.5
"""Seconds between two looks for connections that are not registered."""


def register(store: Store, connections: Sequence[Connection]) -> None:
    """Add or replace `connections`; Misconfigured where a mapping came to mean something else under its old version.

    Of two contents of one event the greater mapping version is in force: one number for two meanings decides nothing.
    """
    known = store.connections()
    faults = [_unraised(each, known[each.connection_id]) for each in connections if _is_unraised(each, known)]
    if faults:
        raise Misconfigured(*faults)
    store.register(connections)


def _is_unraised(new: Connection, known: Mapping[str, Connection]) -> bool:
    old = known.get(new.connection_id)
    if old is None or not (old.fingerprint and new.fingerprint):
        return False
    return new.fingerprint != old.fingerprint and new.mapping_version <= old.mapping_version


def _unraised(new: Connection, old: Connection) -> Fault:
    return Fault(
        code="mappings.version",
        problem=f"the mapping of {new.connection_id} means something else than the one registered as version "
        f"{old.mapping_version}, and says version {new.mapping_version}",
        hint=f"write version: {old.mapping_version + 1}; or give another system a connection id of its own",
    )


class Registry(Mapping[str, Connection]):
    """The store's connections as a mapping. Belongs to one thread."""

    def __init__(self, store: Store) -> None:
        """Read from `store` when first asked."""
        self._store = store
        self._known: Mapping[str, Connection] = {}
        self._read_at = float("-inf")

    def __getitem__(self, connection_id: str) -> Connection:
        known = self._fresh(KEEP_S)
        if connection_id not in known:
            known = self._fresh(MISS_S)
        return known[connection_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fresh(KEEP_S))

    def __len__(self) -> int:
        return len(self._fresh(KEEP_S))

    def reread(self) -> bool:
        """Read anew at once; tell whether anything is different now."""
        before = self._known
        return self._fresh(0) != before

    def _fresh(self, keep_s: float) -> Mapping[str, Connection]:
        now = time.monotonic()
        if now - self._read_at >= keep_s:
            self._known = self._store.connections()
            self._read_at = now
        return self._known
