"""Moves one criterion of one connection: steady, in grace, suspended, on probation, by what is observed of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

    from conformance.criteria.policy import Policy

Phase = Literal["steady", "in_grace", "suspended", "on_probation", "expired"]

STRIKES: Final = 3
"""Confirmed failures within a year after which a person must look whether to revoke."""

YEAR_DAYS: Final = 365


class Seen(StrEnum):
    """What an observation came to. UNKNOWN freezes the criterion; NOT_APPLICABLE takes it out of the roll-up."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One look at one criterion, on a local day. `by` names the person who reinstates, where that is a person's."""

    criterion: str
    day: date
    seen: Seen
    measure: Mapping[str, Any] = field(default_factory=dict)
    by: str = ""

    @property
    def level(self) -> str:
        """Return the level it touches where that depends on what was seen; else empty."""
        return str(self.measure.get("level", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """How one criterion stands. Counts are working days with a known verdict: an unknown day stretches every period."""

    criterion: str
    phase: Phase = "steady"
    since: date | None = None
    used_wd: int = 0
    """Of grace or probation, as far as it has run."""
    counted_on: date | None = None
    """The last working day that was counted."""
    probation_wd: int = 0
    """Length of the probation it is in, or will return to after grace."""
    probation_used_wd: int = 0
    """How much of that probation had passed when grace began."""
    is_probed: bool = False
    """Whether it is in grace during a probation."""
    doubled: int = 0
    """Confirmed failures in probation since it was last steady: each doubles the next probation."""
    strikes: tuple[date, ...] = ()
    """Days of the confirmed failures of the last year."""
    last: Seen = Seen.UNKNOWN
    is_applicable: bool = True
    level: str = ""
    """The lowest level it takes away while suspended."""
    warned: int = 0
    """Of a life: the shortest notice already given, in days; 0: none."""
    needs_review: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Something that somebody must be told: a change of phase, half of a grace gone, a warning, a review asked for."""

    criterion: str
    day: date
    what: str
    phase: Phase
    measure: Mapping[str, Any] = field(default_factory=dict)


Stepped = tuple[Row, list[Move]]


def fold(
    observations: Iterable[Observation],
    policy_on: Callable[[date], Policy],
    is_workday: Callable[[date], bool],
    *,
    criterion: str,
) -> Stepped:
    """Rebuild a criterion's row from all that was ever observed of it, in order; return it with every move made."""
    row, moves = Row(criterion=criterion), []
    for seen in observations:
        row, made = step(row, seen, policy_on(seen.day), is_workday=is_workday(seen.day))
        moves += made
    return row, moves


def step(row: Row, seen: Observation, policy: Policy, *, is_workday: bool) -> Stepped:
    """Return the row after one observation, and what is to be told."""
    if seen.seen is Seen.NOT_APPLICABLE:
        return replace(row, is_applicable=False, last=seen.seen), []
    row = replace(row, is_applicable=True, needs_review=_asks_still(row, seen))
    if seen.seen is Seen.UNKNOWN:
        return row, []
    if policy.kind == "life":
        return _aged(row, seen, policy)
    if policy.kind == "review":
        return _reviewed(row, seen)
    row = replace(row, last=seen.seen)
    is_lost = row.phase == "on_probation" and seen.seen is Seen.FAIL  # a day that fails is no day of probation
    counted = row if is_lost else _counted(row, seen.day, is_workday=is_workday)
    return _PHASES[row.phase](counted, seen, policy)


def _asks_still(row: Row, seen: Observation) -> bool:
    """Tell whether somebody should look still: nobody has, and strikes that asked for it lie within the year."""
    recent = [day for day in row.strikes if (seen.day - day).days < YEAR_DAYS]
    return row.needs_review and not seen.by and (not row.strikes or len(recent) >= STRIKES)


def _counted(row: Row, day: date, *, is_workday: bool) -> Row:
    """Count a working day once, however often it is looked at."""
    if row.counted_on is None or (is_workday and day > row.counted_on):
        return replace(row, used_wd=row.used_wd + (row.counted_on is not None), counted_on=day)
    return row


def _enter(row: Row, phase: Phase, day: date, **changes: Any) -> Row:
    return replace(row, **{"phase": phase, "since": day, "used_wd": 0, "counted_on": day, **changes})


def _steady(row: Row, seen: Observation, policy: Policy) -> Stepped:
    return _begin_grace(row, seen, policy) if seen.seen is Seen.FAIL else (row, [])


def _begin_grace(row: Row, seen: Observation, policy: Policy) -> Stepped:
    probing = row.phase == "on_probation"
    graced = _enter(row, "in_grace", seen.day, is_probed=probing, probation_used_wd=row.used_wd if probing else 0)
    if policy.grace_wd == 0:
        return _confirm(graced, seen, policy)
    return graced, [_move(graced, seen, "observed")]


def _in_grace(row: Row, seen: Observation, policy: Policy) -> Stepped:
    if seen.seen is Seen.PASS:
        return _recover(row, seen)
    if row.used_wd >= policy.grace_wd:
        return _confirm(row, seen, policy)
    half = -(-policy.grace_wd // 2)
    return row, [_move(row, seen, "half_grace")] if row.used_wd == half and row.counted_on == seen.day else []


def _recover(row: Row, seen: Observation) -> Stepped:
    """Leave grace as it was entered: what is mended in time costs nothing, and shortens no probation either."""
    if row.is_probed:
        back = _enter(row, "on_probation", seen.day, used_wd=row.probation_used_wd, is_probed=False)
    else:
        back = _enter(row, "steady", seen.day)
    return back, [_move(back, seen, "recovered")]


def _confirm(row: Row, seen: Observation, policy: Policy) -> Stepped:
    """Suspend: the failure has outlasted its grace."""
    recent = tuple(day for day in row.strikes if (seen.day - day).days < YEAR_DAYS)
    row = _enter(
        row,
        "suspended",
        seen.day,
        strikes=(*recent, seen.day),
        doubled=row.doubled + row.is_probed,
        is_probed=False,
        level=seen.level or policy.suspends,
        needs_review=row.needs_review or len(recent) + 1 >= STRIKES,
    )
    review = [_move(row, seen, "revocation_review")] if len(row.strikes) >= STRIKES else []
    return row, [_move(row, seen, "suspended"), *review]


def _suspended(row: Row, seen: Observation, policy: Policy) -> Stepped:
    if seen.seen is Seen.FAIL:
        return replace(row, level=min(row.level, seen.level or policy.suspends)), []
    if policy.reinstated_by == "person" and not seen.by:
        return row, []
    length = policy.probation_wd * 2**row.doubled
    if length == 0:
        row = _enter(row, "steady", seen.day, level="")
        return row, [_move(row, seen, "reinstated")]
    row = _enter(row, "on_probation", seen.day, probation_wd=length, level="")
    return row, [_move(row, seen, "reinstated")]


def _on_probation(row: Row, seen: Observation, policy: Policy) -> Stepped:
    if seen.seen is Seen.FAIL:
        return _begin_grace(row, seen, policy)
    if row.used_wd < row.probation_wd:
        return row, []
    row = _enter(row, "steady", seen.day, doubled=0, probation_wd=0)
    return row, [_move(row, seen, "steady")]


def _expired(row: Row, _seen: Observation, _policy: Policy) -> Stepped:
    return row, []


_PHASES: Final[Mapping[Phase, Callable[[Row, Observation, Policy], Stepped]]] = {
    "steady": _steady,
    "in_grace": _in_grace,
    "suspended": _suspended,
    "on_probation": _on_probation,
    "expired": _expired,
}


def _aged(row: Row, seen: Observation, policy: Policy) -> Stepped:
    """Warn as a life runs out, at each notice once, and let it expire; a longer life begins anew."""
    left = int(seen.measure["days_left"])
    notices = sorted(int(value) for name, value in policy.limits.items() if name.startswith("warn_days"))
    due = next((notice for notice in notices if left <= notice), 0)
    row = replace(row, last=seen.seen)
    if left <= 0:
        gone = _enter(row, "expired", seen.day, level=policy.suspends, warned=due)
        return gone, [_move(gone, seen, "expired")] if row.phase != "expired" else []
    alive = row if row.phase == "steady" else _enter(row, "steady", seen.day, level="", warned=0)
    if due == 0 or (alive.warned and due >= alive.warned):
        return replace(alive, warned=min(due, alive.warned) if due else 0), []
    alive = replace(alive, warned=due)
    return alive, [_move(alive, seen, f"warn_{due}")]


def _reviewed(row: Row, seen: Observation) -> Stepped:
    """Ask a person to look, once while it lasts; nothing is ever taken away for an anomaly alone."""
    asks = seen.seen is Seen.FAIL and row.last is not Seen.FAIL
    is_open = asks or (row.needs_review and seen.seen is Seen.FAIL)
    row = replace(row, last=seen.seen, needs_review=is_open, since=seen.day if asks else row.since)
    return row, [_move(row, seen, "review")] if asks else []


def _move(row: Row, seen: Observation, what: str) -> Move:
    return Move(criterion=row.criterion, day=seen.day, what=what, phase=row.phase, measure=dict(seen.measure))


@dataclass(frozen=True, slots=True, kw_only=True)
class RollUp:
    """How a certificate stands by all its criteria."""

    state: Literal["active", "in_grace", "suspended", "expired"]
    level: str = ""
    """The lowest level that is taken away; empty where none is."""
    criteria: Sequence[str] = ()
    """The criteria that put it there, first those that stop the public feed."""
    stops_public: bool = False
    needs_review: bool = False


def roll_up(rows: Iterable[Row], policies: Mapping[str, Policy]) -> RollUp:
    """Return how a connection stands: the worst of its applicable criteria."""
    mine = [row for row in rows if row.is_applicable]
    review = any(row.needs_review for row in mine)
    for phase in ("expired", "suspended", "in_grace"):
        there = [row for row in mine if row.phase == phase]
        if there:
            return RollUp(
                state=phase,
                level=min((row.level for row in there if row.level), default=""),
                criteria=sorted(
                    (row.criterion for row in there),
                    key=lambda name: (not policies[name].stops_public, len(name), name),
                ),
                stops_public=any(policies[row.criterion].stops_public for row in mine if row.phase == "suspended"),
                needs_review=review,
            )
    return RollUp(state="active", needs_review=review)
