"""A simulated case as the hub must come to know it: the data of its events, without who read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.model import ids
from hub.model.digest import content_digest, record_digest
from hub.supervision.caselog import Fact, fact_from

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.simulation.model import SimCase, Step


def connection_of(system: str) -> str:
    """Name the connection of a system."""
    return f"sim.{system}"


def document_of(case: SimCase) -> dict[str, Any]:
    """Return a case with all its events as one JSON document, in the order in which they are handed over."""
    connection = connection_of(case.scenario.system)
    about = {**case.about, "case_id": ids.case_id(connection, case.case_no)}
    about["applicant"] = {"kind": case.person[1]}
    return {
        "connection_id": connection,
        "case": about,
        "scenario": case.scenario.name,
        "events": [_event(case, step, connection) for step in case.steps],
    }


def _event(case: SimCase, step: Step, connection: str) -> dict[str, Any]:
    fields = dict(step.fields)
    if "correction_of" in fields:
        fields["correction_of"] = ids.event_id(connection, case.case_no, fields["correction_of"], "")
    return {
        "type": step.type,
        "occurrence": step.occurrence,
        "occurred_at": step.occurred_at.isoformat(),
        "recorded_at": step.recorded_at.isoformat(),
        "source_version": step.version,
        "week": step.week,
        **fields,
        **({"about": dict(step.about)} if step.about else {}),
    }


def facts_of(document: Mapping[str, Any], exports: Sequence[Any]) -> Iterator[tuple[int, Fact]]:
    """Yield the facts of a case, each with the week at whose end it is handed over (`exports`: when that is)."""
    connection = document["connection_id"]
    for place, event in enumerate(document["events"]):
        week = event["week"]
        data = {name: value for name, value in event.items() if name not in ("week", "about")}
        data |= {
            "connection_id": connection,
            "mapping_version": 1,
            "on_change": "conflict",
            "case": {**document["case"], **event.get("about", {})},
            "provenance": {
                "read_id": ids.foreign_read_id(f"{connection} {week}"),
                "record_digest": record_digest(f"{document['case']['case_no']} {place}".encode()),
                "backfill": False,
            },
        }
        yield (
            week,
            fact_from(
                data,
                event_id=ids.event_id(connection, document["case"]["case_no"], event["type"], event["occurrence"]),
                position=place,
                ledgered_at=exports[week],
                digest=content_digest(data),
                fingerprint="0" * 64,
            ),
        )
