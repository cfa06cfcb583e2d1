from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.supervision.calendar import WorkCalendar
from hub.supervision.catalogue import Catalogue
from hub.supervision.judge import judge
from tests.support.casework import (
    CALENDAR,
    CATALOGUE,
    DEPARTMENT,
    MATTER,
    a_fact,
    a_log,
    at,
    judged,
    ordinary,
    states,
)

if TYPE_CHECKING:
    from hub.supervision.caselog import Fact
    from hub.supervision.clocks import Clock

MONDAY = "2026-03-02T09:00:00+08:00"
"""A Monday with no holiday for weeks before and after."""


def received(when: str = MONDAY, **fields: Any) -> Fact:
    return a_fact("case.received", when, **fields)


def accepted(when: str = MONDAY, **fields: Any) -> Fact:
    return a_fact("case.accepted", when, **fields)


def clock(kind: str, *facts: Fact, horizon: str | None = "2026-03-03T00:00:00") -> Clock:
    return next(each for each in judged(*facts, horizon=horizon).clocks if each.row.kind == kind)


def due(kind: str, *facts: Fact) -> datetime:
    return clock(kind, *facts).row.due_at


def state(kind: str, *facts: Fact, horizon: str | None = "2026-03-03T00:00:00") -> str:
    return clock(kind, *facts, horizon=horizon).row.state


def test_each_kind_is_due_at_the_end_of_its_last_working_day() -> None:
    facts = [received(), accepted()]
    assert due("acceptance", *facts) == at("2026-03-10T00:00:00")
    assert due("promised", *facts) == at("2026-03-17T00:00:00")
    assert due("statutory", *facts) == at("2026-03-31T00:00:00")
    assert due("delivery", *ordinary()) == at("2026-03-25T00:00:00")


def test_what_is_done_on_the_last_day_is_in_time_and_at_its_midnight_too_late() -> None:
    assert state("promised", accepted(), a_fact("case.decided", "2026-03-16T23:59:59+08:00")) == "met"
    assert state("promised", accepted(), a_fact("case.decided", "2026-03-16")) == "met"
    assert state("promised", accepted(), a_fact("case.decided", "2026-03-17")) == "breached"


def test_a_reported_due_moment_is_due_at_that_instant() -> None:
    start = accepted(promised_due_at="2026-03-10T10:00:00+08:00")
    assert state("promised", start, a_fact("case.decided", "2026-03-10T10:00:00+08:00")) == "met"
    assert state("promised", start, a_fact("case.decided", "2026-03-10T10:00:01+08:00")) == "breached"


def test_a_reported_due_day_lasts_to_its_end() -> None:
    assert due("promised", accepted(promised_due_at="2026-03-10")) == at("2026-03-11T00:00:00")


@pytest.mark.parametrize(("reported", "expected"), [("2026-03-10", "2026-03-11"), ("2026-04-10", "2026-03-17")])
def test_the_earlier_of_reported_and_counted_governs_and_they_are_known_to_disagree(
    reported: str, expected: str
) -> None:
    judgement = judged(accepted(promised_due_at=reported), horizon="2026-03-03T00:00:00")
    row = next(each.row for each in judgement.clocks if each.row.kind == "promised")
    assert row.due_at == at(f"{expected}T00:00:00")
    assert judgement.disagreements == [row.clock_id]
    assert any("disagree" in sentence for sentence in row.derivation)


def test_the_same_day_reported_and_counted_is_no_disagreement() -> None:
    assert not judged(accepted(promised_due_at="2026-03-16T15:00:00+08:00")).disagreements


def test_where_there_is_no_limit_there_is_no_clock() -> None:
    nothing = {"matter_code": "unknown", "power_type": "10"}
    judgement = judge(
        a_log(received(case=nothing), accepted(case=nothing)), catalogue=CATALOGUE, calendar=CALENDAR, horizon=None
    )
    assert list(judgement.clocks) == []


def test_the_law_sets_acceptance_and_delivery_for_licences_alone_and_not_before_it_was_in_force() -> None:
    assert set(states(judged(received(case={"matter_code": "unknown"})))) == {"acceptance"}
    assert not states(judged(received("2004-06-30", case={"matter_code": "unknown"})))
    assert not states(judged(received(case={"matter_code": "unknown", "power_type": "07"})))


def test_the_catalogue_version_of_the_day_the_clock_starts_governs() -> None:
    matter = {"matter_code": MATTER, "name": "x", "power_type": "10"}
    old = matter | {"version": "1", "valid_from": "2020-01-01", "valid_to": "2026-03-02"}
    new = matter | {"version": "2", "valid_from": "2026-03-02"}
    versions = [old | {"promised_limit": {"n": 9, "unit": "working_day"}}]
    versions += [new | {"promised_limit": {"n": 3, "unit": "working_day"}}]
    department = {"department_id": DEPARTMENT, "name": "x", "region_code": "321200"}
    catalogue = Catalogue([{"department": department, "matters": versions}])
    clocks = judge(a_log(accepted()), catalogue=catalogue, calendar=CALENDAR, horizon=None).clocks
    assert [each.row.due_at for each in clocks] == [at("2026-03-06T00:00:00")]


def test_a_departments_own_entry_goes_before_anothers_of_the_same_code() -> None:
    limits = {DEPARTMENT: ("2020-01-01", 3), "1132120001400001XL": ("2021-01-01", 9)}
    documents = [
        {
            "department": {"department_id": name, "name": "x", "region_code": "321200"},
            "matters": [
                {"matter_code": MATTER, "version": "1", "name": "x", "power_type": "10", "valid_from": since}
                | {"promised_limit": {"n": n, "unit": "working_day"}}
            ],
        }
        for name, (since, n) in limits.items()
    ]
    clocks = judge(a_log(accepted()), catalogue=Catalogue(documents), calendar=CALENDAR, horizon=None).clocks
    assert [each.row.due_at for each in clocks] == [at("2026-03-06T00:00:00")]


def test_calendar_days_ending_on_a_holiday_run_to_the_next_working_day() -> None:
    matter = {"matter_code": MATTER, "version": "1", "name": "x", "power_type": "10", "valid_from": "2020-01-01"}
    matter["promised_limit"] = {"n": 5, "unit": "calendar_day"}  # type: ignore[assignment]
    department = {"department_id": DEPARTMENT, "name": "x", "region_code": "321200"}
    catalogue = Catalogue([{"department": department, "matters": [matter]}])
    clocks = judge(a_log(accepted()), catalogue=catalogue, calendar=CALENDAR, horizon=None).clocks
    assert [each.row.due_at for each in clocks] == [at("2026-03-10T00:00:00")]


@pytest.mark.parametrize("answer", ["case.accepted", "case.not_accepted", "case.supplement_requested", "case.closed"])
def test_any_answer_meets_the_acceptance_clock(answer: str) -> None:
    assert state("acceptance", received(), a_fact(answer, "2026-03-09")) == "met"
    assert state("acceptance", received(), a_fact(answer, "2026-03-10")) == "breached"


def test_a_supplement_starts_acceptance_again_as_another_clock() -> None:
    facts = [
        received(),
        a_fact("case.supplement_requested", "2026-03-04"),
        a_fact("case.supplement_received", "2026-03-11"),
    ]
    clocks = [each.row for each in judged(*facts, horizon="2026-03-12T00:00:00").clocks]
    assert [row.state for row in clocks] == ["met", "running"]
    assert clocks[1].due_at == at("2026-03-19T00:00:00")
    assert clocks[0].clock_id != clocks[1].clock_id


def test_closing_meets_the_promise_where_no_decision_is_reported() -> None:
    assert state("promised", accepted(), a_fact("case.closed", "2026-03-10")) == "met"
    late_decision = a_fact("case.decided", "2026-03-17")
    assert state("promised", accepted(), late_decision, a_fact("case.closed", "2026-03-10")) == "breached"


@pytest.mark.parametrize("end", ["case.withdrawn", "case.terminated"])
def test_giving_up_voids_what_still_runs_but_never_an_overrun(end: str) -> None:
    given_up = states(judged(received(), accepted(), a_fact(end, "2026-03-10")))
    assert given_up == {"acceptance": "met", "promised": "void", "statutory": "void"}
    assert state("promised", accepted(), a_fact(end, "2026-03-20")) == "breached"
    assert state("acceptance", received(), a_fact(end, "2026-03-05")) == "void"


def test_a_lawful_special_procedure_adds_the_working_days_it_took() -> None:
    special = {"kind": "hearing"}
    facts = [accepted(), a_fact("special.started", "2026-03-05", occurrence="1", special=special)]
    assert state("promised", *facts, horizon="2026-12-31T00:00:00") == "paused"
    ended = a_fact("special.ended", "2026-03-11", occurrence="1", special=special)
    assert due("promised", *facts, ended) == at("2026-03-21T00:00:00")
    assert due("statutory", *facts, ended) == at("2026-04-04T00:00:00")


def test_overlapping_procedures_give_no_day_twice() -> None:
    facts = [accepted()]
    for kind, start, end in [("hearing", "2026-03-05", "2026-03-11"), ("testing", "2026-03-09", "2026-03-12")]:
        facts += [a_fact("special.started", start, occurrence=kind, special={"kind": kind})]
        facts += [a_fact("special.ended", end, occurrence=kind, special={"kind": kind})]
    assert due("promised", *facts) == at("2026-03-24T00:00:00")


def test_a_procedure_outside_the_list_pauses_nothing_and_says_so() -> None:
    facts = [accepted(), a_fact("special.started", "2026-03-05", occurrence="1", special={"kind": "other"})]
    row = clock("promised", *facts, horizon="2026-12-31T00:00:00").row
    assert (row.state, row.due_at) == ("breached", at("2026-03-17T00:00:00"))
    assert any("art. 45" in sentence for sentence in row.derivation)


def test_a_pause_that_begins_after_the_limit_saves_nothing() -> None:
    late = a_fact("special.started", "2026-03-18", occurrence="1", special={"kind": "hearing"})
    assert state("promised", accepted(), late, horizon="2026-03-19T00:00:00") == "breached"


def test_a_pause_counts_only_while_the_clock_runs() -> None:
    hearing = {"special": {"kind": "hearing"}, "occurrence": "1"}
    before = [a_fact("special.started", "2026-02-26", **hearing), a_fact("special.ended", "2026-03-04", **hearing)]
    assert due("promised", accepted(), *before) == at("2026-03-19T00:00:00")
    open_at_the_end = [a_fact("special.started", "2026-03-05", **hearing), a_fact("case.decided", "2026-03-20")]
    assert state("promised", accepted(), *open_at_the_end) == "met"


def test_what_happens_after_the_decision_moves_its_deadline_no_more() -> None:
    decided = a_fact("case.decided", "2026-03-10")
    extended = a_fact("case.extended", "2026-03-11", occurrence="1", extension={"n": 5, "unit": "working_day"})
    assert due("promised", accepted(), decided, extended) == at("2026-03-17T00:00:00")


def test_an_extension_in_time_adds_its_days_and_one_too_late_adds_none() -> None:
    extension = {"n": 10, "unit": "working_day"}
    in_time = a_fact("case.extended", "2026-03-16", occurrence="1", extension=extension)
    too_late = a_fact("case.extended", "2026-03-17", occurrence="1", extension=extension)
    assert clock("promised", accepted(), in_time).extensions == 1
    assert due("promised", accepted(), in_time) == at("2026-03-31T00:00:00")
    assert due("promised", accepted(), too_late) == at("2026-03-17T00:00:00")


def test_delivery_is_owed_only_for_what_was_granted() -> None:
    assert "delivery" not in states(judged(accepted(), a_fact("case.decided", "2026-03-10", result={"code": "denied"})))
    granted = a_fact("case.decided", "2026-03-10", result={"code": "granted"})
    assert states(judged(accepted(), granted))["delivery"] == "breached"


def test_reopening_gives_back_the_time_the_case_was_closed() -> None:
    facts = [accepted(), a_fact("case.closed", "2026-03-10"), a_fact("case.reopened", "2026-03-12", occurrence="1")]
    row = clock("promised", *facts).row
    assert (row.state, row.due_at) == ("running", at("2026-03-19T00:00:00"))


def test_reopening_never_undoes_an_overrun() -> None:
    facts = [accepted(), a_fact("case.closed", "2026-03-20"), a_fact("case.reopened", "2026-03-23", occurrence="1")]
    assert state("promised", *facts, horizon=None) == "breached"


def test_a_provisional_deadline_is_never_breached() -> None:
    start = accepted("2026-12-25")
    row = clock("statutory", start, horizon="2030-01-01T00:00:00").row
    assert (row.state, row.provisional) == ("running", True)
    assert state("statutory", start, a_fact("case.decided", "2029-01-01"), horizon="2030-01-01T00:00:00") == "met"


def test_a_loaded_notice_makes_the_deadline_firm() -> None:
    calendar = WorkCalendar(announced=[2027])
    judgement = judge(
        a_log(accepted("2026-12-25")), catalogue=CATALOGUE, calendar=calendar, horizon=at("2030-01-01T00:00:00")
    )
    assert states(judgement)["statutory"] == "breached"


def test_a_firm_reported_due_moment_governs_a_provisional_counted_one() -> None:
    start = accepted("2026-12-25", promised_due_at="2027-06-01")
    row = clock("promised", start, horizon="2027-07-01T00:00:00").row
    assert (row.state, row.provisional, row.due_at) == ("breached", False, at("2027-06-02T00:00:00"))


def test_without_a_horizon_only_evidence_breaches() -> None:
    assert state("promised", accepted(), horizon=None) == "running"
    assert state("promised", accepted(), a_fact("case.decided", "2026-03-20"), horizon=None) == "breached"


def test_a_running_clock_is_breached_once_the_horizon_is_past_its_due_moment_and_not_at_it() -> None:
    assert state("promised", accepted(), horizon="2026-03-17T00:00:00") == "running"
    assert state("promised", accepted(), horizon="2026-03-17T00:00:01") == "breached"


@pytest.mark.parametrize(
    ("kind", "warned"),
    [("acceptance", "2026-03-06"), ("promised", "2026-03-12"), ("statutory", None), ("delivery", None)],
)
def test_the_warning_comes_when_the_last_days_of_the_limit_begin(kind: str, warned: str | None) -> None:
    facts = [received(), accepted(), a_fact("case.decided", "2026-03-10", result={"code": "granted"})]
    expected = None if warned is None else at(f"{warned}T00:00:00")
    assert clock(kind, *facts).row.warn_at == expected


def test_a_reported_promise_warns_by_the_working_days_it_spans() -> None:
    start = accepted(promised_due_at="2026-03-30T12:00:00+08:00", case={"matter_code": "unknown"})
    assert clock("promised", start).row.warn_at == at("2026-03-24T00:00:00")


def test_a_promise_due_on_a_sunday_warns_by_the_working_days_before_it() -> None:
    start = accepted(promised_due_at="2026-03-08T12:00:00+08:00", case={"matter_code": "unknown"})
    assert clock("promised", start).row.warn_at == at("2026-03-05T00:00:00")


def test_a_moment_that_the_horizon_has_only_just_reached_is_still_ahead() -> None:
    start = accepted(case={"matter_code": "unknown"}, promised_due_at="2026-03-10T12:00:00+08:00")
    assert judged(start, horizon="2026-03-10T12:00:00").wake_at == at("2026-03-10T12:00:00")


def test_time_next_changes_something_at_the_warning_then_at_the_due_moment_then_never() -> None:
    facts = [accepted(case={"matter_code": "unknown"}, promised_due_at="2026-03-10T12:00:00+08:00")]
    assert judged(*facts, horizon="2026-03-03T00:00:00").wake_at == at("2026-03-09T00:00:00")
    assert judged(*facts, horizon="2026-03-09T00:00:01").wake_at == at("2026-03-10T12:00:00")
    assert judged(*facts, horizon="2026-03-10T12:00:01").wake_at is None


def test_a_case_without_a_horizon_asks_to_be_judged_as_soon_as_there_is_one() -> None:
    assert judged(*ordinary(), horizon=None).wake_at == at("2026-03-02T09:00:00")


def test_an_answer_dated_before_the_receipt_still_meets_acceptance() -> None:
    assert state("acceptance", received("2026-03-05"), a_fact("case.accepted", "2026-03-04")) == "met"


def test_every_due_moment_is_explained() -> None:
    for each in judged(*ordinary()).clocks:
        assert each.row.derivation[0].startswith("Starts with")
        assert any("due 2026-03-" in sentence for sentence in each.row.derivation)


def test_events_at_the_edge_of_time_are_judged_not_raised() -> None:
    facts = [received("9999-12-31T23:59:59+08:00"), accepted("0001-01-01T00:00:00+08:00")]
    assert states(judged(*facts)) == {"acceptance": "met"}
    assert states(judged(accepted("9999-12-31T23:59:59+08:00"))) == {"promised": "running", "statutory": "running"}


@given(st.lists(st.integers(0, 400), min_size=2, max_size=2))
def test_a_later_horizon_never_unbreaches(days: list[int]) -> None:
    early, late = (at("2026-03-01T00:00:00") + timedelta(days=n) for n in sorted(days))
    for count in range(1, 7):
        log = a_log(*ordinary()[:count])
        before, after = (
            {
                each.row.clock_id
                for each in judge(log, catalogue=CATALOGUE, calendar=CALENDAR, horizon=horizon).clocks
                if each.row.state == "breached"
            }
            for horizon in (early, late)
        )
        assert before <= after


@pytest.mark.parametrize(("offers", "runs"), [(("case.fed_back",), True), (("case.published",), False), ((), False)])
def test_the_clock_of_an_answer_online_runs_only_where_answers_are_reported(
    offers: tuple[str, ...],
    runs: bool,  # noqa: FBT001
) -> None:
    facts = [accepted(case={"channel": "online"}), a_fact("case.decided", MONDAY)]
    found = judge(a_log(*facts), catalogue=CATALOGUE, calendar=CALENDAR, horizon=at("2026-03-20T00:00:00"),
                  offers=frozenset(offers))  # fmt: skip
    assert ("feedback" in {each.row.kind for each in found.clocks}) is runs
