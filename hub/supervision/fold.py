"""What state a case is in: its facts in force, in the order of life, through a declared machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hub.supervision import instants
from hub.supervision.lifecycle import ENDED, OPENED, POSITION, TRANSITIONS, UNKNOWN, move_of
from hub.views.classes import classified

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, tzinfo

    from hub.supervision.caselog import Fact
    from hub.supervision.lifecycle import Transition


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """One event that the machine does not allow where it stands: kept and marked, never refused."""

    event_id: str
    state: str
    """State the case was in; empty before its first event."""
    type: str
    reason: str


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
    anomalies: Sequence[Anomaly]

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


def fold(facts: Sequence[Fact], zone: tzinfo) -> Case:
    """Fold the facts in force of one case (at least one); any order of `facts` gives the same case."""
    timeline = in_order(facts, zone)
    at = _first_times(timeline)
    attributes = classified(_merged(timeline))
    state, anomalies = _run(timeline, attributes)
    numbers = _numbers(timeline, attributes)
    return Case(
        case_id=attributes["case_id"],
        family=attributes.get("family", "other"),
        state=state,
        opened_at=at.get("case.received") or min(fact.occurred_at for fact in timeline),
        closed_at=_closed_at(timeline) if state in ENDED else None,
        received_at=at.get("case.received"),
        accepted_at=at.get("case.accepted"),
        decided_at=at.get("case.decided"),
        delivered_at=at.get("case.delivered"),
        current_stage=_current_stage(timeline),
        aliases=numbers[:-1],
        case_no=numbers[-1],
        attributes=attributes,
        timeline=timeline,
        anomalies=anomalies,
    )


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


def _run(timeline: Sequence[Fact], attributes: Mapping[str, Any]) -> tuple[str, tuple[Anomaly, ...]]:
    state, family, simplified = "", attributes.get("family", "other"), attributes.get("procedure") == "simplified"
    anomalies = []
    for fact in timeline:
        after, reason = step(state, fact.type, family=family, simplified=simplified)
        if reason:
            anomalies.append(Anomaly(event_id=fact.event_id, state=state, type=fact.type, reason=reason))
        state = after
    return state or OPENED, tuple(anomalies)


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
