"""K13 asks for a look where a department is outside what is usual among its peers, and for nothing else."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from conformance.criteria.anomalies import Anomalies
from conformance.criteria.machine import Seen
from conformance.criteria.observe import DayFacts, observe
from conformance.criteria.policy import policies_on

DAY = date(2026, 6, 3)


def a_reading(percent: str | None = "2.0", high: str | None = "6.0", sample: int = 80, **other: Any) -> dict[str, Any]:
    band = {"high_percent": high} if high else None
    return {"department_id": "d", "measure_id": "backdated", "percent": percent, "band": band, "sample": sample} | other


@pytest.mark.parametrize(
    ("readings", "seen"),
    [
        ([a_reading()], Seen.PASS),
        ([a_reading("6.1")], Seen.FAIL),
        ([a_reading(), a_reading("9.0", measure_id="placeholders")], Seen.FAIL),
        ([a_reading("90.0", measure_id="one_handler")], Seen.UNKNOWN),
        ([a_reading("90.0", department_id="e")], Seen.UNKNOWN),
        ([a_reading("90.0", sample=49)], Seen.UNKNOWN),
        ([a_reading(None)], Seen.UNKNOWN),
        ([a_reading("90.0", None)], Seen.UNKNOWN),
        ([], Seen.UNKNOWN),
    ],
)
def test_what_stands_out_of_the_band_is_to_be_reviewed(readings: list[dict[str, Any]], seen: Seen) -> None:
    facts = Anomalies(lambda _: {"readings": readings}).facts("d", DAY)
    found = observe([DayFacts(day=DAY, **facts)], policies_on(DAY))
    assert {each.criterion: each.seen for each in found}["K13"] is seen


def test_each_month_is_measured_once_and_is_the_last_full_one() -> None:
    asked: list[str] = []
    anomalies = Anomalies(lambda month: asked.append(month) or {"readings": []})  # type: ignore[func-returns-value]
    for day in (DAY, date(2026, 6, 30), date(2026, 7, 1), DAY):
        anomalies.facts("d", day)
    assert asked == ["2026-05", "2026-06"]
