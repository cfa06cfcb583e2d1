"""Keeps the bench up to date: a changed catalogue, calendar or law is used, and what it changes is judged anew."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, Final

from hub.bench import Bench
from hub.supervision.amendment import differences, matters_in, touched
from hub.supervision.catalogue import Catalogue
from hub.supervision.law import LAW, law_from, moved
from hub.supervision.notice import said_of, without_notice
from hub.supervision.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from hub.model.terms import CatalogueChange, NoticeRow
    from hub.ports import Clock, Store
    from hub.supervision.calendar import WorkCalendar
    from hub.supervision.law import LawParameter
    from hub.supervision.rules import Rule

LOG: Final = logging.getLogger(__name__)

KEEP_S: Final = 10.0
"""Seconds after which a changed catalogue or calendar is seen by supervision."""

_LAW: Final = "law"
_RULES: Final = "rules"


class BenchKeeper:
    """The bench of one process. Belongs to one thread."""

    def __init__(
        self,
        store: Store,
        calendar: Callable[[], WorkCalendar],
        rules: Mapping[str, Rule] = RULES,
        *,
        law: Sequence[LawParameter] = LAW,
        clock: Clock | None = None,
    ) -> None:
        """Judge by the store's catalogue and notices, by `calendar`, which is made of them, by `rules` and `law`.

        Cases whose clocks run by another calendar, or by what the law was when a process last began, are woken.
        """
        self._store, self._calendar_of, self._rules, self._law, self._clock = store, calendar, rules, law, clock
        self._calendar, self._known = calendar(), self._documents()
        self._bench = self._made()
        self._read_at = time.monotonic()
        self._missed: date | None = None
        self._wake_recounted()
        self._wake_relawed()
        self._wake_ruled()
        self._say_missing()

    def get(self) -> Bench:
        """Return the bench; where its terms have changed, after waking the cases that this concerns.

        They are woken when a change came into force, too; but a process may have judged one by the old terms since.
        """
        if time.monotonic() - self._read_at > KEEP_S:
            self._refresh()
            self._say_missing()
            self._read_at = time.monotonic()
        return self._bench

    def _refresh(self) -> None:
        before, self._known = self._known, self._documents()
        calendar, old = self._calendar_of(), self._calendar
        changed = [name for name, document in self._known.items() if before.get(name) != document]
        if not changed and calendar.version == old.version:
            return
        self._calendar = calendar
        self._bench = self._made()
        for name in changed:
            parts = differences(before.get(name), self._known[name])
            self._store.wake_touched(touched(name, before.get(name), parts, calendar.start_of))
        if calendar.version != old.version:
            self._wake_recounted()

    def _wake_recounted(self) -> None:
        if woken := self._store.wake_recounted(self._calendar.is_present):
            LOG.warning("clocks are counted anew by another calendar", extra={"cases": woken})

    def _wake_relawed(self) -> None:
        """Wake what another law than a process last judged by concerns; remember this one."""
        now, before = [each.document() for each in self._law], self._store.remembered(_LAW)
        if now == before:
            return
        for each in moved([law_from(row) for row in before], self._law) if before is not None else ():
            woken = self._store.wake_relawed(each, self._calendar.start_of)
            LOG.warning("clocks are counted anew by another law", extra={"kind": each.kind, "cases": woken})
        self._store.remember(_LAW, now)

    def _wake_ruled(self) -> None:
        """Wake what rules with other numbers than a process last judged by may concern; remember these."""
        now, before = told_rules(self._rules), self._store.remembered(_RULES)
        if now == before:
            return
        changed = {name for name in {*now, *(before or {})} if now.get(name) != (before or {}).get(name)}
        if before is not None and changed:
            watched = [self._rules[name].clock if name in self._rules else "" for name in changed]
            woken = self._store.wake_open(None if "" in watched else watched)
            LOG.warning("rules have changed", extra={"rules": ", ".join(sorted(changed)), "cases": woken})
        self._store.remember(_RULES, now)

    def _say_missing(self) -> None:
        """Say once a day that a year's notice is missing."""
        if self._clock is None:
            return
        today = self._calendar.day_of(self._clock.now())
        year = without_notice(self._calendar, today)
        if year is not None and self._missed != today:
            self._missed = today
            LOG.warning("a notice of working days is missing", extra={"year": year, "hint": said_of(year)})

    def _documents(self) -> dict[str, Mapping[str, Any]]:
        return {each["department"]["department_id"]: each for each in self._store.catalogue()}

    def _made(self) -> Bench:
        return Bench(
            catalogue=Catalogue(list(self._known.values())),
            calendar=self._calendar,
            rules=self._rules,
            law=self._law,
            sources=sources_of(self._store.catalogue_changes(), self._store.notices()),
        )


def told_rules(rules: Mapping[str, Rule]) -> Mapping[str, Any]:
    """Tell of every rule what decides its findings, as the store remembers it."""
    return {
        name: [
            rule.version,
            rule.is_shadow,
            [[p.name, str(p.value), str(p.valid_from), str(p.valid_to)] for p in rule.parameters],
        ]
        for name, rule in sorted(rules.items())
    }


def sources_of(changes: Sequence[CatalogueChange], notices: Sequence[NoticeRow]) -> Mapping[str, str]:
    """Name the notice of every year and the last change of every matter, for people."""
    found = {f"calendar:{each.year}": f"{each.document['number']} ({_loaded(each)})" for each in notices}
    for change in changes:
        who = f"proposed by {change.proposed_by}" + (f", approved by {change.decided_by}" if change.decided_by else "")
        found |= {f"catalogue:{code}": f"change no. {change.number}, {who}" for code in matters_in(change)}
    return found


def _loaded(notice: NoticeRow) -> str:
    return f"notice no. {notice.number}, loaded by {notice.loaded_by}"
