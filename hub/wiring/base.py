"""Joins what every part of a hub needs: the store and its reading side, keys, the bus, rules, the calendar."""

from __future__ import annotations

import os
import socket
import uuid
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hub.bus import open_bus
from hub.bus.topology import NOTHING, topology
from hub.pulse import Pulses
from hub.store.certification import Certification
from hub.store.day_facts import DayCounts
from hub.store.identities import Identities
from hub.store.own_health import OwnHealth
from hub.store.queries import Queries
from hub.store.sql import SqlStore
from hub.supervision.calendar import WorkCalendar
from hub.supervision.caselog import decode, in_force
from hub.supervision.fold import fold
from hub.supervision.notice import notice_from
from hub.supervision.rules import ALL_RULES
from hub.supervision.rules.tuning import check, tuned
from hub.terms_acts import TermsActs
from hub.troubles import Troubles
from hub.vault import SealedBoxVault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from hub.model.values import Message
    from hub.ports import Bus, Clock
    from hub.settings import Settings
    from hub.supervision.rules import Rule


@dataclass(frozen=True)
class Base:
    """What every part of a hub is made from: its settings and clock, the store, the bus, the calendar."""

    settings: Settings
    clock: Clock
    is_edge: bool = False
    """Whether this is but a reader in a department's network: a bus to publish to, and no store."""

    @cached_property
    def store(self) -> SqlStore:
        """Return the store, which threads share."""
        return SqlStore(self.settings.store_url)

    @cached_property
    def queries(self) -> Queries:
        """Return the reading side of the store."""
        return Queries(self.settings.store_url)

    def known_of(self, case_id: str) -> Mapping[str, Any]:
        """Return what is known of a case; nothing of one that is not here."""
        row = self.queries.case(case_id)
        return fold(in_force(decode(row["log"])), self.settings.zone).attributes if row is not None else {}

    @cached_property
    def certification(self) -> Certification:
        """Return where certificates and observations are kept."""
        return Certification(self.settings.store_url)

    @cached_property
    def day_counts(self) -> DayCounts:
        """Return what connections' days are counted from."""
        return DayCounts(self.settings.store_url, self.settings.zone)

    @cached_property
    def own_health(self) -> OwnHealth:
        """Return what the hub knows of its own health."""
        return OwnHealth(self.settings.store_url, self.settings.zone)

    @cached_property
    def identities(self) -> Identities:
        """Return who may use the gateway."""
        return Identities(self.settings.store_url)

    @cached_property
    def vault(self) -> SealedBoxVault:
        """Return the vault; its keys are made in the data folder at the first start, but not at the edge."""
        return SealedBoxVault.at(self.settings.data_dir / "keys", makes_keys=not self.is_edge)

    @property
    def troubles(self) -> Troubles:
        """Return what readers beside this process note of sources that cannot be read."""
        return Troubles(self.settings.data_dir / "troubles")

    @property
    def pulses(self) -> Pulses:
        """Return what readers beside this process note of how far they are."""
        return Pulses(self.settings.data_dir / "pulses")

    @cached_property
    def partitions(self) -> Sequence[int]:
        """Return the partitions of the present generation."""
        return range(self.store.partitions())

    @cached_property
    def owner_name(self) -> str:
        """Name this process in leases."""
        return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"

    def bus(self) -> Bus:
        """Open the bus for the calling thread."""
        if self.is_edge:
            return open_bus(self.settings.bus_url, NOTHING)
        wanted = topology(partitions=len(self.partitions), views=self.settings.feed.views)
        return open_bus(self.settings.bus_url, wanted)

    def _publish(self, message: Message) -> None:
        with closing(self.bus()) as bus:
            bus.publish([message])

    @property
    def terms(self) -> TermsActs:
        """Return who takes acts on the catalogue and the calendar to the ledger."""
        return TermsActs(self._publish, self.clock.now, self.settings.zone)

    def today(self) -> date:
        """Return the local day, by the hub's clock."""
        return self.clock.now().astimezone(self.settings.zone).date()

    def rules(self, rules: Mapping[str, Rule]) -> Mapping[str, Rule]:
        """Return `rules` as the operator has tuned them; Misconfigured where the settings name what is not there."""
        check(ALL_RULES, self.settings.rules.tuning)
        return tuned(rules, self.settings.rules.tuning)

    def calendar(self) -> WorkCalendar:
        """Return the calendar that deadlines are counted on: the notices loaded, and above them the settings."""
        notices = {each.year: notice_from(each.document) for each in self.store.notices()}
        days = {day: worked for notice in notices.values() for day, worked in notice.days().items()}
        return WorkCalendar({**days, **self.settings.calendar}, announced=notices, zone=self.settings.zone)
