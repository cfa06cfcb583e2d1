"""Runs in the sandbox, one at a time, what people asked for again and what connections owe; lets go of old evidence.

What was owed and is shown again lets the rule issue its certificate again (hub/cli/reissuing.py).
"""

from __future__ import annotations

import contextlib
import logging
from time import monotonic
from typing import TYPE_CHECKING, Final

from conformance.real import sessions_of, wishes_of
from conformance.runner import is_left
from conformance.suite import load_suite
from hub import mapping, wiring
from hub.cli import certifying_role, opening, owing, reissuing
from hub.cli.running_tests import Wish, run_session
from hub.errors import HubError
from hub.sandbox import find, placed, sandbox_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date
    from typing import Any

    from conformance.sessions import Session
    from hub.wiring import Hub

LOG: Final = logging.getLogger(__name__)

REPLAY: Final = "REPLAY"
PIECE_S: Final = 60.0
"""Seconds for which one step goes on with a session before everything else of the role has its turn. Our own choice."""

AGE: Final = "age"
"""What is owed is run by itself where it replays, or where evidence grows old; the rest needs people."""


class Rerunning:
    """What is to be run, each day anew. State is what is left of today's."""

    def __init__(self, hub: Hub, renew: Callable[[], bool] = lambda: True) -> None:
        """Run in the sandbox beside `hub`; `renew` keeps the role's lease, and says whether it is held still."""
        self._renew = renew
        self._hub, self._sandbox = hub, sandbox_of(hub.settings)
        self._planned_on: date | None = None
        self._left: list[str] = []
        self._aged: set[str] = set()

    def step(self) -> str:
        """Run one piece, wishes first; return the connection of which something was run, empty where nothing was.

        A wish is forgotten once it was seen to: a crash, or a sandbox that is away, loses none. A session that is owed
        is run for `PIECE_S` at a time, and gone on with in the next step.
        """
        wishes = wishes_of(self._sandbox)
        for asked in wishes.all():
            if (wish := wishes.begin(asked)) is None:
                LOG.error("wish given up", extra={"connection": asked.connection, "test": asked.test})
                continue
            if not self._run(wish.connection, (wish.test,)):
                wishes.forget(wish)
            return wish.connection
        self._plan()
        while self._left:
            connection = self._left.pop(0)
            if self._is_ready(connection):
                if self._run(connection):
                    self._left.insert(0, connection)
                return connection
        return ""

    def _plan(self) -> None:
        """Once a day, see what is owed, and let go of evidence whose time is over."""
        today = self._hub.calendar().day_of(self._hub.clock.now())
        if self._planned_on == today:
            return
        self._planned_on = today
        rows = owing.owing(self._hub)
        for each in rows:
            LOG.warning("run owed", extra=each)
        owed = {name: [each for each in rows if each["connection"] == name] for name in {r["connection"] for r in rows}}
        self._left = sorted(name for name, own in owed.items() if _runs_by_itself(own))
        self._aged = {each["connection"] for each in rows if each["change"] == AGE}
        opening.purged(self._hub, self._sandbox)

    def _is_ready(self, connection: str) -> bool:
        """Bring what runs live into the sandbox; False while another version is being tried there."""
        live = certifying_role.mapping_of(self._hub, connection)
        if live is None or sessions_of(self._sandbox).last(connection) is None:
            return False
        zone, folder = self._hub.settings.zone.key, self._sandbox.mappings.folder
        with contextlib.suppress(HubError):
            tried = mapping.fingerprint(find(folder, connection), zone=zone).whole
            row = self._hub.certification.latest().get(connection)
            if tried not in {mapping.fingerprint(live, zone=zone).whole, row.fingerprint if row else ""}:
                LOG.warning("run owed, another version is tried in the sandbox", extra={"connection": connection})
                return False
        placed(live, folder)
        return True

    def _run(self, connection: str, only: tuple[str, ...] = ()) -> bool:
        """Go on with a connection's last session, or begin a new one where its bindings changed.

        Return whether something of it is left for the next piece.
        """
        last = sessions_of(self._sandbox).last(connection)
        if last is None:
            return False
        is_new = not only and connection in self._aged and not self._is_renewing(last)
        wish = Wish(connection=connection, level=last.header.target, only=only, is_new=is_new, goes_on=self._piece())
        try:
            with contextlib.ExitStack() as stack:
                sandbox = wiring.build(self._sandbox, clock=self._hub.clock)
                stack.callback(sandbox.close)
                session, summary = run_session(stack, sandbox, self._hub, wish)
        except (HubError, OSError) as away:
            LOG.warning("run failed", extra={"connection": connection, "problem": str(away)})
            return bool(only)
        came_to = {"connection": connection, "session": session.header.session, "standing": str(summary.standing)}
        LOG.info("run ended", extra=came_to)
        reissuing.reissued(self._hub, session)
        return not only and is_left(session, load_suite())

    def _piece(self) -> Callable[[], bool]:
        """Return what is asked after each test: whether the lease is still held, and the piece not over."""
        until = monotonic() + PIECE_S
        return lambda: self._renew() and monotonic() < until

    def _is_renewing(self, last: Session) -> bool:
        """Tell whether a session was begun since its connection's certificate was issued: it is gone on with."""
        row = self._hub.certification.latest().get(last.header.connection)
        return row is not None and last.header.started_at > row.issued_at


def _runs_by_itself(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether everything that a connection owes is run by itself."""
    return all(each["how"] == REPLAY or each["change"] == AGE for each in rows)
