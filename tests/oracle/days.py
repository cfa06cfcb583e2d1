"""Working days counted one by one from a plain list of days, for the oracle alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

import chinese_calendar

SHANGHAI = timezone(timedelta(hours=8))
FIRST, LAST = date(2004, 1, 1), date(2026, 12, 31)
"""Days whose notices the list holds; what reaches beyond is provisional."""


@lru_cache(maxsize=1)
def worked() -> frozenset[date]:
    days = (FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1))
    return frozenset(day for day in days if chinese_calendar.is_workday(day))


def is_worked(day: date) -> bool:
    return day in worked() if FIRST <= day <= LAST else day.weekday() < 5


def day_of(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()


def midnight_after(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC) + timedelta(days=1)


def midnight_before(day: date) -> datetime:
    return midnight_after(day) - timedelta(days=1)


@lru_cache(maxsize=100_000)
def plus(day: date, n: int) -> date:
    """Walk on until `n` working days have been met."""
    while n > 0:
        day += timedelta(days=1)
        n -= is_worked(day)
    return day


@lru_cache(maxsize=100_000)
def minus(day: date, n: int) -> date:
    while n > 0:
        day -= timedelta(days=1)
        n -= is_worked(day)
    return day


def rolled(day: date) -> date:
    while not is_worked(day):
        day += timedelta(days=1)
    return day


@lru_cache(maxsize=100_000)
def between(a: date, b: date) -> int:
    """Count the working days after `a` up to `b`."""
    count = 0
    while a < b:
        a += timedelta(days=1)
        count += is_worked(a)
    return count
