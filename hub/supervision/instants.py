"""How instants and days are read from documents and written into them: aware UTC inside, the hub's zone outside."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

HUB_ZONE: Final = ZoneInfo("Asia/Shanghai")
"""Zone in which the hub counts days unless its settings say otherwise."""

_DAY_LENGTH: Final = len("2026-01-31")
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)
_MIDNIGHT: Final = time()
_ONE_DAY: Final = timedelta(days=1)


def is_day(text: str) -> bool:
    """Tell whether `text` is a date-only value: it stays one."""
    return len(text) == _DAY_LENGTH


def instant(text: str, zone: tzinfo) -> datetime:
    """Read an RFC 3339 instant, or a day as its first local moment; aware UTC, clamped to what a clock can hold."""
    moment = datetime.fromisoformat(text)
    return to_utc(moment.replace(tzinfo=zone) if is_day(text) else moment)


def to_utc(moment: datetime) -> datetime:
    """Convert an aware instant to UTC; instants beyond the first or last year stay at its edge."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return _FIRST if moment.year == 1 else _LAST


def local(moment: datetime, zone: tzinfo) -> datetime:
    """Convert an aware instant to the wall clock of `zone`, clamped like `to_utc`."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return (_FIRST if moment.year == 1 else _LAST).replace(tzinfo=zone)


def written(moment: datetime, zone: tzinfo) -> str:
    """Write an instant in `zone` with offset: seconds, and microseconds only where there are any."""
    return local(moment, zone).isoformat()


def start_of(day: date, zone: tzinfo) -> datetime:
    """Return the first moment of a local day, aware UTC."""
    return to_utc(datetime.combine(day, _MIDNIGHT, zone))


def end_of(day: date, zone: tzinfo) -> datetime:
    """Return the moment a local day is over (24:00, the next day's 00:00), aware UTC."""
    return _LAST if day == date.max else start_of(day + _ONE_DAY, zone)
