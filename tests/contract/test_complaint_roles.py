"""Which complaints a department is shown: those in which it has a part as they stand, and no others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest

from hub.model.values import ComplaintRole
from hub.store.queries import Queries
from tests.support.stores import DATABASES, StorePlace, a_case, a_clock, empty_place, held, written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CENTRE, OURS, OTHERS = "11321200014005005D", "11321200014000028L", "1132120001400001XL"
DUE: Final = datetime(2026, 3, 9, 16, tzinfo=UTC)
OPENED: Final = {"a": DUE, "b": DUE.replace(day=10), "c": None, "d": DUE.replace(day=3)}
"""When each complaint opened; what is not registered yet has not."""
HANDLING: Final = ("handler", "assisting")


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StorePlace]:
    with empty_place(request, tmp_path) as place:
        yield place.prepare()


def role(case_id: str, department_id: str, role: str) -> ComplaintRole:
    return ComplaintRole(case_id=case_id, department_id=department_id, role=role)


def test_a_department_is_shown_what_it_handles_or_assists_with_until_it_does_no_more(place: StorePlace) -> None:
    store, queries = place.open(), Queries(place.url)

    def numbers(**asked: Any) -> list[str]:
        return [row["case_no"] for row in queries.complaints(disclosures=("public", "intranet"), **asked)]

    about: dict[str, Any] = {"disclosure": "intranet", "state": "dispatched", "wake_at": None}
    cases = [a_case(name, case_no=name, opened_at=opened, **about) for name, opened in OPENED.items()]
    secret = a_case("e", case_no="e", disclosure="secret", state="dispatched", wake_at=None)
    roles = [role(each, CENTRE, "centre") for each in "abce"]
    roles += [role("a", OURS, "handler"), role("b", OTHERS, "handler"), role("b", OURS, "assisting")]
    roles += [role("c", OTHERS, "handler"), role("e", OURS, "handler")]
    clocks = [
        a_clock("a-1", "a", kind="complaint", state="running", due_at=DUE, stopped_at=None, provisional=False),
        a_clock("a-2", "a", kind="complaint_acceptance", state="met", due_at=DUE.replace(day=2),
                stopped_at=DUE.replace(day=1), provisional=False),
    ]  # fmt: skip
    with store.unit(0, epoch=held(store)) as unit:
        written(unit, cases=[*cases, secret], roles=roles, clocks=clocks)
    assert numbers(department=OURS, roles=HANDLING) == ["b", "a"], "newest first"
    assert numbers(roles=("centre",)) == ["b", "a", "c"]
    assert numbers(department=OURS, roles=("centre",)) == []
    assert numbers(department=OURS, roles=HANDLING, after="b") == ["a"]
    assert numbers(roles=("centre",), after="a") == ["c"]
    assert numbers(roles=("centre",), after="c") == numbers(roles=("centre",), after="nothing") == []
    assert numbers(department=OURS, roles=HANDLING, state="closed") == []
    first = queries.complaints(department=OURS, roles=HANDLING, disclosures=("intranet",), after="b", limit=1)
    assert [row["due_at"] for row in first] == [DUE], "a clock that has stopped is not due"

    with store.unit(0, epoch=held(store)) as unit:
        written(unit, cases=cases[:1], roles=[role("a", CENTRE, "centre"), role("a", OTHERS, "handler")])
    assert numbers(department=OURS, roles=HANDLING) == ["b"], "it was given back"
    assert numbers(department=OTHERS, roles=HANDLING) == ["b", "a", "c"]
    queries.close()
