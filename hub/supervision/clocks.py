"""Which deadlines a case has, when each is due, and how each stands at a horizon (docs/mapping.md)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from hub.model import ids
from hub.model.values import ClockRow
from hub.supervision import deadline
from hub.supervision.deadline import spoken
from hub.supervision.derivation import derivation
from hub.supervision.law import LAW, law_limit
from hub.supervision.matter import Limit
from hub.supervision.pauses import Ending, adjustments_of, ending_of
from hub.supervision.spans import ONLY, Span, staged, watched

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from hub.supervision.calendar import WorkCalendar
    from hub.supervision.caselog import Fact
    from hub.supervision.catalogue import Catalogue, Matter
    from hub.supervision.deadline import Adjustment, Due, Outcome
    from hub.supervision.fold import Case
    from hub.supervision.law import LawParameter

ACCEPTANCE_LEAD_DAYS: Final = 1
"""Working days that remain when an acceptance is called near its limit (R10)."""

PROMISE_LEAD_DAYS: Final = 1
"""Least working days that remain when a promise is called near its limit (R13)."""

PROMISE_LEAD_SHARE: Final = 0.2
"""Share of the promised limit that remains when it is called near, if that is more (R13)."""

PENALTY_LEAD_DAYS: Final = 15
"""Calendar days that remain when a penalty is called near its limit (R32)."""

COMPLAINT_LEAD_DAYS: Final = 1
"""Working days that remain when a complaint is called near its limit (R62)."""

HANDLING: Final = ("complaint", "petition", "complaint_redo", "complaint_assist")
"""Kinds of clock by which a complaint is to be answered, by the department that handles it or assists."""

LATER: Final[Mapping[str, int]] = {"complaint_signing": 1, **dict.fromkeys(HANDLING, 5), "idle": 0}
"""Working days after its due moment at which a clock of this kind is a graver matter (R60, R62)."""

IDLE_DAYS: Final = 30
"""Working days without an event after which a suspended case is called (R20)."""

_LICENCE: Final = "01"
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
    later: datetime | None = None
    """When being late becomes graver; None where it does not."""
    paused_workdays: int = 0
    """Working days that lawful pauses added to its limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Docket:
    """All that the clocks of one case depend on."""

    case: Case
    catalogue: Catalogue
    calendar: WorkCalendar
    horizon: datetime | None
    """What has surely been delivered up to; None where that is not known and only evidence is judged."""
    offers: frozenset[str] | None = None
    """Event types and fields that the case's connection reports; None: all of them."""
    law: Sequence[LawParameter] = LAW
    """The limits of the law, those that go before first."""

    def matter(self, moment: datetime) -> Matter | None:
        """Return the version of the case's matter on the day of `moment`."""
        about = self.case.attributes
        return self.catalogue.matter(
            about.get("matter_code", ""), self.calendar.day_of(moment), about.get("department_id", "")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One way to a due moment: how it begins, what the adjustments made of it, and how to say so."""

    basis: str
    base: Due
    outcome: Outcome
    sentence: str


def clocks_of(docket: Docket) -> Sequence[Clock]:
    """Derive every clock of a case: acceptance, promised, statutory, joint, delivery, then the family's own."""
    ending = ending_of(docket.case)
    acceptances = [_counted(docket, span) for span in _acceptances(docket.case)]
    start, note = _accepted(docket, acceptances)
    clocks = [
        *acceptances,
        *(_decision(docket, kind, ending, start, note) for kind in ("promised", "statutory")),
        _joint(docket, ending, start),
        _delivery(docket, ending),
        *(_counted(docket, span) for span in _of_family(docket)),
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
        if clock.later is not None and clock.stop is None:
            ahead.append(clock.later)
    return min((moment for moment in ahead if horizon is None or moment >= horizon), default=None)


# --- which clocks there are ------------------------------------------------------------------------------------------


def _acceptances(case: Case) -> Iterator[Span]:
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
            yield Span(kind="acceptance", occurrence=occurrence, start=start, stop=fact, is_void=_gives_up(fact))
            if fact.type != "case.supplement_requested":
                return
            start, occurrence = None, fact.event_id
    if start is not None:
        yield Span(kind="acceptance", occurrence=occurrence, start=start, stop=early)


def _gives_up(fact: Fact) -> bool:
    return fact.type in _ABANDONED


def _accepted(docket: Docket, acceptances: Sequence[Clock | None]) -> tuple[Fact | None, str]:
    """Return what counts as acceptance: a licence not answered in its limit counts as accepted from receipt (R11).

    Licensing Law art. 32: who is not told within five days what to supplement is deemed accepted on the day of receipt.
    """
    reported = docket.case.first("case.accepted")
    first = acceptances[0] if acceptances else None
    if first is None or first.row.state != "breached" or not _is_licence(docket):
        return reported, ""
    answer = first.stop
    if answer is not None and answer.type != "case.accepted":
        return reported, ""
    return first.start, "Not answered within the limit, so accepted from receipt 视为受理 (Licensing Law art. 32)."


def _is_licence(docket: Docket) -> bool:
    matter = docket.matter(docket.case.opened_at)
    return (docket.case.attributes.get("power_type") or (matter.power_type if matter else "")) == _LICENCE


def _of_family(docket: Docket) -> Iterator[Span]:
    """Yield the spans of the declared clocks, of the stages, and of a suspension in which nothing happens."""
    case = docket.case
    yield from watched(case, docket.offers)
    if case.stages:
        yield from staged(case, docket.matter(case.opened_at))
    if case.state == "suspended":
        last = case.timeline[-1]
        limit = Limit(n=IDLE_DAYS, unit="working_day")
        yield Span(
            kind="idle", occurrence=last.event_id, start=last, stop=None, limit=limit, basis="长期挂起: no event since"
        )


def _joint(docket: Docket, ending: Ending, start: Fact | None) -> Clock | None:
    """Build the clock of joint handling, where departments were asked (Licensing Law art. 42(2))."""
    if start is None or docket.case.first("joint.dispatched") is None:
        return None
    span = Span(kind="joint", occurrence=ONLY, start=start, stop=ending.stop, is_void=ending.is_void, moves=True)
    return _counted(docket, span)


def _decision(docket: Docket, kind: str, ending: Ending, start: Fact | None, note: str) -> Clock | None:
    """Build the promised or statutory clock: from acceptance to the decision, else to the closing."""
    if start is None:
        return None
    span = Span(kind=kind, occurrence=ONLY, start=start, stop=ending.stop, is_void=ending.is_void, note=note)
    adjustments = adjustments_of(docket.case, kind, start, ending, _allowed(docket, start))
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
    return _counted(docket, Span(kind="delivery", occurrence=ONLY, start=decided, stop=stop, is_void=is_void))


def _counted(docket: Docket, span: Span) -> Clock | None:
    tracks = _tracks(docket, span)
    if not tracks:
        return None
    if not span.moves:
        return _clock(docket, span, tracks, ())
    ending = Ending(stop=span.stop, is_void=span.is_void, reopenings=(), last_round={})
    adjustments = adjustments_of(docket.case, span.kind, span.start, ending, _allowed(docket, span.start))
    return _clock(docket, span, [_adjusted(docket, track, adjustments) for track in tracks], adjustments)


def _tracks(docket: Docket, span: Span) -> list[Track]:
    """Return the ways to a span's due moment: what its start itself names, and its limit."""
    text = span.start.detail.get(span.reported) if span.reported else None
    named = None if text is None else _named_due(docket, span.reported, text)
    limit = None if span.yields and named is not None else _by_limit(docket, span)
    return [track for track in (named, limit) if track is not None]


def _allowed(docket: Docket, start: Fact) -> frozenset[str] | None:
    matter = docket.matter(start.occurred_at)
    return None if matter is None else matter.special_procedures


# --- when they are due -----------------------------------------------------------------------------------------------


def _limit(docket: Docket, span: Span) -> tuple[Limit, str] | None:
    """Find the limit in force on the day a clock starts: its own, the catalogue's, else the law's; None: no clock."""
    if span.limit is not None:
        return span.limit, span.basis
    matter = docket.matter(span.start.occurred_at)
    if matter is not None and span.kind in matter.limits:
        return matter.limits[span.kind], f"职权目录 catalogue {matter.matter_code} version {matter.version}"
    power_type = docket.case.attributes.get("power_type") or (matter.power_type if matter is not None else "")
    law = law_limit(span.kind, power_type, docket.calendar.day_of(span.start.occurred_at), docket.law)
    return None if law is None else (law.limit, f"《{law.title}》 art. {law.article}")


def _by_limit(docket: Docket, span: Span) -> Track | None:
    found = _limit(docket, span)
    if found is None:
        return None
    limit, basis = found
    due = deadline.counted(docket.calendar, span.start.occurred_at, limit)
    sentence = f"Limit {limit.n} {limit.unit.replace('_', ' ')}s by {basis}: due {spoken(due)}."
    return Track(basis=basis, base=due, outcome=_untouched(due), sentence=sentence)


def _reported(docket: Docket, span: Span) -> Track | None:
    """Take the due moment that the department reported with the acceptance, else with its first event that has one."""
    field = f"{span.kind}_due_at"
    bearers = [span.start, *docket.case.timeline]
    text = next((f.detail[field] for f in bearers if field in f.detail and f.type != "case.extended"), None)
    return None if text is None else _named_due(docket, field, text)


def _named_due(docket: Docket, field: str, text: str) -> Track:
    due = deadline.reported(docket.calendar, text)
    sentence = f"The department reported the due moment {spoken(due)}; it is due then."
    return Track(basis=f"reported {field}", base=due, outcome=_untouched(due), sentence=sentence)


def _untouched(due: Due) -> Outcome:
    return deadline.Outcome(due=due, extensions=0, paused=False, overrun=False, notes=())


def _adjusted(docket: Docket, track: Track, adjustments: Sequence[Adjustment]) -> Track:
    if not adjustments:
        return track
    outcome = deadline.adjusted(docket.calendar, track.base, adjustments)
    return Track(basis=track.basis, base=track.base, outcome=outcome, sentence=track.sentence)


def _governing(tracks: Sequence[Track]) -> Track:
    """Choose the earlier due moment; a firm one before a provisional one, which may yet move."""
    return min(tracks, key=lambda track: (track.outcome.due.provisional, track.outcome.due.instant))


# --- how they stand --------------------------------------------------------------------------------------------------


def _clock(docket: Docket, span: Span, tracks: Sequence[Track], adjustments: Sequence[Adjustment]) -> Clock:
    track = _governing(tracks)
    due, outcome = track.outcome.due, track.outcome
    state = _state(span, outcome, docket.horizon)
    warn_at = _warn_at(docket.calendar, span, track)
    disagrees = len({each.outcome.due.day for each in tracks}) > 1
    row = ClockRow(
        clock_id=ids.clock_id(docket.case.case_id, span.kind, span.occurrence),
        subject=docket.case.case_id,
        kind=span.kind,
        occurrence=span.occurrence,
        state=state,
        basis=track.basis,
        started_at=span.start.occurred_at,
        due_at=due.instant,
        warn_at=warn_at,
        stopped_at=span.stop.occurred_at if span.stop is not None else None,
        provisional=due.provisional,
        calendar_version=docket.calendar.version_between(span.start.occurred_at, due.instant),
        derivation=derivation(docket, span, tracks, track, disagrees=disagrees),
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
        later=_later(docket.calendar, span, due),
        paused_workdays=outcome.paused_days,
    )


def _later(calendar: WorkCalendar, span: Span, due: Due) -> datetime | None:
    """Return when being late becomes graver: some days on, or at twice the limit of a special procedure (R20)."""
    if due.provisional:
        return None
    if span.kind == "special":
        days = max(1, calendar.workdays_between(calendar.day_of(span.start.occurred_at), due.day))
    else:
        days = LATER.get(span.kind, 0)
    return calendar.end_of(calendar.add_workdays(due.day, days)[0]) if days else None


def _state(span: Span, outcome: Outcome, horizon: datetime | None) -> str:
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


def _warn_at(calendar: WorkCalendar, span: Span, track: Track) -> datetime | None:
    """Return the first moment of the local day from which no more working days remain than the notice asks for."""
    if span.kind == "penalty":
        day = track.outcome.due.day - timedelta(days=PENALTY_LEAD_DAYS - 1)
        return max(calendar.start_of(day), span.start.occurred_at)
    if span.kind in ("acceptance", *HANDLING):
        lead = ACCEPTANCE_LEAD_DAYS if span.kind == "acceptance" else COMPLAINT_LEAD_DAYS
    elif span.kind == "promised":
        limit = calendar.workdays_between(calendar.day_of(span.start.occurred_at), track.base.day)
        lead = max(PROMISE_LEAD_DAYS, int(limit * PROMISE_LEAD_SHARE))
    else:
        return None
    day = track.outcome.due.day
    first = calendar.back_workdays(day, lead if calendar.is_workday(day) else lead + 1)
    return max(calendar.start_of(first), span.start.occurred_at)


def _changed_at(span: Span, adjustments: Sequence[Adjustment]) -> datetime:
    moments = [span.start.occurred_at]
    if span.stop is not None:
        moments.append(span.stop.occurred_at)
    return max([*moments, *(adjustment.until or adjustment.at for adjustment in adjustments)])
