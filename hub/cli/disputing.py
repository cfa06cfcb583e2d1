"""Takes disputes of verdicts to the ledger and to a session's record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.disputes import decided, raised
from hub.cli.session_acts import SessionActs

if TYPE_CHECKING:
    from conformance.sessions import Session
    from hub.settings import Settings
    from hub.wiring import Hub


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputing:
    """Raises and decides disputes of the sessions of a sandbox."""

    acts: SessionActs

    def raise_(self, session: Session, test: str, *, by: str, why: str) -> None:
        """Put a verdict into the queue; Misconfigured where it cannot be disputed."""
        line = raised(session, test, by=by, why=why, now=self.acts.now)
        self.acts.enter("disputed", session, line, by=by, role="department", why=why)

    def decide(self, session: Session, test: str, *, by: str, why: str, stands: bool) -> None:
        """Decide a dispute, and end the record again where nothing else is open."""
        line = decided(session, test, by=by, why=why, stands=stands, now=self.acts.now)
        self.acts.enter("upheld" if stands else "lifted", session, line, by=by, role="reviewer", why=why)
        self.acts.end_again(session)


def disputing(sandbox: Settings, live: Hub) -> Disputing:
    """Return who takes disputes of a sandbox."""
    return Disputing(acts=SessionActs(sandbox=sandbox, live=live))
