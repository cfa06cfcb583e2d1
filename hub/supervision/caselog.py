"""What a case's log keeps: every distinct content of every event as it was seen, so that any order gives one case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import orjson

from hub.model.values import Outcome
from hub.supervision.instants import HUB_ZONE, instant, is_day
from hub.views.classes import CLASSES, class_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import tzinfo

    from hub.model.values import Arrival

DETAIL_FIELDS: Final = (
    "stage_code",
    "promised_due_at",
    "statutory_due_at",
    "result",
    "special",
    "extension",
    "fee",
    "discretion",
    "correction_of",
    "new_case_no",
    "operator",
    "stage_name",
    "supplement",
    "joint",
    "payment",
    "refers_to",
    "handling",
    "evaluation",
)
"""Fields of an event's data that folding, clocks and rules read; the rest stays in the ledger."""

_FORMAT: Final = 1
"""Version of the encoded log; a reader of a later one knows what it has before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One content of one event, as one record under one mapping gave it. Instants are aware UTC.

    `date_only`: the source knows the day alone, and `occurred_at` is its first local moment. `observed`: the time is
    between two polls. `position` is None for a sighting that the ledger did not take because it held the content.
    """

    event_id: str
    type: str
    occurred_at: datetime
    date_only: bool
    recorded_at: datetime | None
    ledgered_at: datetime
    read_id: str
    backfill: bool
    observed: bool
    source_version: int
    mapping_version: int
    digest: str
    record_digest: str
    fingerprint: str
    on_change: str
    position: int | None
    connection_id: str
    department_id: str
    detail: Mapping[str, Any]
    attributes: Mapping[str, Any]


def fact_from(
    data: Mapping[str, Any],
    *,
    event_id: str,
    position: int | None,
    ledgered_at: datetime,
    digest: str,
    fingerprint: str,
    zone: tzinfo = HUB_ZONE,
) -> Fact:
    """Read a fact from the `data` of a valid case event; `zone` places values that are days alone."""
    provenance, recorded, occurred = data["provenance"], data.get("recorded_at"), data["occurred_at"]
    return Fact(
        event_id=event_id,
        type=data["type"],
        occurred_at=instant(occurred, zone),
        date_only=is_day(occurred),
        recorded_at=None if recorded is None else instant(recorded, zone),
        ledgered_at=ledgered_at,
        read_id=provenance["read_id"],
        backfill=provenance["backfill"],
        observed=data.get("precision") == "observed",
        source_version=data["source_version"],
        mapping_version=data["mapping_version"],
        digest=digest,
        record_digest=provenance["record_digest"],
        fingerprint=fingerprint,
        on_change=data["on_change"],
        position=position,
        connection_id=data["connection_id"],
        department_id=data["case"]["department_id"],
        detail={name: data[name] for name in DETAIL_FIELDS if name in data},
        attributes=data["case"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """All facts of one case in canonical order: two logs of the same facts are equal. Only `merge` puts them there."""

    facts: tuple[Fact, ...] = ()

    def corrected(self) -> frozenset[str]:
        """Return the events that a `case.corrected` in this log names."""
        return frozenset(
            fact.detail["correction_of"]
            for fact in self.facts
            if fact.type == "case.corrected" and "correction_of" in fact.detail
        )

    def contents(self) -> Mapping[str, Sequence[Fact]]:
        """Group the facts by event id."""
        grouped: dict[str, list[Fact]] = {}
        for fact in self.facts:
            grouped.setdefault(fact.event_id, []).append(fact)
        return grouped


EMPTY: Final = Log()
"""The log of a case nobody has heard of."""


def merge(log: Log, facts: Iterable[Fact]) -> Log:
    """Add sightings to a log; the same log comes back where it knew them all.

    Of one content from one record under one mapping the sighting ledgered first is kept, whatever came when.
    """
    kept = {_key(fact): fact for fact in log.facts}
    changed = False
    for fact in facts:
        key = _key(fact)
        known = kept.get(key)
        if known is None or _seen(fact) < _seen(known):
            kept[key] = fact
            changed = True
    return Log(facts=tuple(kept[key] for key in sorted(kept))) if changed else log


def in_force(log: Log) -> Sequence[Fact]:
    """Pick per event the greatest (source version, mapping version, digest): never the last to arrive.

    In canonical order it is the last of its event.
    """
    return tuple({fact.event_id: fact for fact in log.facts}.values())


def first_seen(facts: Iterable[Fact]) -> Fact:
    """Return the sighting of one event that was ledgered first."""
    return min(facts, key=_seen)


def outcome_of(before: Sequence[Arrival], fact: Fact, corrected: Collection[str] = ()) -> Outcome:
    """Say what an arriving event is, given the inbox rows of its id and the events corrected by name.

    Only a content that another of the same declared version contradicts, from other raw bytes and with no lawful
    reason, is conflicting.
    """
    known = [arrival for arrival in before if arrival.outcome is not Outcome.PARKED]
    if not known:
        return Outcome.NEW
    if any(arrival.digest == fact.digest for arrival in known):
        return Outcome.REVISED if _restores(known, fact) else Outcome.DUPLICATE
    if any(arrival.record_digest == fact.record_digest for arrival in known):
        return Outcome.REMAPPED
    lawful = fact.on_change == "revise" or fact.event_id in corrected
    rivals = any(arrival.source_version == fact.source_version for arrival in known)
    return Outcome.CONFLICTING if rivals and not lawful else Outcome.REVISED


def reclassifies(known: Iterable[Fact], fact: Fact) -> bool:
    """Tell whether a content that is known comes with another class of disclosure than the one that holds.

    The digest of a content is silent on it: a department that closes a case says nothing else of it anew.
    """
    same = sorted((each for each in known if each.event_id == fact.event_id), key=_key)
    class_ = class_of(fact.attributes)
    is_said = any(class_of(each.attributes) == class_ and each.source_version >= fact.source_version for each in same)
    return bool(same) and not is_said and class_of(same[-1].attributes) != class_


def _restores(known: Sequence[Arrival], fact: Fact) -> bool:
    """Tell whether a known content comes back in a higher version than the other content now in force."""
    force = max(known, key=lambda arrival: (arrival.source_version, arrival.mapping_version, arrival.digest))
    return force.digest != fact.digest and fact.source_version > force.source_version


def _key(fact: Fact) -> tuple[str, int, int, str, int, str, str]:
    """Name a sighting; the order of these keys is the canonical order of a log, and decides what is in force.

    Of one content in one version the most closed class holds, whatever came last: default deny.
    """
    return (
        fact.event_id,
        fact.source_version,
        fact.mapping_version,
        fact.digest,
        CLASSES.index(class_of(fact.attributes)),
        fact.record_digest,
        fact.fingerprint,
    )


def _seen(fact: Fact) -> tuple[datetime, bool, int, str]:
    return fact.ledgered_at, fact.position is None, fact.position or 0, fact.read_id


# --- the encoded form: what facts of one record share is written once ------------------------------------------------


def encode(log: Log) -> bytes:
    """Write a log for the store; equal logs give equal bytes."""
    origins: dict[tuple[Any, ...], int] = {}
    cases: list[Mapping[str, Any]] = []
    rows = [_row(fact, origins, cases) for fact in log.facts]
    return orjson.dumps([_FORMAT, list(origins), cases, rows])


def decode(body: bytes) -> Log:
    """Read what `encode` wrote; facts of one record share one attributes mapping."""
    _, origins, cases, rows = orjson.loads(body)
    for origin in origins:
        origin[-1] = datetime.fromisoformat(origin[-1])
    return Log(facts=tuple([_fact(row, origins[row[-2]], cases[row[-1]]) for row in rows]))


def _row(fact: Fact, origins: dict[tuple[Any, ...], int], cases: list[Mapping[str, Any]]) -> list[Any]:
    origin = (
        fact.read_id,
        fact.backfill,
        fact.source_version,
        fact.mapping_version,
        fact.record_digest,
        fact.fingerprint,
        fact.on_change,
        fact.connection_id,
        fact.department_id,
        fact.ledgered_at,
    )
    return [
        fact.event_id,
        fact.type,
        fact.occurred_at,
        fact.date_only,
        fact.recorded_at,
        fact.observed,
        fact.digest,
        fact.position,
        fact.detail,
        origins.setdefault(origin, len(origins)),
        _place(cases, fact.attributes),
    ]


def _place(cases: list[Mapping[str, Any]], attributes: Mapping[str, Any]) -> int:
    for place, known in enumerate(cases):
        if known is attributes or known == attributes:
            return place
    cases.append(attributes)
    return len(cases) - 1


def _fact(row: list[Any], origin: list[Any], attributes: Mapping[str, Any]) -> Fact:
    recorded = row[4]
    return Fact(
        event_id=row[0],
        type=row[1],
        occurred_at=datetime.fromisoformat(row[2]),
        date_only=row[3],
        recorded_at=None if recorded is None else datetime.fromisoformat(recorded),
        ledgered_at=origin[9],
        read_id=origin[0],
        backfill=origin[1],
        observed=row[5],
        source_version=origin[2],
        mapping_version=origin[3],
        digest=row[6],
        record_digest=origin[4],
        fingerprint=origin[5],
        on_change=origin[6],
        position=row[7],
        connection_id=origin[7],
        department_id=origin[8],
        detail=row[8],
        attributes=attributes,
    )
