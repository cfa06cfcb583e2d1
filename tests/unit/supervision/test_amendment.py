"""Changes of a catalogue document, part by part: what is found is what is carried out, and nothing is undone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from hub.supervision.amendment import (
    amended,
    change_id,
    differences,
    obstacle,
    parts_of,
    put,
    touched,
    twice,
)

DEPARTMENT: Final = "11321200014000028L"

MATTERS = st.lists(
    st.fixed_dictionaries(
        {
            "matter_code": st.sampled_from(["A", "B", "C|D"]),
            "version": st.sampled_from(["1", "2"]),
            "name": st.sampled_from(["甲", "乙"]),
            "power_type": st.just("01"),
            "valid_from": st.sampled_from(["2020-01-01", "2026-07-01"]),
        }
    ),
    max_size=5,
    unique_by=lambda row: (row["matter_code"], row["version"]),
)
STAFF = st.lists(
    st.fixed_dictionaries(
        {"staff_code": st.sampled_from(["s1", "s2"]), "from": st.sampled_from(["2020-01-01", "2021-01-01"])}
    ),
    max_size=4,
)  # fmt: skip


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    about: dict[str, Any] = {"department_id": DEPARTMENT, "name": draw(st.sampled_from(["甲局", "乙局"])),
                             "region_code": "321200"}  # fmt: skip
    staff, matters = draw(STAFF), draw(MATTERS)
    document: dict[str, Any] = {"department": {**about, **({"staff": staff} if staff else {})}}
    return {**document, **({"matters": matters} if matters else {})}


@given(documents() | st.none(), documents())
def test_what_is_found_between_two_documents_makes_the_one_of_the_other(old: Any, new: Any) -> None:
    parts = differences(old, new)
    assert parts_of(amended(old, parts)) == parts_of(new)
    assert (obstacle(old, parts) is None) == bool(parts)
    assert differences(amended(old, parts), new) == []


@given(documents(), documents(), documents())
def test_changes_of_different_parts_do_not_hinder_one_another(old: Any, one: Any, other: Any) -> None:
    first, second = differences(old, one), differences(old, other)
    apart = not {(part["kind"], part["key"]) for part in first} & {(part["kind"], part["key"]) for part in second}
    done = amended(old, first)
    if second:
        assert (obstacle(done, second) is None) == apart
    if apart:
        assert parts_of(amended(done, second)) == parts_of(amended(amended(old, second), first))


def test_versions_that_are_put_leave_all_else_alone() -> None:
    held = {"matter_code": "A", "version": "1", "name": "甲", "power_type": "01", "valid_from": "2020-01-01"}
    old = {"department": {"department_id": DEPARTMENT, "name": "甲局", "region_code": "321200"}, "matters": [held]}
    new = held | {"version": "2", "valid_from": "2027-01-01"}
    parts = put(old, [new, held])
    assert [part["key"] for part in parts] == ["A|2"]
    assert amended(old, parts)["matters"] == [held, new]
    assert change_id(DEPARTMENT, parts) == change_id(DEPARTMENT, put(old, [new]))
    assert twice({**old, "matters": [held, held]}) == ["A version 1"]


def test_a_version_taken_away_concerns_the_cases_since_it_began() -> None:
    held = {"matter_code": "C|D", "version": "1", "name": "甲", "power_type": "01", "valid_from": "2020-01-01"}
    old = {"department": {"department_id": DEPARTMENT, "name": "甲局", "region_code": "321200"}, "matters": [held]}
    parts = differences(old, {"department": old["department"]})
    (found,) = touched(DEPARTMENT, old, parts, lambda day: datetime(day.year, day.month, day.day, tzinfo=UTC))
    assert (found.matters, found.since) == (frozenset({"C|D"}), datetime(2020, 1, 1, tzinfo=UTC))
    staff = differences(old, {**old, "department": {**old["department"], "staff": [{"staff_code": "s"}]}})  # type: ignore[dict-item]
    (open_ones,) = touched(DEPARTMENT, old, staff, lambda day: datetime(day.year, 1, 1, tzinfo=UTC))
    assert (open_ones.matters, open_ones.since) == (None, None)
