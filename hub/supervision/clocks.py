"""Which deadlines a case has, when each is due, and how each stands at a horizon (docs/mapping.md)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from hub.model import ids
from hub.model.codes import code_list
from hub.model.values import ClockRow
from hub.supervision import deadline
from hub.supervision.deadline import spoken
from hub.supervision.instants import local
from hub.supervision.law import law_limit
from hub.supervision.pauses import adjustments_of, ending_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from hub.supervision.calendar import WorkCalendar
    from hub.supervision.caselog import Fact
    from hub.supervision.catalogue import Catalogue, Limit
    from hub.supervision.deadline import Adjustment, Due, Outcome
    from hub.supervision.fold import Case
    from hub.supervision.pauses import Ending

ACCEPTANCE_LEAD_DAYS: Final = 1
"""Working days that remain when an acceptance is called near its limit (R10)."""

PROMISE_LEAD_DAYS: Final = 1
"""Least working days that remain when a promise is called near its limit (R13)."""

PROMISE_LEAD_SHARE: Final = 0.2
"""Share of the promised limit that remains when it is called near, if that is more (R13)."""

ONLY: Final = "1"
"""Occurrence of a clock that starts once in a case, and of the first of those that start again."""

_ANSWERS: Final = frozenset({"case.accepted", "case.not_accepted", "case.supplement_requested"})
_IMPLIED_ANSWERS: Final = frozenset({"case.decided", "case.closed"})
"""A case decided or closed was accepted, even where its system does not report so."""

_ABANDONED: Final = frozenset({"case.withdrawn", "case.terminated"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One clock with what its row does not say. `noticed`: it runs, unbreached, past its warning."""

    row: ClockRow
    due: Due
    start: Fact
    stop: Fact | None
    extensions: int
    noticed: bool
    changed_at: datetime
    """When the last event that moved or stopped it happened; its start where none did."""
    disagrees: bool
    """Reported and counted due moments fall on different days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Docket:
    """All that the clocks of one case depend on."""

    case: Case
    catalogue: Catalogue
    calendar: WorkCalendar
    horizon: datetime | None
    """What has surely been delivered up to; None where that is not known and only evidence is judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """One clock's run: what starts it, what stops it, whether the stop makes it void."""

    kind: str
    occurrence: str
    start: Fact
    stop: Fact | None
    is_void: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Track:
    """One way to a due moment: how it begins, what the adjustments made of it, and how to say so."""

    basis: str
    base: Due
    outcome: Outcome
    sentence: str


def clocks_of(docket: Docket) -> Sequence[Clock]:
    """Derive every clock of a case, in the order acceptance, promised, statutory, delivery."""
    ending = ending_of(docket.case)
    clocks = [
        *(_counted(docket, span) for span in _acceptances(docket.case)),
        _decision(docket, "promised", ending),
        _decision(docket, "statutory", ending),
        _delivery(docket, ending),
    ]
    return [clock for clock in clocks if clock is not None]


def wake_at(clocks: Sequence[Clock], horizon: datetime | None) -> datetime | None:
    """Return the next warning or due moment that time alone will bring about; None if there is none."""
    ahead: list[datetime] = []
    for clock in clocks:
        if clock.row.state == "running" and not clock.row.provisional:
            ahead.append(clock.row.due_at)
        if clock.row.state == "running" and clock.row.warn_at is not None:
            ahead.append(clock.row.warn_at)
    return min((moment for moment in ahead if horizon is None or moment >= horizon), default=None)


# --- which clocks there are ------------------------------------------------------------------------------------------


def _acceptances(case: Case) -> Iterator[_Span]:
    """Yield the spans of acceptance: from receipt to an answer, and again from each supplement to its answer.

    An answer dated before the receipt stops the clock all the same: it is out of order, not missing.
    """
    start = early = None
    occurrence = ONLY
    for fact in case.timeline:
        if fact.type in ("case.received", "case.supplement_received"):
            if start is None and (occurrence == ONLY or fact.type == "case.supplement_received"):
                start = fact
        elif start is None and occurrence == ONLY and fact.type in _ANSWERS | _IMPLIED_ANSWERS:
            early = early or fact
        elif start is not None and fact.type in _ANSWERS | _IMPLIED_ANSWERS | _ABANDONED:
            yield _Span(kind="acceptance", occurrence=occurrence, start=start, stop=fact, is_void=_gives_up(fact))
            if fact.type != "case.supplement_requested":
                return
            start, occurrence = None, fact.event_id
    if start is not None:
        yield _Span(kind="acceptance", occurrence=occurrence, start=start, stop=early)


def _gives_up(fact: Fact) -> bool:
    return fact.type in _ABANDONED


def _decision(docket: Docket, kind: str, ending: Ending) -> Clock | None:
    """Build the promised or statutory clock: from acceptance to the decision, else to the closing."""
    start = docket.case.first("case.accepted")
    if start is None:
        return None
    span = _Span(kind=kind, occurrence=ONLY, start=start, stop=ending.stop, is_void=ending.is_void)
    adjustments = adjustments_of(docket.case, kind, start, ending)
    tracks = [track for track in (_reported(docket, span), _by_limit(docket, span)) if track is not None]
    tracks = [_adjusted(docket, track, adjustments) for track in tracks]
    return _clock(docket, span, tracks, adjustments) if tracks else None


def _delivery(docket: Docket, ending: Ending) -> Clock | None:
    """Build the delivery clock: from a decision that grants to the delivery (Licensing Law art. 44)."""
    decided = ending.last_round.get("case.decided")
    if decided is None or decided.detail.get("result", {}).get("code") != "granted":
        return None
    delivered = ending.last_round.get("case.delivered")
    given_up = next((fact for name in sorted(_ABANDONED) if (fact := ending.last_round.get(name))), None)
    stop = delivered or given_up
    is_void = delivered is None and given_up is not None
    return _counted(docket, _Span(kind="delivery", occurrence=ONLY, start=decided, stop=stop, is_void=is_void))


def _counted(docket: Docket, span: _Span) -> Clock | None:
    track = _by_limit(docket, span)
    return None if track is None else _clock(docket, span, [track], ())


# --- when they are due -----------------------------------------------------------------------------------------------


def _limit(docket: Docket, kind: str, day_of: datetime) -> tuple[Limit, str] | None:
    """Find the limit in force on the day a clock starts: the catalogue's, else the law's; None: no limit, no clock."""
    attributes, day = docket.case.attributes, docket.calendar.day_of(day_of)
    matter = docket.catalogue.matter(attributes.get("matter_code", ""), day, attributes.get("department_id", ""))
    if matter is not None and kind in matter.limits:
        return matter.limits[kind], f"职权目录 catalogue {matter.matter_code} version {matter.version}"
    power_type = attributes.get("power_type") or (matter.power_type if matter is not None else "")
    law = law_limit(kind, power_type, day)
    return None if law is None else (law.limit, f"《{law.title}》 art. {law.article}")


def _by_limit(docket: Docket, span: _Span) -> _Track | None:
    found = _limit(docket, span.kind, span.start.occurred_at)
    if found is None:
        return None
    limit, basis = found
    due = deadline.counted(docket.calendar, span.start.occurred_at, limit)
    sentence = f"Limit {limit.n} {limit.unit.replace('_', ' ')}s by {basis}: due {spoken(due)}."
    return _Track(basis=basis, base=due, outcome=_untouched(due), sentence=sentence)


def _reported(docket: Docket, span: _Span) -> _Track | None:
    """Take the due moment that the department reported with the acceptance, else with its first event that has one."""
    field = f"{span.kind}_due_at"
    bearers = [span.start, *docket.case.timeline]
    text = next((f.detail[field] for f in bearers if field in f.detail and f.type != "case.extended"), None)
    if text is None:
        return None
    due = deadline.reported(docket.calendar, text)
    sentence = f"The department reported the due moment {spoken(due)}; it is due then."
    return _Track(basis=f"reported {field}", base=due, outcome=_untouched(due), sentence=sentence)


def _untouched(due: Due) -> Outcome:
    return deadline.Outcome(due=due, extensions=0, paused=False, overrun=False, notes=())


def _adjusted(docket: Docket, track: _Track, adjustments: Sequence[Adjustment]) -> _Track:
    if not adjustments:
        return track
    outcome = deadline.adjusted(docket.calendar, track.base, adjustments)
    return _Track(basis=track.basis, base=track.base, outcome=outcome, sentence=track.sentence)


def _governing(tracks: Sequence[_Track]) -> _Track:
    """Choose the earlier due moment; a firm one before a provisional one, which may yet move."""
    return min(tracks, key=lambda track: (track.outcome.due.provisional, track.outcome.due.instant))


# --- how they stand --------------------------------------------------------------------------------------------------


def _clock(docket: Docket, span: _Span, tracks: Sequence[_Track], adjustments: Sequence[Adjustment]) -> Clock:
    track = _governing(tracks)
    due, outcome = track.outcome.due, track.outcome
    state = _state(span, outcome, docket.horizon)
    warn_at = _warn_at(docket.calendar, span, track)
    disagrees = len({each.outcome.due.day for each in tracks}) > 1
    row = ClockRow(
        clock_id=ids.clock_id(docket.case.case_id, span.kind, span.occurrence),
        case_id=docket.case.case_id,
        kind=span.kind,
        occurrence=span.occurrence,
        state=state,
        basis=track.basis,
        started_at=span.start.occurred_at,
        due_at=due.instant,
        warn_at=warn_at,
        stopped_at=span.stop.occurred_at if span.stop is not None else None,
        provisional=due.provisional,
        calendar_version=docket.calendar.version,
        derivation=_derivation(docket, span, tracks, track, disagrees=disagrees),
    )
    return Clock(
        row=row,
        due=due,
        start=span.start,
        stop=span.stop,
        extensions=outcome.extensions,
        noticed=state == "running" and _is_past(warn_at, docket.horizon),
        changed_at=_changed_at(span, adjustments),
        disagrees=disagrees,
    )


def _state(span: _Span, outcome: Outcome, horizon: datetime | None) -> str:
    """Judge one clock; a provisional due moment is never breached, one passed in evidence is whatever the horizon."""
    due = outcome.due
    missed = outcome.overrun or (span.stop is not None and due.is_missed_by(span.stop.occurred_at))
    if missed and not due.provisional:
        return "breached"
    if span.stop is not None:
        return "void" if span.is_void else "met"
    if outcome.paused:
        return "paused"
    return "breached" if not due.provisional and _is_past(due.instant, horizon) else "running"


def _is_past(moment: datetime | None, horizon: datetime | None) -> bool:
    return moment is not None and horizon is not None and moment < horizon


def _warn_at(calendar: WorkCalendar, span: _Span, track: _Track) -> datetime | None:
    """Return the first moment of the local day from which no more working days remain than the notice asks for."""
    if span.kind == "acceptance":
        lead = ACCEPTANCE_LEAD_DAYS
    elif span.kind == "promised":
        limit = calendar.workdays_between(calendar.day_of(span.start.occurred_at), track.base.day)
        lead = max(PROMISE_LEAD_DAYS, int(limit * PROMISE_LEAD_SHARE))
    else:
        return None
    day = track.outcome.due.day
    first = calendar.back_workdays(day, lead if calendar.is_workday(day) else lead + 1)
    return max(calendar.start_of(first), span.start.occurred_at)


def _changed_at(span: _Span, adjustments: Sequence[Adjustment]) -> datetime:
    moments = [span.start.occurred_at]
    if span.stop is not None:
        moments.append(span.stop.occurred_at)
    return max([*moments, *(adjustment.until or adjustment.at for adjustment in adjustments)])


# --- how they came about, in words -----------------------------------------------------------------------------------


def _derivation(
    docket: Docket, span: _Span, tracks: Sequence[_Track], governing: _Track, *, disagrees: bool
) -> tuple[str, ...]:
    said = [f"Starts with {_named(docket, span.start)}; that day is not counted."]
    for track in tracks:
        said += [track.sentence, *track.outcome.notes]
    due = governing.outcome.due
    if len(tracks) > 1:
        said.append(f"{'They disagree' if disagrees else 'They agree'}; governed by {governing.basis}: {spoken(due)}.")
    if due.provisional:
        said.append("It reaches into a year whose working days are not announced: provisional, never judged missed.")
    if span.stop is not None:
        said.append(f"Stops with {_named(docket, span.stop)}.")
    return tuple(said)


def _named(docket: Docket, fact: Fact) -> str:
    wall = local(fact.occurred_at, docket.calendar.zone)
    when = wall.date().isoformat() if fact.date_only else wall.isoformat(" ", "seconds")[:19]
    return f"{fact.type} {event_name(fact.type)} on {when}"


@lru_cache(maxsize=256)
def event_name(event_type: str) -> str:
    """Name an event type in Chinese."""
    row = code_list("event_types").rows.get(event_type)
    return str(row["zh"]) if row is not None else event_type
