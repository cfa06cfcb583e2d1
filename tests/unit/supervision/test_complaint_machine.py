# ruff: noqa: E501 - what is allowed is a table: one line a state and actor
"""What may be done with a complaint, by whom, in which state: written out by hand, and everything else is marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.supervision.caselog import EMPTY, merge
from hub.supervision.catalogue import Catalogue
from hub.supervision.families.complaint import COMPLAINT
from hub.supervision.judge import judge
from hub.supervision.lifecycle import POSITION
from hub.supervision.rules import RULES
from hub.supervision.rules.tuning import Override, Tuning, tuned
from tests.support.casework import CALENDAR, a_fact
from tests.support.complaints import ASSISTING, CENTRE, HANDLER, STRANGER, TO_SIGNED, clock, life, told, verdict

if TYPE_CHECKING:
    from hub.supervision.caselog import Fact
    from hub.supervision.judge import Judgement

ACTORS: Final = {"centre": CENTRE, "handler": HANDLER, "assisting": ASSISTING, "stranger": STRANGER}

STATES: Final = {
    "registered": "registered",
    "accepted": "registered accepted",
    "rejected": "registered not_accepted",
    "dispatched": "registered accepted dispatched assist_asked",
    "signed for": TO_SIGNED,
    "in progress": f"{TO_SIGNED} started",
    "extension asked": f"{TO_SIGNED} started extension_requested",
    "returned": "registered accepted dispatched assist_asked returned",
    "dispatched again": "registered accepted dispatched assist_asked returned redispatched",
    "arbitrated": "registered accepted dispatched assist_asked returned arbitrated",
    "designated": "registered accepted dispatched assist_asked returned arbitrated redispatched",
    "replied": f"{TO_SIGNED} replied",
    "followed up": f"{TO_SIGNED} replied followed_up",
    "sent back": f"{TO_SIGNED} replied followed_up reworked",
    "linked": "registered linked",
    "withdrawn": "registered withdrawn",
    "closed": f"{TO_SIGNED} replied followed_up closed",
}
"""How each state is come by; after its return a complaint is not to be returned again without arbitration."""

ENDS: Final = "linked withdrawn"
ALLOWED: Final = {
    ("registered", "centre"): f"accepted not_accepted transferred dispatched {ENDS}",
    ("accepted", "centre"): f"transferred dispatched {ENDS}",
    ("rejected", "centre"): "archived",
    ("dispatched", "centre"): f"assist_asked assisted returned signed started extension_requested extended replied {ENDS}",
    ("dispatched", "handler"): "returned signed started extension_requested replied",
    ("dispatched", "assisting"): "assisted",
    ("signed for", "centre"): f"assist_asked assisted returned started extension_requested extended replied {ENDS}",
    ("signed for", "handler"): "returned started extension_requested replied",
    ("signed for", "assisting"): "assisted",
    ("in progress", "centre"): f"assist_asked assisted extension_requested extended replied {ENDS}",
    ("in progress", "handler"): "extension_requested replied",
    ("in progress", "assisting"): "assisted",
    ("extension asked", "centre"): f"assist_asked assisted extension_requested extension_refused extended replied {ENDS}",
    ("extension asked", "handler"): "extension_requested replied",
    ("extension asked", "assisting"): "assisted",
    ("returned", "centre"): f"arbitrated dispatched redispatched transferred {ENDS}",
    ("dispatched again", "centre"): f"arbitrated assist_asked assisted signed started extension_requested extended replied {ENDS}",
    ("dispatched again", "handler"): "signed started extension_requested replied",
    ("dispatched again", "assisting"): "assisted",
    ("arbitrated", "centre"): f"arbitrated dispatched redispatched transferred {ENDS}",
    ("designated", "centre"): f"arbitrated assist_asked assisted signed started extension_requested extended replied {ENDS}",
    ("designated", "handler"): "signed started extension_requested replied",
    ("designated", "assisting"): "assisted",
    ("replied", "centre"): "followed_up reworked withdrawn closed",
    ("followed up", "centre"): "reworked withdrawn closed",
    ("sent back", "centre"): f"assist_asked assisted extension_requested extended replied {ENDS}",
    ("sent back", "handler"): "extension_requested replied",
    ("sent back", "assisting"): "assisted",
    ("linked", "centre"): "archived",
    ("withdrawn", "centre"): "archived",
    ("closed", "centre"): "archived",
}  # fmt: skip
"""Everything that may be done. Who is not named in a state may do nothing there, and a stranger nothing anywhere."""

LEADS: Final = {
    "accepted": "accepted", "not_accepted": "rejected", "transferred": "registered", "dispatched": "dispatched",
    "returned": "returned", "arbitrated": "returned", "redispatched": "dispatched", "signed": "signed_for",
    "started": "in_progress", "replied": "replied", "followed_up": "followed_up", "reworked": "in_progress",
    "linked": "linked", "withdrawn": "withdrawn", "closed": "closed",
}  # fmt: skip
"""Where a lawful move leads; the others leave the state as it is."""


def tried(state: str, actor: str, name: str) -> tuple[Judgement, Fact]:
    """Return what became of one move tried in a state."""
    facts = life(STATES[state])
    move = told(name, len(facts), ACTORS[actor])
    return verdict([*facts, move]), move


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("state", STATES)
def test_nothing_may_be_done_with_a_complaint_but_what_is_written_here(state: str, actor: str) -> None:
    lawful, before = set(), verdict(life(STATES[state])).case.state
    for name in (each.removeprefix("complaint.") for each in COMPLAINT):
        judged, move = tried(state, actor, name)
        marked = [each for each in judged.case.anomalies if each.event_id == move.event_id]
        if marked:
            assert move in judged.case.told
            assert {each.rule_id for each in judged.findings if move.event_id in each.occurrence} & {"R21", "R63"}, name
            assert judged.case.state == before or POSITION[judged.case.state] > POSITION[before]
            assert actor == "centre" or (judged.case.state == before and move not in judged.case.timeline), name
        else:
            lawful.add(name)
            assert judged.case.state == LEADS.get(name, before)
    assert lawful == set(ALLOWED.get((state, actor), "").split())


@pytest.mark.parametrize("name", ["case.voided", "case.renumbered", "case.evaluated", "case.withdrawn"])
@pytest.mark.parametrize("actor", [HANDLER, STRANGER])
def test_whoever_handles_a_complaint_does_not_speak_for_its_centre(name: str, actor: str) -> None:
    case = {"family": "complaint", "department_id": actor, "region_code": "321281", "disclosure": {"class": "public"}}
    extra = {"new_case_no": "X"} if name == "case.renumbered" else {}
    facts = [*life(TO_SIGNED), a_fact(name, "2026-03-03T09:00:00+08:00", case=case, **extra)]
    before, after = verdict(life(TO_SIGNED)).case, verdict(facts).case
    assert (after.state, after.case_no, after.attributes) == (before.state, before.case_no, before.attributes)


def test_an_answer_changes_neither_whose_complaint_it_is_nor_whom_it_is_about() -> None:
    about = {"respondent_department": STRANGER, "confidential": True}
    answer = told("replied", 9, HANDLER, complaint={"respondent_department": HANDLER, "confidential": False})
    judged = verdict([*life(TO_SIGNED, **about), answer])
    assert judged.case.state == "replied"
    assert judged.case.attributes["department_id"] == judged.row.department_id == CENTRE
    assert judged.case.attributes["complaint"] | about == judged.case.attributes["complaint"]


def test_a_later_word_of_the_centre_that_says_less_takes_nothing_back() -> None:
    facts = [*life("registered", respondent_person="P7"), told("accepted", 1)]
    assert verdict(facts).case.attributes["complaint"]["respondent_person"] == "P7"


def test_the_answer_that_comes_before_the_registration_is_an_answer_all_the_same() -> None:
    facts = [*life("registered accepted dispatched"), told("signed", 5, HANDLER)]
    late = [facts[3], *facts[:3]]
    assert verdict(late).case == verdict(facts).case
    assert verdict(late).case.state == "signed_for"


# --- returns ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lacking", ["reason", "basis"])
@pytest.mark.parametrize("blank", ["", "  "])
def test_a_department_does_not_return_without_reason_and_basis(lacking: str, blank: str) -> None:
    judged = verdict([*life("registered accepted dispatched"), told("returned", 5, HANDLER, **{lacking: blank})])
    assert judged.case.state == "dispatched"
    assert [each.rule_id for each in judged.findings] == ["R63"]


def test_after_arbitration_nobody_but_the_designated_gets_it_and_it_is_not_returned() -> None:
    facts = life("registered accepted dispatched returned arbitrated")
    elsewhere = verdict([*facts, told("redispatched", 6, department_id=STRANGER)])
    assert (elsewhere.case.state, elsewhere.case.holding.handler) == ("returned", "")  # type: ignore[union-attr]
    sent = [*facts, told("redispatched", 6, department_id="")]
    assert verdict(sent).case.holding.handler == HANDLER  # type: ignore[union-attr]
    again = verdict([*sent, told("returned", 7, HANDLER)])
    assert (again.case.state, [each.rule_id for each in again.findings]) == ("dispatched", ["R63"])


@pytest.mark.parametrize(("allowed", "state"), [(1, "dispatched"), (2, "returned")])
def test_how_often_a_complaint_may_be_returned_is_the_operator_s_to_say(allowed: int, state: str) -> None:
    told_twice = [*life(STATES["dispatched again"]), told("returned", 9, HANDLER)]
    tuning = Tuning(overrides=(Override(rule="R63", name="returns", value=allowed, source="市办法"),))
    judged = judge(
        merge(EMPTY, told_twice), catalogue=Catalogue([]), calendar=CALENDAR, horizon=None, rules=tuned(RULES, tuning)
    )
    assert judged.case.state == state


def test_the_one_who_gave_it_back_is_out_of_it() -> None:
    facts = [*life("registered accepted dispatched returned"), told("redispatched", 5, department_id=STRANGER)]
    judged = verdict([*facts, told("replied", 6, HANDLER)])
    assert (judged.case.state, [each.rule_id for each in judged.findings]) == ("dispatched", ["R21"])


@pytest.mark.parametrize(
    ("track", "days", "late"), [("hotline", 2, True), ("petition", 5, False), ("petition", 8, True)]
)
def test_a_return_is_late_after_a_day_and_an_objection_to_a_petition_after_five_working_days(
    track: str, days: int, late: bool  # noqa: FBT001
) -> None:  # fmt: skip
    facts = [*life("registered accepted dispatched", track=track), told("returned", 2 + 24 * days, HANDLER)]
    judged = verdict(facts)
    assert judged.case.state == "returned"
    assert ("R63" in {each.rule_id for each in judged.findings}) is late


# --- clocks ----------------------------------------------------------------------------------------------------------


NAMES: Final = st.sampled_from([name.removeprefix("complaint.") for name in COMPLAINT if "registered" not in name])
STEPS: Final = st.lists(st.tuples(NAMES, st.sampled_from(list(ACTORS.values())), st.integers(1, 30)), max_size=12)


@given(STEPS)
def test_nothing_moves_the_start_of_a_complaint_s_clock_and_only_an_approved_extension_its_due(
    steps: list[tuple[str, str, int]],
) -> None:
    facts = life("registered accepted dispatched")
    before, hour = clock(verdict(facts), "complaint"), 3
    for name, actor, wait in steps:
        hour += wait
        facts.append(told(name, hour, actor))
    judged = verdict(facts)
    after = clock(judged, "complaint")
    assert after.row.started_at == before.row.started_at
    granted = [each for each in judged.case.timeline if each.type == "complaint.extended"]
    if not granted:
        assert after.row.due_at == before.row.due_at
    assert all(each.department_id == CENTRE for each in granted)


def test_an_extension_counts_from_its_approval_on_and_not_from_its_request() -> None:
    facts = life(f"{TO_SIGNED} extension_requested")
    assert str(clock(verdict(facts), "complaint").due.day) == "2026-03-09"
    approved = [*facts, told("extended", 9, limit={"n": 2, "unit": "working_day"})]
    assert str(clock(verdict(approved), "complaint").due.day) == "2026-03-11"
    as_asked = [*facts, told("extended", 9, limit={})]
    assert str(clock(verdict(as_asked), "complaint").due.day) == "2026-03-12"


@pytest.mark.parametrize("approver", ["", "H1"])
def test_an_extension_without_an_approver_other_than_the_asker_is_of_no_effect(approver: str) -> None:
    judged = verdict([*life(f"{TO_SIGNED} extension_requested"), told("extended", 9, approved_by=approver)])
    assert str(clock(judged, "complaint").due.day) == "2026-03-09"
    assert [each.rule_id for each in judged.findings] == ["R18"]


def test_an_extension_after_the_limit_changes_nothing_and_is_found() -> None:
    judged = verdict([*life(TO_SIGNED), told("extended", 24 * 8)], "2026-03-13T09:00:00")
    assert (str(clock(judged, "complaint").due.day), clock(judged, "complaint").row.state) == ("2026-03-09", "breached")
    assert "R18" in {each.rule_id for each in judged.findings}


def test_the_clock_starts_at_dispatch_and_not_at_signing() -> None:
    facts = [*life("registered accepted dispatched"), told("signed", 50, HANDLER)]
    assert clock(verdict(facts), "complaint").row.started_at == facts[2].occurred_at


def test_a_limit_set_at_dispatch_goes_before_the_hotline_s_own() -> None:
    facts = [*life("registered accepted"), told("dispatched", 2, limit={"n": 10, "unit": "working_day"})]
    assert str(clock(verdict(facts), "complaint").due.day) == "2026-03-16"


def test_a_petition_is_registered_in_fifteen_days_and_handled_in_sixty() -> None:
    judged = verdict(life("registered accepted dispatched", track="petition"))
    assert {each.row.kind for each in judged.clocks} == {"petition_registered", "complaint_signing", "petition"}
    assert str(clock(judged, "petition_registered").due.day) == "2026-03-17"
    assert str(clock(judged, "petition").due.day) == "2026-05-06"  # the sixtieth day is a holiday


@pytest.mark.parametrize(("days", "found"), [(30, set()), (31, {"R18"})])
def test_a_petition_is_extended_by_thirty_days_at_most(days: int, found: set[str]) -> None:
    facts = life("registered accepted dispatched signed", track="petition")
    judged = verdict(
        [*facts, told("extended", 9, complaint={"track": "petition"}, limit={"n": days, "unit": "calendar_day"})]
    )
    assert {each.rule_id for each in judged.findings} == found


def test_a_reworked_complaint_has_a_limit_of_its_own_for_the_second_try() -> None:
    judged = verdict(life(f"{TO_SIGNED} replied followed_up reworked"), "2026-03-12T09:00:00")
    assert (clock(judged, "complaint").row.state, clock(judged, "complaint_redo").row.state) == ("met", "breached")
    assert "R62" in {each.rule_id for each in judged.findings}


def test_an_extension_of_the_second_try_moves_its_limit_and_is_no_second_one() -> None:
    asked = told("extension_requested", 8, HANDLER)
    granted = told("extended", 9, limit={"n": 2, "unit": "working_day"})
    first = [*life(TO_SIGNED), told("extension_requested", 5, HANDLER), told("extended", 6)]
    facts = [*first, told("replied", 7), told("reworked", 7), asked, granted]
    judged = verdict(facts)
    assert str(clock(verdict(facts[:-2]), "complaint_redo").due.day) == "2026-03-09"
    assert str(clock(judged, "complaint_redo").due.day) == "2026-03-11"
    assert str(clock(judged, "complaint").due.day) == "2026-03-12", "the first try had three more days, and no other"
    assert [each.rule_id for each in judged.findings] == []
    again = verdict([*facts, told("extension_requested", 10, HANDLER), told("extended", 11)])
    assert [each.rule_id for each in again.findings] == ["R18"]


def test_a_centre_with_one_word_for_dispatching_sends_on_what_was_returned() -> None:
    facts = [*life("registered accepted dispatched returned"), told("dispatched", 5, department_id=STRANGER)]
    judged = verdict([*facts, told("signed", 6, STRANGER), told("replied", 7, STRANGER)])
    assert (judged.case.state, judged.case.anomalies, judged.findings) == ("replied", (), ())
    assert clock(judged, "complaint").row.started_at == facts[2].occurred_at
    designated = [
        *life("registered accepted dispatched returned arbitrated"),
        told("dispatched", 6, department_id=STRANGER),
    ]
    assert verdict(designated).case.state == "returned", "whoever was designated gets it, by whatever word"
