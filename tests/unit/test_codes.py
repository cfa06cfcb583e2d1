"""Code lists are the controlled words: complete, in order of their dates, and one word means one thing on one day."""

from __future__ import annotations

from datetime import date

import orjson
import pytest

from hub.model.codes import code_list, region_name
from hub.resources import SCHEMAS

LISTS = sorted(path.stem for path in (SCHEMAS / "codes").glob("*.json"))
WUXI_TIMES = date(2008, 6, 1)


def test_the_lists_are_those_that_documents_use() -> None:
    assert {"power_types", "case_types", "event_types", "regions", "applicant_kinds"} <= set(LISTS)


@pytest.mark.parametrize("name", LISTS)
def test_every_row_has_a_code_of_its_own_and_a_chinese_name(name: str) -> None:
    rows = orjson.loads((SCHEMAS / "codes" / f"{name}.json").read_bytes())["codes"]
    assert len({row["code"] for row in rows}) == len(rows)
    assert all(row["zh"] for row in rows)
    found = code_list(name)
    assert found.version
    assert all(row["code"] in found for row in rows)


@pytest.mark.parametrize("name", LISTS)
def test_no_row_ends_before_it_begins(name: str) -> None:
    for row in code_list(name).rows.values():
        assert (row.get("valid_from") or "") <= (row.get("valid_to") or "9999")


def test_a_list_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        code_list("../case-event.v1")


def test_a_code_that_is_not_there_is_valid_on_no_day() -> None:
    assert "x" not in code_list("regions")
    assert not code_list("regions").valid("x", WUXI_TIMES)


def test_a_region_is_valid_from_its_first_day_to_the_day_before_its_last() -> None:
    regions = code_list("regions")
    ended = [row for row in regions.rows.values() if row.get("valid_to")]
    assert ended, "Taizhou had a county that was renamed"
    for row in ended:
        last = date.fromisoformat(row["valid_to"])
        assert not regions.valid(row["code"], last)
        assert regions.valid(row["code"], date.fromordinal(last.toordinal() - 1))
    begun = [row for row in regions.rows.values() if row.get("valid_from")]
    for row in begun:
        first = date.fromisoformat(row["valid_from"])
        assert regions.valid(row["code"], first)
        assert not regions.valid(row["code"], date.fromordinal(first.toordinal() - 1))


def test_the_successor_of_a_renamed_county_is_a_region_that_begins_when_it_ends() -> None:
    rows = code_list("regions").rows
    followed = [row for row in rows.values() if row.get("successor")]
    assert followed
    for row in followed:
        assert rows[row["successor"]]["valid_from"] == row["valid_to"]


def test_every_region_of_the_city_names_itself_and_a_stranger_is_its_code() -> None:
    assert region_name("321281") == "兴化市"
    assert region_name("999999") == "999999"
