"""Keeps the bytes of refused records that are too large to leave the connector, under their digests."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from hub.errors import Unavailable
from hub.files import write_durably

if TYPE_CHECKING:
    from pathlib import Path


class Spool:
    """A folder of such records, readable by its owner alone."""

    def __init__(self, folder: Path) -> None:
        """Keep them in `folder`, which is made when first needed."""
        self._folder = folder

    def keep(self, raw: bytes) -> str:
        """Keep `raw` durably; return where."""
        path = self._folder / hashlib.sha256(raw).hexdigest()
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not path.exists():
                write_durably(path, raw)
        except OSError as away:
            raise Unavailable(str(away), place=str(path), hint="check the spool's space and rights") from away
        return str(path)
