"""Names of periods: a month 2026-10, a half-year 2026-H2, a year 2026."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from hub.errors import Fault, Misconfigured

if TYPE_CHECKING:
    from collections.abc import Sequence

_MONTH: Final = re.compile(r"(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])")
_LONGER: Final = re.compile(r"((?:19|20|21)[0-9]{2})(?:-H([12]))?")
_HALF: Final = 6


def is_month(period: str) -> bool:
    """Tell whether a period is one month."""
    return _MONTH.fullmatch(period) is not None


def months(period: str) -> Sequence[str]:
    """Return the months of a period; Misconfigured where it is none."""
    if is_month(period):
        return [period]
    found = _LONGER.fullmatch(period)
    if found is None:
        hint = "a month 2026-10, a half-year 2026-H2 or a year 2026"
        raise Misconfigured(Fault(code="period", problem=f"{period!r} is no period", hint=hint))
    year, half = found[1], found[2]
    first, last = (1, 12) if half is None else (1, _HALF) if half == "1" else (_HALF + 1, 12)
    return [f"{year}-{month:02}" for month in range(first, last + 1)]


def first_day(period: str) -> date:
    """Return the first day of a month."""
    return date.fromisoformat(f"{period}-01")


def following(period: str) -> date:
    """Return the first day after a month."""
    return (first_day(period) + timedelta(days=31)).replace(day=1)


def last_month(today: date) -> str:
    """Return the last month that is over."""
    return f"{today.replace(day=1) - timedelta(days=1):%Y-%m}"
