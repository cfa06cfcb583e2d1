"""Runs a session's tests: what is planned is executed, what waits is taken up again, and the record gets its footer."""

from __future__ import annotations

import hashlib
import logging
import traceback
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from conformance.finding import Finding
from conformance.hiding import without_secrets_in
from conformance.model import EvidenceItem, Footer, Header, Lifecycle, Result, Verdict, Words
from conformance.verdicts import NEVER_RUN, standing_of
from hub.errors import HubError
from hub.trace import traced

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import tzinfo

    from conformance.declaration import Declared
    from conformance.lab import Lab
    from conformance.model import Bindings, Level, Subject
    from conformance.sessions import Session, Sessions
    from conformance.suite import Suite, SuiteTest
    from hub.ports import Clock
    from hub.supervision.calendar import WorkCalendar

LOG: Final = logging.getLogger(__name__)

_OPEN: Final = frozenset({NEVER_RUN, Lifecycle.WAITING, Lifecycle.REVIEW})
_UNDECIDED: Final = frozenset({NEVER_RUN, Lifecycle.WAITING, Verdict.SKIP, Verdict.ERROR})
"""What going on with a session tries again: what was not shown, or broke in the harness, may be by now.

What is disputed waits for whoever decides it.
"""


def session_name(now: datetime) -> str:
    """Name a new session: short enough to be part of a case number."""
    return f"{now:%Y%m%d}-{uuid.uuid4().hex[:4]}"


def new_header(
    declared: Declared, suite: Suite, target: Level, *, bindings: Bindings, session: str, now: datetime
) -> Header:
    """Return the header of a new session: everything that is planned, and why the rest is not."""
    plan = suite.plan(declared, target)
    return Header(
        session=session,
        connection=declared.connection,
        department=declared.document["department"],
        system=declared.document["system"]["name"],
        environment="sandbox",
        target=target,
        signatures=declared.signatures,
        profiles=declared.profiles,
        flows=tuple(declared.document["flows"]),
        bindings=bindings,
        started_at=now,
        planned=tuple(case.id for case in plan.tests),
        omitted=plan.omitted,
        not_tested=plan.not_tested,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Runs tests of one session, and writes what comes of them into its record."""

    sessions: Sessions
    suite: Suite
    lab: Lab
    clock: Clock
    calendar: WorkCalendar

    def run(
        self,
        session: str,
        *,
        only: Collection[str] = (),
        told: Callable[[Result], None] = lambda _: None,
        goes_on: Callable[[], bool] = lambda: True,
    ) -> Session:
        """Run every planned test that shows nothing yet, or those of `only` again; end the record if none is open.

        After each test `goes_on` is asked; where it says no the rest is left for another call, which begins with what
        never ran.
        """
        current = self.sessions.get(session)
        for name in self._due(current, only):
            result = self._attempt(self.suite.tests[name], current.result(name))
            self.sessions.add(session, result)
            told(result)
            if not goes_on():
                break
        return ended(self.sessions, session, self.suite, self.clock.now(), self.calendar.zone)

    def _due(self, current: Session, only: Collection[str]) -> Sequence[str]:
        """Return what is to be run, what never ran first. A test that was retired since is not run any more."""
        planned = [name for name in current.header.planned if name in self.suite.tests]
        standings = {name: standing_of(current.result(name)) for name in planned}
        due = [name for name in planned if name in only or (not only and standings[name] in _UNDECIDED)]
        return sorted(due, key=lambda name: standings[name] != NEVER_RUN)

    def _attempt(self, case: SuiteTest, before: Result | None) -> Result:
        started = self.clock.now()
        lab = self.lab.for_test(case)
        finding = _in_words(self._found(case, lab), lab.secrets)
        until = self._deadline(case, before, started)
        if finding.verdict is None and self.clock.now() > until:
            finding = replace(finding, verdict=Verdict.SKIP, reason=_timed_out(finding.reason))
        return _result(case, finding, lab, before, started=started, ended=self.clock.now(), until=until)

    def _found(self, case: SuiteTest, lab: Lab) -> Finding:
        """Run a check. What it could not reach is not shown; what breaks in it is the harness's fault."""
        try:
            return case.function()(lab)
        except HubError as problem:
            return Finding(
                verdict=Verdict.SKIP,
                reason=Words(zh=f"无法演示：{problem}", en=f"it could not be shown: {problem}"),
            )
        except Exception as fault:  # noqa: BLE001 - a broken check is nobody's failure but the harness's
            LOG.error("check broken", extra={"test": case.id, "fault": traced(fault)})  # noqa: TRY400
            lab.keep("LOG", "fault.txt", traceback.format_exc().encode("utf-8", "backslashreplace"), "text/plain")
            return Finding(
                verdict=Verdict.ERROR,
                reason=Words(zh=f"测试工具故障：{traced(fault)}", en=f"the harness is broken: {traced(fault)}"),
                blames="hub",
            )

    def _deadline(self, case: SuiteTest, before: Result | None, started: datetime) -> datetime:
        """Return when a wait is over: so many working days after it began, at the end of that day."""
        if before is not None and before.lifecycle is Lifecycle.WAITING and before.until is not None:
            return before.until
        zone = self.calendar.zone
        day, _ = self.calendar.add_workdays(started.astimezone(zone).date(), max(1, case.wait_days))
        return datetime.combine(day + timedelta(days=1), time(), zone)


def is_left(session: Session, suite: Suite) -> bool:
    """Tell whether a session has a test that never ran, and can be."""
    own = (name for name in session.header.planned if name in suite.tests)
    return any(standing_of(session.result(name)) == NEVER_RUN for name in own)


def ended(sessions: Sessions, name: str, suite: Suite, now: datetime, zone: tzinfo) -> Session:
    """Give a session's record its footer, unless it has one, or something is open still."""
    session = sessions.get(name)
    is_open = any(standing_of(session.result(test)) in _OPEN for test in session.header.planned)
    if session.footer is not None or is_open:
        return session
    draft = Footer(
        ended_at=now,
        planned=len(session.header.planned),
        executed=sum(session.result(test) is not None for test in session.header.planned),
        standing="",
        is_certifiable=False,
        obstacles=(),
        lines_sha256=hashlib.sha256(session.raw).hexdigest(),
    )
    summary = replace(session, footer=draft).summary(suite, now.astimezone(zone).date())
    footer = replace(
        draft,
        standing=str(summary.standing),
        is_certifiable=summary.is_certifiable,
        obstacles=summary.obstacles,
    )
    sessions.add(name, footer)
    return sessions.get(name)


def _in_words(finding: Finding, secrets: Sequence[str]) -> Finding:
    """Return what was found in words that anybody may read: records and reports are not sealed, as evidence is."""

    def told(text: str) -> str:
        return without_secrets_in(text, secrets)

    def both(words: Words) -> Words:
        return Words(zh=told(words.zh), en=told(words.en))

    return replace(
        finding,
        reason=both(finding.reason),
        expected=told(finding.expected),
        got=told(finding.got),
        pointer=told(finding.pointer),
        fix=both(finding.fix),
    )


def _timed_out(reason: Words) -> Words:
    return Words(zh=f"等待期满：{reason.zh}", en=f"the wait is over: {reason.en}")


def _result(
    case: SuiteTest,
    finding: Finding,
    lab: Lab,
    before: Result | None,
    *,
    started: datetime,
    ended: datetime,
    until: datetime,
) -> Result:
    is_waiting = finding.verdict is None
    return Result(
        test=case.id,
        attempt=before.attempt + 1 if before else 1,
        level=case.level,
        severity=case.severity,
        subject=case.subject,
        mode=lab.mode or case.modes[0],
        lifecycle=Lifecycle.WAITING if is_waiting else Lifecycle.DONE,
        verdict=finding.verdict,
        started_at=started,
        ended_at=None if is_waiting else ended,
        blames=_blamed(case.subject, finding),
        reason=finding.reason,
        expected=finding.expected,
        got=finding.got,
        pointer=finding.pointer,
        fix=finding.fix,
        evidence=_once(lab.kept),
        simulated=finding.simulated,
        until=until if is_waiting else None,
    )


def _blamed(subject: Subject, finding: Finding) -> Subject | None:
    if finding.verdict not in {Verdict.FAIL, Verdict.ERROR, Verdict.WARN}:
        return None
    return finding.blames or subject


def _once(items: Sequence[EvidenceItem]) -> Sequence[EvidenceItem]:
    return tuple(dict.fromkeys(items))
