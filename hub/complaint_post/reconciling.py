"""Holds a complaint centre's own list of complaints against the hub's, and has sent again what differs."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol

from hub.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hub.complaint_post.centres import Centre
    from hub.dispatching import Feed
    from hub.mapping.declaration import CentreList
    from hub.ports import Bus, Clock, Source, Store

LOG: Final = logging.getLogger(__name__)

TOLD: Final = 200
"""Differences of a comparison that are kept by name; all are counted, and all are sent again."""

PREFIX: Final = "complaint-list:"
"""What the names begin with under which the last comparison of each receiver is remembered."""

Kind = Literal["differs", "not there", "not here", "not read"]
"""Another state; unknown to the centre; unknown to the hub; a word of the centre's that no code table has."""


class Held(NamedTuple):
    """One complaint as the hub has it."""

    complaint_no: str
    case_id: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One complaint about which a centre and the hub differ; `here` and `there` are its states, empty for none."""

    complaint_no: str
    kind: Kind
    here: str
    there: str
    case_id: str = ""


def compared(
    listed: Mapping[str, str], held: Iterable[Held], words: Mapping[str, str | None] | None
) -> Sequence[Difference]:
    """Return where a centre's list (number to its word) and the hub differ, by number.

    A number that the hub does not know is a difference; so is one that the list lacks.
    """
    found = []
    mine = {each.complaint_no: each for each in held}
    for number in sorted({*listed, *mine}):
        own, word = mine.get(number), listed.get(number)
        there = word if words is None or word is None else words.get(word, words.get("*"))
        here, case = (own.state, own.case_id) if own else ("", "")
        kind = _kind(own, word, there)
        if kind is not None:
            found.append(Difference(complaint_no=number, kind=kind, here=here, there=there or word or "", case_id=case))
    return found


def _kind(own: Held | None, word: str | None, there: str | None) -> Kind | None:
    if own is None:
        return "not here"
    if word is None:
        return "not there"
    if there is None:
        return "not read"
    return None if there == own.state else "differs"


def digest_of(states: Iterable[tuple[str, str]]) -> str:
    """Return the SHA-256 of numbers with their states, in order of number."""
    return hashlib.sha256("".join(f"{no}\t{state}\n" for no, state in sorted(states)).encode()).hexdigest()


class Complaints(Protocol):
    """The hub's complaints, and what was sent of them."""

    def complaints_of(self, centre_ids: frozenset[str], since: datetime) -> Sequence[Held]:
        """Return the complaints of these centres that were opened since, but those that are secret."""

    def sent_of(self, connection: str, view: str, case_ids: Sequence[str]) -> Sequence[int]:
        """Return the numbers of the feed that were sent to a receiver of these cases, in order."""

    def close(self) -> None:
        """Give up all connections."""


class Sent(Protocol):
    """What became of what was sent."""

    def position(self, connection: str) -> int | None:
        """See hub.deliveries.Deliveries."""

    def again(self, connection: str, sequences: Sequence[int] = (), *, delivered: bool = False) -> int:
        """Let numbers be sent once more, those that were `delivered` too; return how many those are."""


@dataclass(slots=True, kw_only=True)
class Reconciler:
    """Compares for one receiver of statuses, once a period, when all that is known has been sent. For one thread."""

    connection: str
    centres: Callable[[], Mapping[str, Centre]]
    """The centres whose list it is."""
    view: str
    listed: CentreList
    opened: Callable[[], Source]
    complaints: Complaints
    feed: Feed
    sent: Sent
    store: Store
    bus: Bus
    clock: Clock

    def step(self) -> bool:
        """Compare where it is time; return False: nothing more is to be done at once."""
        before = self.store.remembered(PREFIX + self.connection)
        if self._is_due(before) and not self._is_behind():
            with self.bus.lease(f"list.{self.connection}"):
                self.compare(before)
        return False

    def compare(self, before: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """Compare now, have sent again what differs, remember and return what was found."""
        now, centres = self.clock.now(), self.centres()
        read = self._read()
        held = self.complaints.complaints_of(frozenset(centres), now - timedelta(days=self.listed.days))
        differences = compared(read, held, self.listed.words)
        cases = [each.case_id for each in differences if each.case_id and each.kind != "not read"]
        sequences = self.sent.again(
            self.connection, self.complaints.sent_of(self.connection, self.view, cases), delivered=True
        ) if cases else 0  # fmt: skip
        found = self._found(before, read, held, differences, now) | {"sent_again": sequences}
        self.store.remember(PREFIX + self.connection, found)
        say = LOG.warning if differences else LOG.info
        say("compared with the centre's list", extra={"connection": self.connection, "listed": len(read),
                                                      "held": len(held), "differences": len(differences)})  # fmt: skip
        return found

    def close(self) -> None:
        """Let go of the bus and the store."""
        self.bus.close()
        self.complaints.close()

    def _is_due(self, before: Mapping[str, Any] | None) -> bool:
        if before is None:
            return True
        passed = self.clock.now() - datetime.fromisoformat(before["at"])
        return passed < timedelta(0) or passed >= timedelta(seconds=self.listed.every_s)

    def _is_behind(self) -> bool:
        """Tell whether something is still to be sent: what differs for that reason is no difference."""
        position = self.sent.position(self.connection)
        return position is None or bool(self.feed.after(position, "case", 1))

    def _read(self) -> Mapping[str, str]:
        """Return the centre's list: its word by number; of one number the last record counts."""
        source, found = self.opened(), dict[str, str]()
        try:
            for portion in source.read(None):
                for record in portion.records:
                    if record.refused is not None:
                        problem = f"a record of the list cannot be read: {record.refused.problem}"
                        raise Unavailable(problem, place=self.listed.connection, hint="ask whoever runs the centre")
                    number = _text(record.tree, self.listed.no)
                    if number:
                        found[number] = _text(record.tree, self.listed.state)
        finally:
            source.close()
        return found

    def _found(
        self, before: Mapping[str, Any] | None, read: Mapping[str, str], held: Sequence[Held],
        differences: Sequence[Difference], now: datetime,
    ) -> dict[str, Any]:  # fmt: skip
        """Return what is remembered; what differed so the last time, and was sent again, is `lasting`."""
        rows = [asdict(each) for each in differences]
        earlier = {(row["complaint_no"], row["here"], row["there"]) for row in (before or {}).get("differences", ())}
        lasting = sum((row["complaint_no"], row["here"], row["there"]) in earlier for row in rows)
        kept = before or {"lasting": 0, "lasting_since": ""}
        since = now.isoformat() if lasting and not kept["lasting"] else kept["lasting_since"]
        words = self.listed.words
        said = {no: word if words is None else words.get(word) or word for no, word in read.items()}
        return {
            "at": now.isoformat(),
            "centres": sorted(self.centres()),
            "department_id": next(iter(self.centres().values())).department_id,
            "region_code": next(iter(self.centres().values())).region_code,
            "listed": [len(read), digest_of(said.items())],
            "held": [len(held), digest_of((each.complaint_no, each.state) for each in held)],
            "count": len(rows),
            "lasting": lasting,
            "lasting_since": since,
            "differences": rows[:TOLD],
        }


def _text(tree: Any, path: Sequence[str]) -> str:  # noqa: ANN401 - any tree
    for step in path:
        tree = tree.get(step) if isinstance(tree, dict) else None
    return "" if tree is None else str(tree).strip()
