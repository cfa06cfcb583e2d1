"""What a department that is late with its connections is scored on."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from conformance.coverage.board import Cell
from conformance.coverage.obligations import Obligation
from conformance.coverage.owed import owed
from hub.supervision.scoring.score import score
from tests.support.scoring import OURS, SET, a_month


def a_cell(level: str, state: str = "", planned: str = "2026-10-31", **fields: Any) -> Cell:
    day = {"C3": date.fromisoformat(planned)} if planned else {}
    obligation = Obligation(
        department_id=fields.get("department", OURS),
        region_code="321281",
        matter_code="m",
        flow="case.events",
        planned=day,
    )
    return Cell(obligation=obligation, state=state or level, level=level, certificate="", connection="", cases=0,
                last_on=None, late=())  # fmt: skip


def test_a_department_has_the_level_of_its_least_covered_matter() -> None:
    found = owed([a_cell("C3"), a_cell("C2"), a_cell("C4")])
    assert (found[OURS].reached, found[OURS].required, found[OURS].due_on) == ("C2", "C3", "2026-10-31")


def test_what_never_began_is_below_every_level() -> None:
    assert owed([a_cell("C3"), a_cell("", state="not_started")])[OURS].reached == ""


def test_a_certificate_under_which_nothing_is_reported_is_no_level() -> None:
    assert owed([a_cell("C3"), a_cell("C3", state="silent")])[OURS].reached == ""
    assert owed([a_cell("C2", state="suspended")])[OURS].reached == "C2"


@pytest.mark.parametrize("state", ["exempt", "unknown"])
def test_what_is_exempt_or_listed_by_nobody_is_not_owed(state: str) -> None:
    assert owed([a_cell("", state=state)]) == {}


def test_without_a_day_nothing_is_owed() -> None:
    assert owed([a_cell("", state="not_started", planned="")]) == {}


@pytest.mark.parametrize(
    ("level", "planned", "points"), [("C2", "2026-10-31", 54), ("C3", "2026-10-31", 100), ("", "2026-11-01", 100)]
)
def test_stalling_past_the_day_costs_what_only_reliable_data_could_earn(level: str, planned: str, points: int) -> None:
    found = owed([a_cell(level, state="C2", planned=planned)])
    assert score("2026-10", a_month(obligation=found[OURS]), SET).score == points
