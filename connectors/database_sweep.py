"""One pass over a window of a table's time: where it stands, what it has delivered near its end, and its checkpoint."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Position: TypeAlias = "tuple[Any, int | str]"
"""Cursor and key of a row, as JSON can hold them."""

SEEN_ROWS: Final = 5000
"""Delivered rows remembered for the overlap; beyond it rows come again as duplicates. About 40 bytes each, written with
every portion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One pass over the rows from `since` to `bound` (both included; `since` None: from the first)."""

    since: datetime | None
    bound: datetime
    known: Mapping[str, str]
    """Digest by key of what the sweep before delivered in the overlap."""
    seen: Mapping[str, str] = field(default_factory=dict)
    """Digest by key of what this sweep found where the next one will overlap it."""
    position: Position | None = None
    """The last row read; None before the first and after the last."""
    turn: int = 0
    """0 while the table itself is read; then the number of the child table of which changed rows are looked for."""
    parent: Any = None
    """The last row read again for a child's sake."""
    finished: bool = False

    def moved(self, *, known: Mapping[str, str], seen: Mapping[str, str], position: Position | None) -> Sweep:
        """Return the sweep after one more page; without a position it is finished."""
        keep = dict(list(seen.items())[-SEEN_ROWS:])
        return replace(self, known=known, seen=keep, position=position, finished=position is None)

    def turned(self, *, turn: int, parent: Any = None, seen: Mapping[str, str]) -> Sweep:  # noqa: ANN401 - a key
        """Return the sweep, unfinished, at a place among the child tables."""
        keep = dict(list(seen.items())[-SEEN_ROWS:])
        return replace(self, turn=turn, parent=parent, seen=keep, position=None, finished=False)

    def ended(self) -> Sweep:
        """Return the sweep after its last row."""
        return replace(self, position=None, parent=None, turn=0, finished=True)

    def checkpoint(self) -> Mapping[str, Any]:
        """Return this as a JSON object."""
        return {
            "since": self.since.isoformat() if self.since else None,
            "bound": self.bound.isoformat(),
            "known": {} if self.finished else dict(self.known),
            "seen": dict(self.seen),
            "position": list(self.position) if self.position else None,
            "finished": self.finished,
            **({"turn": self.turn, "parent": self.parent} if self.turn else {}),
        }


def go_on(checkpoint: Mapping[str, Any] | None, *, bound: datetime, overlap: timedelta) -> Sweep:
    """Return the sweep that `checkpoint` cut short, else the next one, up to `bound`."""
    if checkpoint is None:
        return Sweep(since=None, bound=bound, known={})
    last = _resumed(checkpoint)
    if not last.finished:
        return last
    return Sweep(since=last.bound - overlap, bound=max(bound, last.bound), known=last.seen)


def _resumed(checkpoint: Mapping[str, Any]) -> Sweep:
    since, position = checkpoint["since"], checkpoint["position"]
    return Sweep(
        since=datetime.fromisoformat(since) if since else None,
        bound=datetime.fromisoformat(checkpoint["bound"]),
        known=checkpoint["known"],
        seen=checkpoint["seen"],
        position=(position[0], position[1]) if position else None,
        finished=checkpoint["finished"],
        turn=checkpoint.get("turn", 0),
        parent=checkpoint.get("parent"),
    )


def kept(key: Any) -> Any:  # noqa: ANN401 - whatever the column holds
    """Return a key as JSON can hold it: bytes as base64, what is neither number nor text as text."""
    if isinstance(key, (bytes, memoryview)):
        return {"base64": base64.b64encode(bytes(key)).decode()}
    return key if isinstance(key, (int, str)) else str(key)


def taken_back(key: Any) -> Any:  # noqa: ANN401 - what `kept` returned
    """Return the key that was kept."""
    return base64.b64decode(key["base64"]) if isinstance(key, dict) else key
