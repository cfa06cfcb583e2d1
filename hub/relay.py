"""Relays the ledger to the feed: numbers are committed first, documents published after, a retry keeps its numbers."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final

from hub.errors import Fenced
from hub.model.values import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hub.model.values import Entry, FeedItem, Kind, Place
    from hub.ports import Bus, Store

LOG: Final = logging.getLogger(__name__)

ROLE: Final = "relay"
"""Name of the lease; of all relays one is active."""

BATCH: Final = 1000
"""Ledger entries numbered in one transaction: one broker window."""


class Relay:
    """Moves ledger entries to the feed exchanges. State is the lease and the last sequence the broker confirmed."""

    def __init__(
        self, *, store: Store, bus: Bus, places: Callable[[Entry], Sequence[Place]], owner: str, lease_s: float
    ) -> None:
        """Relay from `store` to `bus` what `places` puts on the feed."""
        self._store, self._bus, self._places = store, bus, places
        self._owner, self._lease_s = owner, lease_s
        self._epoch: int | None = None
        self._renew_at = 0.0
        self._published = 0

    def step(self) -> int:
        """Relay one batch; return how many documents were published: 0 when there is nothing, or no lease."""
        epoch = self._hold()
        if epoch is None:
            return 0
        try:
            items = self._store.number(epoch=epoch, limit=BATCH, published=self._published, places=self._places)
        except Fenced:
            self._epoch = None
            return 0
        if items:
            self._bus.publish([_message(item) for item in items])
            self._published = items[-1].sequence
        return len(items)

    def drain(self) -> int:
        """Relay until nothing is left and the last confirmation is recorded; return how many documents went out."""
        total = 0
        while count := self.step():
            total += count
        return total

    def release(self) -> None:
        """Let another relay take over at once."""
        if self._epoch is not None:
            self._store.release(ROLE, epoch=self._epoch)
            self._epoch = None

    def _hold(self) -> int | None:
        if self._epoch is None or time.monotonic() >= self._renew_at:
            held = self._store.claim(ROLE, owner=self._owner, lease_s=self._lease_s)
            if held != self._epoch:
                self._published = 0
                LOG.info("relay %s", "taken" if held else "held by another", extra={"epoch": held})
            self._epoch = held
            self._renew_at = time.monotonic() + self._lease_s / 3
        return self._epoch


_KINDS: Final[Mapping[str, Kind]] = {"alert": "alert", "certificate": "act"}


def _message(item: FeedItem) -> Message:
    return Message(
        exchange=f"feed.{item.view}",
        key=item.key,
        kind=_KINDS.get(item.kind, "event"),
        message_id=item.message_id,
        body=item.body,
    )
