"""The deadlines of an alert's own steps, as clocks: signing, answering, review, and every supervision order.

A notice 提醒 asks for nothing. Counted from the issue of the alert (its confirmation by a person), anew after it
was sent back, upheld or downgraded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from hub.model import ids
from hub.model.values import ClockRow
from hub.supervision.deadline import counted, spoken
from hub.supervision.instants import HUB_ZONE, instant
from hub.supervision.matter import Limit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hub.model.values import AlertRow
    from hub.supervision.calendar import WorkCalendar

SIGNING_DAYS: Final = 1
"""Working days to sign for an alert (hub)."""

ANSWER_DAYS: Final = 5
"""Working days to answer online (a Jiangsu city's rule)."""

APPEAL_DAYS: Final = 5
"""Working days in which an alert can be appealed (hub)."""

REVIEW_DAYS: Final = 10
"""Working days for a review (hub)."""

KINDS: Final = ("alert_signing", "alert_feedback", "alert_review", "alert_order")

_GONE: Final = frozenset({"cleared", "revoked"})
_SIGNED: Final = frozenset({"sign"})
_ANSWERED: Final = frozenset({"answer"})
_REVIEWED: Final = frozenset({"uphold", "downgrade", "revoke"})
_DONE: Final = frozenset({"verify"})
_ASKED_AGAIN: Final = frozenset({"return", "uphold", "downgrade"})


def issued_at(document: Mapping[str, Any]) -> datetime:
    """Return when the department was first told: the confirmation of one that a person confirms."""
    return instant(document.get("issued_at") or document["raised_at"], HUB_ZONE)


def appeal_ends(alert: AlertRow, calendar: WorkCalendar) -> datetime:
    """Return the moment from which an appeal comes too late."""
    return counted(calendar, issued_at(alert.document), _days(APPEAL_DAYS)).instant


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One step to be timed: from `start` to `due`, over at `stopped` (None: not yet)."""

    kind: str
    n: int
    start: datetime
    due: datetime
    stopped: datetime | None
    derivation: str
    provisional: bool = False


def clocks_of_alert(alert: AlertRow, calendar: WorkCalendar, now: datetime) -> Sequence[ClockRow]:
    """Return the clocks of an alert's steps as of `now`; none of a notice, or of one that was never issued."""
    if alert.level == "notice" or alert.state in ("shadow", "pending") or not _was_issued(alert):
        return []
    steps = [*_steps(alert, calendar), *_orders(alert, calendar)]
    return [_clock(alert, step, calendar, now) for step in steps]


def _was_issued(alert: AlertRow) -> bool:
    return alert.document.get("mode") == "auto" or "issued_at" in alert.document or alert.level != "red"


def _steps(alert: AlertRow, calendar: WorkCalendar) -> Iterator[_Step]:
    history, first = _history(alert), issued_at(alert.document)
    yield _step(calendar, "alert_signing", 1, SIGNING_DAYS, (first, _first(history, 0, _SIGNED | _ANSWERED)))
    starts = [(0, first), *((place, at) for place, (move, at) in enumerate(history, 1) if move in _ASKED_AGAIN)]
    for n, (place, start) in enumerate(starts, 1):
        stopped = _first(history, place, _ANSWERED) or _next_start(starts, n)
        yield _step(calendar, "alert_feedback", n, ANSWER_DAYS, (start, stopped))
    appeals = [(place, at) for place, (move, at) in enumerate(history, 1) if move == "appeal"]
    for n, (place, start) in enumerate(appeals, 1):
        yield _step(calendar, "alert_review", n, REVIEW_DAYS, (start, _first(history, place, _REVIEWED)))


def _step(calendar: WorkCalendar, kind: str, n: int, days: int, span: tuple[datetime, datetime | None]) -> _Step:
    start, stopped = span
    due = counted(calendar, start, _days(days))
    said = f"{days} working days after {calendar.day_of(start)}: due {spoken(due)}."
    return _Step(
        kind=kind, n=n, start=start, due=due.instant, stopped=stopped, derivation=said, provisional=due.provisional
    )


def _orders(alert: AlertRow, calendar: WorkCalendar) -> Iterator[_Step]:
    history = _history(alert)
    for order in alert.document.get("orders", ()):
        start, last = instant(order["issued_at"], HUB_ZONE), date.fromisoformat(order["due_on"])
        place = next((place for place, (move, at) in enumerate(history, 1) if move == "order" and at == start), 0)
        yield _Step(
            kind="alert_order",
            n=order["n"],
            start=start,
            due=calendar.end_of(last),
            stopped=_first(history, place, _DONE),
            derivation=f"Order {order['n']} names {last} as its last day.",
        )


def _clock(alert: AlertRow, step: _Step, calendar: WorkCalendar, now: datetime) -> ClockRow:
    return ClockRow(
        clock_id=ids.clock_id(alert.alert_id, step.kind, str(step.n)),
        subject=alert.alert_id,
        kind=step.kind,
        occurrence=str(step.n),
        state=_state(alert, step, now),
        basis="alert life cycle",
        started_at=step.start,
        due_at=step.due,
        warn_at=None,
        stopped_at=step.stopped,
        provisional=step.provisional,
        calendar_version=calendar.version_between(step.start, step.due),
        derivation=(step.derivation,),
    )


def _state(alert: AlertRow, step: _Step, now: datetime) -> str:
    """Tell how a step stands; one counted into a year that is not announced is never called missed."""
    if step.stopped is not None:
        return "met" if step.stopped < step.due or step.provisional else "breached"
    if alert.state in _GONE:
        return "void"
    return "running" if now < step.due or step.provisional else "breached"


def _history(alert: AlertRow) -> list[tuple[str, datetime]]:
    return [(each["move"], instant(each["at"], HUB_ZONE)) for each in alert.document.get("history", ())]


def _first(history: Sequence[tuple[str, datetime]], place: int, moves: frozenset[str]) -> datetime | None:
    return next((at for move, at in history[place:] if move in moves), None)


def _next_start(starts: Sequence[tuple[int, datetime]], n: int) -> datetime | None:
    """Return when the answer was asked for anew, which ends the clock before it."""
    return starts[n][1] if n < len(starts) else None


def _days(n: int) -> Limit:
    return Limit(n=n, unit="working_day")
