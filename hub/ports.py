"""The ports: what the core needs from the world. Each docstring is the contract its adapters are tested against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import date, datetime

    from hub.model.scores import Frozen
    from hub.model.terms import CatalogueChange, NoticeRow, Touched
    from hub.model.values import (
        AlertRow,
        Arrival,
        CaseRow,
        Changes,
        ClockRow,
        Connection,
        Delivery,
        Entry,
        FeedItem,
        Head,
        Message,
        PaperRow,
        Place,
        Portion,
        Record,
        Watermark,
    )
    from hub.supervision.calendar import WorkCalendar
    from hub.supervision.catalogue import Catalogue
    from hub.supervision.city import CityView
    from hub.supervision.law import Moved
    from hub.supervision.scoring.values import Inputs
    from hub.supervision.truth.values import Reported


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the present instant, aware UTC; never earlier than a value returned before."""


class Bus(Protocol):
    """Carries messages: durable once published, in order per queue and publisher, delivered at least once.

    An instance belongs to one thread. Every method raises Unavailable when the broker is away; it may be called again.
    """

    def publish(self, messages: Sequence[Message]) -> None:
        """Return only once the broker holds every message in every queue it is meant for; raise Unavailable otherwise.

        After Unavailable some of `messages` may be held: publishing them all again is the remedy. A message to
        `intake` or `parked` that no queue takes is Unavailable; one to a feed without subscribers is no error.
        """

    def consume(self, queue: str, *, limit: int, wait_s: float) -> Sequence[Delivery]:
        """Return 1..limit deliveries as soon as there are any, or none after `wait_s`; never one already held."""

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Let the broker forget `deliveries`. What is neither acked nor returned comes again after a restart."""

    def give_back(self, deliveries: Sequence[Delivery]) -> None:
        """Return `deliveries` to their queue, to be delivered again (marked redelivered), nothing lost."""

    def leave(self, queue: str) -> None:
        """Stop consuming `queue`: all of it that is held, or was sent ahead to this instance, goes back for others.

        Its deliveries are void then. `consume` begins anew. To leave a queue never consumed is no error.
        """

    def depth(self, queue: str) -> int:
        """Count the messages of `queue` that are ready or held by a consumer. For people and drains, not for logic."""

    def lease(self, name: str) -> AbstractContextManager[None]:
        """Hold `name` exclusively among all processes until exit or death; raise Fenced if another holds it."""

    def close(self) -> None:
        """Give up the connection; what was held and not acked is delivered again to others. May be called twice."""


class Unit(Protocol):
    """One transaction of a partition's owner: reads what the batch touches, writes all that it changes, or nothing."""

    @property
    def head(self) -> Head:
        """Return the chain's head, locked until the transaction ends."""

    def arrivals(self, event_ids: Collection[str]) -> Mapping[str, Sequence[Arrival]]:
        """Return the inbox rows of these events, in any order; events never seen are absent."""

    def cases(self, case_ids: Collection[str]) -> Mapping[str, CaseRow]:
        """Return these cases; unknown ones are absent."""

    def entered(self, subjects: Collection[str]) -> Collection[str]:
        """Return those of `subjects` that already have an entry in this partition's chain."""

    def alerts(self, subjects: Collection[str]) -> Mapping[str, Sequence[AlertRow]]:
        """Return every alert of these cases (or other subjects), in any state; those without alerts are absent."""

    def alerts_named(self, alert_ids: Collection[str]) -> Mapping[str, AlertRow]:
        """Return these alerts by their ids; unknown ones are absent."""

    def clocks(self, subjects: Collection[str]) -> Mapping[str, Sequence[ClockRow]]:
        """Return every clock of these cases (or alerts) as it stands; those without clocks are absent."""

    def catalogue_changes(self, change_ids: Collection[str]) -> Mapping[str, CatalogueChange]:
        """Return these changes of the catalogue; unknown ones are absent."""

    def catalogue_documents(self, department_ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
        """Return the documents in force of these departments; those without one are absent."""

    def terms_numbers(self) -> tuple[int, int]:
        """Return the last number given to a change of the catalogue, and to a notice of working days."""

    def recountable(self, kinds: Collection[str], is_present: Callable[[str], bool]) -> Mapping[str, AlertRow]:
        """Return by id the alerts with a running clock of these kinds by a calendar of which `is_present` says no."""

    def unledgered(self) -> Sequence[CatalogueChange]:
        """Return the imports of which the ledger has yet to be told."""

    def papers(self, names: Collection[str]) -> Sequence[PaperRow]:
        """Return the papers with these ids, and those of the alerts with these ids, the first issued first."""

    def last_paper(self, instrument: str, year: int) -> int:
        """Return the highest number given to an instrument in a year; 0 where there is none."""

    def city_alerts(self) -> Mapping[str, AlertRow]:
        """Return by id the alerts about no case that are neither cleared, revoked nor closed."""

    def watermarks(self) -> Mapping[str, Watermark]:
        """Return this partition's watermarks by connection."""

    def arrived(self, reads: Collection[tuple[str, str]]) -> Mapping[str, int]:
        """Count, by read id, the event messages of these (connection id, read id) that arrived in this partition."""

    def due(self, horizons: Mapping[str, datetime], *, limit: int) -> Sequence[CaseRow]:
        """Return at most `limit` cases of this partition with `wake_at` before their connection's horizon, in order."""

    def write(self, changes: Changes) -> None:
        """Write `changes` within this transaction. At most once a unit."""


class Store(Protocol):
    """Keeps the ledger and all that is derived from it. Raises Unavailable when the database is away.

    Safe to share between threads.
    """

    def partitions(self) -> int:
        """Return the number of partitions of the present generation."""

    def claim(self, role: str, *, owner: str, lease_s: float) -> int | None:
        """Take or renew `role` ("partition/0", "relay") for `owner`; return its epoch, or None while another holds it.

        A new owner gets a higher epoch; the same owner renewing keeps its epoch. Leases run on the database's or the
        system's clock, never on a replay clock.
        """

    def release(self, role: str, *, epoch: int) -> None:
        """Give `role` up at once, if `epoch` is still its epoch."""

    def unit(self, partition: int, *, epoch: int) -> AbstractContextManager[Unit]:
        """Open a transaction that locks the partition's head; commit on a clean exit, roll back on an exception.

        Raise Fenced if `epoch` is no longer the partition's epoch.
        """

    def number(
        self, *, epoch: int, limit: int, published: int, places: Callable[[Entry], Sequence[Place]]
    ) -> Sequence[FeedItem]:
        """Give feed numbers to the next at most `limit` ledger entries, commit, and return their items in order.

        `published` is the highest sequence the broker has confirmed; it is recorded in the same transaction. Items
        numbered earlier but not recorded as published are returned first, alone, with the numbers they have. Per
        partition entries are numbered in chain order, without gaps. Raise Fenced on a stale `epoch`.
        """

    def connections(self) -> Mapping[str, Connection]:
        """Return every registered connection by id."""

    def register(self, connections: Sequence[Connection]) -> None:
        """Add or replace connections."""

    def catalogue(self) -> Sequence[Mapping[str, Any]]:
        """Return the documents (schemas/catalogue.v1) of every department, as last loaded."""

    def load_catalogue(self, documents: Sequence[Mapping[str, Any]]) -> None:
        """Put departments' documents in force with nobody's approval, and wake the open cases of those that changed.

        For first documents and sandboxes. Each is kept as a change that was `imported`; the ledger is told later.
        """

    def wake_departments(self, department_ids: Collection[str]) -> None:
        """Let every open case of these departments be judged anew at the next patrol."""

    def wake_touched(self, given: Sequence[Touched]) -> None:
        """Let every case be judged anew that a change of the catalogue may concern."""

    def wake_recounted(self, is_present: Callable[[str], bool]) -> int:
        """Let every case be judged anew with a clock that runs by a calendar of which `is_present` says no.

        `is_present` takes a clock's calendar_version. Return how many cases there are.
        """

    def wake_relawed(self, moved: Moved, start_of: Callable[[date], datetime]) -> int:
        """Let the cases be judged anew that another limit of the law concerns; return how many there are.

        Those whose clock by the law began while it is another; and where there was no limit, or is none now, those
        that were open then. `start_of` begins a local day.
        """

    def wake_open(self, kinds: Collection[str] | None) -> int:
        """Let the open cases be judged anew that have a clock of these kinds (None: all); return how many there are."""

    def notices(self) -> Sequence[NoticeRow]:
        """Return every notice of working days, in the order of loading."""

    def catalogue_changes(self) -> Sequence[CatalogueChange]:
        """Return every change of the catalogue that came into force, in the order of proposal."""

    def remembered(self, name: str) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Return what was remembered under a name; None if nothing was."""

    def remember(self, name: str, value: Any) -> None:  # noqa: ANN401 - whatever JSON holds
        """Remember a JSON value under a name."""

    def close(self) -> None:
        """Give up all connections."""


class CityReading(Protocol):
    """Looks at many cases at once, for the rules that do. Raises Unavailable when the database is away."""

    def city(self, now: datetime, catalogue: Catalogue, calendar: WorkCalendar) -> CityView:
        """Return the city as of `now`: everything that rules across cases may read."""

    def lines(self, now: datetime, catalogue: Catalogue, calendar: WorkCalendar) -> CityView:
        """Return of the city only how its connections stand."""


class PaperShelf(Protocol):
    """Keeps the files of papers. Raises Unavailable when the database is away."""

    def undrawn(self, limit: int) -> Sequence[PaperRow]:
        """Return at most `limit` papers of which the ledger knows no files yet."""

    def keep(self, files: Mapping[str, tuple[str, bytes]]) -> None:
        """Keep files (media and bytes) by their digest, durably before returning; one that is there stays."""


class ScoreReading(Protocol):
    """Gathers what departments are scored from. Raises Unavailable when the database is away."""

    def month(
        self,
        period: str,
        calendar: WorkCalendar,
        homes: Mapping[str, str],
        charged: Mapping[str, str],
        department: str = "",
    ) -> Sequence[Inputs]:
        """Return by department id, in order, what a month ("2026-10") is scored from now; of one alone where named.

        `homes` are the departments that are expected, with their regions; any other that is heard of is there too.
        `charged` names by rule who its alerts are attributed to; what is not named is the department's.
        """


class TruthReading(Protocol):
    """Gathers how departments reported. Raises Unavailable when the database is away."""

    def month(self, period: str, calendar: WorkCalendar, today: date) -> Sequence[Reported]:
        """Return by department id, in order, how a month ("2026-10") was reported, as far as it has passed `today`."""


class ScoreKeeping(Protocol):
    """Keeps frozen months and people's entries; appended, never changed. Raises Unavailable when it is away."""

    def freeze(self, frozen: Frozen) -> Frozen:
        """Keep a month, unless it is kept already; return what is kept."""

    def frozen(self, period: str) -> Frozen | None:
        """Return what a month was frozen from; None while it is not."""

    def periods(self) -> Sequence[str]:
        """Return the months that are frozen, the oldest first."""

    def ledgered(self, act_id: str) -> str | None:
        """Return the digest that an act in the ledger names (empty: none); None while the ledger has no such act."""


class Source(Protocol):
    """Reads one department system. An instance belongs to one thread.

    Errors: Unavailable when the system is away, Misconfigured where its declaration does not fit it. A record that
    cannot be decoded is a Record with `refused` set, never an exception.
    """

    def read(self, checkpoint: Mapping[str, Any] | None) -> Iterator[Portion]:
        """Yield what stands after `checkpoint` (None: from the beginning) in bounded portions, the last one final.

        Reading again from the same checkpoint yields at least the same records. Memory is bounded whatever the size.
        """

    def acknowledge(self, records: Sequence[Record]) -> None:
        """Tell the source, where it wants to know, that `records` are safe with the hub."""

    def probe(self) -> Mapping[str, str]:
        """Try reach, login and contract without consuming anything; return what was found, for people."""

    def close(self) -> None:
        """Let go of files and sessions."""


class Sink(Protocol):
    """Delivers documents to one receiver, as an outbound mapping wrote them. An instance belongs to one thread."""

    def send(self, document: Mapping[str, Any], *, key: str) -> str:
        """Return what the receiver said once it has the document; sent again under the same `key` it is the same.

        Unavailable: the receiver is away; Misconfigured: its declaration does not fit it; Refused: it refuses this
        document, and would again.
        """

    def close(self) -> None:
        """Let go of sessions."""


class Checkpoints(Protocol):
    """Remembers where each connection's source stands, on the reader's side of the bus."""

    def load(self, connection: str) -> Mapping[str, Any] | None:
        """Return the last saved position, None if there is none."""

    def save(self, connection: str, checkpoint: Mapping[str, Any]) -> None:
        """Remember `checkpoint` durably before returning."""


class Vault(Protocol):
    """Seals raw bytes so that only the holder of the vault's private key can open them."""

    def seal(self, raw: bytes) -> bytes:
        """Return `raw` in an anonymous sealed box."""

    def open(self, sealed: bytes) -> bytes:
        """Return the bytes; Misconfigured where the private key is not here."""
