"""New York's 311 samples go the whole way as complaints: whoever reads the files plainly finds the same late ones."""

from __future__ import annotations

import contextlib
import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from hub.store import tables
from hub.store.counted import case_facts
from hub.store.engine import open_engine
from hub.supervision.caselog import decode
from tests.support.hubs import an_import, hub_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.wiring import Hub

ROOT = Path(__file__).resolve().parents[2]
CIVIC = ROOT.parent / "shared" / "data" / "civic"
MAPPING = ROOT / "mappings" / "samples" / "nyc311.yaml"
NEW_YORK = ZoneInfo("America/New_York")
KNOWN = {999: 160, 199: 0}
"""Late ones of each sample."""

pytestmark = pytest.mark.skipif(not CIVIC.is_dir(), reason="the real complaints are not beside this checkout")


def rows(size: int) -> list[dict[str, str]]:
    with (CIVIC / f"nyc311_sample_{size}.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def instant(text: str) -> datetime | None:
    wall = datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p") if text else None  # noqa: DTZ007 - its zone follows
    return wall.replace(tzinfo=NEW_YORK).astimezone(UTC) if wall else None


@pytest.fixture(params=KNOWN, scope="module")
def sample(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Hub]]:
    """Import one sample, judged when the last of its requests was closed."""
    size = request.param
    now = max(closed for row in rows(size) if (closed := instant(row["Closed Date"])))
    with contextlib.closing(hub_at(tmp_path_factory.mktemp("civic"), now=now)) as hub:
        with an_import(hub, MAPPING, CIVIC / f"nyc311_sample_{size}.csv") as figures:
            assert figures["records"] == {"read": size, "mapped": size, "empty": 0, "quarantined": 0}
            assert figures["cases"]["total"] == size
        yield size, hub


def test_as_many_are_closed_late_as_the_file_says(sample: tuple[int, Hub]) -> None:
    size, hub = sample
    with open_engine(hub.settings.store_url).connect() as connection:
        told = sa.select(tables.cases.c.case_no).join(case_facts, case_facts.c.case_id == tables.cases.c.case_id)
        late = set(connection.execute(told.where(case_facts.c.late)).scalars())
    assert len(late) == KNOWN[size]
    assert late == {row["Unique Key"] for row in rows(size) if _is_late(row)}


def _is_late(row: dict[str, str]) -> bool:
    closed, due = instant(row["Closed Date"]), instant(row["Due Date"])
    return closed is not None and due is not None and closed > due


def test_every_request_with_a_due_date_has_one_clock_due_then_and_no_other_has_any(sample: tuple[int, Hub]) -> None:
    size, hub = sample
    with open_engine(hub.settings.store_url).connect() as connection:
        clocks = sa.select(tables.cases.c.case_no, tables.clocks.c.kind, tables.clocks.c.due_at).join(
            tables.clocks, tables.clocks.c.subject == tables.cases.c.case_id
        )
        found = {(no, due) for no, kind, due in connection.execute(clocks) if kind == "complaint"}
    assert found == {(row["Unique Key"], instant(row["Due Date"])) for row in rows(size) if row["Due Date"]}


def test_each_is_sent_to_its_agency_and_none_is_marked(sample: tuple[int, Hub]) -> None:
    size, hub = sample
    assert set(hub.queries.summary()["alerts"]) <= {"R62"}
    agencies = {row["Agency"] for row in rows(size)}
    assert len({_handler(hub, row["Unique Key"]) for row in rows(size)}) == len(agencies)


def _handler(hub: Hub, number: str) -> str:
    row = hub.queries.case(hub.queries.case_by_number(number) or "")
    assert row is not None
    return next(
        fact.detail["handling"]["department_id"] for fact in decode(row["log"]).facts if "handling" in fact.detail
    )
