"""Cases come due in the order of time, whichever connection they came by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from hub.model.values import CaseRow, Changes
from hub.store.migrate import begin, migrate
from hub.store.sql import SqlStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.servers)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    """An empty store on each database."""
    postgres = request.param == "postgres"
    url = request.getfixturevalue("postgres").fresh_database() if postgres else f"sqlite:///{tmp_path}/hub.db"
    migrate(url)
    begin(url, partitions=1)
    opened = SqlStore(url)
    yield opened
    opened.close()


def a_case(number: int, connection_id: str, wake_at: datetime) -> CaseRow:
    """Return a case that wakes at an instant."""
    return CaseRow(
        case_id=f"case-{number}",
        connection_id=connection_id,
        case_no=str(number),
        department_id="11321200014000028L",
        region_code="321200",
        matter_code="",
        title="",
        disclosure="intranet",
        state="accepted",
        opened_at=None,
        closed_at=None,
        first_position=1,
        wake_at=wake_at,
        log=b"",
    )


def test_cases_of_two_connections_come_due_in_one_order_each_by_its_own_horizon(store: SqlStore) -> None:
    cases = [a_case(n, "odd" if n % 2 else "even", START + timedelta(hours=n)) for n in range(8)]
    horizons = {"odd": START + timedelta(hours=5), "even": START + timedelta(hours=7)}
    epoch = store.claim("partition/0", owner="test", lease_s=60)
    assert epoch is not None
    with store.unit(0, epoch=epoch) as unit:
        unit.write(Changes(head=unit.head, cases=cases))
    with store.unit(0, epoch=epoch) as unit:
        assert [row.case_no for row in unit.due(horizons, limit=10)] == ["0", "1", "2", "3", "4", "6"]
        assert [row.case_no for row in unit.due(horizons, limit=3)] == ["0", "1", "2"]
        assert list(unit.due({}, limit=3)) == []
