"""Rates, percentiles, periods and comparisons, by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Misconfigured
from hub.statistics.asked import Asked, checked, present_region, regions_of
from hub.statistics.figures import NAMES
from hub.statistics.periods import Span, cut, earlier, label, parsed
from hub.statistics.told import Key, Line, compared, percentile, rate, told, total


def a_line(key: Key | None = None, open_before: int = 0, durations: dict[int, int] | None = None, **sums: int) -> Line:
    full = dict.fromkeys(NAMES, 0) | sums
    return Line(key=key or Key(), sums=full, durations=durations or {}, open_before=open_before)


def test_the_on_time_rate_leaves_out_what_is_finished_without_being_judged() -> None:
    assert rate(a_line(finished=12, on_time=9, late=1), "on_time_rate") == 0.9


def test_there_is_no_rate_of_nothing() -> None:
    assert rate(a_line(), "on_time_rate") is None
    assert percentile({}, 50) is None


def test_percentiles_are_nearest_ranks() -> None:
    durations = {1: 5, 2: 4, 30: 1}
    assert [percentile(durations, percent) for percent in (50, 90, 95)] == [1, 2, 30]


@given(st.lists(st.integers(0, 60), min_size=1, max_size=80), st.integers(1, 100))
def test_a_percentile_is_the_least_value_that_so_many_do_not_exceed(values: list[int], percent: int) -> None:
    found = percentile({value: values.count(value) for value in values}, percent)
    assert found is not None
    assert sum(value <= found for value in values) * 100 >= percent * len(values)
    assert found == min(values) or sum(value < found for value in values) * 100 < percent * len(values)


def test_what_is_open_afterwards_is_what_was_open_and_came_less_what_went() -> None:
    assert a_line(open_before=7, opened=5, closed=4).open_after == 8


@pytest.mark.parametrize("text", ["9999", "9999-12", "9999-12-31", "0001", "1969-12", "2101-01-01"])
def test_years_in_which_nothing_can_be_counted_are_no_period(text: str) -> None:
    with pytest.raises(Misconfigured, match="from 1970 to 2100"):
        parsed(text)


@given(st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.integers(0, 800))
def test_a_span_cut_at_months_is_the_same_days(start: date, days: int) -> None:
    span = Span(start=start, last=date.fromordinal(start.toordinal() + days))
    parts = cut(span)
    spans = [*parts.days, *([parts.months] if parts.months else [])]
    covered = sorted(day for each in spans for day in range(each.start.toordinal(), each.until.toordinal()))
    assert covered == list(range(span.start.toordinal(), span.until.toordinal()))
    assert parts.months is None or (parts.months.start.day == 1 and parts.months.until.day == 1)


@pytest.mark.parametrize(
    ("text", "start", "last"),
    [
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-Q4", date(2026, 10, 1), date(2026, 12, 31)),
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("2026-11-27", date(2026, 11, 27), date(2026, 11, 27)),
    ],
)
def test_a_period_is_read_as_its_days(text: str, start: date, last: date) -> None:
    assert parsed(text) == Span(start=start, last=last)


@pytest.mark.parametrize("text", ["", "26-11", "2026-13", "2026-Q5", "2026-02-30", "last year"])
def test_what_is_no_period_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(Misconfigured, match="2026-Q4"):
        parsed(text)


def test_periods_are_named_as_people_write_them() -> None:
    day = date(2025, 12, 29)
    assert [label(period, day) for period in ("day", "week", "month", "quarter", "year")] == [
        "2025-12-29", "2026-W01", "2025-12", "2025-Q4", "2025",
    ]  # fmt: skip


def test_a_whole_month_is_compared_with_a_whole_month_whatever_their_lengths() -> None:
    assert earlier(parsed("2026-03"), "month") == parsed("2026-02")
    assert earlier(parsed("2024-02"), "year") == parsed("2023-02")


def test_year_on_year_sets_each_month_beside_the_same_month_of_the_year_before() -> None:
    asked = Asked(span=parsed("2026"), by=("month", "department"))
    now = [told(a_line(Key(("d",), date(2026, 3, 1)), opened=12, on_time=9, late=1), asked)]
    then = [
        told(a_line(Key(("d",), date(2025, 3, 1)), opened=10, on_time=8, late=2), asked),
        told(a_line(Key(("e",), date(2025, 3, 1)), opened=99), asked),
    ]
    (line,) = compared(now, then, asked, "year")
    assert line["change"] == {"opened": 0.2, "accepted": None, "closed": None, "open_after": 0.2}
    assert line["difference"] == {"on_time_rate": 0.1, "mean_used_days": None}


def test_what_was_not_there_before_is_compared_with_nothing() -> None:
    asked = Asked(span=parsed("2026"), by=("month",))
    (line,) = compared([told(a_line(Key((), date(2026, 3, 1)), opened=1), asked)], [], asked, "month")
    assert line["before"] is None
    assert set(line["change"].values()) == {None}  # type: ignore[attr-defined]


def test_a_total_adds_counts_and_durations() -> None:
    both = total([a_line(durations={3: 1}, opened=1), a_line(durations={3: 2, 4: 1}, opened=4, open_before=2)])
    assert (both.sums["opened"], both.durations, both.open_before) == (5, {3: 3, 4: 1}, 2)


def test_jiangyan_counts_as_one_region_whatever_its_code_was() -> None:
    assert present_region("321284") == "321204"
    assert {"321284", "321204"} <= set(regions_of("321204"))
    assert {"321281", "321284", "321200"} <= set(regions_of("321200"))


@pytest.mark.parametrize(
    "asked",
    [
        Asked(span=parsed("2026"), by=("colour",)),
        Asked(span=parsed("2026"), by=("month", "year")),
        Asked(span=parsed("2026"), by=("region", "region")),
        Asked(span=Span(start=date(2026, 2, 1), last=date(2026, 1, 1))),
        Asked(span=Span(start=date(2020, 1, 1), last=date(2026, 1, 1)), by=("day",)),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(asked: Any) -> None:
    with pytest.raises(Misconfigured):
        checked(asked)
