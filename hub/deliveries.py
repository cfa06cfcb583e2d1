"""Remembers what became of each document that was sent: one line of JSON each, one file a receiver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote, unquote

import orjson

from hub.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hub.ports import Clock

State = Literal["delivered", "refused"]

FILE_BYTES: Final = 16 << 20
"""Bytes of a receiver's file before it is put aside for the next: two files are kept."""

SAID_CHARS: Final = 300
"""Characters kept of what a receiver said."""


class Deliveries:
    """The notes of one data folder."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Keep them in `folder`, which is made when first needed."""
        self._folder, self._clock = folder, clock

    def note(self, connection: str, sequence: int, document_id: str, *, state: State, said: str) -> None:
        """Note what became of one document; the last note of a sequence stands."""
        at = self._clock.now().isoformat(timespec="seconds")
        line = {"sequence": sequence, "document_id": document_id, "state": state, "said": said[:SAID_CHARS], "at": at}
        path = self._path(connection)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if path.exists() and path.stat().st_size > FILE_BYTES:
                path.replace(path.with_suffix(".old"))
            with path.open("ab") as file:
                file.write(orjson.dumps(line) + b"\n")
        except OSError as away:
            raise Unavailable(str(away), place=str(path), hint="check the data folder's space and rights") from away

    def of(self, connection: str) -> Sequence[dict[str, Any]]:
        """Return the notes of a receiver, oldest first; a line that was cut short is left out."""
        path, found = self._path(connection), []
        for each in (path.with_suffix(".old"), path):
            for line in each.read_bytes().splitlines() if each.exists() else ():
                try:
                    found.append(orjson.loads(line))
                except orjson.JSONDecodeError:
                    continue
        return found

    def connections(self) -> Sequence[str]:
        """Name every receiver of which something was noted."""
        return sorted(unquote(path.stem) for path in self._folder.glob("*.jsonl"))

    def _path(self, connection: str) -> Path:
        return self._folder / f"{quote(connection, safe='')}.jsonl"
