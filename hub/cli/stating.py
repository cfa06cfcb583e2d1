"""Takes statements and waivers, and the second person's word on them, to a session's record and to the ledger."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from conformance import statements
from conformance.certificate.issue import Approval
from conformance.model import Result
from conformance.real import bundled, evidence_of, sessions_of
from conformance.runner import ended
from conformance.suite import load_suite
from hub.cli import bureau
from hub.errors import Fault, Misconfigured, Unavailable

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from conformance.sessions import Session
    from conformance.suite import SuiteTest
    from hub.settings import Settings
    from hub.wiring import Hub


LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stating:
    """Writes who answers for a test, or asks to go without it, and who confirms that; the live hub's ledger is told.

    As with disputes, what goes to the ledger is written down first, then the record.
    """

    sandbox: Settings
    live: Hub

    def state(self, session: Session, test: str, *, by: str, statement: Path) -> None:
        """Let a statement wait for a second person; Misconfigured where none may stand for the test."""
        kept = evidence_of(self.sandbox).keep("ATT", statement.name, statement.read_bytes(), "application/octet-stream")
        line = statements.stated(session, _case(test), by=by, evidence=kept, now=self.live.clock.now())
        self._note("stated", session, test, by=by, role="witness", why=f"{statement.name} sha256 {kept.sha256}")
        sessions_of(self.sandbox).add(session.header.session, line)
        self._tell()

    def waive(self, session: Session, test: str, *, by: str, why: str, until: date) -> None:
        """Let a waiver wait for a second person; Misconfigured where nobody may give leave."""
        today = self.live.calendar().day_of(self.live.clock.now())
        line = statements.waived(session, _case(test), by=by, why=why, until=until, today=today)
        self._note("waiver_asked", session, test, by=by, role="supervisor", why=why, until=until.isoformat())
        sessions_of(self.sandbox).add(session.header.session, line)
        self._tell()

    def answer(self, session: Session, test: str, *, by: str, why: str, agrees: bool) -> None:
        """Confirm or refuse, as the second person; the record is ended again where nothing else is open."""
        sessions, suite, now = sessions_of(self.sandbox), load_suite(), self.live.clock.now()
        line = statements.answered(session, test, by=by, why=why, agrees=agrees, now=now)
        what, until = ("attested", "") if isinstance(line, Result) else ("waived", line.until.isoformat())
        self._note(what if agrees else "declined", session, test, by=by, role="reviewer", why=why, until=until)
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

    def _note(self, what: str, session: Session, test: str, *, by: str, role: str, why: str, until: str = "") -> None:
        header = session.header
        person = Approval(by=by, role=role, at=self.live.clock.now(), reason=why)
        said = {"session": header.session, "test": test, "department": header.department}
        said |= {"until": until} if until else {}
        bureau.note(self.live, what, f"{header.session}/{test}", header.connection, said, person)


def _case(test: str) -> SuiteTest:
    """Return a test of the suite in force; Misconfigured where it was retired since the session began."""
    suite = load_suite()
    if test not in suite.tests:
        problem, hint = f"{test} is not tested any more", "begin a new session: sunlight conformance run --new"
        raise Misconfigured(Fault(code="conformance.test", problem=problem, file=test, hint=hint))
    return suite.tests[test]


def stating(sandbox: Settings, live: Hub) -> Stating:
    """Return who takes statements and waivers of a sandbox."""
    return Stating(sandbox=sandbox, live=live)
