"""Joins what goes out of complaints to the ledger, the register of centres and what deadlines are counted by."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final, TypeVar

from hub.bench import Bench
from hub.complaint_post import ComplaintLetters, centres_in
from hub.complaint_post.reconciling import Reconciler
from hub.errors import Fault, Misconfigured
from hub.store.complaint_lists import ComplaintLists
from hub.store.queries import StoredFeed
from hub.supervision.catalogue import Catalogue
from hub.supervision.law import LAW
from hub.supervision.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hub.mapping import CompiledMapping
    from hub.mapping.declaration import Declaration
    from hub.ports import Source
    from hub.wiring.base import Base
    from hub.wiring.sources import Sources

T = TypeVar("T")

KEEP_S: Final = 10.0
"""Seconds after which a changed catalogue, calendar or register of centres is seen."""

VIEW: Final = "restricted"
"""View of the feed by whose numbers complaints go out: the one in which every complaint is, whatever its class."""


def complaint_letters(hub: Base, declared: Declaration) -> ComplaintLetters:
    """Return what an outbound mapping of complaints sends; Misconfigured where the feed does not number all of them."""
    if VIEW not in hub.settings.feed.views:
        problem = f"{declared.connection} sends complaints by the numbers of a view that is not kept"
        hint = f'add "{VIEW}" to [feed] views: a restricted complaint is in no other'
        raise Misconfigured(Fault(code="feed.views", problem=problem, file="settings.toml", hint=hint))
    return ComplaintLetters(
        of=declared.of,
        departments=declared.departments,
        centres=_kept(lambda: _told(hub, declared)),
        run_by=_kept(lambda: {name: each.department_id for name, each in centres_in(hub.store.catalogue()).items()}),
        echo=declared.echo,
        entries=hub.queries,
        bench=_kept(lambda: _bench(hub)),
    )


def reconciler(hub: Sources, mapped: CompiledMapping) -> Reconciler | None:
    """Return what compares a receiver's own list with the hub's; None where its mapping does not say how to read it."""
    declared = mapped.declaration
    listed = declared.reconcile
    if listed is None:
        return None

    def opened() -> Source:
        from connectors import open_source  # noqa: PLC0415 - libraries that few commands need

        return open_source(listed, os.environ)

    bench = _kept(lambda: _bench(hub))
    return Reconciler(
        connection=declared.connection,
        centres=lambda: {name: each for name, each in centres_in(hub.store.catalogue()).items()
                         if name in declared.centres},
        view=VIEW,
        listed=listed,
        opened=opened,
        complaints=ComplaintLists(hub.settings.store_url, bench),
        feed=StoredFeed(hub.queries, VIEW),
        sent=hub.deliveries,
        store=hub.store,
        bus=hub.bus(),
        clock=hub.clock,
    )  # fmt: skip


def _told(hub: Base, declared: Declaration) -> Mapping[str, str]:
    """Return the centres that are told, each with the connection by which it reports."""
    known = centres_in(hub.store.catalogue())
    if unknown := sorted(declared.centres - known.keys()):
        problem, hint = f"there is no complaint centre {', '.join(unknown)}", "see `sunlight centre list`"
        raise Misconfigured(Fault(code="centre.unknown", problem=problem, file=declared.connection, hint=hint))
    return {name: known[name].connection for name in declared.centres}


def _bench(hub: Base) -> Bench:
    law = hub.settings.parameters + LAW
    catalogue = Catalogue(list(hub.store.catalogue()))
    return Bench(catalogue=catalogue, calendar=hub.calendar(), rules=hub.rules(RULES), law=law)


def _kept(make: Callable[[], T]) -> Callable[[], T]:
    """Return a function that makes a value anew where the last one is older than KEEP_S. For one thread."""
    held: list[tuple[float, T]] = []

    def kept() -> T:
        if not held or time.monotonic() - held[0][0] > KEEP_S:
            held[:] = [(time.monotonic(), make())]
        return held[0][1]

    return kept
