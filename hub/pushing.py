"""Takes in what departments send by themselves: once, whatever is sent again, and answered only when the bus has it."""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from hub.errors import Unavailable
from hub.model import ids

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hub.errors import Rejection
    from hub.intake import Intake, ReadTotals
    from hub.model.values import Record
    from hub.ports import Bus

THREADS: Final = 4
"""Pushes that are published at a time, each over a bus of its own."""

WAITING: Final = 64
"""Pushes that may wait for a thread; beyond them the hub says that it is busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One body that was sent, decoded. `key` is what its sender calls it: sent again it is no second push."""

    connection: str
    key: str
    body_digest: str
    records: Sequence[Record]

    @property
    def receipt_id(self) -> str:
        """Return its receipt's id, which is the id of the read that it is."""
        return ids.receipt_id(self.connection, self.key)

    @property
    def begins(self) -> int:
        """Return where its ordinals begin, by which another body under the same key is told apart."""
        return ids.pushed_from(self.body_digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a push: `refusals` says of each record why it was refused, None where it was not."""

    receipt_id: str
    totals: ReadTotals | None
    """None where nothing was published, because every record was refused."""
    refusals: Sequence[Rejection | None]


class Busy(Unavailable):
    """More is being sent than can be taken in at a time."""


class PushDesk(Protocol):
    """What the gateway needs to take pushes in."""

    def knows(self, connection: str) -> bool:
        """Tell whether a connection is one whose department sends."""

    def take(self, push: Push) -> Taken:
        """Map and publish; return once the bus holds every message."""

    def refusals(self, connection: str, records: Sequence[Record]) -> Sequence[Rejection | None]:
        """Tell of each record why it would be refused, None where it would not; nothing is published."""


def body_digest(body: bytes) -> str:
    """Return the digest of a body, by which the same one sent again is known."""
    return hashlib.sha256(body).hexdigest()


class Desk:
    """Takes pushes in, over a few threads that each have a bus of their own. Safe to share between threads."""

    def __init__(
        self, opened: Callable[[], Bus], intakes: Callable[[str, Bus], Intake], connections: frozenset[str]
    ) -> None:
        """Take in for `connections`, by the intake of each over a bus that `opened` opens."""
        self._opened, self._intakes, self._connections = opened, intakes, connections
        self._own = threading.local()
        self._buses: list[Bus] = []
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="push")
        self._waiting = threading.BoundedSemaphore(WAITING)

    def knows(self, connection: str) -> bool:
        """See PushDesk."""
        return connection in self._connections

    def take(self, push: Push) -> Taken:
        """See PushDesk. A push of which every record is refused is not published: its sender is told."""
        if not self._waiting.acquire(blocking=False):
            raise Busy("too much is being sent at once", place=push.connection, hint="send it again in a moment")
        try:
            return self._threads.submit(self._take, push).result()
        finally:
            self._waiting.release()

    def refusals(self, connection: str, records: Sequence[Record]) -> Sequence[Rejection | None]:
        """See PushDesk."""
        return self._threads.submit(lambda: self._intakes(connection, self._bus()).refusals(records)).result()

    def close(self) -> None:
        """Let what is under way end, and give up the buses."""
        self._threads.shutdown()
        for bus in self._buses:
            bus.close()

    def _take(self, push: Push) -> Taken:
        intake = self._intakes(push.connection, self._bus())
        refusals = intake.refusals(push.records)
        if refusals and all(refusals):
            return Taken(receipt_id=push.receipt_id, totals=None, refusals=refusals)
        totals, told = intake.take_pushed(push.records, read_id=push.receipt_id, begins=push.begins)
        return Taken(receipt_id=push.receipt_id, totals=totals, refusals=told)

    def _bus(self) -> Bus:
        """Return the calling thread's own bus."""
        if not hasattr(self._own, "bus"):
            self._own.bus = self._opened()
            self._buses.append(self._own.bus)
        bus: Bus = self._own.bus
        return bus
