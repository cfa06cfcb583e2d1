"""Holds the public part of the catalogue for a while; where the store is away it goes on with what it had."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hub.citizens.matters import Entry, departments, entries
from hub.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.public.parts import PublicParts

LOG: Final = logging.getLogger(__name__)

KEEP_S: Final = 30.0
"""Seconds after which a changed catalogue is shown: a withdrawn entry is gone well within ten minutes (CNF-03)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The public catalogue as of one day."""

    day: str
    entries: Sequence[Entry] = ()
    departments: Sequence[Mapping[str, Any]] = ()

    def name_of(self, department_id: str) -> str:
        """Name a department; its id where it has no document here."""
        known = (each["name"] for each in self.departments if each["department_id"] == department_id)
        return str(next(known, department_id))


class Shelf:
    """Reads the catalogue when first needed and every KEEP_S. Threads may share it."""

    def __init__(self, parts: PublicParts) -> None:
        """Read through `parts`."""
        self._parts, self._lock = parts, threading.Lock()
        self._read_at, self._held = float("-inf"), None  # type: tuple[float, Held | None]

    def today(self) -> str:
        """Return the local day, YYYY-MM-DD."""
        return self._parts.now().astimezone(self._parts.zone).date().isoformat()

    def held(self) -> Held:
        """Return the public catalogue; Unavailable where the store is away and was never read."""
        with self._lock:
            today = self.today()
            if self._held is not None and self._held.day == today and time.monotonic() - self._read_at < KEEP_S:
                return self._held
            try:
                documents = self._parts.reading.catalogue()
                self._held = Held(day=today, entries=entries(documents, today), departments=departments(documents))
            except Unavailable as away:
                if self._held is None:
                    raise
                LOG.warning("catalogue not refreshed", extra={"problem": str(away)})
            self._read_at = time.monotonic()
            return self._held
