"""Decides which queues a message goes to on the embedded bus, from its exchange, its key and the bindings."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from hub.bus.topology import matches
from hub.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable


class Routes:
    """The bindings of one moment. Queues come in a fixed order, each once however many bindings match."""

    def __init__(self, exchanges: Iterable[tuple[str, str]], bindings: Iterable[tuple[str, str, str]]) -> None:
        """Take `exchanges` (name, kind) and `bindings` (exchange, queue, key)."""
        self._kinds = dict(exchanges)
        self._exact: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._patterns: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for exchange, queue, key in bindings:
            self._exact[exchange, key].add(queue)
            self._patterns[exchange].append((key, queue))

    def queues(self, exchange: str, key: str) -> list[str]:
        """Return the queues that get what is published to `exchange` with `key`; Unavailable where it is unknown."""
        kind = self._kinds.get(exchange)
        if kind is None:
            raise Unavailable("there is no such exchange", place=exchange, hint="start the hub, which declares it")
        if kind == "direct":
            return sorted(self._exact.get((exchange, key), ()))
        fanout = kind == "fanout"
        return sorted({queue for pattern, queue in self._patterns[exchange] if fanout or matches(pattern, key)})
