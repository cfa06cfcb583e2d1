"""What is counted of cases is written with them, on SQLite and on PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from hub.store import counted, rows
from tests.support.figures import some_facts
from tests.support.stores import DATABASES, StorePlace, a_case, empty_place, entries, held, written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.model.facts import CaseFacts
    from hub.store.sql import SqlStore


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StorePlace]:
    with empty_place(request, tmp_path) as place:
        yield place.prepare()


def kept(place: StorePlace) -> list[CaseFacts]:
    with place.tampering() as connection:
        query = sa.select(counted.case_facts).order_by(counted.case_facts.c.case_id)
        return [rows.case_facts(row) for row in connection.execute(query)]


def write(store: SqlStore, case_ids: list[str], facts: list[CaseFacts]) -> None:
    with store.unit(0, epoch=held(store)) as unit:
        written(unit, entries(unit, 1), cases=[a_case(name) for name in case_ids], facts=facts)


def test_facts_are_kept_field_by_field(place: StorePlace) -> None:
    bare = some_facts("b", accepted_on=None, closed_on=None, finished_on=None, used_workdays=None, rating=None)
    full = some_facts("a")
    write(place.open(), ["a", "b"], [full, bare])
    assert kept(place) == [full, bare]


def test_facts_of_a_case_judged_again_replace_the_old_ones(place: StorePlace) -> None:
    store = place.open()
    write(store, ["a", "b"], [some_facts("a"), some_facts("b")])
    write(store, ["a"], [some_facts("a", late=True, on_time=False)])
    assert [facts.late for facts in kept(place)] == [True, False]


def test_a_case_that_is_counted_no_more_leaves_no_facts(place: StorePlace) -> None:
    store = place.open()
    write(store, ["a", "b"], [some_facts("a"), some_facts("b")])
    write(store, ["a"], [])
    assert [facts.case_id for facts in kept(place)] == ["b"]
