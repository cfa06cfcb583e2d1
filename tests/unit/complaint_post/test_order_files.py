"""Files of a complaint go with its orders, but for those of somebody who asked to stay unknown."""

from __future__ import annotations

from typing import Any

from tests.support.complaint_letters import HOUSING, a_move, told

FILE = {
    "name": "现场照片.png",
    "media_type": "image/png",
    "size": 3,
    "sha256": "a" * 64,
    "uri": "https://centre.example/1",
}


def order_of(**about: Any) -> dict[str, Any]:
    moves = [a_move("registered", 0, about=about), a_move("dispatched", 1, about=about, department_id=HOUSING)]
    for each in moves:
        each["data"]["case"]["attachments"] = [FILE]
    return told("order", *moves)[0]


def test_an_order_names_files_and_not_where_their_centre_keeps_them() -> None:
    assert order_of()["attachments"] == [{name: FILE[name] for name in ("name", "media_type", "size", "sha256")}]


def test_files_of_a_complainant_who_stays_unknown_do_not_go_with_the_order() -> None:
    assert "attachments" not in order_of(confidential=True)
