"""A test stand: a private hub on which a connection's records are tried, whole and real, and what came of them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson
import sqlalchemy as sa

from hub.model.values import EVERY_PARTITION, Portion
from hub.settings import BusSection, FeedSection, StoreSection
from hub.store import tables
from hub.store.engine import open_engine, reading
from hub.store.migrate import begin, migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from hub.intake import Intake, ReadTotals
    from hub.mapping import CompiledMapping
    from hub.model.values import Message, Record
    from hub.ports import Bus, Clock, Source
    from hub.settings import Settings

PARTITIONS: Final = 2
"""Partitions of a stand: more than one, so that what depends on order between them shows."""


class Hub(Protocol):
    """What the suite needs of a hub (hub.wiring.Hub)."""

    @property
    def settings(self) -> Settings:
        """Return its settings."""

    @property
    def clock(self) -> Clock:
        """Return its clock."""

    @property
    def store(self) -> Any:
        """Return its store."""

    @property
    def queries(self) -> Any:
        """Return what reads its store."""

    @property
    def identities(self) -> Any:
        """Return who may use its gateway."""

    @property
    def vault(self) -> Any:
        """Return its vault."""

    @property
    def partitions(self) -> Sequence[int]:
        """Return its partitions."""

    def bus(self) -> Bus:
        """Open its bus."""

    def line(self, bus: Bus) -> Any:
        """Return its line."""

    def intake(self, mapped: CompiledMapping, bus: Bus) -> Intake:
        """Return the intake of a connection."""

    def source(self, mapped: CompiledMapping, path: Path | None = None) -> Source:
        """Open a source."""

    def register(self, mappings: Sequence[CompiledMapping], catalogues: Sequence[Mapping[str, Any]]) -> None:
        """Register connections and catalogues."""

    @property
    def attachments(self) -> Any:
        """Return how files of cases stand."""

    @property
    def files(self) -> Any:
        """Return where files of cases are kept."""

    def collector(self, bus: Bus, fetcher: Callable[[str], Any] | None = None) -> Any:
        """Return who fetches files of cases."""

    @property
    def deliveries(self) -> Any:
        """Return what became of documents that were sent."""

    def sender(self, mapped: CompiledMapping) -> Any:
        """Return who sends for an outbound connection."""

    def calendar(self) -> Any:
        """Return its calendar."""

    def close(self) -> None:
        """Close it."""


Build = "Callable[[Settings, Clock], Hub]"
"""How a hub is built: hub.wiring.build, which only the command may know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A source of given records; see hub.ports.Source."""

    records: Sequence[Record]
    watermark: datetime | None = None
    portion: int = 1000
    resumes: bool = False
    """Whether it goes on after the checkpoint, which counts records, or tells everything each time."""

    def read(self, checkpoint: Mapping[str, Any] | None) -> Iterator[Portion]:
        """Yield the records, in portions."""
        start = int((checkpoint or {}).get("at", 0)) if self.resumes else 0
        for place in range(start, max(len(self.records), start + 1), self.portion):
            some = self.records[place : place + self.portion]
            is_last = place + self.portion >= len(self.records)
            mark = self.watermark if is_last else None
            yield Portion(records=some, checkpoint={"at": place + len(some)}, watermark=mark, final=is_last)

    def acknowledge(self, records: Sequence[Record]) -> None:
        """Do nothing."""

    def probe(self) -> Mapping[str, str]:
        """Find nothing."""
        return {}

    def close(self) -> None:
        """Do nothing."""


@dataclass
class Stand:
    """A hub with its bus and its line, in a folder of its own."""

    hub: Hub
    mapping: CompiledMapping
    bus: Bus = field(init=False)
    line: Any = field(init=False)

    def __post_init__(self) -> None:
        """Open its bus and take its partitions."""
        self.bus = self.hub.bus()
        self.line = self.hub.line(self.bus)

    @property
    def connection(self) -> str:
        """Return the connection that is tried."""
        return self.mapping.declaration.connection

    def take(
        self, records: Sequence[Record], *, backfill: bool = False, watermark: datetime | None = None
    ) -> ReadTotals:
        """Take records in as one read of the connection, and bring everything to rest."""
        return self.read(Given(records=records, watermark=watermark), backfill=backfill)

    def read(self, source: Source, *, backfill: bool = False, watermark: datetime | None = None) -> ReadTotals:
        """Read what is new at a source, and bring everything to rest."""
        totals = self.hub.intake(self.mapping, self.bus).run_once(source, backfill=backfill, watermark=watermark)
        self.line.settle(expected=totals.messages(len(self.hub.partitions)))
        return totals

    def tell(self, *messages: Message) -> None:
        """Publish messages, and bring everything to rest."""
        self.bus.publish(messages)
        reports = sum(message.key == EVERY_PARTITION for message in messages)
        self.line.settle(expected=len(messages) + reports * (len(self.hub.partitions) - 1))

    def move_to(self, moment: datetime) -> None:
        """Let time pass to a moment, and judge what has fallen due."""
        clock: Any = self.hub.clock
        clock.move_to(moment)
        self.line.settle()

    def entries(self, kind: str) -> list[dict[str, Any]]:
        """Return the documents of one kind in the ledger, in order per partition."""
        entry = tables.ledger.c
        query = sa.select(entry.body).where(entry.kind == kind).order_by(entry.partition, entry.position)
        engine = open_engine(self.hub.settings.store_url)
        try:
            with reading(engine) as connection:
                return [orjson.loads(body) for (body,) in connection.execute(query)]
        finally:
            engine.dispose()

    def events(self) -> list[dict[str, Any]]:
        """Return the connection's events in the ledger."""
        return [each for each in self.entries("event") if each["data"]["connection_id"] == self.connection]

    def quarantine(self) -> list[dict[str, Any]]:
        """Return what was refused of the connection."""
        found: list[dict[str, Any]] = self.hub.queries.quarantine(connection=self.connection, limit=10_000)
        return found

    def cases(self) -> dict[str, dict[str, Any]]:
        """Return every case by its number."""
        return {row["case_no"]: row for row in self.hub.queries.cases(limit=100_000)}

    def case(self, case_no: str) -> dict[str, Any]:
        """Return one case with its clocks, alerts and entries; empty where there is none."""
        case_id = self.hub.queries.case_by_number(case_no)
        found: dict[str, Any] | None = self.hub.queries.case(case_id) if case_id else None
        return found or {}

    def alerts(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Return every alert by case number and rule."""
        return {(row["case_no"], row["rule_id"]): row for row in self.hub.queries.alerts(limit=10_000)}

    def account(self) -> dict[str, Any]:
        """Return the accounting of the connection."""
        return dict(self.hub.queries.accounting().get(self.connection, {}))

    def public(self) -> list[dict[str, Any]]:
        """Return every document of the public feed."""
        return list(self.hub.queries.feed("public", after=0, limit=100_000))

    def settle_again(self, bus: Bus) -> None:
        """Go on with another bus, as a process does that was started anew."""
        self.bus, self.line = bus, self.hub.line(bus)
        self.line.settle()

    def close(self) -> None:
        """Close all of it."""
        self.line.release()
        self.bus.close()
        self.hub.close()


def prepare(settings: Settings) -> None:
    """Make the databases of a stand."""
    migrate(settings.store_url)
    begin(settings.store_url, partitions=settings.bus.partitions)


def stand_settings(settings: Settings, folder: Path) -> Settings:
    """Return the settings of a stand in a folder: embedded, with every view that the public or others may see."""
    return settings.model_copy(
        update={
            "hub": settings.hub.model_copy(update={"data_dir": folder}),
            "store": StoreSection(),
            "bus": BusSection(partitions=PARTITIONS),
            "feed": FeedSection(views=("public", "intranet", "restricted")),
        }
    )


class Stands:
    """Makes stands, each from a copy of one that is prepared once."""

    def __init__(
        self,
        build: Callable[[Settings, Clock], Hub],
        settings: Settings,
        folder: Path,
        template: Path | None = None,
    ) -> None:
        """Make them in `folder`; `template` is a prepared one that others have made (see `prepare`)."""
        self._build, self._settings, self._folder = build, settings, folder
        self._template = template
        self._open: list[Stand] = []

    def new(
        self,
        mapping: CompiledMapping,
        catalogues: Sequence[Mapping[str, Any]],
        clock: Clock,
        *,
        others: Sequence[CompiledMapping] = (),
    ) -> Stand:
        """Return a fresh stand on which a connection, and others, are registered."""
        place = self._folder / f"stand-{len(self._open):03d}"
        shutil.copytree(self._prepared(), place)
        hub = self._build(stand_settings(self._settings, place), clock)
        hub.register([mapping, *others], catalogues)
        stand = Stand(hub, mapping)
        self._open.append(stand)
        return stand

    def again(self, stand: Stand, clock: Clock) -> Stand:
        """Return a stand as it is after a restart: the same folder, all else anew."""
        stand.close()
        again = Stand(self._build(stand.hub.settings, clock), stand.mapping)
        self._open.append(again)
        return again

    def close(self) -> None:
        """Close every stand."""
        for stand in self._open:
            stand.close()

    def _prepared(self) -> Path:
        if self._template is None:
            self._template = self._folder / "template"
            self._template.mkdir(parents=True, exist_ok=True)
            prepare(stand_settings(self._settings, self._template))
        return self._template
