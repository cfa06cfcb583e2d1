"""What the gateway needs from the hub: it is handed these objects and knows no adapter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from hub.supervision.caselog import decode, in_force
from hub.supervision.catalogue import report_bodies
from hub.supervision.fold import fold
from hub.supervision.judge import practice_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime, tzinfo

    from hub.acts import Asked
    from hub.attachments.offered import Offered
    from hub.identity import Identity
    from hub.model.attachments import Attachment
    from hub.model.terms import CatalogueChange, ClockChange
    from hub.model.values import AlertRow, ClockRow, NotificationRow, PaperRow, Record
    from hub.pushing import PushDesk
    from hub.statistics.alerting import AlertLine
    from hub.statistics.asked import Asked as Question
    from hub.statistics.told import Line
    from hub.subscription import Subscription
    from hub.supervision.alert_cycle import Deed
    from hub.supervision.fold import Case
    from hub.supervision.instruments import PaperWish
    from hub.supervision.rules import Rule
    from hub.supervision.scoring.indicators import IndicatorSet
    from hub.troubles import Trouble

Row = dict[str, Any]


class Reading(Protocol):
    """The reading side of the store. Raises Unavailable when the store is away."""

    def summary(self) -> Row:
        """Count cases, records, events, clocks, alerts and the feed."""

    def accounting(self) -> Mapping[str, Row]:
        """Account for every record and event, by connection."""

    def cases(
        self,
        *,
        region: str | None = None,
        department: str | None = None,
        state: str | None = None,
        text: str | None = None,
        disclosures: Collection[str] | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Sequence[Row]:
        """List cases by case id, after the case id `after`."""

    def newest_cases(
        self,
        *,
        region: str | None = None,
        department: str | None = None,
        state: str | None = None,
        text: str | None = None,
        disclosures: Collection[str] | None = None,
        after: tuple[datetime, str] | None = None,
        limit: int = 50,
    ) -> Sequence[Row]:
        """List cases newest first, after the case that opened at that instant and has that id."""

    def case(self, case_id: str) -> Row | None:
        """Return one case with its log, clocks, alerts and ledger entries."""

    def complaints(
        self,
        *,
        department: str | None = None,
        roles: Collection[str] = ...,
        state: str | None = None,
        disclosures: Collection[str],
        after: str | None = None,
        limit: int = 50,
    ) -> Sequence[Row]:
        """List complaints newest first, after that of case id `after`, in which a department has one of these roles."""

    def alerts(  # noqa: PLR0913 - one parameter a filter
        self,
        *,
        rule: str | None = None,
        state: str | None = None,
        level: str | None = None,
        department: str | None = None,
        region: str | None = None,
        disclosures: Collection[str] | None = None,
        after: tuple[datetime, str] | None = None,
        limit: int = 50,
    ) -> Sequence[Row]:
        """List alerts, newest change first, after the one that changed at that instant and has that id."""

    def alert(self, name: str) -> AlertRow | None:
        """Return one alert by its id, or by what only its id begins with."""

    def clocks(self, subject: str) -> Sequence[ClockRow]:
        """Return the clocks of a case or an alert."""

    def catalogue_changes(
        self, *, state: str | None = None, department: str | None = None, limit: int = 50
    ) -> Sequence[CatalogueChange]:
        """List changes of the catalogue, the newest first."""

    def catalogue_change(self, name: str) -> CatalogueChange | None:
        """Return one change by its number, its id, or what only its id begins with."""

    def clock_changes(self, subject: str) -> Sequence[ClockChange]:
        """Return what changed terms did to the clocks of a case, the earliest first."""

    def act(self, act_id: str) -> str | None:
        """Return the outcome of an act: its name, or `refused: …`; None while it is not ledgered."""

    def papers(self, alert_id: str) -> Sequence[PaperRow]:
        """Return the papers of an alert, the first issued first."""

    def paper(self, paper_id: str) -> PaperRow | None:
        """Return one paper."""

    def paper_file(self, digest: str) -> bytes | None:
        """Return a paper's file by its SHA-256."""

    def notifications(
        self, *, alert_id: str | None = None, state: str | None = None, channel: str | None = None, limit: int = 50
    ) -> Sequence[NotificationRow]:
        """List who was told of what, the newest first; contacts are not kept."""

    def feed(
        self,
        view: str,
        *,
        after: int,
        limit: int = 50,
        kinds: Collection[str] | None = None,
        regions: Collection[str] | None = None,
    ) -> Sequence[Row]:
        """List documents of one view after a sequence, in order."""

    def last_sequence(self) -> int:
        """Return the highest sequence of the feed given so far."""

    def quarantine(self, *, connection: str | None = None, state: str | None = None, limit: int = 50) -> Sequence[Row]:
        """List refused records, newest first."""

    def open_quarantine(self) -> Mapping[str, int]:
        """Count by connection the refused records that nobody has replayed."""

    def receipt(self, receipt_id: str, connection_id: str | None) -> Row:
        """Tell what became of a push: its portions, records, outcomes and refusals; no portion: nothing is known."""

    def connections(self) -> Sequence[Row]:
        """Return every connection with its last read and least watermark."""

    def departments(self) -> Sequence[Row]:
        """Count cases by region, department and state."""

    def alert_counts(self) -> Sequence[Row]:
        """Count alerts by region, department, rule, level and state."""

    def statistics(self, asked: Question) -> Sequence[Line]:
        """Answer a question about the city's figures, one line for each value of what it is told by."""

    def alert_statistics(self, asked: Question, zone: tzinfo) -> Sequence[AlertLine]:
        """Answer a question about alerts, by the local day on which they were raised."""

    def lag(self) -> Mapping[str, int]:
        """Count ledger entries that await the relay and numbered documents that await the broker."""


class Amending(Protocol):
    """Takes to the ledger what people do to the catalogue."""

    def propose(
        self, change_id: str, department_id: str, parts: Sequence[Mapping[str, Any]], *, by: str, note: str
    ) -> str:
        """Propose a change; return the act's id."""

    def decide(self, change_id: str, *, approve: bool, by: str, note: str, department_id: str = "") -> str:
        """Approve or refuse a change, as somebody of a department where one is named; return the act's id."""


class Keys(Protocol):
    """Who may use the gateway."""

    def any(self) -> bool:
        """Tell whether a key was ever issued."""

    def find(self, key_id: str) -> tuple[Identity, str] | None:
        """Return a key and its digest by its id."""

    def seen(self, key_id: str, now: datetime) -> None:
        """Remember that a key was used."""


class Scoring(Protocol):
    """The scores as plain data; Misconfigured says what was asked wrongly. A period left out is the last full month."""

    def compared(self, period: str = "", *, department: str = "", region: str = "", matter: str = "") -> Row:
        """Compare departments over a period."""

    def explained(self, department: str, period: str = "") -> Row:
        """Derive one department's score, line by line."""

    def truthfulness(self, period: str = "", *, department: str = "") -> Row:
        """Tell how truthfully departments reported in a month."""

    def indicators(self, period: str = "") -> IndicatorSet:
        """Return the indicator set in force."""


class BodyFormat(Protocol):
    """How the bodies of one connection are read."""

    @property
    def form(self) -> str:
        """Return the format's name."""

    @property
    def options(self) -> Any:  # noqa: ANN401 - the codec's own; its `encoding` is told to people
        """Return how it is decoded."""

    def takes(self, media_type: str, charset: str) -> bool:
        """Tell whether a body that calls itself so is of this format and encoding."""

    def records(self, body: bytes) -> Sequence[Record]:
        """Return every record of a body, a broken one as refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """One connection whose department sends: how its bodies are read, and who takes them in."""

    format: BodyFormat
    desk: PushDesk
    departments: frozenset[str] = frozenset()
    """The organisations it may speak for."""


class Connections(Protocol):
    """Where connections stand in certification. What cannot be done raises Misconfigured."""

    def all(self) -> Sequence[Mapping[str, Any]]:
        """Return a line for every connection."""

    def one(self, connection: str) -> Mapping[str, Any] | None:
        """Return everything about one; None where nothing is known of it."""

    def rerun(self, connection: str, test: str, *, by: str) -> None:
        """Have one test run again."""

    def dispute(self, connection: str, test: str, *, by: str, why: str) -> None:
        """Put a verdict into the queue of disputes."""

    def decide(self, connection: str, test: str, *, by: str, why: str, stands: bool) -> None:
        """Decide a dispute; never one's own."""

    def bytes_of(self, connection: str, test: str, sha256: str, *, by: str) -> Mapping[str, Any]:
        """Return what stands in a piece of evidence around what a verdict is about; the ledger is told first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """All that the gateway is made of."""

    reading: Reading
    scores: Scoring
    keys: Keys
    catalogue: Callable[[], Sequence[Mapping[str, Any]]]
    """Return the departments' documents (schemas/catalogue.v1)."""
    reach_bus: Callable[[], None]
    """Return if the bus answers; raise Unavailable otherwise."""
    now: Callable[[], datetime]
    """Tell the hub's time, which may be a replayed one."""
    wall_now: Callable[[], datetime]
    """Tell the real time, by which keys expire."""
    zone: tzinfo
    clock_text: Callable[[], str] | None = None
    """Say the replay clock's time, where there is one."""
    pushed: Mapping[str, Pushed] = field(default_factory=dict)
    """By connection, what its department may send."""
    act: Callable[[AlertRow, Deed], Asked]
    """Send what somebody wants to do to an alert on its way to the ledger."""
    terms: Amending
    """Send what somebody does to the catalogue on its way to the ledger."""
    coverage: Callable[[], Mapping[str, Any]] = dict
    """Return the coverage board as of now; empty where certificates are not kept here."""
    connections: Connections | None = None
    """Where connections stand in certification; None where none is certified here."""
    status_list: Callable[[], bytes] = bytes
    """Return the signed list of how certificates stand, or the last good one; empty where there is none."""
    issue: Callable[[AlertRow, PaperWish], Asked]
    """Send what somebody wants to have issued of an alert on its way to the ledger."""
    dossier: Callable[[AlertRow], bytes]
    """Put an alert's dossier together."""
    subscription: Callable[[str], Subscription | None] = lambda _: None
    """Return what the holder of a subscriber's key subscribes to, by the key's id."""
    troubles: Callable[[], Sequence[Trouble]] = tuple
    """List the sources that cannot be read just now."""
    attachments: Callable[[str], Sequence[Attachment]] = lambda _: ()
    """List the files of a case."""
    kept_file: Callable[[str], Iterator[bytes] | None] = lambda _: None
    """Return the parts of a file that is kept, by its SHA-256; None where it is not."""
    offered: Callable[[str], Offered] | None = None
    """Return what a connection has sent ahead of files; None where none are taken here."""
    largest_file_bytes: int = 0
    """Bytes of the largest file that is taken."""
    rules: Mapping[str, Rule] = field(default_factory=dict)
    """The rules as the operator has tuned them, for what they say of complaints."""
    missing: Callable[[], str] = str
    """Say which year's notice of working days is missing; empty where none is."""

    def folded(self, row: Row) -> Case:
        """Fold the log of a case as supervision does."""
        facts, bodies = in_force(decode(row["log"])), report_bodies(each["department"] for each in self.catalogue())
        return fold(facts, self.zone, practice_of(self.rules, bodies, facts, self.zone))
