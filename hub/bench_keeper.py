"""Keeps the bench up to date: a changed catalogue or calendar is used, and what it changes is judged anew."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, Final

from hub.bench import Bench
from hub.supervision.catalogue import Catalogue
from hub.supervision.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.ports import Store
    from hub.supervision.calendar import WorkCalendar
    from hub.supervision.rules import Rule

LOG: Final = logging.getLogger(__name__)

KEEP_S: Final = 10.0
"""Seconds after which a changed catalogue is seen by supervision."""


class BenchKeeper:
    """The bench of one process. Belongs to one thread."""

    def __init__(self, store: Store, calendar: WorkCalendar, rules: Mapping[str, Rule] = RULES) -> None:
        """Judge by the store's catalogue, `calendar` and `rules`; wake cases whose clocks run by another calendar."""
        self._store, self._calendar, self._rules = store, calendar, rules
        self._known = self._documents()
        self._bench = self._made()
        self._read_at = time.monotonic()
        if woken := store.wake_recounted(calendar.version):
            LOG.warning("clocks are counted anew by another calendar", extra={"cases": woken})

    def get(self) -> Bench:
        """Return the bench; where the catalogue has changed, after waking the open cases of those departments.

        They are woken when the change was loaded too; but a process may have judged one by the old catalogue since.
        """
        if time.monotonic() - self._read_at > KEEP_S:
            before, self._known = self._known, self._documents()
            changed = [name for name, document in self._known.items() if before.get(name) != document]
            if changed:
                self._bench = self._made()
                self._store.wake_departments(changed)
            self._read_at = time.monotonic()
        return self._bench

    def _documents(self) -> dict[str, Mapping[str, Any]]:
        return {each["department"]["department_id"]: each for each in self._store.catalogue()}

    def _made(self) -> Bench:
        return Bench(catalogue=Catalogue(list(self._known.values())), calendar=self._calendar, rules=self._rules)
