"""Disputes of verdicts: somebody says why one is wrong, and somebody else decides whether it stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from conformance.model import Lifecycle, Verdict, Words
from hub.errors import Fault, Misconfigured
from hub.supervision.persons import is_name, same_person

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from conformance.model import Result
    from conformance.sessions import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """One verdict that waits for a decision."""

    session: str
    connection: str
    department: str
    test: str
    level: str
    verdict: str
    """The verdict that is disputed."""
    by: str
    why: str
    since: datetime


def queue(sessions: Iterable[Session]) -> Sequence[Dispute]:
    """Return every dispute that nobody has decided, the oldest first."""
    found = [
        Dispute(
            session=session.header.session,
            connection=session.header.connection,
            department=session.header.department,
            test=name,
            level=result.level,
            verdict=str(_before(session, result).verdict),
            by=result.disputed_by,
            why=result.disputed_because,
            since=result.started_at,
        )
        for session in sessions
        for name in session.header.planned
        if is_disputed(result := session.result(name)) and result is not None
    ]
    return sorted(found, key=lambda each: each.since)


def is_disputed(result: Result | None) -> bool:
    """Tell whether a result waits for a decision."""
    return result is not None and result.lifecycle is Lifecycle.REVIEW and bool(result.disputed_by)


def raised(session: Session, test: str, *, by: str, why: str, now: datetime) -> Result:
    """Return the line that puts a verdict into the queue; Misconfigured where there is none to be disputed."""
    before = session.result(test)
    if before is None or before.verdict not in {Verdict.FAIL, Verdict.WARN, Verdict.SKIP, Verdict.ERROR}:
        problem = f"{test} has come to nothing that could be disputed"
        raise _refused(session, problem, "see what it came to: sunlight conformance show")
    if not is_name(by) or not why.strip():
        raise _refused(session, "a dispute has a name and a reason", "say both: --by NAME --why TEXT")
    return replace(
        before,
        attempt=before.attempt + 1,
        lifecycle=Lifecycle.REVIEW,
        verdict=None,
        blames=None,
        started_at=now,
        ended_at=None,
        disputed_by=by,
        disputed_because=why,
    )


def decided(session: Session, test: str, *, by: str, why: str, stands: bool, now: datetime) -> Result:
    """Return the line that ends a dispute: the verdict stands as it was, or the reviewer's word stands for the test.

    Like any statement that one counts among those of which a level may have few, and lives half a year at most.
    """
    review = session.result(test)
    if review is None or not is_disputed(review):
        raise _refused(session, f"nobody disputes {test}", "see the queue: sunlight conformance disputes")
    if same_person(by, review.disputed_by):
        raise _refused(session, f"{by} raised it", "let somebody else decide it")
    if not is_name(by) or not why.strip():
        raise _refused(session, "a decision has a name and a reason", "say both: --by NAME --why TEXT")
    said: dict[str, Any] = {"attempt": review.attempt + 1, "ended_at": now, "decided_by": by, "decided_because": why}
    said |= {"disputed_by": review.disputed_by, "disputed_because": review.disputed_because}
    before = _before(session, review)
    if stands:
        return replace(before, **said)
    lifted = Words(zh=f"复核人{by}采纳异议：{why}", en=f"the reviewer {by} upheld the dispute: {why}")
    return replace(before, verdict=Verdict.ATTESTED, blames=None, attested_by=by, reason=lifted, started_at=now, **said)


def _before(session: Session, review: Result) -> Result:
    """Return the attempt that a dispute is about."""
    own = [each for each in session.results if each.test == review.test and each.attempt < review.attempt]
    return max(own, key=lambda each: each.attempt)


def _refused(session: Session, problem: str, hint: str) -> Misconfigured:
    return Misconfigured(Fault(code="conformance.dispute", problem=problem, file=session.header.session, hint=hint))
