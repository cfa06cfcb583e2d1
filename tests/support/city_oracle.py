"""Finds by brute force, midnight by midnight and with a calendar of its own, what a city's plan must lead to."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import chinese_calendar

from conformance.reference.directory import HOUSING, WATER
from conformance.reference.story import at
from conformance.reference.systems import daily, hourly

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from conformance.reference.plan import CityPlan
    from conformance.reference.story import CityCase, Step

LAWFUL: Final = {"testing", "expert_review", "inspection", "hearing"}


@lru_cache(maxsize=1)
def workdays() -> Sequence[date]:
    days = (date(2026, 1, 1) + timedelta(days=offset) for offset in range(365))
    return [day for day in days if chinese_calendar.is_workday(day)]


def nth(day: date, count: int) -> date:
    return workdays()[bisect_right(workdays(), day) + count - 1]


def between(a: date, b: date) -> int:
    return max(0, bisect_right(workdays(), b) - bisect_right(workdays(), a))


def visible(case: CityCase, step: Step) -> datetime:
    by_database = case.department.connection in {HOUSING, WATER}
    return hourly(step.keyed_at) if by_database else daily(step.keyed_at)


def truth_of(plan: CityPlan) -> Mapping[str, set[str]]:
    """Return by rule the case numbers for which an alert must have been raised by the plan's end."""
    found: dict[str, set[str]] = {}
    for case in plan.cases:
        for rule in {*in_time(case, plan), *by_entry(case)}:
            found.setdefault(rule, set()).add(case.case_no)
    return found


def in_time(case: CityCase, plan: CityPlan) -> set[str]:
    """Look at the case at every midnight, knowing what was visible by then."""
    found: set[str] = set()
    day = case.steps[0].occurred_at.date()
    while day <= plan.end:
        day += timedelta(days=1)
        known = {(s.type, s.occurrence): s for s in case.steps if visible(case, s) <= at(day, 0)}
        found |= set(_standing(case, list(known.values()), day))
    return found


def _standing(case: CityCase, known: Sequence[Step], today: date) -> Iterable[str]:
    if not case.matter.is_promised:
        return
    days = {step.type: step.occurred_at.date() for step in known}
    began = days.get("case.supplement_received", days.get("case.received"))
    waiting = "case.supplement_requested" in days and "case.supplement_received" not in days
    answered = days.keys() & {"case.accepted", "case.not_accepted", "case.decided", "case.closed"}
    if began and not waiting and not answered and nth(began, 4) <= today <= nth(began, 5):
        yield "R10"
    if "case.accepted" in days:
        yield from _decision(case, known, days, today)
    granted = any(step.type == "case.decided" and step.result == "granted" for step in known)
    if granted and days.get("case.delivered", today) > nth(days["case.decided"], 10):
        yield "R40"


def _decision(case: CityCase, known: Sequence[Step], days: Mapping[str, date], today: date) -> Iterable[str]:
    ended = days.get("case.decided", days.get("case.closed", days.get("case.withdrawn")))
    special = next((step.special for step in known if step.type == "special.started"), "")
    if special and special not in LAWFUL:
        yield "R19"
    more = sum(step.days for step in known)
    if special in LAWFUL:
        if "special.ended" not in days:
            if between(days["special.started"], today) > 30:
                yield "R20"
            return
        more += between(days["special.started"], days["special.ended"])
    promised = nth(days["case.accepted"], case.matter.promised_days + more)
    statutory = nth(days["case.accepted"], case.matter.statutory_days + more)
    left = between(today, promised)
    if not ended and today <= promised and left <= max(1, case.matter.promised_days * 0.2):
        yield "R13"
    if (ended or today) > promised:
        yield "R14"
    if (ended or today) > statutory:
        yield "R15"


def by_entry(case: CityCase) -> Iterable[str]:
    """Compare when things happened, when they were keyed in, and what was said of them before."""
    if any(between(step.occurred_at.date(), step.recorded_at.date()) > 1 for step in case.steps):
        yield "R44"
    first: dict[str, datetime] = {}
    contents: dict[tuple[str, str], set[datetime]] = {}
    for step in case.steps:
        first.setdefault(step.type, visible(case, step))
        contents.setdefault((step.type, step.occurrence), set()).add(step.occurred_at)
    closed = first.get("case.closed")
    if case.matter.case_type == "2" and closed is not None and closed == first.get("case.accepted"):
        yield "R44"
    corrected = {step.corrects for step in case.steps}
    if any(len(times) > 1 and kind not in corrected for (kind, _), times in contents.items()):
        yield "R45"
