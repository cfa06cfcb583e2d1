"""What the public sees of the catalogue: published entries of class public, and of those what a whitelist names."""

from __future__ import annotations

from copy import deepcopy

import orjson
import pytest

from hub.citizens.matters import Asked, entries, search, version, versions
from tests.support.citizens import DOCUMENTS, HOUSING, INNER, MARKET

TODAY = "2026-04-01"
KNOWN = entries(DOCUMENTS, TODAY)


def codes(**asked: str) -> list[str]:
    return [each.matter_code for each in search(KNOWN, Asked(**asked), TODAY)]


def test_only_what_is_public_and_published_is_there() -> None:
    assert sorted({each.matter_code for each in KNOWN}) == ["A-1", "A-2", "B/1 甲"]
    assert [each.matter_code for each in entries(DOCUMENTS, "2026-04-02") if each.matter_code == "X-3"] == ["X-3"]


def test_nothing_inner_is_told_of_it() -> None:
    told = orjson.dumps([each.told for each in KNOWN]).decode() + "".join(each.found_by for each in KNOWN)
    assert [word for word in INNER if word.casefold() in told.casefold()] == []


def test_a_field_that_nobody_has_thought_of_stays_inside() -> None:
    document = deepcopy(DOCUMENTS[0])
    matter = document["matters"][0]
    for row in (matter, matter["legal_basis"][0], matter["materials"][0], matter["flow"]["stages"][0],
                matter["promised_limit"], document["department"]):  # fmt: skip
        row["new"] = "INNER"
    (found, *_) = entries([document], TODAY)
    assert "INNER" not in orjson.dumps(found.told).decode()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ["A-1", "A-2", "B/1 甲"]),
        ({"text": "施工许可"}, ["A-1"]),
        ({"text": "许可 住房"}, ["A-1", "A-2"]),
        ({"text": "处罚"}, ["B/1 甲", "A-2"]),
        ({"text": "ａ－１"}, ["A-1"]),
        ({"text": "b/1"}, ["B/1 甲"]),
        ({"text": "建筑法"}, ["A-1", "A-2", "B/1 甲"]),
        ({"text": "内部甲"}, []),
        ({"department": MARKET}, ["B/1 甲"]),
        ({"power_type": "02"}, ["B/1 甲"]),
        ({"region": "3212"}, ["A-1", "A-2", "B/1 甲"]),
        ({"region": "321281"}, ["B/1 甲"]),
        ({"status": "active"}, ["A-1", "A-2"]),
        ({"text": "许可", "region": "321281"}, []),
    ],
)
def test_a_search_finds_by_words_department_type_region_and_number(asked: dict[str, str], expected: list[str]) -> None:
    assert codes(**asked) == expected


def test_the_version_shown_is_the_one_that_holds_on_the_day() -> None:
    held = {day: version(KNOWN, HOUSING, "A-1", day) for day in ("2019-02-28", "2026-02-28", "2026-03-01")}
    assert {day: each and each.told["promised_limit"]["n"] for day, each in held.items()} == {
        "2019-02-28": None, "2026-02-28": 5, "2026-03-01": 3,
    }  # fmt: skip
    assert [each.told["version"] for each in versions(KNOWN, HOUSING, "A-1")] == ["1", "2"]
    assert version(KNOWN, MARKET, "A-1", TODAY) is None
