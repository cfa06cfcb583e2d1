"""A hub for a test: its own folder, its own store, its own broker account."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from hub import settings as settings_
from hub import wiring
from hub.clock import ManualClock
from hub.importing import import_all, registration
from tests.support.prepared import prepare

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path


def hub_at(folder: Path, *, now: datetime, store_url: str = "", bus_url: str = "", partitions: int = 2) -> wiring.Hub:
    """Build a migrated hub; without URLs on the embedded default in `folder`."""
    hub = unprepared_hub_at(folder, now=now, store_url=store_url, bus_url=bus_url, partitions=partitions)
    prepare(hub.settings.store_url, partitions=partitions)
    return hub


def unprepared_hub_at(
    folder: Path, *, now: datetime, store_url: str = "", bus_url: str = "", partitions: int = 2
) -> wiring.Hub:
    """Build a hub whose store is prepared already, or never will be."""
    environment = {"SUNLIGHT_DATA_DIR": str(folder), "SUNLIGHT_PARTITIONS": str(partitions)}
    if store_url:
        environment["SUNLIGHT_STORE_URL"] = store_url
    if bus_url:
        environment["SUNLIGHT_BUS_URL"] = bus_url
    return wiring.build(settings_.load(environment=environment), clock=ManualClock(now))


def drain(hub: wiring.Hub) -> None:
    """Let a hub take in all that is queued, as one that holds every partition and lets go of them again."""
    with contextlib.closing(hub.bus()) as bus:
        line = hub.line(bus)
        line.hold()
        line.settle()
        line.release()


@contextlib.contextmanager
def an_import(hub: wiring.Hub, mapping: Path, data: Path) -> Iterator[dict[str, Any]]:
    """Import `data` by `mapping`, judged at the hub's present time; yield the summary."""
    loaded = wiring.load_mapping(mapping)
    bus = hub.bus()
    line = hub.line(bus)
    try:
        import_all(
            source=hub.source(loaded, data),
            intake=hub.intake(loaded, bus),
            line=line,
            store=hub.store,
            connection=registration(loaded.declaration, loaded.fingerprint),
            watermark=hub.clock.now(),
            progress=lambda _: None,
        )
        yield hub.queries.summary()
    finally:
        line.release()
        bus.close()
