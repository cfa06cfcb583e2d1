"""Sends the hub's documents to their receivers: in the order of the feed, again until it is answered, each by itself.

Where a connection stands is a number of the feed, saved after the receiver's answer: what was answered is not sent
again, what was not comes again under the same key. A slow receiver holds up nobody: each has a thread of its own.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson

from hub.deliveries import Delivery
from hub.errors import Fault, HubError, Misconfigured, Refused, Unavailable
from hub.mapping.outbound import as_record
from hub.model.documents import is_tombstone
from hub.trace import traced
from hub.views import class_of, may_reach

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hub.deliveries import Deliveries, State
    from hub.mapping import CompiledMapping
    from hub.ports import Bus, Checkpoints, Clock, Sink
    from hub.troubles import Troubles

LOG: Final = logging.getLogger(__name__)

TOGETHER: Final = 100
"""Documents looked at in one step: between two steps the process may end."""

KINDS: Final[Mapping[str, str]] = {
    "alert": "alert", "case-event": "case", "complaint-order": "case", "complaint-status": "case",
}  # fmt: skip
"""How the feed calls what an outbound mapping calls the documents it is of."""


def sender_lease(connection: str) -> str:
    """Name the lease at the bus that lets one process at a time send for a connection."""
    return f"sender.{connection}"


def key_of(connection: str, sequence: int, part: int) -> str:
    """Name what is sent for a number of the feed: the same however often, and the second of it apart from the first."""
    return f"{connection}-{sequence}" if part == 1 else f"{connection}-{sequence}.{part}"


class Feed(Protocol):
    """What is sent: the numbered documents of one view."""

    def after(self, sequence: int, kind: str, limit: int) -> Sequence[Mapping[str, Any]]:
        """Return the documents of a kind after a sequence, in order, each with `sequence` and `body`."""

    def last(self) -> int:
        """Return the highest sequence given so far."""


class Letters(Protocol):
    """What a row of the feed is to a receiver."""

    def written(self, row: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Return the documents that the receiver gets for it, in order, each time the same; none: it is not for it."""


@dataclass(frozen=True, slots=True)
class AsPublished:
    """The documents of the feed themselves, where they are about one of these departments; empty: about any."""

    departments: frozenset[str]
    case_of: Callable[[str], Mapping[str, Any]] = lambda _: {}
    """What is known of a case by its id: asked of those that are restricted alone, which reports are."""

    def written(self, row: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """See Letters."""
        document = orjson.loads(row["body"])
        if is_tombstone(document):
            return ()
        data = document["data"]
        about = data.get("responsible_department") or data["case"]["department_id"]
        if self.departments and about not in self.departments:
            return ()
        return () if self._is_of_a_report(document) else (document,)

    def _is_of_a_report(self, document: Mapping[str, Any]) -> bool:
        """Tell whether a document is about a report 举报 of the very unit that it would be sent to."""
        case = document["data"].get("case")
        if not self.departments or not case or class_of(case) != "restricted":
            return False
        known = {**case, **self.case_of(document["subject"])}
        return not all(may_reach(known, each) for each in self.departments)


@dataclass(slots=True, kw_only=True)
class Sender:
    """Sends for one outbound connection. Belongs to one thread, as its bus does."""

    mapping: CompiledMapping
    opened: Callable[[], Sink]
    """Open the receiver; it is opened when there is something to send, and anew after any trouble."""
    feed: Feed
    letters: Letters
    bus: Bus
    deliveries: Deliveries
    before: Checkpoints
    """Positions that were kept on this machine before the store kept them."""
    troubles: Troubles
    clock: Clock
    _sink: Sink | None = None

    @property
    def name(self) -> str:
        """Return the connection's id."""
        return self.mapping.declaration.connection

    def step(self) -> bool:
        """Send what is new; tell whether there was any. Unavailable: time, or the operator, must help this receiver."""
        with self.bus.lease(sender_lease(self.name)):
            try:
                worked = self._send_some()
            except (Unavailable, Misconfigured) as problem:
                self._let_go()
                self.troubles.note(self.name, problem, self.clock.now())
                if isinstance(problem, Unavailable):
                    raise
                raise Unavailable(str(problem), place=self.name, hint="the operator must act") from problem
            except HubError:
                raise
            except Exception as fault:
                raise self._fault(fault) from fault
        self.troubles.clear(self.name)
        return worked

    def _fault(self, fault: Exception) -> Unavailable:
        """Note that a connector failed, without what it said, which may quote a document; only this receiver waits."""
        self._let_go()
        problem, hint = f"its connector failed: {traced(fault)}", "compare the declaration with the receiver"
        wrong = Misconfigured(Fault(code="sink.fault", problem=problem, file=self.name, hint=hint))
        self.troubles.note(self.name, wrong, self.clock.now())
        return Unavailable(problem, place=self.name, hint=hint)

    def close(self) -> None:
        """Let go of the receiver and the bus."""
        self._let_go()
        self.bus.close()

    def _send_some(self) -> bool:
        at, kind = self._begin(), KINDS[self.mapping.declaration.of]
        again = self.deliveries.asked(self.name, TOGETHER)
        for sequence in again:
            self._send_again(sequence, kind)
        found = self.feed.after(at, kind, TOGETHER)
        for row in found:
            note = self._sent(row)
            self.deliveries.settle(self.name, position=row["sequence"], note=note)
        return bool(found or again)

    def _begin(self) -> int:
        """Return where the connection stands; a new one begins with what comes from now on, or with all there is."""
        at = self.deliveries.position(self.name)
        if at is not None:
            return at
        before = self.before.load(self.name)
        if before is not None:
            at = int(before["sequence"])
        else:
            at = 0 if self.mapping.declaration.connect.get("begin") == "all" else self.feed.last()
        self.deliveries.settle(self.name, position=at)
        return at

    def _send_again(self, sequence: int, kind: str) -> None:
        """Send once more what was refused; what is not on the feed, or not meant for the receiver any more, is not."""
        row = next(iter(self.feed.after(sequence - 1, kind, 1)), None)
        note = self._sent(row) if row is not None and row["sequence"] == sequence else None
        self.deliveries.settle(self.name, note=note or self._note(sequence, "", "refused", "it is not sent any more"))

    def _sent(self, row: Mapping[str, Any]) -> Delivery | None:
        """Send what a row of the feed is to the receiver, in order; return what became of it: the worst of it."""
        notes = [
            self._sent_one(document, row["sequence"], part)
            for part, document in enumerate(self.letters.written(row), 1)
        ]
        told = [note for note in notes if note is not None]
        return next((note for note in told if note.state == "refused"), told[-1] if told else None)

    def _sent_one(self, document: Mapping[str, Any], sequence: int, part: int) -> Delivery | None:
        """Send one document; return what became of it, None where the mapping does not write it."""
        try:
            written = self.mapping.write(as_record(document))
            if written is None:
                return None
            receipt = self._open().send(written, key=key_of(self.name, sequence, part))
        except Refused as refused:
            why = refused.rejection
            said = f"{why.code} {why.path}: {why.problem}"
            LOG.warning("not delivered", extra={"connection": self.name, "sequence": sequence, "why": said})
            return self._note(sequence, document["id"], "refused", said)
        return self._note(sequence, document["id"], "delivered", receipt)

    def _note(self, sequence: int, document_id: str, state: State, said: str) -> Delivery:
        return Delivery(sequence=sequence, document_id=document_id, state=state, said=said, at=self.clock.now())

    def _open(self) -> Sink:
        if self._sink is None:
            self._sink = self.opened()
        return self._sink

    def _let_go(self) -> None:
        sink, self._sink = self._sink, None
        if sink is not None:
            try:
                sink.close()
            except HubError:
                LOG.info("could not let go of a receiver", extra={"connection": self.name})
