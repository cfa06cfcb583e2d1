"""Which level a connection's page is about, and until which day a test waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from conformance.model import Lifecycle, Result
from conformance.standing import in_question


@pytest.mark.parametrize(
    ("states", "level"),
    [
        (["shown", "open", "open", "ahead", "ahead"], "C1"),
        (["shown", "shown", "fail", "ahead", "ahead"], "C2"),
        (["shown", "shown", "shown", "ahead", "ahead"], "C2"),
        (["certified", "certified", "certified", "ahead", "ahead"], "C3"),
        (["certified", "certified", "suspended", "ahead", "ahead"], "C2"),
        (["open", "open", "open", "ahead", "ahead"], "C0"),
        (["ahead"] * 5, "C0"),
        (["certified"] * 5, ""),
    ],
)
def test_the_level_in_question_is_the_first_not_shown_or_the_last_to_be_certified(
    states: list[str], level: str
) -> None:
    assert in_question([{"level": f"C{n}", "state": state} for n, state in enumerate(states)]) == level


def test_a_wait_that_ends_at_midnight_ends_with_the_day_before() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    waiting = Result(
        test="CMP-04", attempt=1, level="C3", severity="must", subject="joint", mode="SHADOW",
        lifecycle=Lifecycle.WAITING, verdict=None, started_at=datetime(2026, 3, 2, 9, tzinfo=zone),
        until=datetime(2026, 3, 17, tzinfo=zone),
    )  # fmt: skip
    assert waiting.last_day == date(2026, 3, 16)
    assert replace(waiting, until=None).last_day is None
