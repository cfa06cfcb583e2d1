"""Joins adapters to ports: the one place, besides the command, that knows them. Nothing is built before `build`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.catalogue import load_catalogue
from hub.clock import SystemClock
from hub.wiring.citizens import ForCitizens
from hub.wiring.files import Attached
from hub.wiring.mappings import (
    BASES,
    OUTBOUND,
    department_folders,
    load_mapping,
    load_outbound,
    mapping_files,
    outbound_files,
)
from hub.wiring.people import People
from hub.wiring.scores import Scoring
from hub.wiring.subscribers import ForSubscribers
from hub.wiring.supervision import Supervision, bus_user

if TYPE_CHECKING:
    from hub.ports import Clock
    from hub.settings import Settings

_KEPT: Final = (
    "store", "queries", "identities", "certification", "day_counts", "own_health", "deliveries", "shelf", "outbox",
    "subscribers", "webhooks", "attachments", "public_reading",
)  # fmt: skip
"""Parts of a hub that hold connections to the store."""

__all__ = [
    "BASES", "OUTBOUND", "Hub", "build", "bus_user", "department_folders", "load_catalogue", "load_mapping",
    "load_outbound", "mapping_files", "outbound_files",
]  # fmt: skip


class Hub(ForCitizens, Supervision, People, ForSubscribers, Scoring, Attached):
    """The hub under one set of settings: parts are made when asked for, each bus for one thread."""

    def close(self) -> None:
        """Give up the store's connections, as far as any were opened."""
        for part in _KEPT:
            if part in self.__dict__:
                self.__dict__[part].close()


def build(settings: Settings, *, clock: Clock | None = None, is_edge: bool = False) -> Hub:
    """Return the hub under `settings`, or its edge in a department's network; nothing is opened yet."""
    return Hub(settings=settings, clock=clock or SystemClock(), is_edge=is_edge)
