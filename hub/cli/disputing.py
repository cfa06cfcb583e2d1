"""Takes disputes of verdicts to a session's record, and to the ledger as acts that the issuing office signs."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from conformance.certificate.issue import Approval
from conformance.disputes import decided, raised
from conformance.real import bundled, sessions_of
from conformance.runner import ended
from conformance.suite import load_suite
from hub.cli import bureau
from hub.errors import Unavailable

if TYPE_CHECKING:
    from conformance.sessions import Session
    from hub.settings import Settings
    from hub.wiring import Hub


LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputing:
    """Raises and decides disputes of the sessions of a sandbox; the live hub's ledger is told.

    What goes to the ledger is written down first, then the record: no record ever tells of what the ledger does not.
    """

    sandbox: Settings
    live: Hub

    def raise_(self, session: Session, test: str, *, by: str, why: str) -> None:
        """Put a verdict into the queue; Misconfigured where it cannot be disputed."""
        line = raised(session, test, by=by, why=why, now=self.live.clock.now())
        self._note("disputed", session, test, by=by, role="department", why=why)
        sessions_of(self.sandbox).add(session.header.session, line)
        self._tell()

    def decide(self, session: Session, test: str, *, by: str, why: str, stands: bool) -> None:
        """Decide a dispute, and end the record again where nothing else is open."""
        sessions, suite, now = sessions_of(self.sandbox), load_suite(), self.live.clock.now()
        line = decided(session, test, by=by, why=why, stands=stands, now=now)
        self._note("upheld" if stands else "lifted", session, test, by=by, role="reviewer", why=why)
        sessions.add(session.header.session, line)
        self._tell()
        again = ended(sessions, session.header.session, suite, now, self.sandbox.zone)
        if again.footer is not None:
            bundled(self.sandbox, again, suite, now.astimezone(self.sandbox.zone).date())

    def _tell(self) -> None:
        """Send on its way what was noted; while the bus is away it waits, and the role `conformance` sends it."""
        try:
            bureau.tell(self.live)
        except Unavailable as away:
            LOG.warning("ledger is told later", extra={"problem": str(away)})

    def _note(self, what: str, session: Session, test: str, *, by: str, role: str, why: str) -> None:
        header = session.header
        person = Approval(by=by, role=role, at=self.live.clock.now(), reason=why)
        said = {"session": header.session, "test": test, "department": header.department}
        subject = f"{header.session}/{test}"
        bureau.note(self.live, what, subject, header.connection, said, person)


def disputing(sandbox: Settings, live: Hub) -> Disputing:
    """Return who takes disputes of a sandbox."""
    return Disputing(sandbox=sandbox, live=live)
