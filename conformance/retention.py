"""Lets the bytes of evidence go when their time is over; their digests stay in the records for good."""

from __future__ import annotations

import calendar
from typing import TYPE_CHECKING

from conformance.evidence import RETAINED_MONTHS
from conformance.sessions import BUNDLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from conformance.evidence import EvidenceStore
    from conformance.sessions import Session


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


def purge(sessions: Sequence[Session], store: EvidenceStore, today: date) -> Sequence[str]:
    """Let go of what is over: pieces, and the bundles that hold them; return the digests of the pieces.

    What no record names yet may belong to a test that is running, and stays.
    """
    gone = [name for name, until in sorted(kept_until(sessions).items()) if until < today and store.forget(name)]
    for session in sessions:
        if any(item.sha256 in gone for result in session.results for item in result.evidence):
            (session.folder / BUNDLE).unlink(missing_ok=True)
    return gone
