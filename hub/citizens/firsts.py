"""Remembers when something was first sent, so that sent again it is the same to the second."""

from __future__ import annotations

import hashlib
import logging
import time
from typing import TYPE_CHECKING, Final

from hub.files import create_durably

if TYPE_CHECKING:
    from pathlib import Path

LOG: Final = logging.getLogger(__name__)

KEEP_S: Final = 7 * 86_400
"""Seconds a first time is kept: nobody sends a form again after a week."""

SWEPT_S: Final = 3_600
"""Seconds between two looks for what is kept no longer."""


class Firsts:
    """One small file a name, which holds a time and nothing else. Threads and processes of one machine may share it."""

    def __init__(self, folder: Path) -> None:
        """Keep them in `folder`, which is made when first needed."""
        self._folder, self._swept_at = folder, float("-inf")

    def at(self, name: str, now: str) -> str:
        """Return the time under which `name` was first sent; `now`, which is kept, where it never was.

        Where the disk fails it is `now`: a complaint is worth more than its uniqueness.
        """
        path = self._folder / hashlib.sha256(name.encode()).hexdigest()
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._sweep()
            create_durably(path, now.encode())
        except FileExistsError:
            return path.read_text(encoding="utf-8")
        except OSError as failed:
            LOG.warning("first time not kept", extra={"problem": str(failed)})
        return now

    def _sweep(self) -> None:
        if time.monotonic() - self._swept_at < SWEPT_S:
            return
        self._swept_at = time.monotonic()
        oldest = time.time() - KEEP_S
        for path in self._folder.iterdir():
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)
