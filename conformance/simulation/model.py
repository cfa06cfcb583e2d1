"""What a simulated case is made of: steps in working days from its first, seen week by week."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from hub.supervision.calendar import WorkCalendar
from hub.supervision.instants import HUB_ZONE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

START: Final = date(2026, 3, 2)
WEEKS: Final = 17
"""Seventeen weeks with Qingming, Labour Day and its worked Saturday, and Dragon Boat in them; they end on 28 June."""

FIRST_MINUTE: Final = 540
"""A case's steps of one day stand in their order, from nine o'clock on."""

STEP_MINUTES: Final = 9
KEYED_MINUTES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One step as a scenario tells it: `day` working days after the case's first, in the order of the list.

    `late`: working days by which it is keyed in late; `delay`: weeks by which it, and all later ones that have a
    delay with it, are handed over late; `earlier`:
    minutes by which it moves back; `about`: what this step says of its case otherwise than the others.
    """

    type: str
    day: int
    fields: Mapping[str, Any] = field(default_factory=dict)
    occurrence: str = ""
    late: int = 0
    delay: int = 0
    version: int = 0
    earlier: int = 0
    shown: int | None = None
    """Working days after the case's first at which this content was keyed in, where another stood there before."""
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One kind of case: what stands against it in the end, what narrowly does not, and what was taken back.

    `planted` and `excused` name a rule as often as it has an alert. `span`: working days after the first within which
    all that comes of it has come; `to_end`: it begins so many working days before the last; `on_monday`: it begins on
    the Monday of a full week.
    """

    name: str
    system: str
    life: Callable[[Random], Sequence[Draft]]
    share: float = 0.0015
    about: Mapping[str, Any] = field(default_factory=dict)
    planted: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    excused: tuple[str, ...] = ()
    span: int = 35
    to_end: int | None = None
    on_monday: bool = False
    until: date | None = None
    """Day before which it begins."""
    since: date | None = None
    """Day from which it begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One content of one event, and the week (from 0) at whose end its system hands it over. Instants are local."""

    type: str
    occurrence: str
    occurred_at: datetime
    recorded_at: datetime
    version: int
    week: int
    fields: Mapping[str, Any]
    about: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimCase:
    """One simulated case with every content of every event, in the order handed over."""

    case_no: str
    scenario: Scenario
    about: Mapping[str, Any]
    person: tuple[str, str, str, str]
    """Name, kind, number of identity, telephone: before they are masked."""
    steps: Sequence[Step]


@lru_cache(maxsize=1)
def workdays() -> Sequence[date]:
    """Return the working days of the city's weeks, in order."""
    calendar = WorkCalendar()
    every = (START + timedelta(days=number) for number in range(7 * WEEKS))
    return tuple(day for day in every if calendar.is_workday(day))


@lru_cache(maxsize=1)
def exports() -> Sequence[datetime]:
    """Return when each week's records are handed over: on Sunday evening."""
    first = datetime(START.year, START.month, START.day, 20, tzinfo=HUB_ZONE) + timedelta(days=6)
    return tuple(first + timedelta(weeks=week) for week in range(WEEKS))


def week_of(moment: datetime) -> int:
    """Return the week at whose end something keyed in at a moment is handed over; WEEKS where none is left."""
    return bisect_left(exports(), moment)


def place_of(day: date) -> int:
    """Return the number of the first working day not before `day`."""
    return bisect_left(workdays(), day)


def last_before(day: date) -> int:
    """Return the number of the last working day before `day`."""
    return bisect_right(workdays(), day - timedelta(days=1)) - 1


def mondays() -> Sequence[int]:
    """Return the numbers of the working days that are Mondays of two full weeks."""
    days = workdays()
    return [
        place
        for place, day in enumerate(days[:-9])
        if day.weekday() == 0 and days[place + 4] - day == timedelta(4) and days[place + 9] - day == timedelta(11)
    ]


def steps_of(drafts: Sequence[Draft], first: int) -> Sequence[Step]:
    """Place a case's drafts from the working day number `first` on; what comes after the last week is never seen."""
    days, found, held = workdays(), [], 0
    for order, draft in enumerate(drafts):
        if max(first + draft.day + draft.late, first + (draft.shown or 0)) >= len(days):
            continue
        minutes = FIRST_MINUTE + STEP_MINUTES * order
        occurred = _at(days[first + draft.day], minutes - draft.earlier)
        recorded = _at(days[first + draft.day + draft.late], minutes + KEYED_MINUTES)
        keyed = recorded if draft.shown is None else _at(days[first + draft.shown], minutes + KEYED_MINUTES)
        week = week_of(keyed)
        if draft.delay:
            held = held or week + draft.delay
            week = max(week, held)
        if week < WEEKS:
            found.append(
                Step(
                    type=draft.type, occurrence=draft.occurrence, occurred_at=occurred, recorded_at=recorded,
                    version=draft.version, week=week, fields=draft.fields, about=draft.about,
                )
            )  # fmt: skip
    return sorted(found, key=lambda step: step.week)


def _at(day: date, minute: int) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=HUB_ZONE) + timedelta(minutes=minute)
