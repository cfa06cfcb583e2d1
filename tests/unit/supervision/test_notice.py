"""A year's notice: what it makes of every day, what cannot be right, and when it is missed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from hub.errors import Misconfigured
from hub.notices import load_notice
from hub.supervision.calendar import WorkCalendar
from hub.supervision.notice import implausible, notice_from, without_notice
from tests.unit.supervision.test_statutory_limits import NOTICE_2027 as NOTICE

if TYPE_CHECKING:
    from pathlib import Path

YAML = """
year: 2027
title: 关于2027年部分节假日安排的通知
number: 测试〔2026〕1号
rest:
  - 2027-01-01..2027-01-03
  - 2027-02-05..2027-02-12
  - 2027-04-03..2027-04-05
  - 2027-05-01..2027-05-05
  - 2027-06-09
  - 2027-09-15
  - 2027-10-01..2027-10-07
worked: [2027-01-30, 2027-02-20, 2027-05-08, 2027-09-26, 2027-10-09]
"""


def test_a_notice_says_of_every_day_whether_it_is_worked() -> None:
    days = NOTICE.days()
    assert len(days) == 365
    assert (days[date(2027, 2, 8)], days[date(2027, 2, 20)], days[date(2027, 2, 13)]) == (False, True, False)
    assert notice_from(NOTICE.document()) == NOTICE
    assert implausible(NOTICE) == []


@pytest.mark.parametrize(
    ("field", "days", "said"),
    [
        ("rest", (date(2028, 1, 3),), "is not in 2027"),
        ("rest", (date(2027, 1, 1),), "stands twice"),
        ("rest", (date(2027, 1, 30),), "both rest and worked"),
        ("worked", (date(2027, 3, 1),), "is worked anyhow"),
        ("worked", (date(2027, 5, 1),), "statutory holiday"),
    ],
)
def test_a_day_that_cannot_be_right_is_named(field: str, days: tuple[date, ...], said: str) -> None:
    wrong = replace(NOTICE, **{field: getattr(NOTICE, field) + days})
    assert any(said in each for each in implausible(wrong))


def test_a_year_with_too_many_working_days_is_no_year() -> None:
    assert any("working days" in each for each in implausible(replace(NOTICE, rest=NOTICE.rest[:5])))


@pytest.mark.parametrize(
    ("today", "missed"),
    [("2026-11-30", None), ("2026-12-01", 2027), ("2026-12-31", 2027), ("2027-01-01", 2027), ("2027-06-01", 2027)],
)
def test_from_the_first_of_december_the_next_years_notice_is_missed(today: str, missed: int | None) -> None:
    assert without_notice(WorkCalendar(), date.fromisoformat(today)) == missed


def test_a_loaded_notice_is_missed_no_more() -> None:
    loaded = WorkCalendar(NOTICE.days(), announced=[2027])
    assert without_notice(loaded, date(2026, 12, 24)) is None
    assert without_notice(loaded, date(2027, 12, 1)) == 2028


def test_another_years_notice_leaves_a_clocks_calendar_as_it_is() -> None:
    before, after = WorkCalendar(), WorkCalendar(NOTICE.days(), announced=[2027])
    start, due = before.start_of(date(2026, 3, 2)), before.end_of(date(2026, 12, 31))
    assert after.is_present(before.version_between(start, due))
    across = before.version_between(start, before.end_of(date(2027, 1, 4)))
    assert not after.is_present(across)
    assert before.is_present(across)
    assert not after.is_present("chinesecalendar-1.0")


@pytest.mark.parametrize("form", ["yaml", "toml", "csv"])
def test_a_notice_is_read_from_any_of_three_shapes(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"2027.{form}"
    if form == "yaml":
        path.write_text(YAML, encoding="utf-8")
    elif form == "toml":
        rest, worked = (", ".join(f'"{day}"' for day in days) for days in (NOTICE.rest, NOTICE.worked))
        text = (
            f'year = 2027\ntitle = "{NOTICE.title}"\nnumber = "{NOTICE.number}"\nrest = [{rest}]\nworked = [{worked}]'
        )
        path.write_text(text, encoding="utf-8")
    else:
        rows = [f"{day},休" for day in NOTICE.rest] + [f"{day},班" for day in NOTICE.worked]
        path.write_text("日期,类型\n" + "\n".join(rows), encoding="utf-8-sig")
    found = load_notice(path, title=NOTICE.title, number=NOTICE.number)
    assert found == NOTICE


def test_everything_wrong_with_a_notice_is_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "2027.yaml"
    path.write_text("year: 2027\nnumber: x\nrest: [2027-13-01, sometime]\nwork: []\n", encoding="utf-8")
    with pytest.raises(Misconfigured) as wrong:
        load_notice(path)
    assert sorted(fault.target_path for fault in wrong.value.faults) == ["rest", "rest", "title", "work"]
