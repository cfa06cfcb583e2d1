"""Decides which rows of a remote list are new: those changed within a window of time, unless delivered just so before.

A sweep reads the window from the end of the last one less `overlap` to the source's own clock less `settle`. What was
delivered in the overlap is remembered by key and digest, so that it is not delivered twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from hub.errors import Fault, Misconfigured, Refused
from hub.mapping.times import Times

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.options import Options

SETTLE_S: Final = 60.0
"""Seconds behind the source's clock a window ends, so that a row still being written is not skipped."""

OVERLAP_S: Final = 300.0
"""Seconds of the last window that are read again, for rows that were written later than their time says."""

REMEMBERED: Final = 2000
"""Rows remembered unless more are asked for: what is beyond comes again, as a duplicate."""

MOST_REMEMBERED: Final = 50_000
"""Rows remembered at most: they travel in every read-report, about 40 bytes each."""

DIGEST_CHARS: Final = 16
"""Hex digits of a row's digest that are remembered: 64 bits tell one content of a row from the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowOptions:
    """By which field rows are told and timed, and how far a window reaches."""

    key: str
    place: str
    column: str = ""
    """The field with the time of a row's last change; empty where rows have none, so that all are looked at."""
    settle_s: float = SETTLE_S
    overlap_s: float = OVERLAP_S
    remembered: int = REMEMBERED
    form: str = ""
    """How a window's end is written to the service: what that cannot say is not asked for yet. Empty: it is not."""
    zone: ZoneInfo


def window_options(connect: Options, *, zone: ZoneInfo, place: str) -> WindowOptions:
    """Read `key` and `cursor: {column, settle, overlap, remember}`."""
    cursor = connect.section("cursor")
    found = WindowOptions(
        key=connect.text("key"),
        place=place,
        column=cursor.text("column", ""),
        settle_s=cursor.seconds("settle", SETTLE_S),
        overlap_s=cursor.seconds("overlap", OVERLAP_S),
        remembered=cursor.count("remember", REMEMBERED),
        zone=zone,
    )
    if found.remembered > MOST_REMEMBERED:
        cursor.fault("remember", "is out of range", f"write 1 to {MOST_REMEMBERED:,}; without it {REMEMBERED:,}")
    cursor.no_more()
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One sweep: from `since` (None: the beginning) to `bound`."""

    since: datetime | None
    bound: datetime
    known: Mapping[str, str]
    """Digest by key of what the sweep before delivered, near its end."""
    seen: Mapping[str, str] = field(default_factory=dict)
    """The same of what this one has delivered, or passed over as known."""
    finished: bool = False
    validator: str = ""
    """What the service called the content of the last whole list (ETag, Last-Modified)."""

    def checkpoint(self) -> Mapping[str, Any]:
        """Return this as a JSON object."""
        return {
            "since": self.since.isoformat() if self.since else None,
            "bound": self.bound.isoformat(),
            "known": {} if self.finished else dict(self.known),
            "seen": dict(self.seen),
            "finished": self.finished,
            "validator": self.validator,
        }


class Sweeper:
    """Tells, row by row, what of a list is to be delivered."""

    def __init__(self, options: WindowOptions, window: Window) -> None:
        """Go through `window`."""
        self._options, self.window = options, window
        self._times = Times(options.zone, ZoneInfo("UTC"))
        self._seen, self._late = dict(window.seen), dict(window.seen)

    def same(self) -> None:
        """Take note that the list is as it was."""
        self._late.update(self.window.known)

    def bind(self, now: datetime) -> None:
        """Let the window end behind the source's own clock, where that is behind ours."""
        bound = _bound(now, self._options)
        if bound < self.window.bound and not self.window.finished:
            self.window = replace(self.window, bound=bound)

    def is_new(self, row: Mapping[str, Any], digest: str) -> bool:
        """Tell whether a row is to be delivered now, and remember it."""
        key, changed = str(row.get(self._options.key) or digest), self._changed(row)
        if changed is not None and not self._is_within(*changed):
            return False
        if changed is None and len(self._late) >= self._options.remembered and key not in self._late:
            raise self._endless()
        short = digest[:DIGEST_CHARS]
        is_known = self.window.known.get(key) == short or self._seen.get(key) == short
        self._seen[key] = short
        if changed is None or changed[1] >= self.window.bound - timedelta(seconds=self._options.overlap_s):
            self._late[key] = short
        return not is_known

    def _endless(self) -> Misconfigured:
        """Return the fault that there is too much to look at every time: all of it would come again and again."""
        problem = (
            f"over {self._options.remembered:,} rows do not say when they changed, and all are looked at every time"
        )
        most = f"up to {MOST_REMEMBERED:,} rows, read seldom"
        hint = f"declare cursor: {{column: …}}, the field with the time of a row's change; or {{remember: N}}, {most}"
        return Misconfigured(
            Fault(
                code="source.window",
                problem=problem,
                file=self._options.place,
                target_path="connect.cursor.column",
                hint=hint,
            )
        )

    def passed(self, *, finished: bool, validator: str = "") -> Window:
        """Return the window as it stands."""
        seen = self._late if finished else self._seen
        keep = dict(list(seen.items())[-self._options.remembered :])
        self.window = replace(self.window, seen=keep, finished=finished, validator=validator)
        return self.window

    def _changed(self, row: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
        """Return between which instants a row changed last: a day is all of it, a minute too.

        None where it does not say so, so that it is always looked at.
        """
        try:
            text = self._times.time(row.get(self._options.column)) if self._options.column else None
        except Refused:
            return None
        if text is None:
            return None
        found = datetime.fromisoformat(text)
        begins = found if found.tzinfo else found.replace(tzinfo=self._options.zone)
        written = str(row.get(self._options.column)).strip()
        span = _DAY if len(text) == _DAY_CHARS else _MINUTE if _TO_THE_MINUTE.search(written) else timedelta(0)
        return begins, begins + span

    def _is_within(self, begins: datetime, ends: datetime) -> bool:
        window = self.window
        return begins <= window.bound and (window.since is None or ends >= window.since)


_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)
_DAY_CHARS: Final = len("2026-03-02")
_TO_THE_MINUTE: Final = re.compile(r"^\D*[^:]*\d{1,2}:\d{2}\D*$")


def _bound(now: datetime, options: WindowOptions) -> datetime:
    """Return where a window ends: `settle` before `now`, cut to what the service is asked with."""
    bound = now - timedelta(seconds=options.settle_s)
    if not options.form:
        return bound
    local = bound.astimezone(ZoneInfo("UTC") if options.form.endswith("Z") else options.zone)
    if not any(part in options.form for part in ("%H", "%I", "%T", "%X", "%c", "%s")):
        local = local.replace(hour=0, minute=0, second=0, microsecond=0)
    elif not any(part in options.form for part in ("%S", "%T", "%X", "%c", "%s")):
        local = local.replace(second=0, microsecond=0)
    return local.astimezone(bound.tzinfo)


def written_instant(instant: datetime, form: str, zone: ZoneInfo) -> str:
    """Write an instant as a service takes it: in UTC where the form ends in Z, else as of its `zone`."""
    return instant.astimezone(ZoneInfo("UTC") if form.endswith("Z") else zone).strftime(form)


def window_after(checkpoint: Mapping[str, Any] | None, now: datetime, options: WindowOptions) -> Window:
    """Return the window that `checkpoint` cut short, else the next one, up to `now` (aware) less `settle`."""
    bound = _bound(now, options)
    if checkpoint is None:
        return Window(since=None, bound=bound, known={})
    since = checkpoint["since"]
    last = Window(
        since=datetime.fromisoformat(since) if since else None,
        bound=datetime.fromisoformat(checkpoint["bound"]),
        known=checkpoint["known"],
        seen=checkpoint["seen"],
        finished=checkpoint["finished"],
        validator=checkpoint.get("validator", ""),
    )
    if not last.finished:
        return last
    overlap = timedelta(seconds=options.overlap_s)
    begins = last.bound - overlap if options.column else None
    return Window(since=begins, bound=max(bound, last.bound), known=last.seen, validator=last.validator)
