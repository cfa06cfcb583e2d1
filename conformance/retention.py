"""Lets the bytes of evidence go when their time is over; their digests stay in the records for good."""

from __future__ import annotations

import calendar
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from conformance.evidence import RETAINED_MONTHS
from conformance.sessions import BUNDLE
from hub.files import sync_folder

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date

    from conformance.evidence import EvidenceStore
    from conformance.sessions import Session

RUNNING: Final = timedelta(days=1)
"""For how long a piece that was kept may wait for the result that rests on it. A test runs for minutes."""


def last_day(taken: date) -> date:
    """Return the last day on which bytes taken on a day are kept."""
    months = taken.year * 12 + taken.month - 1 + RETAINED_MONTHS
    year, month = divmod(months, 12)
    return taken.replace(year=year, month=month + 1, day=min(taken.day, calendar.monthrange(year, month + 1)[1]))


def kept_until(sessions: Sequence[Session]) -> Mapping[str, date]:
    """Return the last day of every piece that a record names: that of the last result that rests on it."""
    found: dict[str, date] = {}
    for session in sessions:
        for result in session.results:
            until = last_day(result.started_at.date())
            for item in result.evidence:
                found[item.sha256] = max(found.get(item.sha256, until), until)
    return found


def over(sessions: Sequence[Session], store: EvidenceStore, today: date) -> Mapping[str, date]:
    """Return the pieces that are kept still and whose time is over, each with its last day.

    What no record names yet, or was kept again just now, may belong to a test that is running, and stays.
    """
    past = {name: until for name, until in sorted(kept_until(sessions).items()) if until < today}
    kept = {name: day for name in past if (day := store.kept_on(name)) is not None}
    return {name: until for name, until in past.items() if name in kept and kept[name] < today - RUNNING}


def purge(names: Collection[str], sessions: Sequence[Session], store: EvidenceStore) -> None:
    """Let go of these pieces, and before them of the bundles that hold them.

    In this order whatever ends it halfway leaves a piece that is over: the next look finds it, and goes on.
    """
    for session in sessions:
        if any(item.sha256 in names for result in session.results for item in result.evidence):
            (session.folder / BUNDLE).unlink(missing_ok=True)
            sync_folder(session.folder)
    for name in names:
        store.forget(name)
