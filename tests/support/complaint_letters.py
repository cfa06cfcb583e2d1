"""Builders of one complaint's events as the ledger holds them, and of what is told of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import orjson

from hub.bench import Bench
from hub.complaint_post import ComplaintLetters
from hub.model import ids
from hub.model.documents import event_document
from hub.model.values import Entry
from hub.supervision.calendar import WorkCalendar
from hub.supervision.catalogue import Catalogue
from hub.supervision.instants import HUB_ZONE
from tests.support.casework import an_event

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CENTRE: Final = "city.hotline"
OTHER_CENTRE: Final = "county.hotline"
CENTRE_CONNECTION: Final = "city.complaints"
HOUSING: Final = "11321200014000028L"
MARKET: Final = "113212000140010128"
BOTH: Final = (HOUSING, MARKET)
HOME: Final = "11321200014005005D"
"""The department that runs the centre."""

CASE: Final = ids.case_id(CENTRE_CONNECTION, "T-1")
BEGAN: Final = datetime(2026, 3, 2, 1, tzinfo=UTC)
"""Monday morning, nine o'clock in the city."""


def a_move(kind: str, hour: float, *, by: str = CENTRE_CONNECTION, occurrence: str = "", **said: Any) -> dict[str, Any]:
    """Return the document of one move of the complaint, `hour` hours after it began. `said` goes into `handling`.

    Who is no centre speaks for the department that the move names.
    """
    own = HOME if by.startswith(("city.", "county.")) else said["department_id"]
    about = {
        "centre_id": CENTRE,
        "channel": "hotline",
        "kind": "complaint",
        "track": "hotline",
        **said.pop("about", {}),
    }
    case = {
        "case_id": CASE, "case_no": "T-1", "family": "complaint", "department_id": own, "region_code": "321200",
        "disclosure": {"class": said.pop("klass", "intranet")}, "complaint": about,
        "applicant": {"name_masked": "张*", "phone_masked": "138****0000"}, "title": said.pop("title", "小区停水三天"),
    }  # fmt: skip
    at = (BEGAN + timedelta(hours=hour)).astimezone(HUB_ZONE).isoformat()
    more = {name: said.pop(name) for name in ("extension", "source_version", "on_change") if name in said}
    data = an_event(f"complaint.{kind}", at, occurrence=occurrence, connection_id=by, **more)
    data["case"] = case
    if said:
        data["handling"] = said
    name = ids.event_id(by, "T-1", f"complaint.{kind}", occurrence)
    provenance = data.pop("provenance")
    return event_document(
        name, data, provenance=provenance, received_at=at, fingerprint="a" * 64, zone=HUB_ZONE
    )  # fmt: skip


class Ledger:
    """One case's chain: what is entered has a position, and a number on the feed that is that position."""

    def __init__(self, documents: Iterable[dict[str, Any]]) -> None:
        self.entries = [
            Entry(generation=1, partition=0, position=position, kind="event", subject=CASE, outcome="new",
                  ledgered_at=BEGAN + timedelta(days=30, seconds=position), body=orjson.dumps(document), hash=b"")
            for position, document in enumerate(documents, 1)
        ]  # fmt: skip

    def events_of(self, case_id: str, generation: int, position: int) -> Sequence[Entry]:
        assert (case_id, generation) == (CASE, 1)
        return [entry for entry in self.entries if entry.position <= position]

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows of the feed."""
        return [_row(each.position, each.position, each.body) for each in self.entries]

    def shown_again(self) -> list[dict[str, Any]]:
        """Return the rows by which a view shows the case again that it did not show: by an act behind all of it."""
        act = len(self.entries) + 1
        return [_row(act + copy, act, each.body) for copy, each in enumerate(self.entries)]


def _row(sequence: int, position: int, body: bytes) -> dict[str, Any]:
    return {"sequence": sequence, "message_id": f"1:0:{position}:restricted", "body": body}


def bench() -> Bench:
    """Return terms under which a complaint of the hotline has five working days."""
    return Bench(catalogue=Catalogue([]), calendar=WorkCalendar())


def letters_of(of: str, ledger: Ledger, *, echo: bool = False, departments: Sequence[str] = BOTH) -> ComplaintLetters:
    """Return what is told of a ledger, of one kind."""
    terms = bench()
    return ComplaintLetters(
        of=f"complaint-{of}", departments=frozenset(departments),
        centres=partial(dict, {CENTRE: CENTRE_CONNECTION, OTHER_CENTRE: "county.complaints"}),
        run_by=partial(dict, {CENTRE: HOME, OTHER_CENTRE: MARKET}), echo=echo, entries=ledger, bench=lambda: terms,
    )  # fmt: skip


def told_documents(of: str, *events: dict[str, Any], **options: Any) -> list[Any]:
    """Return the documents that are told of these events as they arrived, in order."""
    ledger = Ledger(events)
    letters = letters_of(of, ledger, **options)
    return [document for row in ledger.rows() for document in letters.written(row)]


def told(of: str, *events: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    """Return the data of the documents that are told of these events as they arrived."""
    return [document["data"] for document in told_documents(of, *events, **options)]
