"""A case's clocks are drawn on one scale, inside the drawing, the overrun where it belongs; cursors come back whole."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.bars import WIDTH, clock_bars
from gateway.listing import cursor, mark_of
from gateway.problems import Problem
from hub.model.values import ClockRow

START = datetime(2026, 3, 2, tzinfo=UTC)
LAST = datetime(9998, 1, 1)  # noqa: DTZ001 - Hypothesis wants a naive bound

HOURS = st.integers(min_value=0, max_value=9000).map(lambda n: timedelta(hours=n))


def a_clock(due: timedelta, stopped: timedelta | None = None, begin: timedelta = timedelta()) -> ClockRow:
    return ClockRow(
        clock_id="c",
        subject="k",
        kind="promised",
        occurrence="1",
        state="running",
        basis="reported",
        started_at=START + begin,
        due_at=START + begin + due,
        warn_at=None,
        stopped_at=None if stopped is None else START + begin + stopped,
        provisional=False,
        calendar_version="v",
        derivation=(),
    )


@given(st.lists(st.builds(a_clock, HOURS, st.none() | HOURS, HOURS), max_size=4), HOURS)
def test_every_bar_lies_inside_the_drawing_in_order(clocks: list[ClockRow], now: timedelta) -> None:
    for bar in clock_bars(clocks, START + now):
        assert 0 <= bar.start <= bar.used <= bar.due <= bar.over <= WIDTH


@pytest.mark.parametrize(
    ("stopped", "overdue_days"),
    [(timedelta(days=9), 0.0), (timedelta(days=10), 0.0), (timedelta(days=12, hours=12), 2.5)],
)
def test_an_overrun_is_drawn_only_past_the_due_moment(stopped: timedelta, overdue_days: float) -> None:
    (bar,) = clock_bars([a_clock(timedelta(days=10), stopped)], START + timedelta(days=90))
    assert bar.overdue_days == overdue_days
    assert (bar.over > bar.due) == (overdue_days > 0)


def test_a_running_clock_is_drawn_up_to_the_present() -> None:
    (bar,) = clock_bars([a_clock(timedelta(days=10))], START + timedelta(days=5))
    assert bar.used == pytest.approx(bar.due / 2, abs=0.1)


@given(st.datetimes(timezones=st.just(UTC), max_value=LAST), st.uuids().map(str))
def test_a_cursor_comes_back_as_it_was(instant: datetime, name: str) -> None:
    assert mark_of(cursor((instant, name))) == (instant, name)


@given(st.text(min_size=1, max_size=60))
def test_any_other_text_is_no_cursor_or_a_harmless_one(text: str) -> None:
    with contextlib.suppress(Problem):
        assert isinstance(mark_of(text), tuple)


def test_no_cursor_is_the_beginning() -> None:
    assert mark_of(None) is mark_of("") is None
