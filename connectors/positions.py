"""Holds a position to what it was taken of: a table, a folder or a service that is another now is not read on from it.

What a mapping writes is compared, with its secrets as names; the address behind a name may change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import orjson

from hub.errors import Fault, Misconfigured

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connectors.options import Declaration
    from hub.model.values import Portion, Record
    from hub.ports import Source

OF: Final = "of"
"""Key of a checkpoint that names what it was taken of."""

KEPT: Final = "keep"
"""What `connect: {position: …}` says where the same system has moved."""

_NAMED: Final = ("url", "path", "table", "key", "wsdl", "operation", "rows", "since", "children")


def place_of(declaration: Declaration) -> str:
    """Name what a position of this source is a position in, in 16 hex digits."""
    connect = declaration.connect
    cursor = connect.get("cursor")
    named = {name: connect[name] for name in _NAMED if name in connect}
    column = cursor["column"] if isinstance(cursor, Mapping) and "column" in cursor else None
    said = orjson.dumps([declaration.kind, named, column], option=orjson.OPT_SORT_KEYS, default=str)
    return hashlib.sha256(said).hexdigest()[:16]


class Placed:
    """A source that reads on only where its position was taken; see hub.ports.Source."""

    def __init__(self, source: Source, declaration: Declaration) -> None:
        """Read `source`, which `declaration` declares."""
        self._source, self._name = source, declaration.connection
        self._place = place_of(declaration)
        self._is_kept = declaration.connect.get("position") == KEPT

    def read(self, checkpoint: Mapping[str, Any] | None) -> Iterator[Portion]:
        """Yield the source's portions; Misconfigured where the position is one of something else."""
        before = (checkpoint or {}).get(OF, self._place)
        if before != self._place and not self._is_kept:
            raise Misconfigured(self._moved())
        for portion in self._source.read(checkpoint):
            held = portion.checkpoint
            yield portion if held is None else replace(portion, checkpoint={**held, OF: self._place})

    def acknowledge(self, records: Sequence[Record]) -> None:
        """Tell the source that `records` are safe."""
        self._source.acknowledge(records)

    def probe(self) -> Mapping[str, str]:
        """Try the source."""
        return self._source.probe()

    def close(self) -> None:
        """Let go of the source."""
        self._source.close()

    def _moved(self) -> Fault:
        hint = (
            f"where it is the same system at another address, write connect: {{position: {KEPT}}} until it was read "
            "once; else delete the connection's file in data_dir/checkpoints: it is read from its beginning"
        )
        return Fault(
            code="source.moved",
            problem="the address, table, folder or cursor is another than the position was taken of",
            file=self._name,
            target_path="connect",
            hint=hint,
        )
