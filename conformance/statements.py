"""Statements and waivers: somebody answers for a test, or asks to go without it, and somebody else confirms that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from conformance.certificate.validity import months_after
from conformance.disputes import is_disputed
from conformance.model import Lifecycle, Result, Verdict, Waiver, Words
from conformance.verdicts import is_given, is_good, may_be_waived
from hub.errors import Fault, Misconfigured
from hub.supervision.persons import is_name, same_person

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from conformance.model import EvidenceItem
    from conformance.sessions import Session
    from conformance.suite import SuiteTest

WAIVED_MONTHS: Final = 6
"""For how long a waiver may be asked for: as long as a statement is believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A statement or a waiver that waits for a second person."""

    session: str
    connection: str
    department: str
    test: str
    what: str
    """statement or waiver."""
    by: str
    why: str
    until: str = ""


def pending(sessions: Iterable[Session]) -> Sequence[Pending]:
    """Return all that waits for a second person, session by session."""
    return [each for session in sessions for each in (*_statements(session), *_waivers(session))]


def _statements(session: Session) -> list[Pending]:
    held = (each for name in session.header.planned if (each := session.result(name)) is not None)
    return [
        _pending(session, each.test, "statement", each.attested_by, each.reason.en) for each in held if is_stated(each)
    ]


def _waivers(session: Session) -> list[Pending]:
    return [
        replace(_pending(session, each.test, "waiver", each.by, each.why), until=each.until.isoformat())
        for name in session.header.planned
        if (each := asked_for(session, name)) is not None
    ]


def _pending(session: Session, test: str, what: str, by: str, why: str) -> Pending:
    header = session.header
    return Pending(
        session=header.session,
        connection=header.connection,
        department=header.department,
        test=test,
        what=what,
        by=by,
        why=why,
    )


def is_stated(result: Result | None) -> bool:
    """Tell whether a result is a statement that nobody has confirmed yet."""
    return result is not None and result.lifecycle is Lifecycle.REVIEW and not result.disputed_by


def asked_for(session: Session, test: str) -> Waiver | None:
    """Return the waiver that is asked for a test and neither given nor refused; None where there is none."""
    own = [each for each in session.waivers if each.test == test]
    return own[-1] if own and not (is_given(own[-1]) or own[-1].refused_by) else None


def stated(session: Session, case: SuiteTest, *, by: str, evidence: EvidenceItem, now: datetime) -> Result:
    """Return the line by which somebody answers for a test; Misconfigured where no statement may stand for it."""
    before = session.result(case.id)
    if "ATTEST" not in case.modes:
        hint = f"it is shown by {', '.join(case.modes)}: sunlight conformance run --only {case.id}"
        raise _refused("attest", case.id, "no statement may stand for it", hint)
    if before is not None and (before.verdict in {Verdict.FAIL, Verdict.ERROR} or is_disputed(before)):
        hint = f"mend it and run it again, or `sunlight conformance dispute SESSION {case.id}`"
        said = before.verdict or "fail, and is disputed"
        raise _refused("attest", case.id, f"it was seen to {said}: no statement stands against that", hint)
    if is_good(before):
        raise _refused("attest", case.id, "it is shown already", "nothing is to be stated")
    _named("attest", case.id, by, "statement")
    return Result(
        test=case.id,
        attempt=before.attempt + 1 if before else 1,
        level=case.level,
        severity=case.severity,
        subject=case.subject,
        mode="ATTEST",
        lifecycle=Lifecycle.REVIEW,
        verdict=None,
        started_at=now,
        reason=Words(zh=f"{by}声明，待他人确认", en=f"stated by {by}, to be confirmed by somebody else"),
        evidence=(evidence,),
        attested_by=by,
    )


def waived(session: Session, case: SuiteTest, *, by: str, why: str, until: date, today: date) -> Waiver:
    """Return the line that asks to be certified without a test; Misconfigured where nobody may give leave for that."""
    if not may_be_waived(case.id, {case.id} if case.core else ()):
        problem = "a test of the core (★), of identity or of confidentiality is never waived"
        raise _refused("waive", case.id, problem, f"run it: sunlight conformance run --only {case.id}")
    last = months_after(today, WAIVED_MONTHS)
    if not today <= until <= last:
        problem, hint = f"it would hold until {until}", f"a day from {today} to {last}"
        raise _refused("waive", case.id, problem, hint)
    if session.result(case.id) is None:
        raise _refused("waive", case.id, "it never ran", f"sunlight conformance run --only {case.id}")
    _named("waive", case.id, by, why)
    return Waiver(test=case.id, by=by, why=why, until=until)


def answered(session: Session, test: str, *, by: str, why: str, agrees: bool, now: datetime) -> Result | Waiver:
    """Return the line by which a second person confirms, or refuses, what waits for one."""
    result, waiver = session.result(test), asked_for(session, test)
    if result is not None and is_stated(result):
        _other(test, by, why, result.attested_by)
        return _confirmed(result, by, why, now) if agrees else _turned_down(session, result, by, why, now)
    if waiver is not None:
        _other(test, by, why, waiver.by)
        return replace(waiver, confirmed_by=by) if agrees else replace(waiver, refused_by=by)
    raise _refused("confirm", test, "nothing waits for a second person", "see: sunlight conformance pending")


def _confirmed(stated_: Result, by: str, why: str, now: datetime) -> Result:
    said = Words(zh=f"{stated_.attested_by}声明，{by}确认", en=f"stated by {stated_.attested_by}, confirmed by {by}")
    return replace(
        stated_,
        attempt=stated_.attempt + 1,
        lifecycle=Lifecycle.DONE,
        verdict=Verdict.ATTESTED,
        ended_at=now,
        reason=said,
        decided_by=by,
        decided_because=why,
    )


def _turned_down(session: Session, stated_: Result, by: str, why: str, now: datetime) -> Result:
    """Put back what stood before a statement; where nothing did, the test is not shown."""
    own = [each for each in session.results if each.test == stated_.test and each.attempt < stated_.attempt]
    said = Words(zh=f"{by}未予确认：{why}", en=f"{by} did not confirm the statement: {why}")
    unshown = replace(
        stated_, lifecycle=Lifecycle.DONE, verdict=Verdict.SKIP, ended_at=now, reason=said, attested_by=""
    )
    before = max(own, key=lambda each: each.attempt, default=unshown)
    return replace(before, attempt=stated_.attempt + 1, decided_by=by, decided_because=why)


def _other(test: str, by: str, why: str, first: str) -> None:
    if same_person(by, first):
        raise _refused("confirm", test, f"{by} said it first", "let somebody else confirm it")
    _named("confirm", test, by, why)


def _named(what: str, test: str, by: str, why: str) -> None:
    if not is_name(by) or not why.strip():
        raise _refused(what, test, "it has a name and a reason", "say both: --by NAME --why TEXT")


def _refused(what: str, test: str, problem: str, hint: str) -> Misconfigured:
    return Misconfigured(Fault(code=f"conformance.{what}", problem=problem, file=test, hint=hint))
