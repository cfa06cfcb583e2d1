"""Decides what is told of one case: timeline, clocks with their reasons, alerts, ledger entries, as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from gateway import details, words
from hub.supervision.caselog import decode, in_force
from hub.supervision.fold import fold
from hub.supervision.instants import HUB_ZONE
from hub.views import redacted
from hub.views.redaction import alert_shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, tzinfo

    from gateway.reading import Row
    from gateway.words import Label, Names
    from hub.model.terms import ClockChange
    from hub.model.values import AlertRow, ClockRow, Entry
    from hub.supervision.caselog import Fact
    from hub.supervision.fold import Case

_HEADER = ("case_id", "connection_id", "matter_code", "disclosure", "state")


def casefile(
    row: Row, case: Case, names: Names, zone: tzinfo, changes: Sequence[ClockChange] = (), *, view: str
) -> dict[str, Any]:
    """Tell all of one case that a view may see: its row with log, clocks, alerts and entries, folded, and recounts."""
    documents = _documents(row["entries"])
    odd = {anomaly.event_id: anomaly.reason for anomaly in case.anomalies}
    return {
        **header(row, names, zone),
        "aliases": list(case.aliases),
        "timeline": [_told(fact, odd, documents, zone, view) for fact in case.told],
        "clocks": [_clock(each, zone) for each in in_order(row["clocks"])],
        "clock_changes": [_change(each, zone) for each in changes],
        "alerts": [_alert(each) for each in row["alerts"]],
        "ledger": [_entry(each, zone) for each in row["entries"]],
    }


def is_complaint_hidden_from(row: Row, view: str) -> bool:
    """Tell whether a view sees no material of a case: of a complaint the intranet does not, as hub/views/fields says.

    Whoever is complained of reads the intranet too (Petition Regulation 2022, art. 30).
    """
    return view == "intranet" and fold(in_force(decode(row["log"])), HUB_ZONE).family == "complaint"


def header(row: Row, names: Names, zone: tzinfo) -> dict[str, Any]:
    """Tell of a case what a list shows."""
    return {
        **{name: row[name] for name in _HEADER},
        "case_no": row["case_no"],
        "title": row["title"],
        "matter_name": names.matter(row["matter_code"]),
        "state_label": labelled(words.label(words.STATES, row["state"])),
        "department_id": row["department_id"],
        "department_name": names.department(row["department_id"]),
        "region_code": row["region_code"],
        "region_label": labelled(words.region_label(row["region_code"])),
        "opened_at": local(row["opened_at"], zone),
        "closed_at": local(row["closed_at"], zone),
    }


def local(instant: datetime | None, zone: tzinfo) -> str | None:
    """Write an instant in `zone`; None stays None."""
    return None if instant is None else instant.astimezone(zone).isoformat()


def labelled(label: Label) -> dict[str, str]:
    """Write a label in both languages."""
    return {"zh": label.zh, "en": label.en}


def in_order(clocks: Sequence[ClockRow]) -> list[ClockRow]:
    """Order clocks as a case lives through them, equals by their start."""
    kinds = list(words.CLOCKS)
    return sorted(clocks, key=lambda each: (kinds.index(each.kind) if each.kind in kinds else 99, each.started_at))


def _documents(entries: Sequence[Entry]) -> Mapping[tuple[str, int | None], tuple[Entry, Mapping[str, Any]]]:
    """Find an event's ledger entry and document by (event id, position)."""
    found: dict[tuple[str, int | None], tuple[Entry, Mapping[str, Any]]] = {}
    for entry in entries:
        if entry.kind == "event":
            document = orjson.loads(entry.body)
            found[document["id"], entry.position] = (entry, document["data"])
    return found


def _told(
    fact: Fact,
    odd: Mapping[str, str],
    documents: Mapping[tuple[str, int | None], tuple[Entry, Mapping[str, Any]]],
    zone: tzinfo,
    view: str,
) -> dict[str, Any]:
    entry, data = documents.get((fact.event_id, fact.position), (None, {**fact.detail, "case": fact.attributes}))
    return {
        "event_id": fact.event_id,
        "type": fact.type,
        "label": labelled(words.event_label(fact.type)),
        "occurred_at": _occurred(fact, zone),
        "precision": _precision(fact),
        "recorded_at": local(fact.recorded_at, zone),
        "ledgered_at": local(fact.ledgered_at, zone),
        "position": fact.position,
        "partition": entry.partition if entry else None,
        "outcome": entry.outcome if entry else None,
        "hash": entry.hash.hex() if entry else None,
        "details": details.chosen(_seen(data, view)),
        "anomaly": odd.get(fact.event_id),
    }


def _seen(data: Mapping[str, Any], view: str) -> Mapping[str, Any]:
    """Return what a view may see of an event's data; whoever may see what is secret reads the ledger itself."""
    if view == "secret":
        return data
    shown = redacted({"data": data}, view)
    return shown["data"] if shown is not None else {}


def _occurred(fact: Fact, zone: tzinfo) -> str:
    moment = fact.occurred_at.astimezone(zone)
    return moment.date().isoformat() if fact.date_only else moment.isoformat()


def _precision(fact: Fact) -> str:
    if fact.observed:
        return "observed"
    return "day" if fact.date_only else "instant"


def _clock(clock: ClockRow, zone: tzinfo) -> dict[str, Any]:
    return {
        "clock_id": clock.clock_id,
        "kind": clock.kind,
        "label": labelled(words.label(words.CLOCKS, clock.kind)),
        "occurrence": clock.occurrence,
        "state": clock.state,
        "state_label": labelled(words.label(words.CLOCK_STATES, clock.state)),
        "basis": clock.basis,
        "started_at": local(clock.started_at, zone),
        "warn_at": local(clock.warn_at, zone),
        "due_at": local(clock.due_at, zone),
        "stopped_at": local(clock.stopped_at, zone),
        "provisional": clock.provisional,
        "calendar_version": clock.calendar_version,
        "derivation": list(clock.derivation),
    }


def _change(change: ClockChange, zone: tzinfo) -> dict[str, Any]:
    """Tell what changed terms did to one clock."""
    return {
        "clock_id": change.clock_id,
        "kind": change.kind,
        "label": labelled(words.label(words.CLOCKS, change.kind)),
        "changed_at": local(change.changed_at, zone),
        "old_due": local(change.old_due, zone),
        "new_due": local(change.new_due, zone),
        "old_state": change.old_state,
        "new_state": change.new_state,
        "why": [dict(each) for each in change.why],
    }


def _alert(alert: AlertRow) -> dict[str, Any]:
    return told_alert(alert.document, rule_id=alert.rule_id, level=alert.level, state=alert.state)


def told_alert(document: Mapping[str, Any], *, rule_id: str, level: str, state: str) -> dict[str, Any]:
    """Tell an alert: its document with labels."""
    return {
        **alert_shown(document),
        "rule_label": rule_name(document, rule_id),
        "level_label": labelled(words.label(words.LEVELS, level)),
        "state_label": labelled(words.label(words.ALERT_STATES, state)),
    }


def rule_name(document: Mapping[str, Any], rule_id: str) -> Mapping[str, str]:
    """Return the name of a rule as its alert carries it."""
    name: Mapping[str, str] = document.get("name") or {"zh": rule_id, "en": rule_id}
    return name


def _entry(entry: Entry, zone: tzinfo) -> dict[str, Any]:
    return {
        "generation": entry.generation,
        "partition": entry.partition,
        "position": entry.position,
        "kind": entry.kind,
        "outcome": entry.outcome,
        "ledgered_at": local(entry.ledgered_at, zone),
        "hash": entry.hash.hex(),
    }
