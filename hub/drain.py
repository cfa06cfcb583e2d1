"""Brings everything that is on its way to rest, in one process: imports, replays and tests step by it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.errors import Unavailable
from hub.model.queues import intake_queue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.owner import Owner
    from hub.ports import Bus
    from hub.relay import Relay

WAIT_S: Final = 0.05
"""Seconds to wait for a delivery that the broker still holds back."""

LOST_S: Final = 60.0
"""Seconds without any delivery after which messages that were confirmed count as not to be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One process's whole line behind the intake: its owner, its relay, and the bus the owner consumes from."""

    owner: Owner
    relay: Relay
    bus: Bus
    partitions: Sequence[int]

    def hold(self) -> Sequence[int]:
        """Take every partition that is free; return those that another process holds."""
        return [partition for partition in self.partitions if not self.owner.hold(partition)]

    def settle(self, expected: int = 0) -> int:
        """Handle every message that is queued, judge what has fallen due, relay it all; return the messages handled.

        `expected` messages are known to be on their way: a broker tells how many it holds a moment late.
        """
        handled = self.work_off()
        deadline = time.monotonic() + LOST_S
        while handled < expected:
            more = self.work_off(wait_s=WAIT_S)
            deadline = time.monotonic() + LOST_S if more else deadline
            handled += more
            if time.monotonic() > deadline:
                problem = f"{expected - handled} of {expected} messages were published and are not delivered"
                raise Unavailable(problem, hint="see the broker's queues; run it again when they are empty")
        for partition in self.partitions:
            self.owner.patrol(partition)
        self.relay.drain()
        return handled

    def work_off(self, *, wait_s: float = 0) -> int:
        """Handle every message that is queued; wait for the first of each partition at most `wait_s`."""
        return sum(self._work_off(partition, wait_s) for partition in self.partitions)

    def _work_off(self, partition: int, wait_s: float) -> int:
        handled = 0
        while True:
            count = self.owner.step(partition, wait_s=wait_s)
            if count == 0:
                if not self.bus.depth(intake_queue(partition)):
                    return handled
                count = self.owner.step(partition, wait_s=WAIT_S)
            handled += count

    def release(self) -> None:
        """Let others take over at once."""
        self.owner.release()
        self.relay.release()
