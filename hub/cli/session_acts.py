"""Takes what people do about a test of a session to the ledger, signed by the issuing office, and to its record."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from conformance.certificate.issue import Approval
from conformance.real import bundled, sessions_of
from conformance.runner import ended
from conformance.suite import load_suite
from hub.cli import bureau
from hub.errors import Unavailable

if TYPE_CHECKING:
    from datetime import datetime

    from conformance.model import Result, Waiver
    from conformance.sessions import Session
    from hub.settings import Settings
    from hub.wiring import Hub

LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionActs:
    """Enters acts on the sessions of a sandbox; the live hub's ledger is told.

    What goes to the ledger is written down first, then the record: no record ever tells of what the ledger does not.
    """

    sandbox: Settings
    live: Hub

    @property
    def now(self) -> datetime:
        """Return the moment of the act."""
        return self.live.clock.now()

    def enter(
        self, what: str, session: Session, line: Result | Waiver, *, by: str, role: str, why: str, **more: str
    ) -> None:
        """Enter one act, of which `line` is what the record says and `more` what the ledger says besides."""
        header = session.header
        person = Approval(by=by, role=role, at=self.now, reason=why)
        said = {"session": header.session, "test": line.test, "department": header.department, **more}
        bureau.note(self.live, what, f"{header.session}/{line.test}", header.connection, said, person)
        sessions_of(self.sandbox).add(header.session, line)
        self._tell()

    def end_again(self, session: Session) -> None:
        """End a session's record again, and bundle it, where nothing is open any more."""
        suite, now = load_suite(), self.now
        again = ended(sessions_of(self.sandbox), session.header.session, suite, now, self.sandbox.zone)
        if again.footer is not None:
            bundled(self.sandbox, again, suite, now.astimezone(self.sandbox.zone).date())

    def _tell(self) -> None:
        """Send on its way what was noted; while the bus is away it waits, and the role `conformance` sends it."""
        try:
            bureau.tell(self.live)
        except Unavailable as away:
            LOG.warning("ledger is told later", extra={"problem": str(away)})
