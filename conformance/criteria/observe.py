"""Looks at what a connection did on a day and the days before it, and says of each criterion what was seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from conformance.criteria.machine import Observation, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from conformance.criteria.policy import Policy

USUAL_LATENCY_S: Final = 900.0
"""How late events may be where nothing else was declared and certified."""
INCIDENT: Final = "hub incident"
"""Why a day is unknown on which the hub itself was at fault."""

UNEXCUSED: Final = frozenset({"K9", "K10", "K12"})
"""Criteria that no incident of ours excuses: a leak, a drift and a life that ends are what they are."""

Party = Literal["department", "connector", "hub", "joint"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFacts:
    """What was counted of one connection on one local day. None: it was not, or could not be, counted.

    `charged_to` says for a criterion whose its failures are, where they were looked into; nobody's word against
    a department counts before that. `incident` marks a day on which the hub itself was at fault.
    """

    day: date
    is_workday: bool = True
    incident: bool = False
    charged_to: Mapping[str, Party] = field(default_factory=dict)
    units: int = 0
    invalid: int | None = 0
    """None: the validator was down."""
    unknown_codes: int = 0
    illegal_moves: int = 0
    closed_edits: int = 0
    signs_of_life: int = 0
    """Events and zero-reports."""
    is_ingest_up: bool = True
    latency_p95_s: float | None = None
    latency_sla_s: float = USUAL_LATENCY_S
    is_backfill: bool = False
    source_count: int | None = None
    hub_count: int | None = None
    key_differences: int = 0
    reconciles: bool = True
    """Whether the connection is held to reconciliation at all: from C3 on."""
    conflicting: int = 0
    orders: int | None = None
    """Complaint orders whose limits ended; None: it takes none."""
    orders_in_time: int = 0
    leaks: int = 0
    is_crawler_up: bool = True
    drifted: Sequence[str] | None = None
    """Bindings that differ from the certified ones; None: nothing was certified."""
    drift_level: str = ""
    skew_p99_s: float | None = None
    skew_units: int = 0
    days_left: int | None = None
    anomaly_share: float | None = None
    """Back-dated and placeholder values, as a share of the cases."""
    peers_share: float | None = None
    usual_share: float | None = None
    """The share up to which a department is like its peers, where that was measured: it decides then."""
    sample: int = 0


def observe(facts: Sequence[DayFacts], policies: Mapping[str, Policy]) -> list[Observation]:
    """Say of every criterion what was seen on the last of `facts`.

    Attribution first: a failure that is the hub's or the connector's freezes the criterion, as does a day on which the
    hub was at fault, except for what no incident excuses; such days are also blanked out of the windows of the days
    after them.
    """
    today = facts[-1]
    return [
        _said(name, today, Seen.UNKNOWN, {"why": INCIDENT})
        if today.incident and name not in UNEXCUSED
        else _attributed(name, look(_window(facts, name), policies[name]), today)
        for name, look in _LOOKS.items()
    ]


def _window(facts: Sequence[DayFacts], criterion: str) -> Sequence[DayFacts]:
    """Leave out the days on which somebody else than the department was at fault; the last day is always looked at."""
    sound = [day for day in facts[:-1] if not (day.incident or _is_excused(day, criterion))]
    return [*sound, facts[-1]]


def _is_excused(day: DayFacts, criterion: str) -> bool:
    return day.charged_to.get(criterion, "department") in ("hub", "connector")


def _attributed(name: str, looked: tuple[Seen, dict[str, Any]], today: DayFacts) -> Observation:
    seen, measure = looked
    if seen is Seen.FAIL and _is_excused(today, name):
        return _said(name, today, Seen.UNKNOWN, {**measure, "charged_to": today.charged_to[name]})
    return _said(name, today, seen, measure)


def _said(name: str, today: DayFacts, seen: Seen, measure: dict[str, Any]) -> Observation:
    return Observation(criterion=name, day=today.day, seen=seen, measure=measure)


Looked = tuple[Seen, dict[str, Any]]


def _verdict(held: bool, **measure: Any) -> Looked:  # noqa: FBT001 - a predicate, and what was measured
    return (Seen.PASS if held else Seen.FAIL), measure


def _unknown(why: str) -> Looked:
    return Seen.UNKNOWN, {"why": why}


def _not_applicable(why: str) -> Looked:
    return Seen.NOT_APPLICABLE, {"why": why}


def _widened(facts: Sequence[DayFacts], policy: Policy) -> Sequence[DayFacts]:
    """Return the fewest last days that hold enough units, at most the window's working days; none where they do not."""
    chosen: list[DayFacts] = []
    worked = 0
    for each in reversed(facts):
        worked += each.is_workday
        if worked > policy.limits["window_wd"]:
            break
        chosen.append(each)
        if sum(day.units for day in chosen) >= policy.limits["units_min"]:
            return chosen
    return ()


def _share(facts: Sequence[DayFacts], policy: Policy, count: Callable[[DayFacts], int]) -> tuple[int, int]:
    """Return how many units of the widened window are counted, and of how many; (0, 0) where there are too few."""
    chosen = _widened(facts, policy)
    return sum(count(day) for day in chosen), sum(day.units for day in chosen)


def _schema_valid(facts: Sequence[DayFacts], policy: Policy) -> Looked:
    if facts[-1].invalid is None:
        return _unknown("the validator was down")
    invalid, units = _share(facts, policy, lambda day: day.invalid or 0)
    if not units:
        return _unknown("too few units")
    return _verdict(units - invalid >= policy.limits["share_min"] * units, invalid=invalid, units=units)


def _unknown_codes(facts: Sequence[DayFacts], policy: Policy) -> Looked:
    unknown, units = _share(facts, policy, lambda day: day.unknown_codes)
    if not units:
        return _unknown("too few units")
    return _verdict(unknown <= policy.limits["share_max"] * units, unknown_codes=unknown, units=units)


def _lawful_moves(facts: Sequence[DayFacts], policy: Policy) -> Looked:
    edits = facts[-1].closed_edits
    if edits > policy.limits["closed_edits_max"]:
        return _verdict(False, closed_edits=edits)  # noqa: FBT003 - the verdict
    illegal, units = _share(facts, policy, lambda day: day.illegal_moves)
    if not units:
        return _unknown("too few units")
    return _verdict(illegal <= policy.limits["share_max"] * units, illegal=illegal, units=units)


def _alive(facts: Sequence[DayFacts], _policy: Policy) -> Looked:
    today = facts[-1]
    if not today.is_workday:
        return _unknown("no working day")
    if not (today.signs_of_life or today.is_ingest_up):
        return _unknown("the hub took nothing in")
    return _verdict(today.signs_of_life > 0, signs_of_life=today.signs_of_life)


def _latency(facts: Sequence[DayFacts], policy: Policy) -> Looked:
    if facts[-1].is_backfill:
        return _unknown("backfill declared")
    measured = [day for day in facts if day.is_workday and day.latency_p95_s is not None and not day.is_backfill]
    chosen = measured[-int(policy.limits["of_wd"]) :]
    bad = [day for day in chosen if (day.latency_p95_s or 0) > day.latency_sla_s]
    allowed = policy.limits["of_wd"] - policy.limits["good_wd"]
    if len(bad) <= allowed and len(chosen) - len(bad) < policy.limits["good_wd"]:
        return _unknown("too few measured days")
    return _verdict(len(bad) <= allowed, days_over=len(bad), of_days=len(chosen))


def _reconciled(facts: Sequence[DayFacts], policy: Policy) -> Looked:
    today = facts[-1]
    if not today.reconciles:
        return _not_applicable("held to from C3 on")
    if today.source_count is None:
        return _uncounted(facts, policy)
    held = today.source_count == today.hub_count and today.key_differences == 0
    return _verdict(held, source=today.source_count, hub=today.hub_count, key_differences=today.key_differences)


def _uncounted(facts: Sequence[DayFacts], policy: Policy) -> Looked:
    """A source that gives no count is unknown for a while; after that its silence is its answer."""
    worked = [day for day in reversed(facts) if day.is_workday]
    silent = next((n for n, day in enumerate(worked) if day.source_count is not None), len(worked))
    if silent <= policy.limits["uncounted_wd_max"]:
        return _unknown("no count from the source")
    return _verdict(False, days_without_count=silent)  # noqa: FBT003 - the verdict


def _unconflicting(facts: Sequence[DayFacts], policy: Policy) -> Looked:
    found = facts[-1].conflicting
    return _verdict(found <= policy.limits["conflicting_max"], conflicting=found)


def _complaints(facts: Sequence[DayFacts], policy: Policy) -> Looked:
    if facts[-1].orders is None:
        return _not_applicable("no complaint is followed here")
    worked = [day for day in facts if day.is_workday][-int(policy.limits["window_wd"]) :]
    orders, in_time = sum(day.orders or 0 for day in worked), sum(day.orders_in_time for day in worked)
    if orders < policy.limits["orders_min"]:
        return _unknown("too few orders")
    return _verdict(in_time >= policy.limits["share_min"] * orders, orders=orders, in_time=in_time)


def _confidential(facts: Sequence[DayFacts], policy: Policy) -> Looked:
    today = facts[-1]
    if today.leaks > policy.limits["leaks_max"]:
        return _verdict(False, leaks=today.leaks)  # noqa: FBT003 - the verdict
    return _verdict(True) if today.is_crawler_up else _unknown("the crawler was down")  # noqa: FBT003 - the verdict


def _bound(facts: Sequence[DayFacts], _policy: Policy) -> Looked:
    today = facts[-1]
    if today.drifted is None:
        return _not_applicable("nothing certified to drift from")
    level = {"level": today.drift_level} if today.drift_level else {}
    return _verdict(not today.drifted, drifted=list(today.drifted), **level)


def _clocks(facts: Sequence[DayFacts], policy: Policy) -> Looked:
    today = facts[-1]
    if today.skew_p99_s is None or today.skew_units < policy.limits["units_min"]:
        return _unknown("too few units")
    return _verdict(today.skew_p99_s <= policy.limits["p99_s_max"], p99_s=today.skew_p99_s)


def _life(facts: Sequence[DayFacts], policy: Policy) -> Looked:
    left = facts[-1].days_left
    if left is None:
        return _not_applicable("nothing that ends")
    return _verdict(left > policy.limits["days_min"], days_left=left)


def _plausible(facts: Sequence[DayFacts], policy: Policy) -> Looked:
    today = facts[-1]
    most = today.usual_share
    if most is None and today.peers_share is not None:
        most = policy.limits["share_over_peers_max"] * today.peers_share
    if today.anomaly_share is None or most is None or today.sample < policy.limits["units_min"]:
        return _unknown("small sample")
    return _verdict(today.anomaly_share <= most, share=today.anomaly_share, usual=most)


_LOOKS: Final[Mapping[str, Callable[[Sequence[DayFacts], Policy], Looked]]] = {
    "K1": _schema_valid,
    "K2": _unknown_codes,
    "K3": _lawful_moves,
    "K4": _alive,
    "K5": _latency,
    "K6": _reconciled,
    "K7": _unconflicting,
    "K8": _complaints,
    "K9": _confidential,
    "K10": _bound,
    "K11": _clocks,
    "K12": _life,
    "K13": _plausible,
}
