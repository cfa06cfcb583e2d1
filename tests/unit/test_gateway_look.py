"""Whatever the console shows of a case has its colour: a state without one would be drawn black, and mean nothing."""

from __future__ import annotations

import pytest

from gateway import words
from gateway.pages import HERE

STYLES = (HERE / "static" / "console.css").read_text(encoding="utf-8")


@pytest.mark.parametrize("state", words.STATES)
def test_every_state_of_a_case_has_a_colour(state: str) -> None:
    assert f".fill-{state}," in STYLES or f".fill-{state} {{" in STYLES
