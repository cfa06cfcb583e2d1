"""Opens single pieces of evidence, and lets go of what is over: the ledger is told of either."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from conformance.certificate.issue import Approval
from conformance.real import evidence_of, sessions_of
from conformance.retention import over, purge
from hub.cli import bureau
from hub.errors import Fault, Misconfigured
from hub.model import ids

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from conformance.model import EvidenceItem
    from conformance.sessions import Session
    from hub.settings import Settings
    from hub.wiring import Hub


def named(session: Session, test: str, sha256: str) -> EvidenceItem:
    """Return a piece of evidence of a test by its digest; Misconfigured where it has none, or several, of that name."""
    result = session.result(test)
    found = {each.sha256: each for each in result.evidence if each.sha256.startswith(sha256)} if result else {}
    if len(found) != 1 or not sha256:
        problem, hint = f"{test} has {len(found)} pieces of evidence of that digest", "see the report or the page"
        raise Misconfigured(Fault(code="evidence.unknown", problem=problem, file=session.header.session, hint=hint))
    return next(iter(found.values()))


def opened(
    live: Hub, sandbox: Settings, session: Session, item: EvidenceItem, test: str, *, by: str, why: str
) -> bytes:
    """Return the bytes of a piece of evidence; that somebody opened them is on its way to the ledger first."""
    person = Approval(by=by, role="reader", at=live.clock.now(), reason=why)
    said = {"session": session.header.session, "test": test, "sha256": item.sha256}
    bureau.enter(live, "evidence_opened", item.sha256, session.header.connection, said, person)
    return evidence_of(sandbox).read(item.sha256)


def purged(live: Hub, sandbox: Settings) -> Sequence[str]:
    """Let go of what is over; return its digests.

    That each piece goes is written for the ledger first, once, then its bytes go: wherever this ends halfway the next
    look finds the piece still there, and what was written of it.
    """
    sessions, now, store = sessions_of(sandbox).all(), live.clock.now(), evidence_of(sandbox)
    going = over(sessions, store, live.calendar().day_of(now)) if sessions else {}
    if not going:
        return []
    of = {item.sha256: each for each in sessions for result in each.results for item in result.evidence}
    rule = Approval(by="sunlight", role="rule", at=now, reason="24 months are over")
    written = _written(live)
    for name, until in going.items():
        if written.get(ids.certificate_name(name), until) <= until:
            header = of[name].header
            bureau.note(live, "evidence_purged", name, header.connection, {"session": header.session}, rule)
    purge(going, sessions, store)
    bureau.tell(live)
    return list(going)


def _written(live: Hub) -> Mapping[str, date]:
    """Return what was written for the ledger as going before, each with the last day on which that was."""
    day_of = live.calendar().day_of
    acts = (each for each in live.certification.changes("") if each.what == "evidence_purged")
    return {str(orjson.loads(each.body)["subject"]): day_of(each.at) for each in acts}
