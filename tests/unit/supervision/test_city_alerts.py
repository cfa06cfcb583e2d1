"""Alerts about no single case: raised once, ended only by what excuses them; and the traces that cases leave."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hub.model.documents import alert_document
from hub.model.shapes import shape
from hub.supervision.calendar import WorkCalendar
from hub.supervision.catalogue import Catalogue
from hub.supervision.city import CityView, LineState, Month, Reference, Whose
from hub.supervision.city_alerts import look, reconcile_city
from hub.supervision.rules import ALL_RULES, CITY_RULES
from hub.supervision.traces import traces_of
from tests.support.casework import a_fact, at, judged

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hub.model.values import AlertRow

WHOSE = Whose(department_id="11321200014000028L", region_code="321200")
NOW = at("2026-04-07T12:00:00")
CALENDAR = WorkCalendar()


def a_city(now: datetime = NOW, **parts: Any) -> CityView:
    return CityView(now=now, today=CALENDAR.day_of(now), calendar=CALENDAR, **parts)


def moved(view: CityView, standing: Sequence[AlertRow] = (), documents: Sequence[Any] = ()) -> Sequence[AlertRow]:
    found = look(view, Catalogue(documents), CITY_RULES)
    return reconcile_city(found, {each.alert_id: each for each in standing}, now=view.now)


def told(alerts: Sequence[AlertRow]) -> list[tuple[str, str, str, str]]:
    return [(each.rule_id, each.level, each.state, each.subject) for each in alerts]


def a_line(silent_minutes: int) -> LineState:
    heard = NOW - timedelta(minutes=silent_minutes)
    return LineState(whose=WHOSE, connection_id="c.permits", heartbeat_at=heard, backlog_since=None, every_s=60)


def days(n: int) -> dict[str, Any]:
    return {"n": n, "unit": "working_day"}


def march(cases: int, late: int = 0) -> Month:
    return Month(whose=WHOSE, month="2026-03", cases=cases, entered_late=late, matters=3)


def a_reference(*, is_known: bool) -> Reference:
    return Reference(whose=WHOSE, kind="fee.charged", number="N-1", event_id="e", is_known=is_known)


def test_every_rule_beyond_a_case_is_asked() -> None:
    assert set(CITY_RULES) == {name for name, rule in ALL_RULES.items() if rule.scope != "case"} | {"R44"}


def test_a_finding_is_raised_once_with_a_document_of_the_declared_shape() -> None:
    view = a_city(references=[a_reference(is_known=False)])
    (alert,) = raised = moved(view)
    assert told(raised) == [("R49", "yellow", "raised", "department:11321200014000028L")]
    assert shape("alert.v1").problems(alert_document(alert.document)) == []
    assert alert_document(alert.document)["subject"] == alert.subject
    assert moved(view, raised) == []


def test_a_silent_line_is_told_and_cleared_when_it_is_up_again() -> None:
    assert moved(a_city(lines=[a_line(31)])) == []
    raised = moved(a_city(lines=[a_line(32)]))
    assert told(raised) == [("R46", "notice", "raised", "connection:c.permits")]
    (ended,) = moved(a_city(lines=[a_line(0)]), raised)
    assert (ended.state, ended.document["reason"]) == ("cleared", "remedied")


def test_a_month_without_cases_is_excused_by_cases_that_come_late_and_stands_when_the_window_moves_on() -> None:
    raised = moved(a_city(months=[march(0)]))
    assert told(raised) == [("R47", "notice", "raised", "department:11321200014000028L")]
    (excused,) = moved(a_city(months=[march(2)]), raised)
    assert (excused.state, excused.document["reason"]) == ("revoked", "data_error")
    assert moved(a_city(months=[]), raised) == []


def test_a_case_that_becomes_known_excuses_what_referred_to_it() -> None:
    raised = moved(a_city(references=[a_reference(is_known=False)]))
    (excused,) = moved(a_city(references=[a_reference(is_known=True)]), raised)
    assert excused.state == "revoked"
    (again,) = moved(a_city(references=[a_reference(is_known=False)]), [excused])
    assert (again.state, [each["move"] for each in again.document["history"]]) == (
        "raised",
        ["raise", "excuse", "raise"],
    )


def test_an_entry_that_is_mended_leaves_its_alert_to_be_followed_up() -> None:
    matter = {"matter_code": "M", "version": "1", "name": "n", "power_type": "01", "valid_from": "2026-03-01",
              "promised_limit": days(9), "statutory_limit": days(5)}  # fmt: skip
    documents = [{"department": {"department_id": WHOSE.department_id, "region_code": "321200"}, "matters": [matter]}]
    raised = [each for each in moved(a_city(), documents=documents) if each.rule_id == "R04"]
    assert told(raised) == [("R04", "yellow", "raised", f"matter:{WHOSE.department_id}/M")]
    mended = [{**documents[0], "matters": [{**matter, "promised_limit": days(5)}]}]
    assert [each for each in moved(a_city(), raised, mended) if each.rule_id == "R04"] == []


def test_what_is_asked_of_the_lines_alone_ends_no_other_alert() -> None:
    raised = moved(a_city(references=[a_reference(is_known=False)]))
    found = look(a_city(lines=[a_line(0)]), Catalogue(), {"R46": CITY_RULES["R46"]})
    assert reconcile_city(found, {each.alert_id: each for each in raised}, now=NOW) == []


def test_a_finished_alert_is_not_ended_again() -> None:
    (raised,) = moved(a_city(lines=[a_line(60)]))
    closed = replace(raised, state="closed")
    assert moved(a_city(lines=[a_line(0)]), [closed]) == []


# --- traces ----------------------------------------------------------------------------------------------------------


def left(*facts: Any) -> list[tuple[str, str, date, dict[str, Any]]]:
    return [
        (each.kind, each.department_id, each.day, dict(each.document))
        for each in traces_of(judged(*facts).case, CALENDAR)
    ]


def test_a_penalty_leaves_its_tier_and_amount() -> None:
    said = {"violation_code": "V", "tier_code": "轻", "amount": "500.00"}
    decided = a_fact("penalty.decided", "2026-03-31T23:30:00+08:00", case={"family": "punishment"}, discretion=said)
    trace = {"violation": "V", "tier": "轻", "amount": "500.00", "is_told": True}
    assert left(decided) == [("penalty", "11321200014000028L", date(2026, 3, 31), trace)]
    closed = {"family": "punishment", "disclosure": {"class": "secret"}}
    (hidden,) = left(a_fact("penalty.decided", "2026-03-31T23:30:00+08:00", case=closed, discretion=said))
    assert hidden[3] == {**trace, "is_told": False}
    assert left(a_fact("penalty.decided", "2026-03-31T23:30:00+08:00", case={"family": "punishment"})) == []


@pytest.mark.parametrize(("kind", "counts"), [("complaint", True), ("report", True), ("enquiry", False)])
def test_a_complaint_leaves_whom_it_is_about_and_what_it_refers_to(kind: str, counts: bool) -> None:  # noqa: FBT001
    about = {
        "channel": "hotline",
        "kind": kind,
        "respondent_department": "1132120001400001XL",
        "related_case_no": "N-9",
    }
    found = left(
        a_fact("complaint.registered", "2026-03-05T10:00:00+08:00", case={"family": "complaint", "complaint": about})
    )
    kinds = [(name, department) for name, department, _, _ in found]
    assert kinds == ([("complaint", "1132120001400001XL"), ("reference", "11321200014000028L")] if counts else [])


def test_a_case_entered_in_error_leaves_nothing() -> None:
    fee = a_fact("fee.charged", "2026-03-03T09:00:00+08:00", refers_to="N-1")
    assert [kind for kind, *_ in left(a_fact("case.received", "2026-03-02T09:00:00+08:00"), fee)] == ["reference"]
    assert left(fee, a_fact("case.voided", "2026-03-04T09:00:00+08:00")) == []
