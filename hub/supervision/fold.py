"""What state a case is in: its facts in force, in the order of life, through a declared machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hub.supervision import instants
from hub.supervision.families.complaint import LEAK, refusal
from hub.supervision.families.holding import CENTRE, Holding, Practice, centres_of, deeply, owner_of
from hub.supervision.families.holding import after as held_after
from hub.supervision.families.transition import DISORDER
from hub.supervision.lifecycle import ENDED, OPENED, POSITION, TRANSITIONS, UNKNOWN, move_of
from hub.views.classes import classified

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, tzinfo

    from hub.supervision.caselog import Fact
    from hub.supervision.families.transition import Guard
    from hub.supervision.lifecycle import Transition


ORDINARY: Final = Practice()
"""What is laid down for complaints where nobody says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """One event that the machine does not allow where it stands: kept and marked, never refused."""

    event_id: str
    state: str
    """State the case was in; empty before its first event."""
    type: str
    reason: str
    is_void: bool = False
    """It has no effect at all: whoever said it may not, or a condition is not met."""
    rule: str = DISORDER
    """The rule that speaks of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case as its facts tell it. Instants are aware UTC, None where nothing of the kind is reported."""

    case_id: str
    family: str
    state: str
    opened_at: datetime
    closed_at: datetime | None
    received_at: datetime | None
    accepted_at: datetime | None
    decided_at: datetime | None
    delivered_at: datetime | None
    current_stage: str
    aliases: tuple[str, ...]
    """Case numbers it was known by before it was renumbered."""
    case_no: str
    attributes: Mapping[str, Any]
    timeline: Sequence[Fact]
    """The facts that count, in the order of life."""
    anomalies: Sequence[Anomaly]
    told: Sequence[Fact]
    """All facts, those too that are of no effect."""
    holding: Holding | None = None
    """How a complaint stands among departments; None in other families."""

    def all(self, *types: str) -> Sequence[Fact]:
        """Return the facts of these types, in order."""
        return tuple(fact for fact in self.timeline if fact.type in types)

    def first(self, event_type: str) -> Fact | None:
        """Return the first fact of a type."""
        return next((fact for fact in self.timeline if fact.type == event_type), None)

    @property
    def stages(self) -> Sequence[Fact]:
        """Return the stage events, in order."""
        return self.all("stage.started", "stage.completed", "stage.returned")

    @property
    def special_procedures(self) -> Sequence[Fact]:
        """Return the starts and ends of special procedures, in order."""
        return self.all("special.started", "special.ended")

    @property
    def extensions(self) -> Sequence[Fact]:
        """Return the extensions, in order."""
        return self.all("case.extended", "penalty.extended", "coercion.extended", "complaint.extended")


def fold(facts: Sequence[Fact], zone: tzinfo, practice: Practice = ORDINARY) -> Case:
    """Fold the facts in force of one case (at least one); any order of `facts` gives the same case.

    `practice` is what the city lays down for complaints; without it only what a case is about is to be relied on.
    """
    told = in_order(facts, zone)
    attributes, holding = _about(told, practice)
    course = _run(told, attributes, holding)
    timeline = course.timeline
    at = _first_times(timeline)
    numbers = _numbers(timeline or told, attributes)
    return Case(
        case_id=attributes["case_id"],
        family=attributes.get("family", "other"),
        state=course.state or OPENED,
        opened_at=at.get("case.received") or min(fact.occurred_at for fact in timeline or told),
        closed_at=_closed_at(timeline) if course.state in ENDED else None,
        received_at=at.get("case.received"),
        accepted_at=at.get("case.accepted"),
        decided_at=at.get("case.decided"),
        delivered_at=at.get("case.delivered"),
        current_stage=_current_stage(timeline),
        aliases=numbers[:-1],
        case_no=numbers[-1],
        attributes=attributes,
        timeline=timeline,
        anomalies=course.anomalies,
        told=told,
        holding=course.holding,
    )


def _about(told: Sequence[Fact], practice: Practice) -> tuple[Mapping[str, Any], Holding | None]:
    """Return what a case is about, and who holds it where it is a complaint: of that its centres alone tell.

    A department that answers for a complaint speaks for itself, not for whom the case is, where, or about whom.
    """
    attributes = _merged(told)
    if attributes.get("family") != "complaint":
        return classified(attributes), None
    owner = owner_of(told)
    own = [fact for fact in told if fact.department_id in centres_of(told, owner)]
    attributes = classified(deeply(_merged(own), own))
    about = attributes.get("complaint", {})
    return attributes, Holding(centre=owner, centre_id=about.get("centre_id", ""), about=about, practice=practice)


def in_order(facts: Sequence[Fact], zone: tzinfo) -> tuple[Fact, ...]:
    """Order facts by (occurred_at, rank of the type, event id).

    Where a source gives days alone, a day's events stand in the order of life, whatever hours others of them carry.
    """
    if any(fact.date_only for fact in facts):
        return tuple(sorted(facts, key=lambda fact: _by_day(fact, zone)))
    return tuple(sorted(facts, key=_by_instant))


def _by_instant(fact: Fact) -> tuple[datetime, int, str]:
    return fact.occurred_at, TRANSITIONS.get(fact.type, UNKNOWN).rank, fact.event_id


def _by_day(fact: Fact, zone: tzinfo) -> tuple[Any, ...]:
    day = instants.local(fact.occurred_at, zone).date()
    return day, TRANSITIONS.get(fact.type, UNKNOWN).rank, fact.occurred_at, fact.event_id


def step(state: str, event_type: str, *, family: str = "application", simplified: bool = False) -> tuple[str, str]:
    """Take one event from `state` ("" before the first); return the next state and why the move is unlawful, or "".

    An unlawful event moves the case only forward: to a state further along its life than the present one.
    """
    move = move_of(family, event_type)
    if move is None:
        return state, f"{event_type} is not known to any family"
    is_lawful = move.sources is None or state in move.sources or (simplified and state in move.simplified)
    reason = "" if is_lawful else f"{event_type} does not follow {state or 'nothing'}"
    if move.target is None or not _leads(move, state, is_lawful=is_lawful):
        return state, reason
    return move.target, reason


def _leads(move: Transition, state: str, *, is_lawful: bool) -> bool:
    if is_lawful and not move.only_forward:
        return True
    return POSITION[move.target or ""] > POSITION[state]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Course:
    """Where a case got to: its state, what of its facts counts, what stands where it may not, and who holds it."""

    state: str
    timeline: tuple[Fact, ...]
    anomalies: tuple[Anomaly, ...]
    holding: Holding | None


def _run(told: Sequence[Fact], attributes: Mapping[str, Any], holding: Holding | None) -> _Course:
    state, family, simplified = "", attributes.get("family", "other"), attributes.get("procedure") == "simplified"
    anomalies, counted = [], []
    for fact in told:
        move = move_of(family, fact.type) or UNKNOWN
        after, disorder = step(state, fact.type, family=family, simplified=simplified)
        lacking = None if holding is None else refusal(move, fact, holding)
        is_void = lacking is not None or (bool(disorder) and _is_idle(move, fact, holding, leads=after != state))
        if disorder or lacking is not None:
            anomalies.append(_anomaly(fact, state, disorder, lacking, is_void=is_void))
        if is_void:
            continue
        if holding is not None and (not disorder or after != state or not holding.handler):
            holding = held_after(holding, fact)
        state = after
        counted.append(fact)
    return _Course(state=state, timeline=tuple(counted), anomalies=tuple(anomalies), holding=holding)


def _is_idle(move: Transition, fact: Fact, holding: Holding | None, *, leads: bool) -> bool:
    """Tell whether an event out of its order has no effect: a complaint's centre may have left out what came before."""
    if holding is None or CENTRE not in holding.roles(fact.department_id):
        return holding is not None
    return move.only_lawful and not leads


def _anomaly(fact: Fact, state: str, disorder: str, lacking: Guard | None, *, is_void: bool) -> Anomaly:
    """Say why an event stands where it may not; whoever learnt of a complaint and must not have is worse than that."""
    leaks = lacking is not None and lacking.rule == LEAK
    return Anomaly(
        event_id=fact.event_id,
        state=state,
        type=fact.type,
        reason=disorder or (f"{fact.type} asks for {lacking.expected}" if lacking else ""),
        is_void=is_void,
        rule=lacking.rule if lacking is not None and (leaks or not disorder) else DISORDER,
    )


def _first_times(timeline: Sequence[Fact]) -> Mapping[str, datetime]:
    times: dict[str, datetime] = {}
    for fact in timeline:
        times.setdefault(fact.type, fact.occurred_at)
    return times


def _closed_at(timeline: Sequence[Fact]) -> datetime | None:
    """Return when the case last ended; a delivery counts only where no end is reported."""
    delivered = None
    for fact in reversed(timeline):
        target = TRANSITIONS.get(fact.type, UNKNOWN).target
        if target == "delivered":
            delivered = fact.occurred_at
        elif target in ENDED:
            return fact.occurred_at
    return delivered


def _current_stage(timeline: Sequence[Fact]) -> str:
    for fact in reversed(timeline):
        if "stage_code" in fact.detail:
            return str(fact.detail["stage_code"])
    return ""


def _merged(timeline: Sequence[Fact]) -> Mapping[str, Any]:
    """Merge what the events say of the case; a later event speaks for what it names."""
    merged = last = timeline[0].attributes
    for fact in timeline:
        if fact.attributes is not last and fact.attributes != last:
            merged = {**merged, **fact.attributes}
        last = fact.attributes
    return merged


def _numbers(timeline: Sequence[Fact], attributes: Mapping[str, Any]) -> tuple[str, ...]:
    """Return every number the case has had, the present one last (`case.renumbered` is an alias)."""
    renumbered = [fact.detail["new_case_no"] for fact in timeline if "new_case_no" in fact.detail]
    if not renumbered:
        return (str(attributes["case_no"]),)
    reported = [fact.attributes["case_no"] for fact in timeline]
    earlier = dict.fromkeys(number for number in [*reported, *renumbered] if number != renumbered[-1])
    return (*earlier, renumbered[-1])
