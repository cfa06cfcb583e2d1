"""The alert's machine: every lawful move of every role works, every other is refused for a reason that is said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from hub.errors import Rejection
from hub.model.documents import alert_document
from hub.model.shapes import shape
from hub.supervision.alert_clocks import clocks_of_alert
from hub.supervision.alert_cycle import GROUNDS, MOVES, STATES, Deed, attributed_to, done, is_settled, legal, refusal
from hub.supervision.alerts import reconcile
from hub.supervision.calendar import WorkCalendar
from tests.support.casework import a_fact, at, judged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.model.values import AlertRow

CALENDAR = WorkCalendar()
OURS, OTHERS = "11321200014000028L", "11321200014000036F"
ROLES = ("department", "supervisor", "reviewer")
LATE = "2026-03-18T00:00:00"
SAID = {"note": "系统升级", "ground": "system_fault", "due_on": "2026-04-10", "to": "321200"}


def an_alert(state: str = "raised", level: str = "yellow", **document: Any) -> AlertRow:
    """Return an alert as the hub raises it on 18 March 2026, put into a state."""
    accepted = a_fact("case.accepted", "2026-03-02T09:00:00+08:00")
    (raised,) = reconcile(judged(accepted, horizon=LATE), (), now=at(LATE))
    told = {**raised.document, "state": state, "level": level, **document}
    return replace(raised, state=state, level=level, document=told)


def a_deed(move: str, **fields: Any) -> Deed:
    """Return a deed as its lawful role would do it, with everything said that any move demands."""
    role = fields.pop("role", MOVES[move].role)
    to = {"to": "connector"} if move == "attribute" else {}
    given = {"by": f"{role} 1", "at": at("2026-03-19T09:00:00"), **SAID, **to, **fields}
    return Deed(
        move=move, role=role, department_id=given.pop("department_id", OURS if role == "department" else ""), **given
    )


def code(alert: AlertRow, deed: Deed) -> str | None:
    why = refusal(alert, deed, CALENDAR)
    return why.code if why is not None else None


def every() -> Iterator[tuple[str, str, str]]:
    for state in STATES:
        for move in MOVES:
            for role in ROLES:
                yield state, move, role


@pytest.mark.parametrize(("state", "move", "role"), list(every()))
def test_a_move_is_lawful_exactly_from_its_states_and_for_its_role(state: str, move: str, role: str) -> None:
    declared, alert = MOVES[move], an_alert(state)
    lawful = state in declared.after and role == declared.role
    refused = refusal(alert, a_deed(move, role=role), CALENDAR)
    if not lawful:
        assert isinstance(refused, Rejection)
        assert refused.problem
        assert refused.hint
        return
    assert refused is None
    after = done(alert, a_deed(move, role=role), CALENDAR)
    assert after.state == (declared.state or state)
    assert after.document["history"][-1]["move"] == move
    assert shape("alert.v1").problems(alert_document(after.document)) == []


def test_every_state_can_be_reached_and_the_last_ones_are_left_by_nobody() -> None:
    reached = {"shadow", "pending", "raised", "cleared", "revoked"} | {
        move.state for move in MOVES.values() if move.state
    }
    assert reached == set(STATES)
    assert [state for state in STATES if not legal(state)] == ["shadow", "cleared", "revoked"]
    assert [move.name for move in legal("closed")] == ["attribute"]


def test_the_whole_way_is_told_in_the_alerts_history() -> None:
    alert = an_alert()
    for day, move in enumerate(("sign", "answer", "return", "answer", "rectify", "verify", "close"), 19):
        alert = done(alert, a_deed(move, at=at(f"2026-03-{day}T09:00:00")), CALENDAR)
    told = [(each["move"], each["by"], each["to"]) for each in alert.document["history"]]
    assert told == [
        ("raise", "hub", "raised"),
        ("sign", "department 1", "signed"),
        ("answer", "department 1", "answered"),
        ("return", "supervisor 1", "signed"),
        ("answer", "department 1", "answered"),
        ("rectify", "department 1", "rectified"),
        ("verify", "supervisor 1", "verified"),
        ("close", "supervisor 1", "closed"),
    ]


def test_a_department_moves_its_own_alerts_alone_and_nobody_of_it_judges_them() -> None:
    assert code(an_alert(), a_deed("sign", department_id=OTHERS)) == "alert.department"
    assert code(an_alert(), a_deed("review", department_id=OURS)) == "alert.department"
    assert code(an_alert("pending", "red"), a_deed("confirm", department_id=OURS)) == "alert.department"


def test_who_acted_on_an_alert_does_not_review_it() -> None:
    confirmed = done(an_alert("pending", "red"), a_deed("confirm", by="Officer"), CALENDAR)
    assert code(confirmed, a_deed("review", by="Officer")) == "alert.same-person"
    assert code(confirmed, a_deed("review", by="Colleague")) is None


@pytest.mark.parametrize(
    "by", ["李四 (b2)", "李四", "李 四 (b2)", "李四\u200b (b2)", "李四（复核） (b2)", "\uf9e1四 (b2)"]
)
def test_who_acted_on_an_alert_does_not_review_it_with_another_key(by: str) -> None:
    confirmed = done(an_alert("pending", "red"), a_deed("confirm", by="李四 (a1)"), CALENDAR)
    assert code(confirmed, a_deed("review", by=by)) == "alert.same-person"
    assert code(confirmed, a_deed("review", by="李五 (b2)")) is None


@pytest.mark.parametrize(("move", "missing"), [(move.name, need) for move in MOVES.values() for need in move.needs])
def test_what_a_move_demands_must_be_said(move: str, missing: str) -> None:
    state = min(MOVES[move].after)
    assert code(an_alert(state), a_deed(move, **{missing: "  "})) == f"alert.{missing.replace('_', '-')}"


def test_only_a_known_ground_takes_an_alert_back() -> None:
    assert code(an_alert("under_review"), a_deed("revoke", ground="friendship")) == "alert.ground"
    for ground in GROUNDS:
        gone = done(an_alert("under_review"), a_deed("revoke", ground=ground), CALENDAR)
        assert (gone.state, gone.document["reason"]) == ("revoked", ground)


@pytest.mark.parametrize(
    ("moment", "wanted"), [("2026-03-25T23:59:59", None), ("2026-03-26T00:00:00", "alert.appeal-over")]
)
def test_an_appeal_is_open_for_five_working_days(moment: str, wanted: str | None) -> None:
    assert code(an_alert(), a_deed("appeal", at=at(moment))) == wanted


def test_an_appeal_against_a_confirmed_alert_counts_from_its_confirmation() -> None:
    confirmed = done(
        an_alert("pending", "red", mode="manual"), a_deed("confirm", at=at("2026-03-30T09:00:00")), CALENDAR
    )
    assert code(confirmed, a_deed("appeal", at=at("2026-04-03T23:00:00"))) is None


def test_a_downgrade_lowers_the_level_by_one_and_a_notice_goes_no_lower() -> None:
    assert done(an_alert("under_review", "red"), a_deed("downgrade"), CALENDAR).level == "yellow"
    assert code(an_alert("under_review", "notice"), a_deed("downgrade")) == "alert.level"


def test_the_last_word_says_whose_the_cause_of_an_alert_is_and_its_state_stays() -> None:
    alert = an_alert("signed")
    assert attributed_to(alert.document) == ""
    ours = done(alert, a_deed("attribute", to="hub"), CALENDAR)
    assert (ours.state, attributed_to(ours.document)) == ("signed", "hub")
    assert alert_document(ours.document)["type"] == "sunlight.alert.attributed.v1"
    later = done(ours, a_deed("attribute", to="department", at=at("2026-03-20T09:00:00")), CALENDAR)
    assert attributed_to(done(later, a_deed("answer"), CALENDAR).document) == "department"


@pytest.mark.parametrize("to", ["joint", "321200", "the weather"])
def test_an_alert_is_attributed_to_department_connector_or_hub_alone(to: str) -> None:
    assert code(an_alert(), a_deed("attribute", to=to)) == "alert.to"


def test_an_order_leaves_the_state_and_names_a_later_day() -> None:
    ordered = done(an_alert("signed"), a_deed("order"), CALENDAR)
    assert (ordered.state, alert_document(ordered.document)["type"]) == ("signed", "sunlight.alert.supervised.v1")
    assert ordered.document["orders"] == [
        {
            "n": 1,
            "content": "系统升级",
            "issued_at": "2026-03-19T09:00:00+08:00",
            "due_on": "2026-04-10",
            "by": "supervisor 1",
        }
    ]
    for day in ("2026-03-19", "2026-13-01", "tomorrow"):
        assert code(an_alert("signed"), a_deed("order", due_on=day)) == "alert.due-on"


def steps(alert: AlertRow, now: str) -> list[tuple[str, str, str, str]]:
    found = clocks_of_alert(alert, CALENDAR, at(now))
    return [(each.kind, each.occurrence, each.due_at.isoformat()[:13], each.state) for each in found]


def test_the_steps_of_an_alert_are_clocks() -> None:
    raised = an_alert()
    assert steps(raised, "2026-03-18T12:00:00") == [
        ("alert_signing", "1", "2026-03-19T16", "running"),
        ("alert_feedback", "1", "2026-03-25T16", "running"),
    ]
    assert {state for *_, state in steps(raised, "2026-03-26T00:00:00")} == {"breached"}
    signed = done(raised, a_deed("sign", at=at("2026-03-20T00:00:00")), CALENDAR)
    answered = done(signed, a_deed("answer", at=at("2026-03-20T10:00:00")), CALENDAR)
    assert [state for *_, state in steps(answered, "2026-06-30T00:00:00")] == ["breached", "met"]


def test_what_was_sent_back_is_asked_for_anew() -> None:
    alert = an_alert()
    for day, move in enumerate(("sign", "answer", "return"), 19):
        alert = done(alert, a_deed(move, at=at(f"2026-03-{day}T09:00:00")), CALENDAR)
    assert steps(alert, "2026-03-22T00:00:00")[1:] == [
        ("alert_feedback", "1", "2026-03-25T16", "met"),
        ("alert_feedback", "2", "2026-03-27T16", "running"),
    ]


def test_reviews_and_orders_have_clocks_and_a_notice_has_none() -> None:
    appealed = done(an_alert(), a_deed("appeal"), CALENDAR)
    assert ("alert_review", "1", "2026-04-02T16", "running") in steps(appealed, "2026-03-20T00:00:00")
    ordered = done(an_alert("signed"), a_deed("order"), CALENDAR)
    assert ("alert_order", "1", "2026-04-10T16", "running") in steps(ordered, "2026-03-20T00:00:00")
    assert steps(an_alert(level="notice"), "2026-03-20T00:00:00") == []


def test_a_deadline_in_a_year_not_announced_is_never_missed() -> None:
    late = replace(an_alert(), document={**an_alert().document, "raised_at": "2099-12-30T09:00:00+08:00"})
    assert {state for *_, state in steps(late, "2100-06-30T00:00:00")} == {"running"}


def test_what_a_person_took_back_the_same_finding_does_not_raise_again() -> None:
    accepted = a_fact("case.accepted", "2026-03-02T09:00:00+08:00")
    dismissed = done(an_alert("under_review"), a_deed("revoke"), CALENDAR)
    assert is_settled(dismissed)
    assert reconcile(judged(accepted, horizon=LATE), [dismissed], now=at(LATE)) == []


def test_what_evidence_took_back_rises_again_with_its_history() -> None:
    accepted = a_fact("case.accepted", "2026-03-02T09:00:00+08:00")
    decided = a_fact("case.decided", "2026-03-03T09:00:00+08:00")
    signed = done(an_alert(), a_deed("sign"), CALENDAR)
    (excused,) = reconcile(judged(accepted, decided, horizon=LATE), [signed], now=at("2026-03-20T00:00:00"))
    assert (excused.state, excused.document["history"][-1]["move"]) == ("revoked", "excuse")
    (again,) = reconcile(judged(accepted, horizon=LATE), [excused], now=at("2026-03-21T00:00:00"))
    assert [each["move"] for each in again.document["history"]] == ["raise", "sign", "excuse", "raise"]
