"""How certification goes is told from sessions and certificates, and from nothing that nobody tried."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from conformance.coverage.progress import Tried, progress
from conformance.model import Verdict
from conformance.suite import load_suite
from tests.support.certifying import STARTED, a_certificate, a_header, a_result, passed, summed_up

SUITE = load_suite()


def a_session(connection: str, *results: Any, days: int = 0) -> Any:
    header = a_header(connection=connection, started_at=STARTED + timedelta(days=days))
    return summed_up(*(results or passed()), header=header)


def a_row(connection: str, days: int, *levels: str) -> Any:
    return a_certificate(connection_id=connection, levels=levels, issued_at=STARTED + timedelta(days=days))


def told(sessions: list[Any], *rows: Any, incidents: tuple[date, ...] = ()) -> dict[str, Any]:
    return progress(Tried(sessions=sessions, certificates=rows, suite=SUITE, incidents=incidents))


def test_the_days_to_a_level_count_from_the_first_session_to_the_first_certificate() -> None:
    sessions = [a_session("a"), a_session("a", days=5), a_session("b"), a_session("c", days=10)]
    rows = [a_row("a", 30, "C1", "C2"), a_row("a", 10, "C1"), a_row("b", 20, "C1"), a_row("c", 40, "C1"),
            a_row("unknown", 1, "C1")]  # fmt: skip
    assert told(sessions, *rows)["median_days"] == {"C1": 20.0, "C2": 30.0, "C3": None, "C4": None}


def test_what_fails_in_the_last_session_of_the_most_connections_is_named_first() -> None:
    enc, sch = (a_result(name, Verdict.FAIL) for name in ("ENC-01", "SCH-01"))
    sessions = [
        a_session("a", *passed(SCH_01=sch, ENC_01=enc)), a_session("a", *passed(SCH_01=sch), days=1),
        a_session("b", *passed(SCH_01=sch, ENC_01=enc)),
    ]  # fmt: skip
    found = [(each["requirement"], each["connections"]) for each in told(sessions)["failing"]]
    first, then = (set(SUITE.tests[name].verifies) for name in ("SCH-01", "ENC-01"))
    assert {name for name, n in found if n == 2} == first
    assert {name for name, n in found if n == 1} == then - first
    assert [n for _, n in found] == sorted((n for _, n in found), reverse=True)


def test_shares_are_of_the_musts_that_are_shown_and_unknown_where_none_is() -> None:
    results = passed(ENC_01=a_result("ENC-01", Verdict.ATTESTED), SCH_01=a_result("SCH-01", simulated=True))
    found = told([a_session("a", *results)], incidents=(date(2026, 3, 4),))
    assert (found["attested"], found["simulated"], found["hub_incident_days"]) == (0.25, 0.25, 1)
    nothing = told([])
    assert (nothing["attested"], nothing["simulated"], nothing["failing"]) == (None, None, [])


def test_the_requirements_that_nothing_tests_are_named() -> None:
    untested = told([])["untested"]
    assert "OUT.WITNESS" in untested
    assert all(SUITE.requirements[name].not_tested for name in untested)
