"""What certification speaks of: verdicts, results with their evidence, a session's header, footer and summary."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

Level = Literal["C0", "C1", "C2", "C3", "C4"]
"""How far a connection is certified; each level depends on the one below."""

LEVELS: Final[tuple[Level, ...]] = ("C0", "C1", "C2", "C3", "C4")

Severity = Literal["must", "should", "info"]
Subject = Literal["department", "connector", "hub", "joint"]
"""Who is tested, and so whose a failure is. A hub's or a connector's never counts against a department."""

Mode = Literal["PUSH", "PULL", "SEED", "FILE", "EDGE", "KIT", "REPLAY", "FAULT", "SHADOW", "ATTEST", "REGISTRY"]
"""How a test is exercised. REGISTRY looks at what is registered of a connection, and asks nothing of anybody."""

EvidenceCode = Literal["RAW", "CAN", "RCP", "QUA", "STT", "REC", "MET", "CFG", "FLT", "PUB", "ATT", "LOG"]


class Verdict(StrEnum):
    """What one test came to. SKIP: it could not be shown; OMIT: it does not apply; ERROR: the harness is broken."""

    ERROR = "error"
    FAIL = "fail"
    SKIP = "skip"
    WARN = "warn"
    ATTESTED = "attested"
    PASS = "pass"  # noqa: S105 - no password
    OMIT = "omit"


class Lifecycle(StrEnum):
    """How far a test, or a session, is."""

    CREATED = "created"
    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    REVIEW = "review"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A text that people read, in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceItem:
    """One piece of evidence, named by the SHA-256 of its bytes, from which secrets were removed when it was kept."""

    code: EvidenceCode
    sha256: str
    name: str
    media_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One attempt at one test. Of several attempts the last is in force.

    `verdict` is None until `lifecycle` is done. `blames` says whose a failure is; None where nothing failed.
    """

    test: str
    attempt: int
    level: Level
    severity: Severity
    subject: Subject
    mode: Mode
    lifecycle: Lifecycle
    verdict: Verdict | None
    started_at: datetime
    ended_at: datetime | None = None
    blames: Subject | None = None
    reason: Words = Words(zh="", en="")
    """What came of it, as a sentence; for omit and skip, why."""
    expected: str = ""
    got: str = ""
    pointer: str = ""
    """Where the offending thing stands: a JSON pointer, a file and line, a table and key."""
    fix: Words = Words(zh="", en="")
    evidence: Sequence[EvidenceItem] = ()
    simulated: bool = False
    """Whether volume, outage or passing time was scaled down or played."""
    until: datetime | None = None
    """While it waits: when the wait is over."""
    attested_by: str = ""
    disputed_by: str = ""
    disputed_because: str = ""
    decided_by: str = ""
    """Who has decided a dispute, and why."""
    decided_because: str = ""

    @property
    def last_day(self) -> date | None:
        """Return the last day of a wait: it ends with that day's end, which is the next day's beginning."""
        return None if self.until is None else (self.until - timedelta(microseconds=1)).date()

    @property
    def group(self) -> str:
        """Return the group of its test: ENC of ENC-01."""
        return self.test.partition("-")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Omission:
    """A test that does not apply to a connection, and why."""

    test: str
    why: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """Leave to be certified without one test, until a day (the last on which it holds)."""

    test: str
    by: str
    why: str
    until: date
    confirmed_by: str = ""
    """Who has confirmed it, never who asked for it; empty where it is only asked for, and holds for nothing."""
    refused_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who has signed a connection's declaration, and as what."""

    role: str
    name: str
    signed_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Bindings:
    """What a session's verdicts hold for: change one of these and they have to be shown again.

    All digests are SHA-256 in hex. `mapping_parts` has the parts of the mapping's fingerprint by name.
    """

    case_schema: str
    case_schema_sha256: str
    code_lists_sha256: str
    mapping_version: int
    mapping_sha256: str
    mapping_parts: Mapping[str, str]
    connector_kind: str
    connector_version: str
    connector_sha256: str
    ics_sha256: str
    suite_version: str
    suite_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first line of a session: what is tested, by which suite, and every test that is planned."""

    session: str
    connection: str
    department: str
    system: str
    environment: Literal["sandbox", "production"]
    target: Level
    signatures: Sequence[Signature]
    """Who signed the declaration (level C0: two roles at least)."""
    profiles: Sequence[str]
    flows: Sequence[str]
    bindings: Bindings
    started_at: datetime
    planned: Sequence[str]
    omitted: Sequence[Omission]
    not_tested: Sequence[Omission] = ()
    """Tests that would apply and that the suite cannot run yet, with the suite's own reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """The last line of a session. A record without it is no report."""

    ended_at: datetime
    planned: int
    executed: int
    standing: str
    is_certifiable: bool
    obstacles: Sequence[Words]
    lines_sha256: str
    """SHA-256 of all lines before this one, each with its line feed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelTally:
    """How one level stands. `must` counts applicable must tests by verdict, or by lifecycle where there is none yet."""

    level: Level
    standing: str
    is_reached: bool
    """Whether this level and every level below it is certifiable."""
    must: Mapping[str, int]
    planned: int
    executed: int
    oldest_evidence: date | None
    obstacles: Sequence[Words] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a session came to, for whoever certifies or shows it."""

    header: Header
    lifecycle: Lifecycle
    standing: str
    """The worst of its tests (see conformance.verdicts)."""
    is_certifiable: bool
    obstacles: Sequence[Words]
    levels: Sequence[LevelTally]
    results: Sequence[Result]
    """The result in force of every planned test that has one."""
    simulated: Sequence[str]
    attested: Sequence[str]
    waivers: Sequence[Waiver]
    """Those that were asked for, whether or not they were given and hold still."""
    rests_on: Sequence[Waiver]
    """Those that hold on the day, of must tests that are not shown: a certificate rests on them, and ends with them."""
    ended_at: datetime | None
    has_footer: bool
    bundle_sha256: str = ""
    """SHA-256 of the evidence bundle; empty until it is written."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """How many planned tests stand at each verdict or lifecycle."""

    @property
    def reached(self) -> Level | None:
        """Return the highest level that is certifiable with all below it; None where not even the lowest is."""
        reached = [tally.level for tally in self.levels if tally.is_reached]
        return reached[-1] if reached else None
