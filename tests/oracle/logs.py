"""Real event logs as facts: the receipt log, and the building permits of BPIC 2015 with their two kinds of time."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from lxml import etree

from hub.model import ids
from hub.model.digest import content_digest
from hub.supervision.caselog import Fact, fact_from
from tests.support.casework import LEDGERED, a_case, an_event

if TYPE_CHECKING:
    from collections.abc import Iterator

LOGS: Final = Path(__file__).parents[3] / "shared/data/eventlogs"
AMSTERDAM: Final = ZoneInfo("Europe/Amsterdam")


def traces(name: str) -> Iterator[Any]:
    """Yield the traces of one log."""
    with gzip.open(LOGS / f"{name}.xes.gz") as stream:
        for _, trace in etree.iterparse(stream, tag="{*}trace"):
            yield trace
            trace.clear()


def values(node: Any) -> dict[str, str]:
    return {child.get("key"): child.get("value") for child in node if not child.tag.endswith("event")}


def receipt(trace: Any) -> list[Fact]:
    """Read one case of the receipt log."""
    about = values(trace)
    name, found = about["concept:name"], []
    found.append(_fact("receipt", name, "case.received", about["startdate"]))
    found.append(_fact("receipt", name, "case.accepted", about["startdate"], promised_due_at=about["deadline"]))
    if "enddate" in about:
        found.append(_fact("receipt", name, "case.closed", about["enddate"]))
    for event in trace.findall("{*}event"):
        said = values(event)
        found.append(_fact("receipt", name, "stage.completed", said["time:timestamp"], said["concept:instance"]))
    return found


def permit(trace: Any) -> list[Fact]:
    """Read one case of BPIC 2015, its end planned for the whole."""
    about = values(trace)
    name, due = about["concept:name"], {}
    if "endDatePlanned" in about:
        due["promised_due_at"] = about["endDatePlanned"]
    found = [_fact("bpic15", name, "case.received", about["startDate"])]
    found.append(_fact("bpic15", name, "case.accepted", about["startDate"], **due))
    if "endDate" in about:
        found.append(_fact("bpic15", name, "case.closed", about["endDate"]))
    for place, event in enumerate(trace.findall("{*}event")):
        said = values(event)
        keyed = {"recorded_at": amsterdam(said["dateFinished"])} if "dateFinished" in said else {}
        found.append(_fact("bpic15", name, "stage.completed", said["time:timestamp"], str(place), **keyed))
    return found


def steps(trace: Any) -> Iterator[list[Fact]]:
    """Read each step of BPIC 2015 that has a due date as a case of its own: due with an offset, done in local time."""
    name = values(trace)["concept:name"]
    for place, event in enumerate(trace.findall("{*}event")):
        said = values(event)
        if "dueDate" in said:
            number = f"{name}/{place}"
            facts = [_fact("bpic15", number, "case.accepted", said["time:timestamp"], promised_due_at=said["dueDate"])]
            if "dateFinished" in said:
                facts.append(_fact("bpic15", number, "case.closed", amsterdam(said["dateFinished"])))
            yield facts


def amsterdam(text: str) -> str:
    """Read a naive local time."""
    return datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM).astimezone(UTC).isoformat()


def _fact(log: str, name: str, kind: str, when: str, occurrence: str = "", **fields: Any) -> Fact:
    case = a_case(case_id=ids.case_id(log, name), case_no=name, matter_code="")
    data = an_event(kind, when, occurrence=occurrence, case=case, **fields)
    digest = content_digest(data)
    event_id = ids.event_id(log, name, kind, occurrence)
    return fact_from(data, event_id=event_id, position=1, ledgered_at=LEDGERED, digest=digest, fingerprint="a" * 64)
