"""A department is told of what it must do, and of nothing that is not for it to know."""

from __future__ import annotations

from typing import Any

from hub.model.shapes import shape
from tests.support.complaint_letters import HOUSING, MARKET, a_move, told, told_documents

BEGUN = (
    a_move("registered", 0, about={"content": "13800001234 举报人电话", "confidential": False}),
    a_move("dispatched", 1, occurrence="1", department_id=HOUSING),
)
RETURNED = a_move(
    "returned",
    2,
    by="taizhou.housing.complaints",
    occurrence="1",
    department_id=HOUSING,
    reason="非本单位职责",
    basis="三定规定",
)


def brief(found: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(each["move"] + ("" if each["in_force"] else "!"), each["department_id"], each["role"]) for each in found]


def test_each_department_gets_the_orders_that_are_for_it() -> None:
    again = a_move("redispatched", 3, occurrence="1", department_id=MARKET)
    closed = a_move("closed", 6)
    replied = a_move("replied", 5, by="taizhou.market.complaints", occurrence="1", department_id=MARKET)
    events = (*BEGUN, RETURNED, again, replied, closed)
    assert brief(told("order", *events)) == [
        ("dispatched", HOUSING, "lead"), ("redispatched", MARKET, "lead"), ("closed", MARKET, "lead"),
    ]  # fmt: skip
    assert brief(told("order", *events, departments=[HOUSING])) == [("dispatched", HOUSING, "lead")]


def test_whoever_assists_gets_an_order_and_hears_of_the_end_and_the_lead_of_its_answer() -> None:
    found = told(
        "order", *BEGUN, a_move("assist_asked", 2, occurrence="1", department_id=MARKET),
        a_move("assisted", 3, by="m", occurrence="1", department_id=MARKET, reason="无照经营已查处"),
        a_move("withdrawn", 4),
    )  # fmt: skip
    assert brief(found) == [
        ("dispatched", HOUSING, "lead"), ("assist_asked", MARKET, "assist"), ("assisted", HOUSING, "lead"),
        ("withdrawn", HOUSING, "lead"), ("withdrawn", MARKET, "assist"),
    ]  # fmt: skip
    assert [each["part"] for each in found] == [1, 1, 1, 1, 2]


def test_a_decision_on_an_extension_goes_to_whoever_handles_it_and_moves_the_deadline() -> None:
    first, moved = told(
        "order",
        *BEGUN,
        a_move(
            "extended",
            2,
            occurrence="1",
            approved_by="王",
            extension={"n": 2, "unit": "working_day", "approved_by": "王"},
        ),
    )
    assert (first["due_at"], moved["due_at"]) == ("2026-03-10T00:00:00+08:00", "2026-03-12T00:00:00+08:00")
    assert moved["extension"] == {"n": 2, "unit": "working_day"}


def test_what_was_arbitrated_may_not_be_returned() -> None:
    decided = a_move("arbitrated", 3, occurrence="1", department_id=HOUSING, designated=True)
    found = told("order", *BEGUN, RETURNED, decided, a_move("redispatched", 4, occurrence="1", department_id=HOUSING))
    assert [(each["move"], each["designated"], each["returns"]) for each in found] == [
        ("dispatched", False, 0), ("arbitrated", True, 1), ("redispatched", True, 1),
    ]  # fmt: skip


def test_whoever_had_it_hears_that_another_was_chosen() -> None:
    decided = a_move("arbitrated", 3, occurrence="1", department_id=MARKET, designated=True)
    found = told("order", *BEGUN, RETURNED, decided)
    assert brief(found)[1:] == [("arbitrated", MARKET, "lead"), ("arbitrated", HOUSING, "lead")]


def test_a_dispatch_that_ceases_to_hold_is_taken_back() -> None:
    found = told("order", *BEGUN, a_move("withdrawn", 0.5))
    assert brief(found) == [("dispatched", HOUSING, "lead"), ("dispatched!", HOUSING, "lead")]


def test_a_report_never_reaches_the_unit_that_it_speaks_of() -> None:
    about = {"kind": "report", "track": "report", "respondent_department": HOUSING}
    events = [
        a_move("registered", 0, about=about),
        a_move("dispatched", 1, occurrence="1", department_id=HOUSING, about=about),
    ]
    assert told("order", *events) == []


def test_whoever_complains_in_confidence_stays_unknown_to_the_department() -> None:
    about = {"confidential": True, "content": "我的电话13800001234"}
    (order,) = told("order", a_move("registered", 0, about=about),
                    a_move("dispatched", 1, occurrence="1", department_id=HOUSING, about=about))  # fmt: skip
    assert "name_masked" not in order["complainant"]
    assert "13800001234" not in str(order)
    (open_,) = told("order", *BEGUN)
    assert open_["complainant"]["name_masked"] == "张*"


def test_the_answer_of_whoever_assists_goes_to_the_lead_and_to_nobody_else() -> None:
    asked = a_move("assist_asked", 2, occurrence="1", department_id=MARKET)
    answer = a_move("assisted", 3, by="m", occurrence="1", department_id=MARKET, reply="无照经营已查处")
    found = told("order", *BEGUN, asked, answer)
    assert [(each["department_id"], each.get("reply")) for each in found] == [
        (HOUSING, None), (MARKET, None), (HOUSING, "无照经营已查处"),
    ]  # fmt: skip
    documents = told_documents("order", *BEGUN, asked, answer)
    assert [shape("complaint-order.v1").problems(each) for each in documents] == [[], [], []]


def test_what_is_sent_back_is_due_when_the_second_try_is() -> None:
    replied = a_move("replied", 2, by="h", occurrence="1", department_id=HOUSING, reply="已处理")
    weeks_later = a_move("reworked", 24 * 21, occurrence="1", department_id=HOUSING)
    first, again = told("order", *BEGUN, replied, weeks_later)
    assert (first["due_at"], again["due_at"]) == ("2026-03-10T00:00:00+08:00", "2026-03-31T00:00:00+08:00")


def test_whoever_gave_it_back_hears_no_more_of_it() -> None:
    assert brief(told("order", *BEGUN, RETURNED, a_move("withdrawn", 5))) == [("dispatched", HOUSING, "lead")]


def test_an_order_is_of_the_published_shape() -> None:
    (found,) = told_documents("order", *BEGUN, RETURNED)
    assert shape("complaint-order.v1").problems(found) == []
