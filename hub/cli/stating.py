"""Takes statements and waivers, and the second person's word on them, to the ledger and to a session's record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance import statements
from conformance.model import Result
from conformance.real import evidence_of
from conformance.suite import load_suite
from hub.cli.session_acts import SessionActs
from hub.errors import Fault, Misconfigured

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from conformance.sessions import Session
    from conformance.suite import SuiteTest
    from hub.settings import Settings
    from hub.wiring import Hub


@dataclass(frozen=True, slots=True, kw_only=True)
class Stating:
    """Writes who answers for a test, or asks to go without it, and who confirms that."""

    acts: SessionActs

    def state(self, session: Session, test: str, *, by: str, statement: Path) -> None:
        """Let a statement wait for a second person; Misconfigured where none may stand for the test."""
        store, raw = evidence_of(self.acts.sandbox), statement.read_bytes()
        kept = store.keep("ATT", statement.name, raw, "application/octet-stream")
        line = statements.stated(session, _case(test), by=by, evidence=kept, now=self.acts.now)
        why = f"{statement.name} sha256 {kept.sha256}"
        self.acts.enter("stated", session, line, by=by, role="witness", why=why)

    def waive(self, session: Session, test: str, *, by: str, why: str, until: date) -> None:
        """Let a waiver wait for a second person; Misconfigured where nobody may give leave."""
        today = self.acts.live.calendar().day_of(self.acts.now)
        line = statements.waived(session, _case(test), by=by, why=why, until=until, today=today)
        self.acts.enter("waiver_asked", session, line, by=by, role="supervisor", why=why, until=until.isoformat())

    def answer(self, session: Session, test: str, *, by: str, why: str, agrees: bool) -> None:
        """Confirm or refuse, as the second person; the record is ended again where nothing else is open."""
        line = statements.answered(session, test, by=by, why=why, agrees=agrees, now=self.acts.now)
        what, more = ("attested", {}) if isinstance(line, Result) else ("waived", {"until": line.until.isoformat()})
        self.acts.enter(what if agrees else "declined", session, line, by=by, role="reviewer", why=why, **more)
        self.acts.end_again(session)


def _case(test: str) -> SuiteTest:
    """Return a test of the suite in force; Misconfigured where it was retired since the session began."""
    suite = load_suite()
    if test not in suite.tests:
        problem, hint = f"{test} is not tested any more", "begin a new session: sunlight conformance run --new"
        raise Misconfigured(Fault(code="conformance.test", problem=problem, file=test, hint=hint))
    return suite.tests[test]


def stating(sandbox: Settings, live: Hub) -> Stating:
    """Return who takes statements and waivers of a sandbox."""
    return Stating(acts=SessionActs(sandbox=sandbox, live=live))
