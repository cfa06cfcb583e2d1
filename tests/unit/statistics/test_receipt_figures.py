"""The figures of the real receipt log are those that plain loops over the log itself come to."""

from __future__ import annotations

import gzip
from collections import Counter
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import chinese_calendar
import pytest
from lxml import etree

from hub.statistics.figures import MONTH, difference
from hub.supervision.catalogue import Catalogue
from hub.supervision.facts import facts_of
from hub.supervision.instants import HUB_ZONE
from hub.supervision.judge import judge
from tests.support.casework import CALENDAR, a_log
from tests.unit.supervision import test_receipt_log as receipt

if TYPE_CHECKING:
    from hub.model.facts import CaseFacts


@pytest.fixture(scope="module")
def log() -> list[dict[str, str]]:
    """Return what the log says of each case, and nothing else."""
    return [receipt.values(trace) for trace in _traces()]


@pytest.fixture(scope="module")
def city() -> list[CaseFacts]:
    judged = [
        judge(a_log(*receipt.facts_of(trace)), catalogue=Catalogue(), calendar=CALENDAR, horizon=receipt.AS_OF)
        for trace in _traces()
    ]
    return [facts for each in judged if (facts := facts_of(each, Catalogue(), CALENDAR)) is not None]


def _traces() -> list[Any]:
    if not receipt.RECEIPT.parent.is_dir():
        pytest.skip("the real event logs are not beside the checkout")
    with gzip.open(receipt.RECEIPT) as stream:
        return list(etree.parse(stream).getroot().findall(f"{receipt.NS}trace"))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(HUB_ZONE)


def month(text: str) -> date:
    return moment(text).date().replace(day=1)


def worked(start: str, end: str) -> int:
    """Count the working days after one day up to another, one by one."""
    day, last, n = moment(start).date(), moment(end).date(), 0
    while day < last:
        day += timedelta(days=1)
        n += chinese_calendar.is_workday(day)
    return n


def sums(city: list[CaseFacts], name: str) -> Counter[date]:
    found: Counter[date] = Counter()
    for cell, kept in difference((), city).figures.items():
        if cell.grain == MONTH and kept[name]:
            found[cell.day] += kept[name]
    return found


def test_volumes_by_month_are_those_of_the_log(log: list[dict[str, str]], city: list[CaseFacts]) -> None:
    ended = [case for case in log if "enddate" in case]
    assert sums(city, "opened") == Counter(month(case["startdate"]) for case in log)
    assert sums(city, "closed") == Counter(month(case["enddate"]) for case in ended)


def test_on_time_and_late_are_told_by_deadline_and_end(log: list[dict[str, str]], city: list[CaseFacts]) -> None:
    ended = [case for case in log if "enddate" in case]
    late = [case for case in ended if moment(case["enddate"]) > moment(case["deadline"])]
    kept = [case for case in ended if moment(case["enddate"]) <= moment(case["deadline"])]
    assert sums(city, "late") == Counter(month(case["enddate"]) for case in late)
    assert sums(city, "on_time") == Counter(month(case["enddate"]) for case in kept)
    assert (len(late), len(kept)) == (377, 952)


def test_overdue_are_those_without_an_end_past_their_deadline(log: list[dict[str, str]], city: list[CaseFacts]) -> None:
    open_late = [case for case in log if "enddate" not in case and moment(case["deadline"]) < receipt.AS_OF]
    assert sums(city, "overdue") == Counter(month(case["startdate"]) for case in open_late)


def test_times_are_working_days_counted_one_by_one(log: list[dict[str, str]], city: list[CaseFacts]) -> None:
    found: Counter[tuple[date, int]] = Counter()
    for (cell, days), n in difference((), city).durations.items():
        if cell.grain == MONTH:
            found[cell.day, days] += n
    ended = [case for case in log if "enddate" in case]
    assert found == Counter((month(case["enddate"]), worked(case["startdate"], case["enddate"])) for case in ended)
