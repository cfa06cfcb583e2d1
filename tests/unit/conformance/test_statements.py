"""A statement or a waiver holds only where it may stand at all, and once somebody else has confirmed it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from conformance.model import EvidenceItem, Lifecycle, Result, Verdict, Waiver
from conformance.sessions import Session
from conformance.statements import answered, pending, stated, waived
from conformance.suite import load_suite
from hub.errors import Misconfigured
from tests.support.certifying import STARTED, a_header, a_result

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CASES = load_suite().tests
OFFERS, OFFERS_NOT = CASES["GOV-01"], CASES["ENC-01"]
PLAIN = next(
    case for case in CASES.values() if not case.core and case.group not in {"CNF", "IDA"} and not case.not_tested
)
ITEM = EvidenceItem(code="ATT", sha256="a" * 64, name="s.pdf", media_type="application/pdf", size_bytes=1)
TODAY = date(2026, 3, 2)
LATER = STARTED + timedelta(hours=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def a_session(folder: Path, *results: Result, waivers: Sequence[Waiver] = ()) -> Session:
    planned = (OFFERS.id, OFFERS_NOT.id, PLAIN.id, "CNF-01")
    header = a_header(planned=planned)
    return Session(folder=folder, header=header, results=results, waivers=waivers, footer=None, raw=b"")


def skipped(test: str = OFFERS.id, **fields: Any) -> Result:
    return a_result(test, Verdict.SKIP, **fields)


def statement(session: Session, by: str = "李强") -> Result:
    return stated(session, OFFERS, by=by, evidence=ITEM, now=STARTED)


def test_a_statement_counts_once_somebody_else_confirms_it(folder: Path) -> None:
    before = a_session(folder, skipped())
    line = statement(before)
    assert (line.lifecycle, line.verdict, line.attempt) == (Lifecycle.REVIEW, None, 2)
    waiting = replace(before, results=[*before.results, line])
    assert [(each.test, each.what, each.by) for each in pending([waiting])] == [(OFFERS.id, "statement", "李强")]
    for by in ("李强", " 李强 ", "", "李强 (b2)", "李\u200b强", "\u200b"):
        with pytest.raises(Misconfigured, match=r"conformance\.confirm"):
            answered(waiting, OFFERS.id, by=by, why="属实", agrees=True, now=LATER)
    said = answered(waiting, OFFERS.id, by="赵六", why="属实", agrees=True, now=LATER)
    assert isinstance(said, Result)
    assert (said.verdict, said.attested_by, said.decided_by, said.attempt) == (Verdict.ATTESTED, "李强", "赵六", 3)
    assert said.evidence == (ITEM,)
    done = replace(waiting, results=[*waiting.results, said])
    assert pending([done]) == []
    with pytest.raises(Misconfigured, match="nothing waits"):
        answered(done, OFFERS.id, by="赵六", why="属实", agrees=True, now=LATER)


def test_a_statement_that_is_turned_down_leaves_what_stood_before(folder: Path) -> None:
    for results in ([skipped(reason=a_result("x").reason)], []):
        before = a_session(folder, *results)
        waiting = replace(before, results=[*before.results, statement(before)])
        said = answered(waiting, OFFERS.id, by="赵六", why="无凭据", agrees=False, now=LATER)
        assert isinstance(said, Result)
        assert (said.verdict, said.attested_by, said.decided_by) == (Verdict.SKIP, "", "赵六")


@pytest.mark.parametrize(
    "held",
    [
        skipped(OFFERS_NOT.id),
        a_result(OFFERS.id, Verdict.FAIL),
        a_result(OFFERS.id, Verdict.ERROR),
        a_result(OFFERS.id, Verdict.PASS),
        a_result(OFFERS.id, None, lifecycle=Lifecycle.REVIEW, disputed_by="王芳"),
    ],
    ids=["no mode ATTEST", "failed", "broke", "passed", "disputed"],
)
def test_no_statement_stands_where_none_may(folder: Path, held: Result) -> None:
    with pytest.raises(Misconfigured, match=r"conformance\.attest"):
        stated(a_session(folder, held), CASES[held.test], by="李强", evidence=ITEM, now=STARTED)


def test_a_waiver_is_given_by_two_people_or_not_at_all(folder: Path) -> None:
    session = a_session(folder, skipped(PLAIN.id))
    line = waived(session, PLAIN, by="张伟", why="改造中", until=date(2026, 9, 2), today=TODAY)
    waiting = replace(session, waivers=[line])
    assert [(each.what, each.until) for each in pending([waiting])] == [("waiver", "2026-09-02")]
    with pytest.raises(Misconfigured, match="said it first"):
        answered(waiting, PLAIN.id, by="张伟", why="同意", agrees=True, now=LATER)
    given = answered(waiting, PLAIN.id, by="赵六", why="同意", agrees=True, now=LATER)
    refused = answered(waiting, PLAIN.id, by="赵六", why="不同意", agrees=False, now=LATER)
    assert (given, refused) == (replace(line, confirmed_by="赵六"), replace(line, refused_by="赵六"))
    for each in (given, refused):
        assert isinstance(each, Waiver)
        assert pending([replace(waiting, waivers=[line, each])]) == []


@pytest.mark.parametrize(
    ("test", "until", "why"),
    [
        ("ENC-01", date(2026, 3, 31), "x"),
        ("CNF-04", date(2026, 3, 31), "x"),
        (PLAIN.id, date(2026, 3, 1), "x"),
        (PLAIN.id, date(2026, 9, 3), "x"),
        (PLAIN.id, date(2026, 3, 31), " "),
    ],
    ids=["core", "secrecy", "past", "more than half a year", "no reason"],
)
def test_no_leave_is_asked_for_what_nobody_may_give(folder: Path, test: str, until: date, why: str) -> None:
    session = a_session(folder, skipped(test))
    with pytest.raises(Misconfigured, match=r"conformance\.waive"):
        waived(session, CASES[test], by="张伟", why=why, until=until, today=TODAY)
