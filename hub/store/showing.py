"""Decides which documents of an entry the relay publishes: those of views that show the entry's case now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson
import sqlalchemy as sa

from hub.model.documents import SHOWN
from hub.store import rows, tables
from hub.store.bulk import among
from hub.views import open_views

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from hub.model.values import Entry, Place

_ABOUT_CASES: Final = frozenset({"event", "alert"})


class Showing:
    """The views that show the cases of some entries, as they stand now."""

    def __init__(self, connection: sa.Connection, entries: Sequence[Entry]) -> None:
        """Look up the cases of `entries`."""
        self._connection = connection
        cases = {entry.subject for entry in entries if entry.kind in _ABOUT_CASES or entry.outcome == SHOWN}
        self._views = _views(connection, cases)
        self._opened = _opened(connection, cases)

    def placed(self, entry: Entry, places: Callable[[Entry], Sequence[Place]]) -> Iterator[Place]:
        """Yield the documents to publish for an entry.

        What a case said before its view showed it again comes with the entry that says so, and not by itself.
        """
        if entry.kind == "act" and entry.outcome == SHOWN:
            yield from self._anew(entry, places)
            return
        for place in places(entry):
            if entry.kind not in _ABOUT_CASES or self._shows(entry, place.view):
                yield place

    def _shows(self, entry: Entry, view: str) -> bool:
        shown = self._views.get(entry.subject)
        is_to_come = (entry.generation, entry.position) < self._opened.get((entry.subject, view), (0, 0))
        return shown is None or (view in shown and not is_to_come)

    def _anew(self, entry: Entry, places: Callable[[Entry], Sequence[Place]]) -> Iterator[Place]:
        """Yield what a case has said so far, for the views that this entry opens and that show it still."""
        here = (entry.generation, entry.position)
        opened = {
            view for view in self._views.get(entry.subject, ()) if self._opened.get((entry.subject, view)) == here
        }
        for earlier in _in_force(_before(self._connection, entry)) if opened else ():
            yield from (place for place in places(earlier) if place.view in opened)


def _views(connection: sa.Connection, cases: Collection[str]) -> dict[str, tuple[str, ...]]:
    case = tables.cases.c
    query = sa.select(case.case_id, case.disclosure, case.state).where(among(connection, case.case_id, cases))
    return {row.case_id: open_views(row.disclosure, row.state) for row in connection.execute(query)} if cases else {}


def _opened(connection: sa.Connection, cases: Collection[str]) -> dict[tuple[str, str], tuple[int, int]]:
    opening = tables.openings.c
    query = sa.select(tables.openings).where(among(connection, opening.case_id, cases))
    found = connection.execute(query) if cases else ()
    return {(row.case_id, row.view): (row.generation, row.position) for row in found}


def _in_force(entries: Sequence[Entry]) -> Collection[Entry]:
    """Return of every event the entry of its greatest version, and of every alert the last, in order."""
    latest: dict[str, tuple[tuple[int, int], Entry]] = {}
    for entry in entries:
        document = orjson.loads(entry.body)
        data = document["data"]
        version = data.get("source_version", 0), data.get("mapping_version", 0)
        name = data.get("alert_id") or document["id"]
        if name not in latest or version >= latest[name][0]:
            latest[name] = version, entry
    return sorted((entry for _, entry in latest.values()), key=lambda each: (each.generation, each.position))


def _before(connection: sa.Connection, entry: Entry) -> Sequence[Entry]:
    """Return what the ledger holds of a case before an entry, in order: its events and its alerts."""
    column = tables.ledger.c
    place = sa.tuple_(column.generation, column.position)
    of_case = (column.subject == entry.subject) & column.kind.in_(tuple(_ABOUT_CASES))
    query = sa.select(tables.ledger).where(of_case, place < sa.tuple_(entry.generation, entry.position))
    return [rows.entry(row) for row in connection.execute(query.order_by(column.generation, column.position))]
