"""Reads what departments write as times, and writes each instant in one spelling, so that digests are stable."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from hub.errors import Refused
from hub.mapping.values import as_text, refuse

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

CACHED: Final = 8192
"""Times remembered: a file of events repeats its case's dates on every row."""

_CHARS: Final = 64
"""No known spelling of a time is longer."""

_DAY_CHARS: Final = 10
"""Length of YYYY-MM-DD."""

_DIRECTIVE: Final = re.compile("%(.)")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

_HINT: Final = "give its format: time(x, '%m/%d/%Y %I:%M:%S %p'); a placeholder: time(blank(x, '1900-01-01'))"

_CLOCK: Final = (
    r"(?P<H>[0-9]{1,2}(?=[:时])|[0-9]{2})(?P<c>[:时]?)(?P<M>[0-9]{2})分?"
    r"(?::?(?P<S>[0-9]{2})(?:[.,](?P<f>[0-9]{1,9}))?秒?)?"
)
_ZONE: Final = r" ?(?P<z>Z|[+-][0-9]{2}:?[0-9]{2})?"
_PARTED: Final = re.compile(
    rf"(?P<y>[0-9]{{4}})[-/.年](?P<m>[0-9]{{1,2}})[-/.月](?P<d>[0-9]{{1,2}})日?(?:(?:[T ]+|(?<=日)){_CLOCK})?{_ZONE}"
)
_COMPACT: Final = re.compile(rf"(?P<y>[0-9]{{4}})(?P<m>[0-9]{{2}})(?P<d>[0-9]{{2}})(?:[T ]*{_CLOCK})?{_ZONE}")
"""Beyond ISO 8601: YYYYMMDDhhmmss, YYYYMMDDThhmmss and YYYYMMDDhh:mm:ss (GB/T 39046-2020), 2011/1/5 9:05:00,
2011年1月5日. A month alone (2021-12) is no day and none of these. One pass, no nesting: linear in the length."""


class Times:
    """Reads times of one source zone and writes them in the hub's zone."""

    def __init__(self, source: ZoneInfo, hub: ZoneInfo) -> None:
        """Read naive times as of `source`; write every instant in `hub`."""
        self._source, self._hub = source, hub
        self._read: Callable[[str], tuple[str, bool]] = lru_cache(maxsize=CACHED)(self._parse)

    def time(self, value: object) -> str | None:
        """Return the instant, or the day where the source knows no more, in its one spelling."""
        text = value if value.__class__ is str else as_text(value)
        return self._read(text)[0] if text else None

    def time_by(self, value: object, formats: tuple[tuple[str, bool], ...]) -> str | None:
        """Read by the given strptime formats alone, each with whether it has a time of day."""
        text = _short(value)
        if text is None:
            return None
        for form, timed in formats:
            try:
                parsed = datetime.strptime(text.strip(), form)  # noqa: DTZ007 - the declared zone is added below
            except ValueError:
                continue
            return self._write(parsed, text) if timed else parsed.date().isoformat()
        return refuse("bad-time", "the time is of none of the given formats", text, "add its format to time()")

    def date(self, value: object) -> str | None:
        """Return the local day of an instant, in the hub's zone."""
        text = self.time(value)
        return None if text is None else text[:10]

    def year(self, value: object) -> str | None:
        """Return the local year of an instant, in the hub's zone."""
        text = self.time(value)
        return None if text is None else text[:4]

    def format_time(self, value: object, form: tuple[str, bool]) -> str | None:
        """Write a time in the mapping's zone; a mere day has no time of day to write."""
        text = self.time(value)
        if text is None:
            return None
        pattern, is_timed = form
        if is_timed and len(text) <= _DAY_CHARS:
            refuse("bad-time", "the source knows the day alone", text, "write the day: format_time(x, '%Y-%m-%d')")
        local = datetime.fromisoformat(text)
        local = local if local.tzinfo is None else local.astimezone(self._source)
        return _DIRECTIVE.sub(lambda found: "%" if found[1] == "%" else format(local, found[0]), pattern)

    def as_version(self, value: object) -> int | None:
        """Take a source version: a whole number as it is, a time as microseconds since 1970."""
        text = _short(value)
        if text is None:
            return None
        if text.isascii() and text.isdigit() and len(text) <= 18:  # noqa: PLR2004 - what fits eight bytes
            return int(text)
        return max(0, (_aware(self._read(text)[0], self._hub) - _EPOCH) // _MICROSECOND)

    def original(self, value: object) -> str | None:
        """Return what the source wrote, where it named no offset and spells it otherwise; None elsewhere.

        What only a format of its own could read is spelt otherwise.
        """
        text = value if value.__class__ is str else as_text(value)
        try:
            return text if text and self._read(text)[1] else None
        except Refused:
            return text

    def _parse(self, text: str) -> tuple[str, bool]:
        bare = _bounded(text).strip()
        try:
            if len(bare) > 10 and bare[4] == bare[7] == "-" and bare[10] in "T ":  # noqa: PLR2004 - YYYY-MM-DD and a time
                parsed = datetime.fromisoformat(bare)
                return self._write(parsed, bare), parsed.tzinfo is None
            if len(bare) == 10 and bare[4] == bare[7] == "-":  # noqa: PLR2004 - YYYY-MM-DD
                return date.fromisoformat(bare).isoformat(), False
            return self._loose(bare)
        except (ValueError, OverflowError):
            return refuse("bad-time", "this is no time that exists", text, _HINT)

    def _loose(self, text: str) -> tuple[str, bool]:
        found = _PARTED.fullmatch(text) or _COMPACT.fullmatch(text)
        if found is None:
            raise ValueError(text)
        day = date(int(found["y"]), int(found["m"]), int(found["d"]))
        if found["H"] is None:
            return day.isoformat(), True
        clock = f"{int(found['H']):02}:{found['M']}:{found['S'] or '00'}.{(found['f'] or '0')[:6]:0<6}"
        parsed = datetime.fromisoformat(f"{day.isoformat()}T{clock}{found['z'] or ''}")
        return self._write(parsed, text), parsed.tzinfo is None

    def _write(self, parsed: datetime, text: str) -> str:
        try:
            local = parsed.replace(tzinfo=self._source) if parsed.tzinfo is None else parsed
            written = local.astimezone(self._hub).isoformat()
        except OverflowError:
            written = ""
        if len(written) < 25 or written[-3] != ":" or written[-6] not in "+-":  # noqa: PLR2004 - YYYY-MM-DDThh:mm:ss+hh:mm
            refuse("bad-time", "the instant lies before standard time, or outside the calendar", text, _HINT)
        return written


def _short(value: object) -> str | None:
    text = as_text(value)
    return None if text is None else _bounded(text)


def _bounded(text: str) -> str:
    if len(text) > _CHARS:
        refuse("bad-time", "this is too long for a time", text, "map the column that holds the time")
    return text


def _aware(text: str, zone: ZoneInfo) -> datetime:
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)
