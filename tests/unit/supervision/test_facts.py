"""What is counted of one case, by what is reported of it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from hub.supervision.catalogue import Catalogue
from hub.supervision.facts import facts_of
from hub.supervision.law import LAW, law_from
from tests.support.casework import CALENDAR, CATALOGUE, MATTER, UNLIMITED, a_fact, judged, ordinary
from tests.support.complaints import CENTRE, HANDLER, life, verdict

if TYPE_CHECKING:
    from hub.model.facts import CaseFacts
    from hub.supervision.caselog import Fact


def counted(*facts: Fact, **terms: Any) -> CaseFacts:
    found = facts_of(judged(*facts, **terms), CATALOGUE, CALENDAR)
    assert found is not None
    return found


def test_an_ordinary_case_is_counted_on_time_with_its_days_and_its_times() -> None:
    facts = counted(*ordinary())
    assert (facts.opened_on, facts.accepted_on, facts.decided_on) == tuple(date(2026, 3, day) for day in (2, 3, 10))
    assert (facts.closed_on, facts.delivered_on) == (date(2026, 3, 11), date(2026, 3, 12))
    assert facts.finished_on == date(2026, 3, 10), "the clock stops with the decision"
    assert (facts.used_workdays, facts.promised_workdays, facts.paused_workdays) == (5, 10, 0)
    assert (facts.promised_n, facts.promised_unit, facts.statutory_n) == (10, "working_day", 20)
    assert (facts.on_time, facts.early, facts.late, facts.open_late) == (True, True, False, False)
    assert (facts.matter_code, facts.power_type, facts.result) == (MATTER, "01", "granted")


def test_a_case_decided_on_its_last_day_is_on_time_and_not_early() -> None:
    facts = counted(
        a_fact("case.accepted", "2026-03-03T09:00:00+08:00"), a_fact("case.decided", "2026-03-17T23:00:00+08:00")
    )
    assert (facts.used_workdays, facts.on_time, facts.early) == (10, True, False)


def test_a_case_decided_after_its_promise_is_late_but_not_by_law() -> None:
    facts = counted(
        a_fact("case.accepted", "2026-03-03T09:00:00+08:00"), a_fact("case.decided", "2026-03-18T09:00:00+08:00")
    )
    assert (facts.on_time, facts.late, facts.late_by_law, facts.open_late) == (False, True, False, False)


def test_an_open_case_past_its_statutory_limit_is_late_by_law_and_open() -> None:
    facts = counted(a_fact("case.accepted", "2026-03-03T09:00:00+08:00"))
    assert (facts.on_time, facts.late, facts.late_by_law, facts.open_late) == (False, False, True, True)
    assert (facts.finished_on, facts.used_workdays) == (None, None)


def test_lawful_pauses_count_neither_as_used_nor_as_promised() -> None:
    pause = {"special": {"kind": "hearing", "notified_at": "2026-03-04T09:00:00+08:00", "basis": "art. 45"}}
    facts = counted(
        a_fact("case.accepted", "2026-03-03T09:00:00+08:00"),
        a_fact("special.started", "2026-03-04T09:00:00+08:00", **pause),
        a_fact("special.ended", "2026-03-11T09:00:00+08:00", special={"kind": "hearing"}),
        a_fact("case.decided", "2026-03-16T09:00:00+08:00"),
    )
    assert (facts.used_workdays, facts.paused_workdays, facts.promised_workdays) == (4, 5, 10)
    assert facts.special


def test_a_case_without_limits_finishes_when_it_closes_and_is_neither_on_time_nor_late() -> None:
    without = {"matter_code": UNLIMITED, "power_type": "10"}
    facts = counted(
        a_fact("case.accepted", "2026-03-03T09:00:00+08:00", case=without),
        a_fact("case.decided", "2026-03-04T09:00:00+08:00", case=without),
        a_fact("case.closed", "2026-03-05T09:00:00+08:00", case=without),
    )
    assert facts.finished_on == date(2026, 3, 5)
    assert (facts.used_workdays, facts.on_time, facts.early, facts.late) == (None, False, False, False)


def test_a_limit_that_the_catalogue_leaves_to_the_law_is_counted_as_the_city_states_the_law() -> None:
    own = {"kind": "penalty", "power_type": "02", "n": 45, "unit": "calendar_day"}
    law = (law_from({**own, "title": "某条例", "article": "1", "valid_from": "2020-01-01"}), *LAW)
    about = {"family": "punishment", "matter_code": UNLIMITED, "power_type": "02"}
    judgement = judged(a_fact("penalty.filed", "2026-03-03T09:00:00+08:00", case=about), law=law)
    assert [clock.row.due_at.date() for clock in judgement.clocks if clock.row.kind == "penalty"] == [date(2026, 4, 17)]
    facts = facts_of(judgement, CATALOGUE, CALENDAR, law)
    assert facts is not None
    assert (facts.statutory_n, facts.statutory_unit) == (45, "calendar_day")


def test_what_the_applicant_withdraws_in_time_is_neither_on_time_nor_late() -> None:
    facts = counted(
        a_fact("case.accepted", "2026-03-03T09:00:00+08:00"), a_fact("case.withdrawn", "2026-03-05T09:00:00+08:00")
    )
    assert (facts.state, facts.closed_on, facts.on_time, facts.late) == ("withdrawn", date(2026, 3, 5), False, False)


def test_what_is_due_in_an_unannounced_year_is_on_time_only_if_it_ended_before_that_year() -> None:
    accepted = a_fact("case.accepted", "2026-12-24T09:00:00+08:00")
    horizon = {"horizon": "2027-03-01T00:00:00"}
    before = counted(accepted, a_fact("case.decided", "2026-12-30T09:00:00+08:00"), **horizon)
    within = counted(accepted, a_fact("case.decided", "2027-01-05T09:00:00+08:00"), **horizon)
    assert (before.is_provisional, before.on_time) == (True, True)
    assert (within.is_provisional, within.on_time, within.late) == (True, False, False)


def test_a_case_entered_in_error_is_not_counted() -> None:
    voided = judged(*ordinary(), a_fact("case.voided", "2026-03-20T09:00:00+08:00"))
    assert facts_of(voided, CATALOGUE, CALENDAR) is None


def test_a_complaint_is_counted_by_its_own_clock_with_its_outcome_and_rating() -> None:
    about = {
        "family": "complaint",
        "matter_code": UNLIMITED,
        "power_type": "",
        "complaint": {"channel": "hotline", "kind": "complaint", "track": "hotline"},
    }
    said = {"outcome": "substantiated"}
    facts = counted(
        a_fact("complaint.registered", "2026-03-02T09:00:00+08:00", case=about),
        a_fact("complaint.dispatched", "2026-03-02T10:00:00+08:00", case=about),
        a_fact("complaint.replied", "2026-03-12T09:00:00+08:00", case=about, handling=said),
        a_fact("complaint.followed_up", "2026-03-13T09:00:00+08:00", case=about, handling={"satisfaction": "4"}),
        a_fact("complaint.reworked", "2026-03-13T10:00:00+08:00", case=about),
        offers=None,
    )
    assert (facts.late, facts.used_workdays, facts.channel) == (True, 8, "hotline")
    assert (facts.result, facts.rating, facts.reworked) == ("substantiated", 4, True)


def test_a_complaint_counts_to_whoever_handles_it_and_to_its_centre_while_nobody_does() -> None:
    for names, whose in (
        ("registered", CENTRE), ("registered dispatched", HANDLER), ("registered dispatched returned", CENTRE),
        ("registered dispatched replied closed", HANDLER),
    ):  # fmt: skip
        facts = facts_of(verdict(life(names)), Catalogue([]), CALENDAR)
        assert facts is not None
        assert facts.department_id == whose, names
