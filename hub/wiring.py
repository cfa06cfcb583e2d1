"""Joins adapters to ports: the one place, besides the command, that knows them. Nothing is built before `build`."""

from __future__ import annotations

import getpass
import os
import socket
import uuid
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from conformance.coverage.board import World, cells
from conformance.coverage.obligations import obligations
from conformance.coverage.owed import owed
from connectors import open_source
from connectors.channels import open_channels
from connectors.plausibility import Plausible
from connectors.sinks import open_sink
from connectors.webhook import post
from hub import mapping
from hub.acts import Asked, ask, ask_paper
from hub.bench_keeper import BenchKeeper
from hub.bus import EMBEDDED_USER, open_bus
from hub.bus.amqp_accounts import BrokerAccounts
from hub.bus.topology import NOTHING, Subscriber, topology
from hub.catalogue import load_catalogue
from hub.checkpoints import FileCheckpoints
from hub.city_watch import CityWatch
from hub.clock import ManualClock, SystemClock
from hub.dispatching import Sender
from hub.dossier import Export, dossier_of
from hub.drafting import Draughtsman
from hub.drain import Line
from hub.drift import Drifts, Watched
from hub.errors import Fault, Misconfigured
from hub.feed import RANK, places_in
from hub.files_brought import FilesBrought
from hub.importing import registration
from hub.indicators import load_sets
from hub.intake import Intake
from hub.live_pushing import LiveMappings
from hub.notifying import Courier, Planner, terms_of
from hub.owner import Owner, Pace
from hub.pulse import Beating, Pulses
from hub.pushing import Desk
from hub.reader import Reader
from hub.registry import Registry, register
from hub.relay import Relay
from hub.reloading import LiveReader, stamps_of
from hub.resources import MAPPINGS
from hub.roster import LiveRoster
from hub.scorebook import Scorebook, Sources
from hub.scores import Scores, seated
from hub.signer import Signer
from hub.standings import standings
from hub.store.certification import Certification
from hub.store.deliveries import StoredDeliveries
from hub.store.identities import Identities
from hub.store.outbox import SqlOutbox
from hub.store.papers import SqlPaperShelf
from hub.store.queries import Queries, StoredFeed
from hub.store.sql import SqlStore
from hub.store.subscribers import Subscribers
from hub.store.webhooks import WebhookStore
from hub.subscribing import Subscribing
from hub.supervise import Terms
from hub.supervision.calendar import WorkCalendar
from hub.supervision.law import LAW
from hub.supervision.notice import notice_from
from hub.supervision.rules import ALL_RULES, CITY_RULES, RULES
from hub.supervision.rules.tuning import check, tuned
from hub.terms_acts import TermsActs
from hub.troubles import Troubles
from hub.turns import hours_in
from hub.vault import SealedBoxVault
from hub.webhook_signing import secret_of, webhook_key
from hub.webhooks import Poster, Webhooks

BASES: Final = "bases"
"""Folder of mappings that are there to be extended."""

_KEPT: Final = (
    "store", "queries", "identities", "certification", "deliveries", "shelf", "outbox", "subscribers", "webhooks",
)  # fmt: skip
"""Parts of a hub that hold connections to the store."""

OUTBOUND: Final = ".out."
"""What the name of an outbound mapping's file has in it, so that nobody reads a source with one."""

__all__ = ["Hub", "build", "bus_user", "department_folders", "load_catalogue", "load_mapping", "mapping_files"]

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from pathlib import Path

    from conformance.coverage.obligations import Obligation as Owing
    from hub.mapping import CompiledMapping
    from hub.model.values import AlertRow, Message
    from hub.ports import Bus, Clock, Source
    from hub.settings import Settings
    from hub.subscription import Subscription
    from hub.supervision.alert_cycle import Deed
    from hub.supervision.instruments import PaperWish
    from hub.supervision.rules import Rule
    from hub.supervision.scoring.indicators import IndicatorSet
    from hub.supervision.scoring.values import Obligation


@dataclass(frozen=True)
class Hub:
    """The hub under one set of settings: parts are made when asked for, each bus for one thread."""

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

    @cached_property
    def certification(self) -> Certification:
        """Return where certificates and observations are kept."""
        return Certification(self.settings.store_url)

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

    @cached_property
    def subscribers(self) -> Subscribers:
        """Return who subscribes to what."""
        return Subscribers(self.settings.store_url)

    def subscribing(self) -> Subscribing:
        """Return what takes subscribers in and lets them go."""
        at_broker = not self.settings.bus_url.startswith("embedded")
        accounts = BrokerAccounts(self.settings.bus_url, self.settings.management_url) if at_broker else None
        return Subscribing(
            kept=self.subscribers,
            keys=self.identities,
            accounts=accounts,
            bus=self.bus_of,
            views=self.settings.feed.views,
            forget_webhook=self.webhooks.forget,
            secret_of=self.webhook_secret,
            clock=self.clock,
        )

    def bus_of(self, subscribers: Sequence[Subscription]) -> Bus:
        """Open a bus that declares the queues of these subscribers too."""
        queues = [
            Subscriber(name=each.name, view=each.view, patterns=each.patterns(), max_length=each.max_length)
            for each in subscribers
            if each.view in self.settings.feed.views
        ]
        wanted = topology(partitions=len(self.partitions), views=self.settings.feed.views, subscribers=queues)
        return open_bus(self.settings.bus_url, wanted)

    @cached_property
    def webhooks(self) -> WebhookStore:
        """Return how far webhooks have come."""
        return WebhookStore(self.settings.store_url)

    def poster(self) -> Poster:
        """Return what posts documents to subscribers."""
        return Poster(
            keeping=self.webhooks,
            feed=self.queries,
            leases=self.store,
            post=post,
            secret_of=self.webhook_secret,
            clock=self.clock,
            owner=self.owner_name,
            is_present=lambda each: each.state == "active" and self.subscribers.find(each.name) == each,
        )

    def posting(self) -> Webhooks:
        """Return what posts to every subscriber that wants it, for one thread."""
        return Webhooks(
            poster=self.poster(),
            wanting=lambda: [each for each in self.subscribers.list() if each.webhook and each.state == "active"],
        )

    def webhook_secret(self, subscription: Subscription) -> str:
        """Return the secret of a subscriber's webhooks: made of the hub's own, and kept nowhere else."""
        return secret_of(webhook_key(self.settings.data_dir / "keys"), subscription)

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
            places=places_in(self.settings.feed.views, standings(self.certification.latest).mark),
            owner=self.owner_name,
            lease_s=self.settings.supervision.lease_s,
        )

    def line(self, bus: Bus) -> Line:
        """Return the whole line behind the intake, for one process and one thread."""
        return Line(owner=self.owner(bus), relay=self.relay(bus), bus=bus, partitions=self.partitions)

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
            folders={folder for path in files for folder in _folders_of(path)},
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
        folders = _folders_of(path)
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
        views = sorted(self.settings.feed.views, key=RANK.__getitem__)
        return Sender(
            mapping=mapped,
            opened=lambda: open_sink(mapped.declaration, os.environ),
            feed=StoredFeed(self.queries, views[-1]),
            bus=self.bus(),
            deliveries=self.deliveries,
            before=FileCheckpoints(self.settings.data_dir / "sent"),
            troubles=self.troubles,
            clock=self.clock,
        )

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

    def act_on(self, alert: AlertRow, deed: Deed) -> Asked:
        """Send what somebody wants to do to an alert on its way to the ledger."""
        return ask(alert, deed, calendar=self.calendar(), publish=self._publish)

    def _publish(self, message: Message) -> None:
        with closing(self.bus()) as bus:
            bus.publish([message])

    @property
    def terms(self) -> TermsActs:
        """Return who takes acts on the catalogue and the calendar to the ledger."""
        return TermsActs(self._publish, self.clock.now, self.settings.zone)

    def issue_paper(self, alert: AlertRow, wish: PaperWish) -> Asked:
        """Send what somebody wants to have issued of an alert on its way to the ledger."""

        def publish(message: Message) -> None:
            with closing(self.bus()) as bus:
                bus.publish([message])

        issued = self.queries.papers(alert.alert_id)
        return ask_paper(alert, wish, issued=issued, calendar=self.calendar(), publish=publish)

    def dossier(self, alert: AlertRow, *, with_chains: bool = False) -> bytes:
        """Return an alert's dossier, signed with the ledger's key."""
        signer = Signer.at(self.settings.data_dir / "keys" / "ledger.key")
        export = Export(at=self.clock.now(), zone=self.settings.zone, signer=signer, with_chains=with_chains)
        return dossier_of(alert, self.queries, export)

    @cached_property
    def outbox(self) -> SqlOutbox:
        """Return where notices to people are kept."""
        return SqlOutbox(self.settings.store_url)

    def tellers(self) -> Sequence[Planner | Courier]:
        """Return who tells people of alerts, each for a thread of its own; nobody where that is off."""
        notify = self.settings.notify
        if not notify.on:
            return []
        roster = LiveRoster(notify.roster, self.settings.zone)
        planner = Planner(
            feed=StoredFeed(self.queries, max(self.settings.feed.views, key=RANK.__getitem__)),
            outbox=self.outbox,
            alert=self.queries.alert,
            terms=lambda: terms_of(notify, roster()),
            calendar=self.calendar,
            clock=self.clock,
            bus=self.bus(),
        )
        couriers = [
            Courier(
                name=name,
                channel=channel,
                outbox=self.outbox,
                roster=roster,
                clock=self.clock,
                bus=self.bus(),
                attempts=notify.attempts,
            )
            for name, channel in open_channels(notify, self.clock.now).items()
        ]
        return [planner, *couriers]

    @cached_property
    def shelf(self) -> SqlPaperShelf:
        """Return where papers' files are kept."""
        return SqlPaperShelf(self.settings.store_url)

    def draughtsman(self, bus: Bus) -> Draughtsman:
        """Return who draws papers, for one thread."""
        return Draughtsman(shelf=self.shelf, bus=bus, font=self.settings.papers.font)

    @cached_property
    def scorebook(self) -> Scorebook:
        """Return the scores: gathered, frozen, told."""
        sources = Sources(
            reading=self.store.score_reader,
            book=self.store.score_book,
            sets=self.indicator_sets(),
            homes=lambda: seated(self.store.catalogue()),
            calendar=self.calendar(),
            clock=self.clock,
            publish=self._publish,
            revisit_months=self.settings.scores.revisit_months,
            obligations=self._owed,
        )
        return Scorebook(sources)

    def world(self, owing: Sequence[Owing]) -> World:
        """Return what the coverage of the city is told from: what is owed, and what stands beside it now."""
        return World(
            obligations=owing,
            certificates=self.certification.latest(),
            departments={name: each.departments for name, each in self.store.connections().items()},
            reporting=self.certification.reporting(),
        )

    def _owed(self) -> Mapping[str, Obligation]:
        now, calendar = self.clock.now(), self.calendar()
        owing = obligations(self.store.catalogue(), calendar.day_of(now))
        return owed(cells(self.world(owing), now, calendar.day_of))

    @property
    def scores(self) -> Scores:
        """Return the scores as they are told."""
        return Scores(
            book=self.scorebook,
            reading=self.store.truth_reader,
            calendar=self.calendar(),
            sets=self.indicator_sets,
            alert=self.queries.alert,
        )

    def indicator_sets(self) -> Sequence[IndicatorSet]:
        """Return the indicator sets: the one that is shipped and the operator's own."""
        return load_sets(self.settings.scores.indicators)

    def today(self) -> date:
        """Return the local day, by the hub's clock."""
        return self.clock.now().astimezone(self.settings.zone).date()

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

    def rules(self, rules: Mapping[str, Rule]) -> Mapping[str, Rule]:
        """Return `rules` as the operator has tuned them; Misconfigured where the settings name what is not there."""
        check(ALL_RULES, self.settings.rules.tuning)
        return tuned(rules, self.settings.rules.tuning)

    def calendar(self) -> WorkCalendar:
        """Return the calendar that deadlines are counted on: the notices loaded, and above them the settings."""
        notices = {each.year: notice_from(each.document) for each in self.store.notices()}
        days = {day: worked for notice in notices.values() for day, worked in notice.days().items()}
        return WorkCalendar({**days, **self.settings.calendar}, announced=notices, zone=self.settings.zone)

    def close(self) -> None:
        """Give up the store's connections, as far as any were opened."""
        for part in _KEPT:
            if part in self.__dict__:
                self.__dict__[part].close()


def build(settings: Settings, *, clock: Clock | None = None, is_edge: bool = False) -> Hub:
    """Return the hub under `settings`, or its edge in a department's network; nothing is opened yet."""
    return Hub(settings=settings, clock=clock or SystemClock(), is_edge=is_edge)


def bus_user(url: str) -> str:
    """Return the bus account that a URL names: the hub's own, trusted to speak for every connection."""
    return unquote(urlsplit(url).username or EMBEDDED_USER)


def _folders_of(path: Path) -> tuple[Path, ...]:
    """Return the folders whose files a mapping may be made of."""
    return path.parent, path.parent.parent / BASES, MAPPINGS / BASES


def load_mapping(path: Path) -> CompiledMapping:
    """Load one mapping file under the process's environment, or report every fault in it."""
    return mapping.load(path, environment=os.environ)


def load_outbound(path: Path) -> CompiledMapping:
    """Load one outbound mapping file under the process's environment, or report every fault in it."""
    return mapping.load_outbound(path, environment=os.environ)


def department_folders(folder: Path) -> Sequence[Path]:
    """Return the folders of mappings/ that belong to a department: those with a department.yaml."""
    if not folder.is_dir():
        hint = "set [mappings] folder, or SUNLIGHT_MAPPINGS"
        raise Misconfigured(Fault(code="mappings.missing", problem="no such folder", file=str(folder), hint=hint))
    return sorted(path.parent for path in folder.glob("*/department.yaml"))


def mapping_files(folder: Path) -> Sequence[Path]:
    """Return the mapping files of one department's sources."""
    others = (".examples.", OUTBOUND)
    files = (path for path in folder.glob("*.yaml") if not any(other in path.name for other in others))
    return sorted(path for path in files if path.name != "department.yaml")


def outbound_files(folder: Path) -> Sequence[Path]:
    """Return the mapping files by which a department is written to: `<name>.out.yaml`."""
    return sorted(path for path in folder.glob(f"*{OUTBOUND}yaml") if ".examples." not in path.name)
