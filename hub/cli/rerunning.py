"""Runs in the sandbox, one at a time, what people asked for again and what connections owe; lets go of old evidence."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Final

from conformance.real import sessions_of, wishes_of
from hub import mapping, wiring
from hub.cli import certifying_role, opening, owing
from hub.cli.running_tests import Wish, run_session
from hub.errors import HubError
from hub.sandbox import find, placed, sandbox_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from typing import Any

    from conformance.sessions import Session
    from hub.wiring import Hub

LOG: Final = logging.getLogger(__name__)

REPLAY: Final = "REPLAY"
AGE: Final = "age"
"""What is owed is run by itself where it replays, or where evidence grows old; the rest needs people."""


class Rerunning:
    """What is to be run, each day anew. State is what is left of today's."""

    def __init__(self, hub: Hub) -> None:
        """Run in the sandbox beside `hub`."""
        self._hub, self._sandbox = hub, sandbox_of(hub.settings)
        self._planned_on: date | None = None
        self._left: list[str] = []
        self._aged: set[str] = set()

    def step(self) -> str:
        """Run one thing, wishes first; return the connection of which something was run, empty where nothing was."""
        for wish in wishes_of(self._sandbox).all():
            wishes_of(self._sandbox).forget(wish)
            self._run(wish.connection, (wish.test,))
            return wish.connection
        self._plan()
        while self._left:
            connection = self._left.pop(0)
            if self._is_ready(connection):
                self._run(connection)
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

    def _run(self, connection: str, only: tuple[str, ...] = ()) -> None:
        """Go on with a connection's last session, or begin a new one where its bindings changed."""
        last = sessions_of(self._sandbox).last(connection)
        if last is None:
            return
        is_new = not only and connection in self._aged and not self._is_renewing(last)
        wish = Wish(connection=connection, level=last.header.target, only=only, is_new=is_new)
        try:
            with contextlib.ExitStack() as stack:
                sandbox = wiring.build(self._sandbox, clock=self._hub.clock)
                stack.callback(sandbox.close)
                session, summary = run_session(stack, sandbox, self._hub, wish)
        except HubError as away:
            LOG.warning("run failed", extra={"connection": connection, "problem": str(away)})
            return
        came_to = {"connection": connection, "session": session.header.session, "standing": str(summary.standing)}
        LOG.info("run ended", extra=came_to)

    def _is_renewing(self, last: Session) -> bool:
        """Tell whether a session was begun since its connection's certificate was issued: it is gone on with."""
        row = self._hub.certification.latest().get(last.header.connection)
        return row is not None and last.header.started_at > row.issued_at


def _runs_by_itself(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether everything that a connection owes is run by itself."""
    return all(each["how"] == REPLAY or each["change"] == AGE for each in rows)
