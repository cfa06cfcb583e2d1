"""What the ledger and the store keep, and one change of it all. Instants are aware UTC."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from hub.model.conduct import Conduct
    from hub.model.facts import CaseFacts
    from hub.model.scores import Entered
    from hub.model.terms import CatalogueChange, ClockChange, NoticeRow, Touched
    from hub.model.values.feed import Opening


class Outcome(StrEnum):
    """What an arriving event turned out to be."""

    NEW = "new"
    DUPLICATE = "duplicate"
    REVISED = "revised"
    REMAPPED = "remapped"
    CONFLICTING = "conflicting"
    PARKED = "parked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One event message that reached the hub: a row of the inbox. (read_id, ordinal) names the message itself."""

    event_id: str
    read_id: str
    portion: int
    ordinal: int
    connection_id: str
    digest: str
    source_version: int
    mapping_version: int
    record_digest: str
    fingerprint: str
    outcome: Outcome
    position: int | None
    """Ledger position in this partition; None for a duplicate, which the ledger already holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a partition's hash chain. `hash` covers the previous hash and every field but itself."""

    generation: int
    partition: int
    position: int
    kind: str
    """event, report, rejection, alert, act, or genesis."""
    subject: str
    """Case id, connection id, or empty."""
    outcome: str
    """Outcome of an event; the state of an alert; empty otherwise."""
    ledgered_at: datetime
    body: bytes
    hash: bytes
    """32 bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last entry of one partition's chain."""

    generation: int
    partition: int
    position: int
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """What the store keeps of one case. `log` is its in-force events (hub/supervision/caselog.py), the rest is derived.

    `wake_at` is the next instant at which the passing of time alone changes a clock or an alert; None if never.
    """

    case_id: str
    connection_id: str
    case_no: str
    department_id: str
    region_code: str
    matter_code: str
    title: str
    disclosure: str
    state: str
    opened_at: datetime | None
    closed_at: datetime | None
    first_position: int
    wake_at: datetime | None
    log: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRow:
    """One clock as last judged. `subject` is the case, or the alert, that it runs for; `derivation` tells in words
    how `due_at` came about.
    """

    clock_id: str
    subject: str
    kind: str
    """What it limits: see hub/supervision/spans.py and alert_clocks.py."""
    occurrence: str
    state: str
    """running, paused, met, breached or void."""
    basis: str
    started_at: datetime
    due_at: datetime
    warn_at: datetime | None
    stopped_at: datetime | None
    provisional: bool
    calendar_version: str
    derivation: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """One alert as it stands. `subject` is a case id, or `<kind>:<id>` where it is about no case.

    `document` is the data of its last alert document (schemas/alert.v1).
    """

    alert_id: str
    subject: str
    rule_id: str
    occurrence: str
    level: str
    state: str
    """See hub/supervision/alert_cycle.py."""
    department_id: str
    region_code: str
    raised_at: datetime
    changed_at: datetime
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One thing that a case leaves for rules that look at many: a `penalty`, a `complaint` or a `reference`.

    `day` is the local day it speaks of; `document` says what the rules ask (hub/supervision/traces.py).
    """

    case_id: str
    kind: str
    n: int
    department_id: str
    region_code: str
    day: date
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintRole:
    """What a department is to a complaint as it stands: its centre, its handler, or one that assists."""

    case_id: str
    department_id: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """A read whose last report has come, and perhaps not yet all its events."""

    read_id: str
    events: int
    """Events of the read that are meant for this partition."""
    watermark: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """What one connection has surely delivered, as one partition has seen it.

    `reading` names the read that is coming in, from its first event (ledgered at `reading_since`) until its last
    report is settled; `importing` the same of a declared backfill, which other reads may come in beside. `awaited` are
    reads reported and not yet all here.
    """

    connection_id: str
    delivered_to: datetime | None
    importing: str = ""
    importing_since: datetime | None = None
    reading: str = ""
    reading_since: datetime | None = None
    awaited: Sequence[Awaited] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadReport:
    """What one portion of one read delivered. Counts are records, but `events`."""

    read_id: str
    portion: int
    connection_id: str
    final: bool
    backfill: bool
    read: int
    mapped: int
    empty: int
    quarantined: int
    events: int
    ended_at: datetime
    body: bytes
    emptied_at: datetime | None = None
    """When the source held nothing that is not delivered with this read; None: it does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRow:
    """What a connection said last of one of its days. `since` is when it first said so: from then on it is judged."""

    connection_id: str
    day: date
    cases: int
    sha256: str
    said_at: datetime
    since: datetime

    def after(self, before: ManifestRow | None) -> ManifestRow:
        """Return what stands after both: the later word, held since it was first given."""
        if before is None or (before.cases, before.sha256) != (self.cases, self.sha256):
            return self if before is None or before.said_at <= self.said_at else before
        return replace(self, said_at=max(self.said_at, before.said_at), since=min(self.since, before.since))


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineRow:
    """One refused record or message, kept with its bytes (sealed) until somebody replays it.

    While it is open, the same record refused again at the same place for the same reason is counted here.
    """

    rejection_id: str
    connection_id: str
    read_id: str
    ordinal: int
    stage: str
    code: str
    path: str
    problem: str
    hint: str
    place: str
    record_digest: str
    sealed: bytes
    """The exact bytes in a sealed box for the vault key; empty where they stayed in the connector's spool."""
    size_bytes: int
    received_at: datetime
    """When it came first."""
    last_at: datetime
    """When it came last."""
    value: str = ""
    """The offending value, masked."""
    seen: int = 1
    """How often it came."""
    state: str = "open"
    """open or replayed."""

    @property
    def cause(self) -> tuple[str, str, str, str, str]:
        """Name what was refused and why: two rows of one cause say the same."""
        return self.connection_id, self.record_digest, self.stage, self.code, self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """All that one batch changes, written in one transaction or not at all."""

    head: Head
    """The chain's head after `entries`."""
    entries: Sequence[Entry] = ()
    arrivals: Sequence[Arrival] = ()
    cases: Sequence[CaseRow] = ()
    clocks: Sequence[ClockRow] = ()
    """All clocks of every case in `cases`; clocks of those cases that are not named are gone."""
    alerts: Sequence[AlertRow] = ()
    traces: Sequence[Trace] = ()
    """What every case in `cases` leaves for rules across cases; what is not named is gone."""
    roles: Sequence[ComplaintRole] = ()
    """What departments are to every complaint in `cases`; what is not named is gone."""
    facts: Sequence[CaseFacts] = ()
    """What is counted of every case in `cases`; a case that is not named is counted no more."""
    conduct: Sequence[Conduct] = ()
    """How the cases in `cases` were reported."""
    watermarks: Sequence[Watermark] = ()
    reports: Sequence[ReadReport] = ()
    manifests: Sequence[ManifestRow] = ()
    """Written by the partition that keeps a connection's reports, and no other."""
    quarantine: Sequence[QuarantineRow] = ()
    replayed: Sequence[str] = ()
    """Rejections that somebody has replayed."""
    notices: Sequence[NoticeRow] = ()
    catalogue_changes: Sequence[CatalogueChange] = ()
    catalogue: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Documents of departments, by id, as they hold from now on."""
    touched: Sequence[Touched] = ()
    """Cases to be judged anew by what `catalogue` says."""
    clock_changes: Sequence[ClockChange] = ()
    papers: Sequence[PaperRow] = ()
    score_marks: Sequence[Entered] = ()
    """What people entered for a department's month."""
    openings: Sequence[Opening] = ()
    """Views that show a case again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRow:
    """One paper 文书 issued of an alert. `content` is all that stands in it; the digests are those of its files."""

    paper_id: str
    """The id of the act that issued it."""
    instrument: str
    year: int
    number: int
    """Counted from 1 by instrument and year, without gaps."""
    alert_id: str
    issued_at: datetime
    content: Mapping[str, Any]
    docx_digest: str = ""
    """SHA-256 of the DOCX file; empty while the paper is not drawn."""
    pdf_digest: str = ""

    @property
    def is_drawn(self) -> bool:
        """Tell whether its files are there."""
        return bool(self.docx_digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationRow:
    """One notice of an alert, or a certificate, to one person by one channel. Contacts stand in the roster alone."""

    notification_id: str
    alert_id: str
    """The alert, or the certificate's number."""
    trigger: str
    """What it is about: the id of the alert's document, or of the clock that is overdue."""
    reason: str
    """raised, pending, supervised, escalated, appealed; unsigned or breached where it went to the next in line."""
    level: str
    line: int
    person: str
    channel: str
    state: str
    """waiting, sent, failed; nobody where there was nobody to be told."""
    subject: str
    text: str
    created_at: datetime
    not_before: datetime
    """From when on it may be sent: quiet hours."""
    next_at: datetime
    """When it is tried next."""
    attempts: int = 0
    problem: str = ""
    sent_at: datetime | None = None

    def now(self, **changed: Any) -> NotificationRow:  # noqa: ANN401 - the fields that change
        """Return the notice as it stands now."""
        return replace(self, **changed)
