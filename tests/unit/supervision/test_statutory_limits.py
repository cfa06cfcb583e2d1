"""The statutory limits, by article, in years whose working days are known: golden dates by plain loops over lists."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

import pytest

from hub.supervision.calendar import WorkCalendar
from hub.supervision.deadline import counted
from hub.supervision.law import LAW, LawParameter, law_limit, moved
from hub.supervision.matter import Limit
from hub.supervision.notice import Notice

REST: Final = {
    2008: "01-01 02-06:02-12 04-04 05-01:05-02 06-09 09-15 09-29:10-03",
    2009: "01-01:01-02 01-26:01-30 04-06 05-01 05-28:05-29 10-01:10-02 10-05:10-08",
    2010: "01-01 02-15:02-19 04-05 05-03 06-14:06-16 09-22:09-24 10-01 10-04:10-07",
    2026: "01-01:01-02 02-16:02-20 02-23 04-06 05-01 05-04:05-05 06-19 09-25 10-01:10-02 10-05:10-07",
}
"""Weekdays of rest by the yearly notices of the General Office of the State Council 国务院办公厅."""

WORKED: Final = {
    2008: "02-02 02-03 05-04 09-27 09-28",
    2009: "01-04 01-24 02-01 05-31 09-27 10-10",
    2010: "02-20 02-21 06-12 06-13 09-19 09-25 09-26 10-09",
    2026: "01-04 02-14 02-28 05-09 09-20 10-10",
}
"""Days of weekends that are worked."""


def listed(year: int, spans: str) -> set[date]:
    found = set()
    for span in spans.split():
        first, _, last = span.partition(":")
        day, until = (date.fromisoformat(f"{year}-{each}") for each in (first, last or first))
        while day <= until:
            found.add(day)
            day += timedelta(days=1)
    return found


NOTICE_2027: Final = Notice(
    year=2027, title="invented for this test", number="测试〔2026〕1号",
    rest=tuple(sorted(listed(2027, "01-01:01-03 02-05:02-12 04-03:04-05 05-01:05-05 06-09 09-15 10-01:10-07"))),
    worked=tuple(sorted(listed(2027, "01-30 02-20 05-08 09-26 10-09"))),
)  # fmt: skip

HOLIDAYS: Final = {*NOTICE_2027.rest, *(day for year, spans in REST.items() for day in listed(year, spans))}
SHIFTED: Final = {*NOTICE_2027.worked, *(day for year, spans in WORKED.items() for day in listed(year, spans))}


def is_worked(day: date) -> bool:
    return day in SHIFTED or (day.weekday() < 5 and day not in HOLIDAYS)


def golden(start: date, n: int, unit: str) -> date:
    """Count one day after another: the first one does not count, and the last of calendar days is a working day."""
    day, left = start, n
    while left:
        day += timedelta(days=1)
        left -= 1 if unit == "calendar_day" or is_worked(day) else 0
    while unit == "calendar_day" and not is_worked(day):
        day += timedelta(days=1)
    return day


ARTICLES: Final = [
    ("行政许可法", "32", "acceptance", "01", 5, "working_day", 2004),
    ("行政许可法", "42(1)", "decision", "01", 20, "working_day", 2004),
    ("行政许可法", "42(2)", "joint", "01", 45, "working_day", 2004),
    ("行政许可法", "43", "initial_review", "01", 20, "working_day", 2004),
    ("行政许可法", "44", "delivery", "01", 10, "working_day", 2004),
    ("行政许可法", "47", "hearing_request", "01", 5, "working_day", 2004),
    ("行政许可法", "47", "hearing_held", "01", 20, "working_day", 2004),
    ("行政许可法", "55", "staff_assigned", "01", 5, "working_day", 2004),
    ("行政处罚法", "48", "withdrawal_published", "02", 3, "working_day", 2021),
    ("行政处罚法", "56", "evidence_preserved", "02", 7, "working_day", 2021),
    ("行政处罚法", "60", "penalty", "02", 90, "calendar_day", 2021),
    ("行政处罚法", "61", "delivery", "02", 7, "working_day", 2021),
    ("行政处罚法", "64", "hearing_request", "02", 5, "working_day", 2021),
    ("行政处罚法", "64", "hearing_notice", "02", 7, "working_day", 2021),
    ("行政处罚法", "67", "payment", "02", 15, "calendar_day", 2021),
    ("行政处罚法", "71", "deposit", "02", 4, "working_day", 2021),
    ("行政强制法", "25, 32", "coercion", "03", 30, "calendar_day", 2012),
    ("政府信息公开条例", "26", "disclosure_proactive", "20", 20, "working_day", 2019),
    ("政府信息公开条例", "30", "disclosure_supplement", "20", 7, "working_day", 2019),
    ("政府信息公开条例", "33", "disclosure_reply", "20", 20, "working_day", 2019),
    ("行政复议法", "30", "reconsideration_review", "", 5, "working_day", 2024),
    ("行政复议法", "31", "reconsideration_supplement", "", 5, "working_day", 2024),
    ("行政复议法", "48", "reconsideration_served", "", 7, "working_day", 2024),
    ("行政复议法", "48", "reconsideration_answer", "", 10, "working_day", 2024),
    ("行政复议法", "62", "reconsideration", "", 60, "calendar_day", 2024),
    ("行政复议法", "62", "reconsideration_simple", "", 30, "calendar_day", 2024),
    ("信访工作条例", "22", "petition_registered", "", 15, "calendar_day", 2022),
    ("信访工作条例", "23", "petition_objection", "", 5, "working_day", 2022),
    ("信访工作条例", "34", "petition", "", 60, "calendar_day", 2022),
    ("信访工作条例", "35", "petition_review", "", 30, "calendar_day", 2022),
    ("信访工作条例", "36", "petition_recheck", "", 30, "calendar_day", 2022),
]
"""Title, article, clock, power type, days, unit, the year from which it is known."""

STARTS: Final = {2008: ("2008-01-28", "2008-04-28", "2008-09-12"), 2010: ("2010-01-29", "2010-06-10", "2010-09-17"),
                 2026: ("2026-02-09", "2026-04-28", "2026-09-16")}  # fmt: skip
"""Days before spring festival, May Day and the national holiday."""

CALENDAR: Final = WorkCalendar()


def local_noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


@pytest.mark.parametrize("year", STARTS)
@pytest.mark.parametrize("row", ARTICLES, ids=lambda row: f"{row[0]} {row[1]} {row[2]}")
def test_each_article_sets_its_limit_and_where_it_is_not_known_none(
    row: tuple[str, str, str, str, int, str, int], year: int
) -> None:
    title, article, kind, power_type, n, unit, since = row
    for start in map(date.fromisoformat, STARTS[year]):
        found = law_limit(kind, power_type, start)
        if year < since:
            assert found is None
            continue
        assert found is not None
        assert (found.title, found.article, found.limit) == (title, article, Limit(n=n, unit=unit))
        due = counted(CALENDAR, local_noon(start), found.limit)
        assert (due.day, due.provisional) == (golden(start, n, unit), False)


def test_no_limit_of_the_law_is_left_out_of_the_table() -> None:
    listed = {(row[0], row[1], row[2]) for row in ARTICLES}
    assert {(each.title, each.article, each.kind) for each in LAW} == listed


@pytest.mark.parametrize(("day", "known"), [("2021-07-14", False), ("2021-07-15", True)])
def test_the_penalty_limit_begins_with_the_law_of_2021(day: str, *, known: bool) -> None:
    assert (law_limit("penalty", "02", date.fromisoformat(day)) is not None) is known


def test_the_hubs_calendar_is_that_of_the_lists() -> None:
    days = [date(year, 1, 1) + timedelta(days=n) for year in REST for n in range(365)]
    assert [day for day in days if CALENDAR.is_workday(day) != is_worked(day)] == []


@pytest.mark.parametrize(("kind", "start", "n"), [("decision", "2026-12-18", 20), ("delivery", "2026-12-22", 10)])
def test_across_new_year_2027_a_limit_is_provisional_until_the_notice_is_loaded(kind: str, start: str, n: int) -> None:
    began, limit = date.fromisoformat(start), law_limit(kind, "01", date.fromisoformat(start))
    assert limit is not None
    assert counted(CALENDAR, local_noon(began), limit.limit).provisional
    loaded = WorkCalendar(NOTICE_2027.days(), announced=[2027])
    due = counted(loaded, local_noon(began), limit.limit)
    assert (due.day, due.provisional) == (golden(began, n, "working_day"), False)


def test_a_law_of_another_day_of_effect_moves_only_its_own_clock_between_the_two_days() -> None:
    earlier = [each if each.kind != "penalty" else _since(each, date(2021, 7, 1)) for each in LAW]
    (found,) = moved(LAW, earlier)
    assert (found.kind, found.since, found.until) == ("penalty", date(2021, 7, 1), date(2021, 7, 15))
    assert found.appears
    assert moved(LAW, LAW) == []


def test_another_number_of_days_makes_no_clock_appear() -> None:
    own = LawParameter(
        kind="delivery", power_type="01", limit=Limit(n=7, unit="working_day"), title="本市规定", article="3",
        valid_from=date(2026, 7, 1),
    )  # fmt: skip
    (found,) = moved(LAW, (own, *LAW))
    assert (found.kind, found.since, found.until, found.appears) == ("delivery", date(2026, 7, 1), None, False)


def _since(parameter: LawParameter, day: date) -> LawParameter:
    return LawParameter(
        kind=parameter.kind, power_type=parameter.power_type, limit=parameter.limit, title=parameter.title,
        article=parameter.article, valid_from=day, valid_to=parameter.valid_to, extension=parameter.extension,
    )  # fmt: skip
