"""Brings everything that is on its way to rest, in one process: imports, replays and tests step by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.model.queues import intake_queue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.owner import Owner
    from hub.ports import Bus
    from hub.relay import Relay

WAIT_S: Final = 0.05
"""Seconds to wait for a delivery that the broker still holds back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One process's whole line behind the intake: its owner, its relay, and the bus the owner consumes from."""

    owner: Owner
    relay: Relay
    bus: Bus
    partitions: Sequence[int]

    def settle(self) -> int:
        """Handle every message that is queued, judge what has fallen due, relay it all; return the messages handled."""
        handled = self.work_off()
        for partition in self.partitions:
            self.owner.patrol(partition)
        self.relay.drain()
        return handled

    def work_off(self) -> int:
        """Handle every message that is queued."""
        return sum(self._work_off(partition) for partition in self.partitions)

    def _work_off(self, partition: int) -> int:
        handled = 0
        while True:
            count = self.owner.step(partition, wait_s=0)
            if count == 0:
                if not self.bus.depth(intake_queue(partition)):
                    return handled
                count = self.owner.step(partition, wait_s=WAIT_S)
            handled += count

    def release(self) -> None:
        """Let others take over at once."""
        self.owner.release()
        self.relay.release()
