"""Who is told of an alert, and when: roster, quiet hours, and the next in line where nobody acts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hub.model.documents import alert_document
from hub.supervision.alert_cycle import Deed, done
from hub.supervision.duty import Duty, NotifyTerms, Person, Quiet, Roster, told_at_once, told_later
from tests.support.casework import CALENDAR, DEPARTMENT, at
from tests.unit.supervision.test_instruments import an_alert

if TYPE_CHECKING:
    from hub.model.values import AlertRow, NotificationRow

OTHERS = "11321200014000036F"
PEOPLE = {
    name: Person(name=name, contacts={"email": f"{name}@example.gov.cn", "sms": "13800000000"})
    for name in ("王五", "赵六", "孙七", "钱八")
}
NOON = "2026-03-18T12:00:00"


def a_duty(person: str, line: int = 1, **fields: Any) -> Duty:
    given = {"start": at("2026-03-01T00:00:00"), "end": at("2026-04-01T00:00:00"), **fields}
    return Duty(person=person, line=line, **given)


def the_terms(*duties: Duty, channels: tuple[str, ...] = ("email",), **fields: Any) -> NotifyTerms:
    given = {
        "roster": Roster(people=PEOPLE, duties=duties or [a_duty("王五"), a_duty("赵六", 2), a_duty("孙七", 5)]),
        "quiet": Quiet(start=at_time("22:00"), end=at_time("08:00")),
        "sign_within": timedelta(minutes=30),
        "levels": frozenset({"yellow", "red"}),
        "channels": frozenset(channels),
    }
    return NotifyTerms(**{**given, **fields})


def at_time(text: str) -> Any:
    return at(f"2026-03-18T{text}:00").astimezone(CALENDAR.zone).time()


def at_once(alert: AlertRow, terms: NotifyTerms, now: str = NOON) -> list[NotificationRow]:
    return told_at_once(alert_document(alert.document), alert, terms, CALENDAR, at(now))


def later(alert: AlertRow, known: list[NotificationRow], terms: NotifyTerms, now: str) -> list[NotificationRow]:
    return told_later(alert, known, terms, CALENDAR, at(now))


def test_whoever_is_on_duty_in_the_first_line_is_told_by_each_channel_that_is_open() -> None:
    told = at_once(an_alert(), the_terms(channels=("email", "sms", "webhook")))
    assert [(each.person, each.channel, each.line, each.reason) for each in told] == [
        ("王五", "email", 1, "raised"),
        ("王五", "sms", 1, "raised"),
    ]
    assert at_once(an_alert(), the_terms(channels=("email", "sms", "webhook"))) == told


def test_the_roster_says_who_when_for_whom_and_for_which_levels() -> None:
    terms = the_terms(
        a_duty("王五", end=at("2026-03-18T12:00:00")),
        a_duty("赵六", start=at("2026-03-18T12:00:00")),
        a_duty("孙七", department_id=OTHERS),
        a_duty("钱八", levels=("red",)),
    )
    assert [each.person for each in at_once(an_alert(), terms)] == ["赵六"]
    assert [each.person for each in at_once(an_alert(), terms, "2026-03-18T11:59:59")] == ["王五"]
    assert [each.person for each in at_once(an_alert(level="red"), terms)] == ["赵六", "钱八"]
    own = the_terms(a_duty("孙七", department_id=DEPARTMENT), a_duty("王五", 2))
    assert [each.person for each in at_once(an_alert(), own)] == ["孙七"]
    assert [each.person for each in at_once(an_alert("pending", "red"), own)] == ["王五"]


def test_a_level_that_nobody_wants_and_a_move_that_is_no_news_are_not_told() -> None:
    assert at_once(an_alert(level="notice"), the_terms()) == []
    assert at_once(an_alert("signed"), the_terms()) == []


def test_where_nobody_is_on_duty_or_reached_that_is_kept() -> None:
    nobody = the_terms(a_duty("王五", end=at("2026-03-02T00:00:00")))
    assert [(each.state, each.person) for each in at_once(an_alert(), nobody)] == [("nobody", "")]
    assert [each.state for each in at_once(an_alert(), the_terms(channels=("webhook",)))] == ["nobody"]


@pytest.mark.parametrize(
    ("level", "now", "wanted"),
    [
        ("yellow", "2026-03-18T21:59:59", "2026-03-18T21:59:59"),
        ("yellow", "2026-03-18T22:00:00", "2026-03-19T08:00:00"),
        ("yellow", "2026-03-19T07:59:59", "2026-03-19T08:00:00"),
        ("yellow", "2026-03-20T23:00:00", "2026-03-23T08:00:00"),
        ("yellow", "2026-03-21T12:00:00", "2026-03-23T08:00:00"),
        ("yellow", "2026-10-01T12:00:00", "2026-10-08T08:00:00"),
        ("red", "2026-10-01T03:00:00", "2026-10-01T03:00:00"),
    ],
)
def test_quiet_hours_and_days_of_rest_are_broken_by_red_alerts_alone(level: str, now: str, wanted: str) -> None:
    quiet = the_terms().quiet
    assert quiet.allowed_from(level, at(now), CALENDAR) == at(wanted)


def test_quiet_hours_within_one_day_end_that_day() -> None:
    quiet = Quiet(start=at_time("12:00"), end=at_time("14:00"))
    assert quiet.allowed_from("yellow", at("2026-03-18T12:30:00"), CALENDAR) == at("2026-03-18T14:00:00")
    assert quiet.allowed_from("yellow", at("2026-03-18T15:00:00"), CALENDAR) == at("2026-03-18T15:00:00")


def test_where_nobody_signs_the_next_in_line_is_told_once_and_so_on_to_the_last() -> None:
    alert, terms = an_alert(), the_terms()
    known = at_once(alert, terms)
    assert later(alert, known, terms, "2026-03-18T12:29:59") == []
    second = later(alert, known, terms, "2026-03-18T12:30:00")
    assert [(each.person, each.line, each.reason) for each in second] == [("赵六", 2, "unsigned")]
    known += second
    assert later(alert, known, terms, "2026-03-18T12:59:59") == []
    third = later(alert, known, terms, "2026-03-18T13:00:00")
    assert [(each.person, each.line) for each in third] == [("孙七", 5)]
    assert later(alert, known + third, terms, "2026-03-18T20:00:00") == []


def test_the_patience_counts_from_when_a_notice_may_go_out() -> None:
    alert, terms = an_alert(), the_terms()
    known = at_once(alert, terms, "2026-03-18T23:00:00")
    assert later(alert, known, terms, "2026-03-19T08:29:59") == []
    assert [each.line for each in later(alert, known, terms, "2026-03-19T08:30:00")] == [2]


def test_whoever_signed_is_left_alone_and_an_order_changes_nothing_about_that() -> None:
    alert, terms = an_alert(), the_terms()
    known = at_once(alert, terms)
    order = Deed(move="order", by="o", role="supervisor", at=at("2026-03-18T12:10:00"), note="x", due_on="2026-04-10")
    ordered = done(alert, order, CALENDAR)
    assert [each.line for each in later(ordered, known, terms, "2026-03-18T12:30:00")] == [2]
    sign = Deed(move="sign", by="d", role="department", at=at("2026-03-18T12:20:00"), department_id=DEPARTMENT)
    assert later(done(alert, sign, CALENDAR), known, terms, "2026-03-18T13:00:00") == []


def test_every_step_overdue_is_told_once_to_the_next_in_line() -> None:
    alert, terms = an_alert(), the_terms(a_duty("王五"), a_duty("赵六", 2))
    sign = Deed(move="sign", by="d", role="department", at=at("2026-03-18T12:20:00"), department_id=DEPARTMENT)
    signed, known = done(alert, sign, CALENDAR), at_once(alert, the_terms())
    assert later(signed, known, terms, "2026-03-25T23:59:59") == []
    overdue = later(signed, known, terms, "2026-03-26T00:00:00")
    assert [(each.person, each.reason) for each in overdue] == [("赵六", "breached")]
    assert later(signed, known + overdue, terms, "2026-03-27T00:00:00") == []
    assert later(signed, [], terms, "2026-03-27T00:00:00") == []


def test_a_notice_names_the_case_by_its_number_and_a_restricted_one_not_at_all() -> None:
    (told,) = at_once(an_alert(), the_terms(link="https://hub.example.gov.cn/"))
    assert "2026-0001" in told.text
    assert f"https://hub.example.gov.cn/alerts/{told.alert_id}" in told.text
    assert "alert_signing" in told.text
    alert = an_alert()
    alert.document["case"]["disclosure"] = {"class": "restricted"}
    (hidden,) = at_once(alert, the_terms())
    assert "2026-0001" not in hidden.text + hidden.subject
