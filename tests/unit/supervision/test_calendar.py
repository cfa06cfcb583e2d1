from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import chinese_calendar
import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.supervision.calendar import STATUTORY_MOVING, WorkCalendar

GOLDEN = [
    ("2008-09-26", 5, "2008-10-08"),
    ("2008-09-26", 20, "2008-10-29"),
    ("2008-01-25", 5, "2008-02-01"),
    ("2008-04-30", 5, "2008-05-08"),
    ("2009-09-25", 20, "2009-10-29"),
    ("2010-02-11", 10, "2010-03-02"),
    ("2026-02-13", 5, "2026-02-27"),
    ("2026-02-13", 20, "2026-03-19"),
    ("2026-09-18", 20, "2026-10-22"),
    ("2026-09-18", 30, "2026-11-05"),
    ("2026-04-30", 3, "2026-05-08"),
    ("2026-11-23", 20, "2026-12-21"),
]
CALENDAR = WorkCalendar()
DAYS = st.dates(date(2004, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize(("start", "n", "expected"), GOLDEN)
def test_the_golden_deadlines_hold(start: str, n: int, expected: str) -> None:
    assert CALENDAR.add_workdays(date.fromisoformat(start), n) == (date.fromisoformat(expected), False)


@pytest.mark.parametrize(("year", "count"), [(2008, 251), (2009, 250), (2010, 250), (2025, 248), (2026, 248)])
def test_a_year_has_its_known_number_of_working_days(year: int, count: int) -> None:
    assert CALENDAR.workdays_between(date(year - 1, 12, 31), date(year, 12, 31)) == count


def test_two_calendars_agree_on_every_day_from_2004_to_2026_but_one() -> None:
    other = holidays.country_holidays("CN", years=range(2004, 2027))
    first, last = date(2004, 1, 1).toordinal(), date(2026, 12, 31).toordinal()
    days = (date.fromordinal(n) for n in range(first, last + 1))
    assert [day for day in days if CALENDAR.is_workday(day) != other.is_working_day(day)] == [date(2005, 12, 31)]


def test_the_tables_say_what_the_library_says() -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    assert [CALENDAR.is_workday(day) for day in days] == [chinese_calendar.is_workday(day) for day in days]


def test_a_deadline_into_an_unannounced_year_is_provisional() -> None:
    day, provisional = CALENDAR.add_workdays(date(2026, 12, 1), 30)
    assert provisional
    assert day.year == 2027
    assert CALENDAR.add_workdays(date(2026, 12, 1), 20)[1] is False


def test_a_loaded_notice_makes_its_year_firm_and_changes_the_version() -> None:
    loaded = WorkCalendar({date(2027, 1, 4): False}, announced=[2027])
    assert loaded.add_workdays(date(2026, 12, 31), 1) == (date(2027, 1, 5), False)
    assert CALENDAR.add_workdays(date(2026, 12, 31), 1) == (date(2027, 1, 4), True)
    assert loaded.version != CALENDAR.version


def test_statutory_days_of_unannounced_years_are_taken_as_holidays() -> None:
    other = holidays.country_holidays("CN", years=STATUTORY_MOVING.keys())
    for year, moving in STATUTORY_MOVING.items():
        for month, day in moving:
            assert date(year, month, day) in other
            assert not CALENDAR.is_workday(date(year, month, day))


def test_an_override_closes_and_opens_days_and_changes_the_version() -> None:
    closed = WorkCalendar({date(2026, 3, 3): False, date(2026, 3, 7): True})
    assert closed.add_workdays(date(2026, 3, 2), 1) == (date(2026, 3, 4), False)
    assert closed.is_workday(date(2026, 3, 7))
    assert closed.version != CALENDAR.version
    assert closed.version == WorkCalendar({date(2026, 3, 7): True, date(2026, 3, 3): False}).version


def test_a_calendar_day_limit_ending_on_a_holiday_moves_to_the_next_working_day() -> None:
    assert CALENDAR.roll_forward(date(2026, 10, 1)) == (date(2026, 10, 8), False)
    assert CALENDAR.roll_forward(date(2026, 10, 10)) == (date(2026, 10, 10), False)


def test_a_day_is_the_hubs_local_day_and_ends_at_its_midnight() -> None:
    assert CALENDAR.day_of(datetime(2026, 3, 1, 17, tzinfo=UTC)) == date(2026, 3, 2)
    assert CALENDAR.end_of(date(2026, 3, 2)) == datetime(2026, 3, 2, 16, tzinfo=UTC)
    assert CALENDAR.start_of(date(2026, 3, 2)) == datetime(2026, 3, 1, 16, tzinfo=UTC)


def test_the_edges_of_time_are_answered_not_raised() -> None:
    assert CALENDAR.add_workdays(date.max, 5) == (date.max, True)
    assert CALENDAR.back_workdays(date.min, 5) == date.min
    assert CALENDAR.end_of(date.max) == datetime.max.replace(tzinfo=UTC)
    assert CALENDAR.day_of(datetime.max.replace(tzinfo=UTC)) == date.max


@given(DAYS, st.integers(1, 400))
def test_adding_counts_exactly_the_days_between(day: date, n: int) -> None:
    due, _ = CALENDAR.add_workdays(day, n)
    assert CALENDAR.is_workday(due)
    assert CALENDAR.workdays_between(day, due) == n


@given(DAYS, st.integers(1, 60))
def test_going_back_undoes_going_forward_from_a_working_day(day: date, n: int) -> None:
    worked, _ = CALENDAR.roll_forward(day)
    assert CALENDAR.back_workdays(CALENDAR.add_workdays(worked, n)[0], n) == worked


@given(DAYS, DAYS, DAYS)
def test_counting_is_additive(a: date, b: date, c: date) -> None:
    a, b, c = sorted((a, b, c))
    count = CALENDAR.workdays_between
    assert count(a, c) == count(a, b) + count(b, c)
