"""A centre is told of every move that it did not make, in order, once, and of what ceases to hold."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import orjson

from hub.model.documents import tombstone
from hub.model.shapes import shape
from tests.support.complaint_letters import (
    CASE,
    CENTRE,
    HOUSING,
    MARKET,
    OTHER_CENTRE,
    Ledger,
    a_move,
    letters_of,
    told,
    told_documents,
)

DEPARTMENT = "taizhou.housing.complaints"

STORY = (
    a_move("registered", 0),
    a_move("accepted", 1),
    a_move("dispatched", 2, occurrence="1", department_id=HOUSING),
)
"""What the centre itself says."""

CALLBACKS = (
    a_move("signed", 3, by=DEPARTMENT, occurrence="1", department_id=HOUSING),
    a_move("started", 4, by=DEPARTMENT, occurrence="1", department_id=HOUSING),
    a_move("extension_requested", 5, by=DEPARTMENT, occurrence="1", department_id=HOUSING, reason="等配件"),
    a_move("replied", 6, by=DEPARTMENT, occurrence="1", department_id=HOUSING, reply="已恢复供水"),
    a_move("replied", 9, by=DEPARTMENT, occurrence="2", department_id=HOUSING, reply="已重新检修"),
)
"""What the department answers, to the second of its replies after the centre had it done again."""

LATER = (
    a_move("followed_up", 7, occurrence="1", solved=False),
    a_move("reworked", 8, occurrence="1", department_id=HOUSING),
)


def moves(told_: list[dict[str, Any]]) -> list[str]:
    return [each["move"] + ("" if each["in_force"] else "!") for each in told_]


def test_a_centre_hears_of_every_move_that_it_did_not_make_in_order() -> None:
    found = told("status", *STORY, *CALLBACKS[:4], *LATER, CALLBACKS[4])
    assert moves(found) == ["signed", "started", "extension_requested", "replied", "replied"]
    assert [each["sequence"] for each in found] == [4, 5, 6, 7, 10]
    assert [each["state"] for each in found] == ["signed_for", "in_progress", "in_progress", "replied", "replied"]
    assert found[-1]["reply"] == "已重新检修"
    assert found[0]["handler"] == HOUSING


def test_a_centre_hears_of_its_own_moves_where_it_wants_the_echo() -> None:
    assert moves(told("status", *STORY, CALLBACKS[0], echo=True)) == ["registered", "accepted", "dispatched", "signed"]


def test_what_the_hubs_own_desk_says_for_a_centre_is_told_to_it() -> None:
    assert moves(
        told("status", *STORY[:2], a_move("dispatched", 2, by="city.complaints.desk", department_id=HOUSING))
    ) == ["dispatched"]


def test_a_marked_move_is_not_told_until_it_is_lawful() -> None:
    signed = CALLBACKS[0]
    assert moves(told("status", *STORY[:2], signed)) == []
    (found,) = told("status", *STORY[:2], signed, STORY[2])
    assert (found["move"], found["sequence"]) == ("signed", 4)


def test_a_move_that_ceases_to_be_lawful_is_taken_back() -> None:
    found = told("status", *STORY, CALLBACKS[0], CALLBACKS[3], a_move("withdrawn", 2.5))
    assert moves(found) == ["signed", "replied", "signed!", "replied!"]
    assert found[-1]["state"] == "withdrawn"


def test_a_reply_that_is_revised_is_told_again_under_another_id() -> None:
    again = a_move("replied", 6, by=DEPARTMENT, occurrence="1", department_id=HOUSING, reply="已恢复", source_version=1)
    found = told("status", *STORY, *CALLBACKS[:4], again)
    assert [each["reply"] for each in found[-2:]] == ["已恢复供水", "已恢复"]
    assert found[-1]["status_id"] != found[-2]["status_id"]


def test_every_order_of_arrival_ends_with_the_same_statuses_in_force() -> None:
    wanted = at_the_centre(told("status", *STORY, *LATER, *CALLBACKS))
    assert len(wanted) == len(CALLBACKS)
    for order in permutations(CALLBACKS):
        found = told("status", *STORY, *LATER, *order)
        assert at_the_centre(found) == wanted
        assert found[-1]["state"] == "replied"
        assert len({each["status_id"] for each in found}) == len(found)


def at_the_centre(found: list[dict[str, Any]]) -> dict[str, str]:
    """Return what a centre holds after it was told: the moves in force, by event."""
    held: dict[str, str] = {}
    for each in found:
        if each["in_force"]:
            held[each["event_id"]] = each["move"]
        else:
            del held[each["event_id"]]
    return held


def test_both_centres_hear_of_a_transfer_and_of_what_comes_after_it() -> None:
    passed = a_move("transferred", 1.5, centre_id=OTHER_CENTRE)
    sent = a_move("dispatched", 2, by="county.complaints", occurrence="1", department_id=HOUSING)
    found = told("status", *STORY[:1], passed, sent, CALLBACKS[0])
    assert [(each["centre_id"], each["move"]) for each in found] == [
        (OTHER_CENTRE, "registered"), (OTHER_CENTRE, "transferred"), (CENTRE, "dispatched"), (CENTRE, "signed"),
        (OTHER_CENTRE, "signed"),
    ]  # fmt: skip


def test_a_case_that_is_shown_again_is_told_of_whole_once_and_one_that_is_withheld_not_at_all() -> None:
    ledger = Ledger([*STORY, *CALLBACKS[:2]])
    letters = letters_of("status", ledger)
    anew = [document["data"] for row in ledger.shown_again() for document in letters.written(row)]
    assert [(each["move"], each["sequence"], each["part"]) for each in anew] == [("signed", 10, 1), ("started", 10, 2)]
    stone = {**ledger.rows()[3], "body": orjson.dumps(tombstone({"id": "x", "subject": CASE}))}
    assert letters.written(stone) == ()


def test_a_status_is_of_the_published_shape_and_knows_its_deadline() -> None:
    for each in told_documents("status", *STORY, *CALLBACKS, *LATER, echo=True):
        assert shape("complaint-status.v1").problems(each) == []
    (signed,) = told("status", *STORY, CALLBACKS[0])
    assert signed["due_at"] == "2026-03-10T00:00:00+08:00"


def test_a_centre_run_by_the_unit_that_a_report_is_about_is_told_nothing_of_it() -> None:
    """Its own system may name the centre alone, and not who runs it."""
    for unit, centres in ((MARKET, {CENTRE}), (HOUSING, {CENTRE, OTHER_CENTRE})):
        about = {"kind": "report", "track": "report", "respondent_department": unit}
        told_ = told_documents(
            "status",
            a_move("registered", 0, about=about),
            a_move("transferred", 1, about=about, occurrence="1", centre_id=OTHER_CENTRE, reason="x"),
            echo=True,
        )
        assert {each["data"]["centre_id"] for each in told_} == centres
