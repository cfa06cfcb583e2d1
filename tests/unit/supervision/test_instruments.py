"""Who may issue which paper of an alert, and when; what stands in it; and when it counts as received."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from hub.model.values import PaperRow
from hub.supervision.alert_cycle import Deed, done
from hub.supervision.alerts import reconcile
from hub.supervision.instruments import Office, PaperWish, content_of, instruments, receipt_of, why_not
from tests.support.casework import CALENDAR, DEPARTMENT, a_fact, at, judged

if TYPE_CHECKING:
    from hub.model.values import AlertRow

LATE = "2026-03-18T00:00:00"
OFFICE = Office(prefix="泰", names={"justice": "泰州市司法局"})


def an_alert(state: str = "raised", level: str = "yellow") -> AlertRow:
    accepted = a_fact("case.accepted", "2026-03-02T09:00:00+08:00")
    (raised,) = reconcile(judged(accepted, horizon=LATE), (), now=at(LATE))
    document = {**raised.document, "state": state, "level": level, "supervision_no": "2026010000000000042"}
    return replace(raised, state=state, level=level, document=document)


def moved(alert: AlertRow, move: str, role: str, on: str, **said: str) -> AlertRow:
    whose = DEPARTMENT if role == "department" else ""
    return done(alert, Deed(move=move, by=f"{role} 1", role=role, at=at(on), department_id=whose, **said), CALENDAR)


def a_wish(instrument: str, authority: str = "operator", on: str = "2026-03-19T09:00:00", **said: Any) -> PaperWish:
    return PaperWish(instrument=instrument, authority=authority, by="王五", at=at(on), **{"note": "限期整改", **said})


def code(alert: AlertRow, wish: PaperWish, *issued: PaperRow) -> str | None:
    why = why_not(alert, wish, issued, CALENDAR)
    assert why is None or (why.problem and why.hint)
    return why.code if why is not None else None


def a_paper(alert: AlertRow, wish: PaperWish, number: int = 1) -> PaperRow:
    content = content_of(alert, wish, number, addressee="住房和城乡建设局", office=OFFICE, calendar=CALENDAR)
    return PaperRow(
        paper_id=f"{wish.instrument}-{number}",
        instrument=wish.instrument,
        year=2026,
        number=number,
        alert_id=alert.alert_id,
        issued_at=wish.at,
        content=content,
        docx_digest="a" * 64,
        pdf_digest="b" * 64,
    )


@pytest.mark.parametrize(
    ("authority", "day", "wanted"),
    [
        ("inspection", date(1997, 5, 8), []),
        ("inspection", date(1997, 5, 9), ["inspection_advice"]),
        ("inspection", date(2018, 3, 19), ["inspection_advice"]),
        ("inspection", date(2018, 3, 20), []),
        ("commission", date(2018, 3, 19), []),
        ("commission", date(2018, 3, 20), ["supervision_advice"]),
        ("justice", date(2026, 1, 31), []),
        ("justice", date(2026, 2, 1), ["enforcement_opinion", "enforcement_decision"]),
        ("operator", date(2008, 9, 26), ["notice", "order"]),
    ],
)
def test_an_authority_issues_its_instruments_from_the_day_to_the_day(
    authority: str, day: date, wanted: list[str]
) -> None:
    assert [row["code"] for row in instruments(authority, day)] == wanted


@pytest.mark.parametrize(
    ("instrument", "authority", "wanted"),
    [
        ("notice", "operator", None),
        ("notice", "commission", "paper.authority"),
        ("supervision_advice", "operator", "paper.authority"),
        ("supervision_advice", "commission", None),
        ("inspection_advice", "inspection", "paper.not-in-force"),
        ("enforcement_opinion", "justice", None),
        ("enforcement_opinion", "operator", "paper.authority"),
        ("enforcement_decision", "justice", "paper.before"),
        ("order", "operator", "paper.order"),
        ("edict", "operator", "paper.instrument"),
    ],
)
def test_an_instrument_is_issued_by_whom_it_belongs_to_in_its_time(
    instrument: str, authority: str, wanted: str | None
) -> None:
    assert code(an_alert("signed"), a_wish(instrument, authority)) == wanted


def test_a_decision_comes_after_an_opinion() -> None:
    alert = an_alert("signed")
    opinion = a_paper(alert, a_wish("enforcement_opinion", "justice"))
    assert opinion.content["answer_by"] == "2026-04-18"
    assert code(alert, a_wish("enforcement_decision", "justice"), opinion) is None


@pytest.mark.parametrize("state", ["shadow", "pending", "cleared", "revoked", "closed"])
def test_no_paper_is_issued_of_an_alert_that_is_not_out_or_is_over(state: str) -> None:
    assert code(an_alert(state), a_wish("notice")) == "paper.state"


def test_nobody_of_the_responsible_department_issues_a_paper_and_words_are_asked_for() -> None:
    assert code(an_alert(), a_wish("notice", department_id=DEPARTMENT)) == "paper.department"
    assert code(an_alert(), a_wish("supervision_advice", "commission", note=" ")) == "paper.note"


def test_an_alert_is_noticed_once_and_every_order_is_written_once() -> None:
    alert = an_alert()
    notice = a_paper(alert, a_wish("notice"))
    assert code(alert, a_wish("notice"), notice) == "paper.again"
    ordered = moved(alert, "order", "supervisor", "2026-03-19T08:00:00", note="限期反馈", due_on="2026-04-10")
    order = a_paper(ordered, a_wish("order"))
    assert (order.content["order"]["content"], order.content["answer_by"]) == ("限期反馈", "2026-04-10")
    assert code(ordered, a_wish("order"), order) == "paper.again"
    again = moved(ordered, "order", "supervisor", "2026-03-20T08:00:00", note="再次督办", due_on="2026-04-20")
    assert code(again, a_wish("order", on="2026-03-20T09:00:00"), order) is None


def test_a_notice_says_what_was_found_until_when_to_answer_and_how_to_appeal() -> None:
    content = a_paper(an_alert(), a_wish("notice"), 7).content
    assert content["no"] == "泰监告〔2026〕7号"
    assert (content["answer_by"], content["appeal_by"]) == ("2026-03-25", "2026-03-25")
    assert content["addressee"] == {"department_id": DEPARTMENT, "name": "住房和城乡建设局"}
    assert content["finding"]["zh"]
    assert content["finding"]["en"]
    assert content["basis"]
    assert content["alert"]["supervision_no"] == "2026010000000000042"
    assert "appeal_by" not in a_paper(an_alert(), a_wish("notice", on="2026-03-26T00:00:00")).content


def test_the_departments_signature_and_answer_after_the_issue_are_the_receipt() -> None:
    alert = an_alert()
    notice = a_paper(alert, a_wish("notice"))
    assert receipt_of(replace(notice, docx_digest=""), alert)["state"] == "drawing"
    assert receipt_of(notice, alert)["state"] == "issued"
    signed = moved(alert, "sign", "department", "2026-03-19T10:00:00")
    assert (receipt_of(notice, signed)["state"], receipt_of(notice, signed)["by"]) == ("signed", "department 1")
    answered = moved(signed, "answer", "department", "2026-03-20T10:00:00", note="系统升级")
    assert (receipt_of(notice, answered)["state"], receipt_of(notice, answered)["note"]) == ("answered", "系统升级")
    later = a_paper(answered, a_wish("enforcement_opinion", "justice", on="2026-03-21T09:00:00"))
    assert receipt_of(later, answered)["state"] == "issued"
