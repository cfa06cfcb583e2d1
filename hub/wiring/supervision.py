"""Joins what supervises: owners of partitions, the relay, and the terms that cases are judged by."""

from __future__ import annotations

import getpass
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from hub.bench_keeper import BenchKeeper
from hub.bus import EMBEDDED_USER
from hub.city_watch import CityWatch
from hub.drain import Line
from hub.feed import places_in
from hub.files_brought import FilesBrought
from hub.importing import registration
from hub.owner import Owner, Pace
from hub.registry import Registry, register
from hub.relay import Relay
from hub.standings import standings
from hub.supervise import Terms
from hub.supervision.law import LAW
from hub.supervision.rules import CITY_RULES, RULES
from hub.wiring.base import Base

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hub.mapping import CompiledMapping
    from hub.ports import Bus


class Supervision(Base):
    """The side of a hub that judges."""

    def owner(self, bus: Bus) -> Owner:
        """Return an owner of partitions that consumes from `bus`."""
        pace = self.settings.supervision
        return Owner(
            store=self.store,
            bus=bus,
            clock=self.clock,
            terms=self._terms(),
            owner=self.owner_name,
            pace=Pace(batch=pace.batch, lease_s=pace.lease_s, patrol_s=pace.patrol_s),
            city=CityWatch(self.store.reader, self.rules(CITY_RULES)),
        )

    def relay(self, bus: Bus) -> Relay:
        """Return a relay that publishes to `bus`."""
        return Relay(
            store=self.store,
            bus=bus,
            places=places_in(self.settings.feed.views, standings(self.certification.latest)),
            owner=self.owner_name,
            lease_s=self.settings.supervision.lease_s,
        )

    def line(self, bus: Bus) -> Line:
        """Return the whole line behind the intake, for one process and one thread."""
        return Line(owner=self.owner(bus), relay=self.relay(bus), bus=bus, partitions=self.partitions)

    def register(self, mappings: Sequence[CompiledMapping], catalogues: Sequence[Mapping[str, Any]]) -> None:
        """Register connections and bring departments' catalogues."""
        register(self.store, [registration(each.declaration, each.fingerprint) for each in mappings])
        self.bring(catalogues)

    def bring(self, catalogues: Sequence[Mapping[str, Any]]) -> None:
        """Bring the catalogues that files hold: the first of a department is in force at once.

        A later one that says something else is proposed, and waits for a person; one that says what it said when it was
        last brought is not looked at, whatever was approved since.
        """
        files = FilesBrought(self.store, self.queries, self.terms, f"{getpass.getuser()}@{socket.gethostname()}")
        files.bring(catalogues)

    def _terms(self) -> Callable[[], Terms]:
        registry, bench = Registry(self.store), self._keeper()
        trusted = bus_user(self.settings.bus_url)

        def terms() -> Terms:
            return Terms(
                bench=bench.get(),
                connections=registry,
                reread=registry.reread,
                trusted=trusted,
                partitions=len(self.partitions),
                seal=self.vault.seal,
                office=self.settings.papers.office,
            )

        return terms

    def _keeper(self) -> BenchKeeper:
        return BenchKeeper(
            self.store, self.calendar, self.rules(RULES), law=self.settings.parameters + LAW, clock=self.clock
        )


def bus_user(url: str) -> str:
    """Return the bus account that a URL names: the hub's own, trusted to speak for every connection."""
    return unquote(urlsplit(url).username or EMBEDDED_USER)
