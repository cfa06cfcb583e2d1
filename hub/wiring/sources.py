"""Joins what reads departments, takes in what they send, and writes to them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from connectors import open_source
from connectors.plausibility import Plausible
from hub.checkpoints import FileCheckpoints
from hub.clock import ManualClock, SystemClock
from hub.dispatching import AsPublished, Sender
from hub.drift import Drifts, Watched
from hub.importing import registration
from hub.intake import Intake
from hub.live_pushing import LiveMappings
from hub.pulse import Beating
from hub.pushing import Desk
from hub.reader import Reader
from hub.registry import register
from hub.reloading import LiveReader, stamps_of
from hub.store.deliveries import StoredDeliveries
from hub.store.queries import StoredFeed
from hub.turns import hours_in
from hub.views import VIEWS
from hub.wiring.base import Base
from hub.wiring.complaints import complaint_letters, reconciler
from hub.wiring.mappings import folders_of, load_mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from hub.complaint_post.reconciling import Reconciler
    from hub.mapping import CompiledMapping
    from hub.ports import Bus, Source


class Sources(Base):
    """The side of a hub that departments see."""

    def intake(self, mapped: CompiledMapping, bus: Bus) -> Intake:
        """Return the intake of one connection."""
        data = self.settings.data_dir
        return Intake(
            bus=bus,
            mapping=mapped,
            clock=self.clock,
            checkpoints=FileCheckpoints(data / "checkpoints"),
            vault=self.vault,
            spool=data / "spool",
            zone=self.settings.zone,
        )

    def live_mappings(
        self, files: Mapping[Path, CompiledMapping], load: Callable[[Path], CompiledMapping]
    ) -> LiveMappings:
        """Return the mappings of departments that send, which may change while they do."""
        return LiveMappings(
            files,
            load=load,
            register=self._register_changed,
            folders={folder for path in files for folder in folders_of(path)},
            troubles=self.troubles,
            clock=SystemClock(),
        )

    def desk(self, mappings: Sequence[CompiledMapping] | Mapping[str, CompiledMapping]) -> Desk:
        """Return the desk that takes in what the departments of `mappings` send."""
        by_name = (
            mappings if isinstance(mappings, Mapping) else {each.declaration.connection: each for each in mappings}
        )
        return Desk(self.bus, lambda name, bus: self.intake(by_name[name], bus), frozenset(by_name))

    @cached_property
    def drifts(self) -> Drifts:
        """Return what the readers here have seen of their sources."""
        return Drifts(self.settings.data_dir / "drift")

    def reader(self, mapped: CompiledMapping) -> Reader:
        """Return the reader of one connection, for one thread."""
        bus, declared = self.bus(), mapped.declaration
        return Reader(
            opened=lambda: Watched(self.source(mapped, remembers=True), mapped, self.drifts),
            intake=self.intake(mapped, bus),
            bus=bus,
            clock=self.clock,
            troubles=self.troubles,
            pulse=Beating(self.pulses, declared.connection, every_s=declared.every_s, quiet_s=declared.quiet_s),
            hours=hours_in(declared.hours, ZoneInfo(declared.timezone)),
        )

    def live_reader(self, mapped: CompiledMapping, path: Path) -> LiveReader:
        """Return the reader of one connection whose mapping stands at `path`, and may change while it is read."""
        folders = folders_of(path)
        return LiveReader(
            mapped,
            load=lambda: load_mapping(path),
            make=self.reader,
            register=self._register_changed,
            stamps=lambda: stamps_of(folders),
            troubles=self.troubles,
            clock=self.clock,
        )

    def _register_changed(self, changed: CompiledMapping) -> None:
        """Register a mapping that changed while it is read; one at the edge is registered at the centre."""
        if not self.is_edge:
            register(self.store, [registration(changed.declaration, changed.fingerprint)])

    def sender(self, mapped: CompiledMapping) -> Sender:
        """Return the sender of one outbound connection, for one thread."""
        from connectors.sinks import open_sink  # noqa: PLC0415 - libraries that few commands need

        views = sorted(self.settings.feed.views, key=VIEWS.index)
        declared = mapped.declaration
        is_complaint = declared.of.startswith("complaint-")
        return Sender(
            mapping=mapped,
            opened=lambda: open_sink(mapped.declaration, os.environ),
            feed=StoredFeed(self.queries, views[-1]),
            letters=complaint_letters(self, declared)
            if is_complaint
            else AsPublished(declared.departments, self.known_of),
            bus=self.bus(),
            deliveries=self.deliveries,
            before=FileCheckpoints(self.settings.data_dir / "sent"),
            troubles=self.troubles,
            clock=self.clock,
        )

    def reconciler(self, mapped: CompiledMapping) -> Reconciler | None:
        """Return what compares a complaint centre's list with the hub's, for one thread; None where none is read."""
        return reconciler(self, mapped)

    @cached_property
    def deliveries(self) -> StoredDeliveries:
        """Return what became of the documents that were sent."""
        return StoredDeliveries(self.settings.store_url)

    def source(self, mapped: CompiledMapping, path: Path | None = None, *, remembers: bool = False) -> Source:
        """Open the source that a mapping declares, or `path` in its stead; a reader's own `remembers` what it saw."""
        replay = self.clock if isinstance(self.clock, ManualClock) else None
        memory = self.settings.data_dir / "memory" if remembers else None
        source = open_source(mapped.declaration, os.environ, path, clock=replay, memory=memory)
        return source if mapped.declaration.read.get("texts") == "any" else Plausible(source)
