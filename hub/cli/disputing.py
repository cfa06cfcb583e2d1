"""Takes disputes of verdicts to a session's record, and to the ledger as acts that the issuing office signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.certificate.issue import Approval
from conformance.disputes import decided, raised
from conformance.real import bundled, sessions_of
from conformance.runner import ended
from conformance.suite import load_suite
from hub.cli import bureau

if TYPE_CHECKING:
    from conformance.sessions import Session
    from hub.settings import Settings
    from hub.wiring import Hub


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputing:
    """Raises and decides disputes of the sessions of a sandbox; the live hub's ledger is told."""

    sandbox: Settings
    live: Hub

    def raise_(self, session: Session, test: str, *, by: str, why: str) -> None:
        """Put a verdict into the queue; Misconfigured where it cannot be disputed."""
        line = raised(session, test, by=by, why=why, now=self.live.clock.now())
        sessions_of(self.sandbox).add(session.header.session, line)
        self._enter("disputed", session, test, by=by, role="department", why=why)

    def decide(self, session: Session, test: str, *, by: str, why: str, stands: bool) -> None:
        """Decide a dispute, and end the record again where nothing else is open."""
        sessions, suite, now = sessions_of(self.sandbox), load_suite(), self.live.clock.now()
        sessions.add(session.header.session, decided(session, test, by=by, why=why, stands=stands, now=now))
        again = ended(sessions, session.header.session, suite, now, self.sandbox.zone)
        if again.footer is not None:
            bundled(self.sandbox, again, suite, now.astimezone(self.sandbox.zone).date())
        self._enter("upheld" if stands else "lifted", session, test, by=by, role="reviewer", why=why)

    def _enter(self, what: str, session: Session, test: str, *, by: str, role: str, why: str) -> None:
        header = session.header
        person = Approval(by=by, role=role, at=self.live.clock.now(), reason=why)
        said = {"session": header.session, "test": test, "department": header.department}
        subject = f"{header.session}/{test}"
        bureau.enter(self.live, what, subject, header.connection, said, person)


def disputing(sandbox: Settings, live: Hub) -> Disputing:
    """Return who takes disputes of a sandbox."""
    return Disputing(sandbox=sandbox, live=live)
