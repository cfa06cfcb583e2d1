"""What the hub keeps of certificates, and how a certificate marks the events of its connection on the feed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

CONFIDENTIALITY: Final = "K9"
"""The criterion whose suspension stops a connection's public feed (conformance §3.9)."""

HOLDING: Final = frozenset({"active", "in_grace", "conditional"})
"""States of a certificate that may be relied on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRow:
    """One certificate and how it stands. `signed` is the file as it was issued, which never changes."""

    certificate_id: str
    connection_id: str
    department_id: str
    region_code: str
    sha256: str
    """Of the canonical document."""
    levels: Sequence[str]
    flows: Sequence[str]
    fingerprint: str
    """Of the mapping it binds."""
    issued_at: datetime
    not_after: datetime
    state: str
    """active, in_grace, conditional, suspended, expired, superseded or revoked."""
    since: datetime
    reason: str
    criterion: str
    suspended: Sequence[str]
    """The levels that are taken away while it is suspended."""
    conditions_due: date | None
    signed: bytes
    environment: str = "production"
    """Where it holds: what is certified of a sandbox says nothing of what is live."""

    @property
    def level(self) -> str:
        """Return the highest level it certifies."""
        return max(self.levels)

    @property
    def is_public_stopped(self) -> bool:
        """Tell whether nothing more of its connection may be public: something of it has leaked."""
        return self.state == "suspended" and self.criterion == CONFIDENTIALITY

    @property
    def holds(self) -> bool:
        """Tell whether it may be relied on."""
        return self.state in HOLDING


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateChange:
    """One thing that happened to a certificate: an act for the ledger, signed by the issuer."""

    change_id: str
    certificate_id: str
    connection_id: str
    at: datetime
    what: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationRow:
    """One look at one criterion of one connection, as it was kept: never changed, later looks stand beside it."""

    connection_id: str
    criterion: str
    day: date
    n: int
    seen: str
    by: str
    measure: Mapping[str, Any]
    observed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A certificate as somebody read it, and as it is to stand from now on."""

    was: CertificateRow
    now: CertificateRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """New observations of one connection, and how its criteria stand by them: (connection, name) → (phase, JSON)."""

    seen: Sequence[ObservationRow] = ()
    cached: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)


NO_LOOKS: Final = Looks()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting:
    """How much a connection reports of one matter of one department in one place."""

    connection_id: str
    department_id: str
    matter_code: str
    region_code: str
    cases: int
    """Opened within the last year."""
    last_on: date


def mark(row: CertificateRow | None, fingerprint: str, at: datetime) -> str:
    """Return the `conformance` of an event: under which certificate it was made, and whether that holds.

    `certified:C3`; `suspended:C2`, the lowest level that is taken away; `drifted:C3` where another mapping made it than
    the certified one; `expired`, `revoked`, `uncertified`. None of these keeps an event from being supervised.
    """
    if row is None or row.state == "superseded":
        return "uncertified"
    if row.state == "revoked":
        return "revoked"
    if row.state == "expired" or at >= row.not_after:
        return "expired"
    if row.state == "suspended":
        return f"suspended:{min(row.suspended, default='C1')}"
    return f"certified:{row.level}" if fingerprint == row.fingerprint else f"drifted:{row.level}"
