"""Keeps the position of each connection's source in a file of its own, beside the reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from hub.errors import Fault, Misconfigured, Unavailable
from hub.files import write_durably

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class FileCheckpoints:
    """Checkpoints as one JSON file a connection. A crash leaves the old position or the new one, never half."""

    def __init__(self, folder: Path) -> None:
        """Keep them in `folder`, which is made when first needed."""
        self._folder = folder

    def load(self, connection: str) -> Mapping[str, Any] | None:
        """Return the last saved position, None if there is none; Misconfigured where the file is damaged."""
        path = self._path(connection)
        try:
            state = orjson.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as away:
            raise Unavailable(str(away), place=str(path), hint="check the data folder") from away
        except orjson.JSONDecodeError as broken:
            raise Misconfigured(_damaged(path, str(broken))) from broken
        if not isinstance(state, dict):
            raise Misconfigured(_damaged(path, "it is no JSON object"))
        return state

    def save(self, connection: str, checkpoint: Mapping[str, Any]) -> None:
        """Remember `checkpoint` durably before returning."""
        path = self._path(connection)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_durably(path, orjson.dumps(checkpoint))
        except OSError as away:
            raise Unavailable(str(away), place=str(path), hint="check the data folder's space and rights") from away

    def _path(self, connection: str) -> Path:
        return self._folder / f"{quote(connection, safe='')}.json"


def _damaged(path: Path, problem: str) -> Fault:
    hint = "delete it to read the source from its beginning: what is known comes again as duplicates"
    return Fault(code="checkpoint.damaged", problem=problem, file=str(path), hint=hint)
