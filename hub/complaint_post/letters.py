"""Says what a number of the feed brought about for a complaint's receivers: the difference that its event made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import orjson

from hub.complaint_post.addressing import orders, statuses
from hub.complaint_post.documents import ORDER, Letter, order, status
from hub.complaint_post.standing import FAMILY, standing
from hub.model.digest import content_digest
from hub.model.documents import is_tombstone
from hub.supervision.caselog import fact_from
from hub.supervision.clocks import Docket, clocks_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from hub.bench import Bench
    from hub.complaint_post.addressing import Address
    from hub.complaint_post.standing import Standing
    from hub.model.values import Entry
    from hub.supervision.caselog import Fact

_LIMITS: Final = ("complaint", "petition")
"""Kinds of clocks by which a complaint must be answered."""

_AGAIN: Final = "complaint_redo"
"""Kind of the clocks of second tries, each from its rework."""

_ASSISTING: Final = "complaint_assist"
"""Kind of the clocks of those that assist."""


class Entries(Protocol):
    """The ledger, as far as one case goes."""

    def events_of(self, case_id: str, generation: int, position: int) -> Sequence[Entry]:
        """Return the entries of a case's events up to and including a place in its chain, in order."""


class Told(NamedTuple):
    """What changed for one receiver. `in_force`: it holds now; else it did before, and does not any more."""

    address: Address
    fact: Fact
    in_force: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintLetters:
    """The documents of one outbound connection."""

    of: str
    """`complaint-order` or `complaint-status`."""
    departments: frozenset[str]
    """Whom orders are for."""
    centres: Callable[[], Mapping[str, str]]
    """Whom statuses are for, each with the connection by which it reports; empty where it has none."""
    run_by: Callable[[], Mapping[str, str]]
    """Return by every centre the department that runs it."""
    echo: bool
    entries: Entries
    bench: Callable[[], Bench]

    def written(self, row: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
        """Return the documents that a row of the feed brought about, in order; most rows none.

        They are told of the case as the ledger had it at that number, whatever came since: a document that is made
        again is the same document. A case that its view shows again is told of whole, once.
        """
        told = orjson.loads(row["body"])
        if is_tombstone(told) or told["data"]["case"].get("family") != FAMILY:
            return ()
        generation, _, position = map(int, row["message_id"].split(":")[:3])
        found = self.entries.events_of(told["subject"], generation, position)
        last, is_anew = found[-1], (found[-1].generation, found[-1].position) != (generation, position)
        if is_anew and orjson.loads(last.body)["id"] != told["id"]:
            return ()
        if not self._names_receiver(found):
            return ()
        before, after = None if is_anew else self._standing(found[:-1]), self._standing(found)
        if after is None:
            return ()
        changes = enumerate(self.changes(before, after), 1)
        made = (self._made(each, after, row["sequence"], part) for part, each in changes)
        return [each for each in made if each is not None]

    def _names_receiver(self, found: Sequence[Entry]) -> bool:
        """Tell whether an event of a case names a receiver at all: most complaints are nothing to most of them."""
        names = [name.encode() for name in (self.departments if self.of == ORDER else self.centres())]
        return any(name in entry.body for entry in found for name in names)

    def changes(self, before: Standing | None, after: Standing) -> Sequence[Told]:
        """Return what holds now and did not, and what held and does not: that first."""
        old, new = self._addressed(before), self._addressed(after)
        gone = [Told(address, fact, in_force=False) for address, fact in old.items() if address not in new]
        return gone + [
            Told(address, fact, in_force=True)
            for address, fact in new.items()
            if address not in old or old[address].digest != fact.digest
        ]

    def _addressed(self, complaint: Standing | None) -> Mapping[Address, Fact]:
        if complaint is None:
            return {}
        if self.of == ORDER:
            return orders(complaint, self.departments)
        return statuses(complaint, self.centres(), echo=self.echo, run_by=self.run_by())

    def _made(self, told: Told, complaint: Standing, sequence: int, part: int) -> dict[str, Any] | None:
        letter = Letter(
            address=told.address, fact=told.fact, standing=complaint, in_force=told.in_force,
            due=self._due(complaint, told), zone=self.bench().calendar.zone, sequence=sequence, part=part,
        )  # fmt: skip
        return order(letter) if self.of == ORDER else status(letter)

    def _standing(self, entries: Sequence[Entry]) -> Standing | None:
        bench = self.bench()
        return standing([_fact(entry, bench) for entry in entries], bench) if entries else None

    def _due(self, complaint: Standing, told: Told) -> datetime | None:
        """Return when the receiver's work, or the complaint itself, is due, as counted by today's calendar."""
        bench = self.bench()
        docket = Docket(case=complaint.case, catalogue=bench.catalogue, calendar=bench.calendar, horizon=None,
                        law=bench.law)  # fmt: skip
        clocks = clocks_of(docket)
        if told.address.role == "assist":
            own = [clock for clock in clocks if clock.row.kind == _ASSISTING and _is_for(clock.start, told)]
            return own[-1].row.due_at if own else None
        again = [clock for clock in clocks if clock.row.kind == _AGAIN]
        last = max(again, key=lambda clock: clock.row.started_at, default=None)
        first = next((clock for clock in clocks if clock.row.kind in _LIMITS), None)
        chosen = last or first
        return chosen.row.due_at if chosen is not None else None


def _is_for(start: Fact, told: Told) -> bool:
    return bool(start.detail.get("handling", {}).get("department_id") == told.address.receiver)


def _fact(entry: Entry, bench: Bench) -> Fact:
    document = orjson.loads(entry.body)
    return fact_from(
        document["data"],
        event_id=document["id"],
        position=entry.position,
        ledgered_at=entry.ledgered_at,
        digest=content_digest(document["data"]),
        fingerprint=document["mappingfingerprint"],
        zone=bench.calendar.zone,
    )
