"""Brings ledger and bus to the number of partitions that the settings ask for, both or neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.bus.rebind import rebinding, settle
from hub.bus.topology import topology
from hub.store import migrate

if TYPE_CHECKING:
    from hub.settings import Settings


def settle_partitions(settings: Settings) -> None:
    """Begin the ledger, or its next generation; Misconfigured, with nothing changed, where the hub is not at rest.

    Dying in between is mended by calling it again: the ledger says which number holds, the bus follows.
    """
    wanted = settings.bus.partitions
    present, widest = migrate.partitions(settings.store_url)
    new = topology(wanted, settings.feed.views)
    if present in {0, wanted}:
        settle(settings.bus_url, new, widest=widest)
        migrate.begin(settings.store_url, partitions=wanted)
        return
    with rebinding(settings.bus_url, topology(present, settings.feed.views), new):
        migrate.begin(settings.store_url, partitions=wanted)
