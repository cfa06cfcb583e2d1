"""Several departments and centres with one complaint: each has its own clock and alerts, and none another's say."""

from __future__ import annotations

import pytest

from hub.supervision.caselog import EMPTY, merge
from hub.supervision.catalogue import Catalogue
from hub.supervision.facts import facts_of
from hub.supervision.judge import judge
from hub.supervision.traces import traces_of
from tests.support.casework import CALENDAR
from tests.support.complaints import (
    ASSISTING,
    CENTRE,
    HANDLER,
    OTHER_CENTRE,
    STRANGER,
    TO_SIGNED,
    clock,
    life,
    told,
    verdict,
)

PERSON = "P7"
REACHING = {
    "dispatched": "registered",
    "redispatched": "registered dispatched returned",
    "arbitrated": "registered dispatched returned",
    "assist_asked": "registered dispatched",
}
"""Where each way of sending is lawful: of a report all the sending before went to the body."""


def found(rule: str, judged: object) -> list[tuple[str, str]]:
    """Return level and department of what a rule finds."""
    return sorted((each.level, each.department_id) for each in judged.findings if each.rule_id == rule)  # type: ignore[attr-defined]


def test_each_department_is_told_of_its_own_limit() -> None:
    asked = told("assist_asked", 3, limit={"n": 2, "unit": "working_day"})
    judged = verdict(
        [*life("registered accepted dispatched"), asked, told("signed", 4, HANDLER)], "2026-03-05T01:00:00"
    )
    assert str(clock(judged, "complaint_assist").due.day) == "2026-03-04"
    assert found("R62", judged) == [("yellow", ASSISTING)]
    both = verdict([*life("registered accepted dispatched"), asked, told("signed", 4, HANDLER)], "2026-03-10T01:00:00")
    assert found("R62", both) == [("yellow", HANDLER), ("yellow", ASSISTING)]


def test_the_answer_of_whoever_assists_stops_its_own_clock_alone() -> None:
    facts = life(TO_SIGNED)
    other = told("assist_asked", 5, department_id=STRANGER)
    judged = verdict([*facts, other, told("assisted", 6, STRANGER)])
    states = {each.start.detail["handling"]["department_id"]: each.stop for each in judged.clocks
              if each.row.kind == "complaint_assist"}  # fmt: skip
    assert states[STRANGER] is not None
    assert states[ASSISTING] is None
    assert clock(judged, "complaint").stop is None


def test_what_the_lead_has_answered_nobody_needs_assist_with() -> None:
    judged = verdict([*life(TO_SIGNED), told("replied", 9, HANDLER)], "2026-04-01T09:00:00")
    assert clock(judged, "complaint_assist").row.state == "void"


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ("2026-03-03T20:00:00", []),
        ("2026-03-04T00:00:01", [("notice", HANDLER)]),
        ("2026-03-05T00:00:01", [("notice", HANDLER), ("yellow", HANDLER)]),
    ],
)
def test_silence_is_noticed_after_a_working_day_and_is_graver_after_two(now: str, said: list[tuple[str, str]]) -> None:
    assert found("R60", verdict(life("registered accepted dispatched"), now)) == said


def test_a_return_that_is_of_no_effect_does_not_break_the_silence() -> None:
    facts = [*life("registered accepted dispatched"), told("returned", 3, HANDLER, basis="")]
    assert found("R60", verdict(facts, "2026-03-05T09:00:00")) == [("notice", HANDLER), ("yellow", HANDLER)]


def test_the_centre_that_passed_a_complaint_on_has_no_more_say_and_the_other_has() -> None:
    facts = [*life("registered"), told("transferred", 1, department_id=OTHER_CENTRE)]
    old, new = (verdict([*facts, told("accepted", 2, who)]).case for who in (CENTRE, OTHER_CENTRE))
    assert (old.state, new.state) == ("registered", "accepted")
    assert [each.type for each in old.anomalies] == ["complaint.accepted"]
    assert new.attributes["department_id"] == OTHER_CENTRE


def test_a_complaint_is_passed_to_another_centre_not_to_the_one_that_has_it() -> None:
    assert verdict([*life("registered"), told("transferred", 1, centre_id="hotline")]).case.anomalies
    there = [*life("registered"), told("transferred", 1)]
    assert not verdict([*there, told("transferred", 2, centre_id="hotline")]).case.anomalies


def test_passing_a_complaint_on_gives_it_no_more_time_to_be_accepted() -> None:
    before = clock(verdict(life("registered")), "complaint_acceptance")
    after = clock(verdict([*life("registered"), told("transferred", 50)]), "complaint_acceptance")
    assert (after.row.due_at, after.stop) == (before.row.due_at, None)


def test_a_linked_duplicate_owes_nothing_and_is_not_counted() -> None:
    about = {"respondent_department": STRANGER}
    single, linked = (verdict(life(f"registered accepted{end}", **about)) for end in ("", " linked"))
    assert clock(verdict(life("registered accepted dispatched linked")), "complaint").row.state == "void"
    for judged, counts in ((single, True), (linked, False)):
        assert (facts_of(judged, Catalogue([]), CALENDAR) is not None) is counts
        assert any(each.kind == "complaint" for each in traces_of(judged.case, CALENDAR)) is counts


def test_a_linked_duplicate_says_of_which_complaint_it_is_one() -> None:
    (trace,) = traces_of(verdict(life("registered linked")).case, CALENDAR)
    assert (trace.kind, trace.document["about"], trace.document["number"]) == (
        "reference",
        "complaint.linked",
        "2026-0009",
    )


def test_a_report_is_not_passed_to_a_centre_of_the_unit_it_is_about() -> None:
    about = {"kind": "report", "track": "report", "respondent_department": OTHER_CENTRE}
    passed = told("transferred", 1, complaint=about, department_id=OTHER_CENTRE)
    judged = verdict([told("registered", 0, complaint=about), passed])
    assert judged.case.holding is not None
    assert judged.case.holding.roles(OTHER_CENTRE) == frozenset()
    assert found("R66", judged) != []


def test_a_complaint_is_no_duplicate_of_itself_or_of_nothing() -> None:
    for number in ("", "2026-0001"):
        linked = told("linked", 1, refers_to=number)
        assert verdict([*life("registered"), linked]).case.state == "registered"


@pytest.mark.parametrize("move", ["signed", "started", "replied"])
def test_the_person_complained_of_does_not_handle_it(move: str) -> None:
    facts = [
        *life("registered accepted dispatched", respondent_person=PERSON),
        told(move, 5, HANDLER, staff_code=PERSON),
    ]
    judged = verdict(facts)
    assert (judged.case.state, found("R66", judged)) == ("dispatched", [("red", "")])


def test_a_report_does_not_come_to_the_unit_it_is_about_by_any_way() -> None:
    about = {"kind": "report", "track": "report", "respondent_department": HANDLER}
    for names in ("registered accepted dispatched", "registered accepted dispatched assist_asked"):
        facts = life(names, **about)
        facts[2] = told("dispatched", 2, complaint=about, department_id=STRANGER if "assist" in names else HANDLER)
        if "assist" in names:
            facts[3] = told("assist_asked", 3, complaint=about, department_id=HANDLER)
        judged = verdict([*facts, told("signed", 9, HANDLER)])
        assert ("red", "") in found("R66", judged)
        assert not judged.case.holding.roles(HANDLER)  # type: ignore[union-attr]
        assert judged.case.state != "signed_for"


def test_what_was_given_back_is_its_centre_s_to_answer_for_until_it_is_sent_on() -> None:
    facts, late = life("registered accepted dispatched returned"), "2026-03-12T09:00:00"
    assert [(each.rule_id, each.department_id or CENTRE) for each in verdict(facts, late).findings] == [("R62", CENTRE)]
    sent_on = [*facts, told("redispatched", 5, department_id=STRANGER), told("signed", 6, STRANGER)]
    assert [(each.rule_id, each.department_id) for each in verdict(sent_on, late).findings] == [("R62", STRANGER)]


def test_the_complainant_speaks_through_the_centre_that_took_it_in_wherever_it_was_passed_on() -> None:
    passed = [*life("registered"), told("transferred", 1, department_id=OTHER_CENTRE)]
    assert verdict([*passed, told("withdrawn", 2)]).case.state == "withdrawn"
    assert verdict([*passed, told("withdrawn", 2, STRANGER)]).case.state == "registered"
    assert verdict([*passed, told("accepted", 2)]).case.state == "registered", "all else is for the other centre"


def test_what_one_centre_designated_binds_no_department_of_the_next() -> None:
    facts = life("registered accepted dispatched returned arbitrated")
    facts.append(told("transferred", 6, department_id=OTHER_CENTRE))
    judged = verdict([*facts, told("dispatched", 7, OTHER_CENTRE, department_id=STRANGER)])
    assert judged.case.holding is not None
    assert (judged.case.holding.handler, judged.case.holding.designated) == (STRANGER, False)
    assert judged.case.holding.returns == 1, "passing it on gives no return back"


def test_a_case_found_true_is_named_unless_it_tells_who_complains() -> None:
    known = verdict(life("registered dispatched replied", related_case_no="ZJ-1")).findings
    hidden = verdict(life("registered dispatched replied", related_case_no="ZJ-1", confidential=True)).findings
    assert [each.rule_id for each in (*known, *hidden)] == ["R67", "R67"]
    assert ("ZJ-1" in str(known), "ZJ-1" in str(hidden)) == (True, False)


def test_a_report_goes_to_bodies_that_take_reports_and_into_no_ordinary_dispatch() -> None:
    """Petition Regulation 2022, art. 30: whoever is told of it is chosen by duty, not by whose matter it is."""
    about = {"kind": "report", "track": "report", "respondent_department": STRANGER}
    bodies = Catalogue([{"department": {"department_id": ASSISTING, "takes_reports": True}}])
    for name in ("dispatched", "redispatched", "arbitrated", "assist_asked"):
        before = enumerate(REACHING[name].split())
        facts = [told(each, hour, complaint=about, department_id=ASSISTING) for hour, each in before]
        for to, is_held in ((ASSISTING, False), (HANDLER, True)):
            sent = told(name, 9, complaint=about, department_id=to)
            judged = judge(merge(EMPTY, [*facts, sent]), catalogue=bodies, calendar=CALENDAR, horizon=None)
            assert (sent not in judged.case.timeline) is is_held, (name, to)
            found = [each for each in judged.findings if each.rule_id == "R66" and sent.event_id in each.occurrence]
            assert bool(found) is is_held, (name, to)
    plain = [*life("registered"), told("dispatched", 9)]
    assert judge(merge(EMPTY, plain), catalogue=bodies, calendar=CALENDAR, horizon=None).case.state == "dispatched"
