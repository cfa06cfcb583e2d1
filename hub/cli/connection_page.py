"""What the gateway shows of each connection's certification, and what people may do there; see gateway.reading."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from conformance.excerpt import excerpt, needles
from conformance.real import sessions_of, wishes_of
from conformance.standing import Known, line, page
from conformance.suite import load_suite
from conformance.wishes import Asked
from hub.cli import owing
from hub.cli.disputing import disputing
from hub.cli.opening import named, opened
from hub.errors import Fault, Misconfigured
from hub.sandbox import sandbox_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from conformance.sessions import Session
    from hub.model.certified import CertificateRow
    from hub.wiring import Hub


KNOWN_FOR: Final = timedelta(minutes=1)
"""For how long what connections owe is taken as known."""


class ConnectionPages:
    """Tells where connections stand. State is the hub, and what is known already: sessions beside it, what is owed."""

    def __init__(self, hub: Hub) -> None:
        """Tell of `hub`."""
        self._hub, self._sandbox = hub, sandbox_of(hub.settings)
        self._sessions = sessions_of(self._sandbox)
        self._owed: tuple[datetime | None, Sequence[Mapping[str, Any]]] = (None, ())

    def all(self) -> Sequence[Mapping[str, Any]]:
        """Return a line for every connection that is registered, tested or certified."""
        certified, tested = self._hub.certification.latest(), self._sessions.latest()
        names = sorted({*self._hub.store.connections(), *certified, *tested})
        criteria = self._hub.certification.criteria()
        return [line(self._known(name, tested.get(name), certified.get(name), criteria)) for name in names]

    def one(self, connection: str) -> Mapping[str, Any] | None:
        """Return everything about one connection; None where nothing is known of it."""
        session, row = self._sessions.last(connection), self._hub.certification.latest().get(connection)
        known = self._known(connection, session, row, self._hub.certification.criteria(connection))
        if session is None and known.certificate is None and connection not in self._hub.store.connections():
            return None
        return page(known)

    def _known(
        self,
        connection: str,
        session: Session | None,
        row: CertificateRow | None,
        criteria: Mapping[tuple[str, str], str],
    ) -> Known:
        hub, suite = self._hub, load_suite()
        calendar, now = hub.calendar(), hub.clock.now()
        today = calendar.day_of(now)
        return Known(
            connection=connection,
            department=row.department_id
            if row
            else session.header.department
            if session
            else self._department(connection),
            certificate=row,
            summary=session.summary(suite, today) if session else None,
            suite=suite,
            criteria={name: document for (of, name), document in criteria.items() if of == connection},
            owed=[each for each in self._owing() if each["connection"] == connection],
            asked=wishes_of(self._sandbox).of(connection),
            now=now.astimezone(hub.settings.zone),
            today=today,
            workdays=calendar.workdays_between,
        )

    def _department(self, connection: str) -> str:
        """Return the department that alone a registered connection speaks for; empty where it speaks for several."""
        registered = self._hub.store.connections().get(connection)
        return next(iter(registered.departments)) if registered and len(registered.departments) == 1 else ""

    def _owing(self) -> Sequence[Mapping[str, Any]]:
        """Return what connections owe, looked at anew once a minute: every mapping is read for it."""
        now = self._hub.clock.now()
        if self._owed[0] is None or not timedelta() <= now - self._owed[0] < KNOWN_FOR:
            self._owed = now, owing.owing(self._hub)
        return self._owed[1]

    def rerun(self, connection: str, test: str, *, by: str) -> None:
        """Let the role `conformance` run one test again."""
        self._session(connection, test)
        at = self._hub.clock.now().astimezone(self._hub.settings.zone).isoformat()
        wishes_of(self._sandbox).ask(Asked(connection=connection, test=test, by=by, at=at))

    def dispute(self, connection: str, test: str, *, by: str, why: str) -> None:
        """Put a verdict into the queue."""
        disputing(self._sandbox, self._hub).raise_(self._session(connection, test), test, by=by, why=why)

    def decide(self, connection: str, test: str, *, by: str, why: str, stands: bool) -> None:
        """Decide a dispute."""
        session = self._session(connection, test)
        disputing(self._sandbox, self._hub).decide(session, test, by=by, why=why, stands=stands)

    def bytes_of(self, connection: str, test: str, sha256: str, *, by: str) -> Mapping[str, Any]:
        """Return what stands in a piece of evidence around the place that a verdict is about."""
        session = self._session(connection, test)
        item, result = named(session, test, sha256), session.result(test)
        data = opened(self._hub, self._sandbox, session, item, test, by=by, why=f"{test} {item.name}")
        place = needles(result.pointer, result.got) if result else []
        shown = excerpt(data, place, _encoding(session))
        return {**asdict(shown), "test": test, "sha256": sha256, "name": item.name, "size_bytes": len(data)}

    def _session(self, connection: str, test: str) -> Session:
        session = self._sessions.last(connection)
        if session is None or test not in session.header.planned:
            raise _unknown(f"{test} is not a test of its last session", connection)
        return session


def _encoding(session: Session) -> str:
    return "gb18030" if "E-GB18030" in session.header.profiles else "utf-8"


def _unknown(problem: str, connection: str) -> Misconfigured:
    hint = f"sunlight conformance show {connection}"
    return Misconfigured(Fault(code="conformance.test", problem=problem, file=connection, hint=hint))
