"""One process of a hub, run to its end or to its death at a given step."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub import wiring
from hub.bus import open_bus
from hub.bus.topology import Subscriber, subscriber_queue, topology
from hub.checkpoints import FileCheckpoints
from hub.drain import Line
from hub.intake import Intake
from hub.mapping import TOKEN_KEY
from tests.support.hubs import hub_at, unprepared_hub_at
from tests.support.killing import Trap, Trapped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hub.ports import Bus

ROOT = Path(__file__).resolve().parents[2]
MAPPING = ROOT / "benchmarks" / "wide.yaml"
NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)


WATCH = Subscriber(name="watch", view="intranet", patterns=("#",))
"""Who is sent everything that the relay publishes."""


@dataclass(frozen=True)
class Place:
    """Where a hub lives: its folder and the URLs of its servers (empty: the embedded default)."""

    folder: Path
    data: Path
    store_url: str = ""
    bus_url: str = ""

    def hub(self) -> wiring.Hub:
        """Build the hub that lives here."""
        return unprepared_hub_at(self.folder, now=NOW, store_url=self.store_url, bus_url=self.bus_url)

    def prepared(self) -> Place:
        """Migrate and register once what all processes here need."""
        os.environ.setdefault(TOKEN_KEY, "the key of tests, no secret")
        with contextlib.closing(hub_at(self.folder, now=NOW, store_url=self.store_url, bus_url=self.bus_url)) as hub:
            hub.register([wiring.load_mapping(MAPPING)], [])
        return self

    def subscribed(self) -> Place:
        """Let a subscriber wait for what is published here."""
        with contextlib.closing(self.hub()) as hub, contextlib.closing(self._subscriber(hub)) as bus:
            bus.depth(subscriber_queue(WATCH.name))
        return self

    def watched(self) -> set[str]:
        """Take what a subscriber was sent, by message id; what it was sent twice is there once."""
        with contextlib.closing(self.hub()) as hub, contextlib.closing(self._subscriber(hub)) as bus:
            found: set[str] = set()
            while taken := bus.consume(subscriber_queue(WATCH.name), limit=1000, wait_s=0.2):
                found |= {delivery.message_id for delivery in taken}
                bus.ack(taken)
            return found

    def _subscriber(self, hub: wiring.Hub) -> Bus:
        settings = hub.settings
        declared = topology(len(hub.partitions), settings.feed.views, subscribers=[WATCH])
        return open_bus(settings.bus_url, declared)


def intake(hub: wiring.Hub, data: Path, trap: Trap) -> None:
    """Read the whole source once."""
    mapped = wiring.load_mapping(MAPPING)
    bus = hub.bus()
    source: Any = Trapped(hub.source(mapped, data), trap)
    trapped = Intake(
        bus=Trapped(bus, trap),  # type: ignore[arg-type]
        mapping=mapped,
        clock=hub.clock,
        checkpoints=Trapped(FileCheckpoints(hub.settings.data_dir / "checkpoints"), trap),  # type: ignore[arg-type]
        vault=hub.vault,
        spool=hub.settings.data_dir / "spool",
    )
    trapped.run_once(source)
    bus.close()


def supervise(hub: wiring.Hub, _data: Path, trap: Trap) -> None:
    """Handle everything that is queued and judge what is due."""
    bus = hub.bus()
    _trap_store(hub, trap)
    owner = hub.owner(Trapped(bus, trap))  # type: ignore[arg-type]
    line = Line(owner=owner, relay=hub.relay(bus), bus=bus, partitions=hub.partitions)
    line.work_off()
    for partition in hub.partitions:
        owner.patrol(partition)
    owner.release()
    bus.close()


def relay(hub: wiring.Hub, _data: Path, trap: Trap) -> None:
    """Relay everything that is ledgered."""
    bus = hub.bus()
    _trap_store(hub, trap)
    relaying = hub.relay(Trapped(bus, trap))  # type: ignore[arg-type]
    relaying.drain()
    while any(hub.queries.lag().values()):  # the lease of a victim killed a moment ago has not run out yet
        relaying.step()
    relaying.release()
    bus.close()


def _trap_store(hub: wiring.Hub, trap: Trap) -> None:
    hub.__dict__["store"] = Trapped(hub.store, trap)


ROLES: dict[str, Callable[[wiring.Hub, Path, Trap], None]] = {"intake": intake, "supervise": supervise, "relay": relay}


def run(place: Place, roles: Sequence[str], at: int) -> None:
    """Run these roles here, each to its end and the last until step `at`, at which the process dies."""
    os.environ.setdefault(TOKEN_KEY, "the key of tests, no secret")
    for role in roles:
        hub = place.hub()
        hub.settings.supervision.__dict__["lease_s"] = 0.05
        ROLES[role](hub, place.data, Trap(at if role == roles[-1] else 0))
        hub.close()
