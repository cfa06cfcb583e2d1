"""When a limit is over: counted days, reported instants, and what pauses and extensions do to them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from hub.supervision import instants

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.supervision.calendar import WorkCalendar
    from hub.supervision.catalogue import Limit

WORKING_HOURS_PER_DAY: Final = 8
"""Hours of a working day (State Council Order 174 art. 3); a limit in working hours is rounded up to whole days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A due moment: a local day and the time in it; `at` None means the day's end, 24:00, which is itself too late."""

    day: date
    at: time | None
    instant: datetime
    """The same as aware UTC; for a day's end the next local midnight."""
    provisional: bool

    def is_missed_by(self, moment: datetime) -> bool:
        """Tell whether something done at `moment` came too late."""
        return moment >= self.instant if self.at is None else moment > self.instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """What moves a due moment. `at` is when it took effect: after the limit is over it saves nothing.

    A pause runs from `at` to `until` (None: still open); an extension adds `days`, or names the due itself.
    """

    kind: str
    """pause, extension, or reopening: the pause between an end and its undoing."""
    at: datetime
    word: str
    """What it is called, for people."""
    lawful: bool = True
    until: datetime | None = None
    days: int = 0
    unit: str = "working_day"
    due_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A due moment after its adjustments, with one sentence for each."""

    due: Due
    extensions: int
    paused: bool
    overrun: bool
    """A reopened case had ended too late before: no later event makes that good."""
    notes: tuple[str, ...]
    paused_days: int = 0
    """Working days that pauses added."""


def end_of_day(calendar: WorkCalendar, day: date, *, provisional: bool) -> Due:
    """Return the due moment at the end of a local day."""
    return Due(day=day, at=None, instant=calendar.end_of(day), provisional=provisional)


def at_time(calendar: WorkCalendar, moment: datetime, *, provisional: bool) -> Due:
    """Return the due moment at an instant."""
    wall = instants.local(moment, calendar.zone)
    return Due(day=wall.date(), at=wall.time(), instant=moment, provisional=provisional)


def counted(calendar: WorkCalendar, start: datetime, limit: Limit) -> Due:
    """Count a limit from the local day of `start`, which does not count itself; a counted day ends at 24:00.

    Calendar days ending on a holiday run on to the next working day (Civil Procedure Law art. 85); hours are hours.
    """
    if limit.unit == "hour":
        return at_time(calendar, _hours_after(start, limit.n), provisional=False)
    day = calendar.day_of(start)
    if limit.unit == "calendar_day":
        last, provisional = _added(calendar, day, limit.n)
        return end_of_day(calendar, last, provisional=provisional)
    whole = limit.n if limit.unit == "working_day" else -(-limit.n // WORKING_HOURS_PER_DAY)
    last, provisional = calendar.add_workdays(day, whole)
    return end_of_day(calendar, last, provisional=provisional)


def reported(calendar: WorkCalendar, text: str) -> Due:
    """Take a due moment as reported: an instant as it is, a day to its end. Nothing is counted, so it is firm."""
    if instants.is_day(text):
        return end_of_day(calendar, date.fromisoformat(text), provisional=False)
    return at_time(calendar, instants.instant(text, calendar.zone), provisional=False)


def adjusted(calendar: WorkCalendar, due: Due, adjustments: Iterable[Adjustment]) -> Outcome:
    """Apply lawful pauses and extensions in order of time; those that begin after the limit is over change nothing."""
    extensions, paused, paused_days, overrun, notes = 0, False, 0, False, []
    for adjustment in sorted(adjustments, key=lambda each: (each.at, each.kind, each.word)):
        if not adjustment.lawful:
            notes.append(f"{adjustment.word} is not on the list of Licensing Law art. 45: the limit runs on.")
        elif due.is_missed_by(adjustment.at):
            overrun = overrun or adjustment.kind == "reopening"
            notes.append(f"{adjustment.word} came after the limit was over: it changes nothing.")
        elif adjustment.kind == "extension":
            extensions += 1
            due = _extended(calendar, due, adjustment)
            notes.append(f"{adjustment.word} {_by(adjustment)}: due {spoken(due)}.")
        elif adjustment.until is None:
            paused = True
            notes.append(f"{adjustment.word} has not ended: the limit stands still.")
        else:
            start, end = calendar.day_of(adjustment.at), calendar.day_of(adjustment.until)
            days = calendar.workdays_between(start, end)
            due, paused_days = _plus_workdays(calendar, due, days), paused_days + days
            notes.append(f"{adjustment.word} from {start} to {end} adds {days} working days: due {spoken(due)}.")
    return Outcome(
        due=due, extensions=extensions, paused=paused, overrun=overrun, notes=tuple(notes), paused_days=paused_days
    )


def spoken(due: Due) -> str:
    """Say a due moment in local time, a day's end as 24:00."""
    return f"{due.day.isoformat()} {due.at.isoformat('seconds') if due.at else '24:00'}"


def _extended(calendar: WorkCalendar, due: Due, extension: Adjustment) -> Due:
    if extension.due_text:
        return reported(calendar, extension.due_text)
    if extension.unit == "calendar_day":
        day, provisional = _added(calendar, due.day, extension.days)
        return _moved(calendar, due, day, provisional=due.provisional or provisional)
    return _plus_workdays(calendar, due, extension.days)


def _plus_workdays(calendar: WorkCalendar, due: Due, days: int) -> Due:
    if days == 0:
        return due
    day, provisional = calendar.add_workdays(due.day, days)
    return _moved(calendar, due, day, provisional=due.provisional or provisional)


def _moved(calendar: WorkCalendar, due: Due, day: date, *, provisional: bool) -> Due:
    if due.at is None:
        return end_of_day(calendar, day, provisional=provisional)
    moment = instants.to_utc(datetime.combine(day, due.at, calendar.zone))
    return dataclasses.replace(due, day=day, instant=moment, provisional=provisional)


def _added(calendar: WorkCalendar, day: date, days: int) -> tuple[date, bool]:
    ordinal = min(day.toordinal() + days, date.max.toordinal())
    return calendar.roll_forward(date.fromordinal(ordinal))


def _hours_after(start: datetime, hours: int) -> datetime:
    try:
        return start + timedelta(hours=hours)
    except OverflowError:
        return datetime.max.replace(tzinfo=start.tzinfo)


def _by(extension: Adjustment) -> str:
    if extension.due_text:
        return "names a new due"
    return f"adds {extension.days} {extension.unit.replace('_', ' ')}s"
