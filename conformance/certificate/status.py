"""The status list: which certificates hold, as of a moment, signed and soon stale."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from conformance.certificate import signing
from hub.model.shapes import shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.certificate.signing import Pinned
    from hub.signer import Signer

State = Literal["active", "in_grace", "suspended", "revoked", "expired", "superseded", "conditional"]

STATES: Final[tuple[State, ...]] = (
    "active", "in_grace", "conditional", "suspended", "expired", "superseded", "revoked",
)  # fmt: skip
FINAL: Final[frozenset[State]] = frozenset({"revoked", "superseded", "expired"})
"""States that are never left: suspension is reversible, revocation is not (as with VC status purposes)."""

TYP: Final = "hub-conformance-status"

MAX_AGE_S: Final = 900
"""Seconds for which a list may be believed: what is suspended must be known within a quarter of an hour."""

SKEW_S: Final = 120
"""Seconds that a list may lie ahead of the reader's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one certificate stands: since when, and by which criterion or for which reason."""

    certificate: str
    digest: str
    """SHA-256 of the canonical certificate: a list speaks of one document, not of whoever bears its number."""
    state: State
    since: datetime
    reason: str = ""
    criterion: str = ""
    levels: Sequence[str] = ()
    """The levels that are suspended."""

    def as_dict(self) -> dict[str, Any]:
        """Return the line of the list."""
        said = {"reason": self.reason, "criterion": self.criterion, "levels": list(self.levels)}
        line = {"id": self.certificate, "sha256": self.digest, "state": self.state, "since": self.since.isoformat()}
        return {**line, **{name: value for name, value in said.items() if value}}


def status_list(standings: Sequence[Standing], *, org: str, now: datetime, signer: Signer) -> bytes:
    """Write and sign the list as of `now`."""
    document = {
        "typ": TYP,
        "v": 1,
        "issuer": {"org": org, "kid": signing.key_id(signer)},
        "issued_at": now.isoformat(),
        "max_age_s": MAX_AGE_S,
        "certificates": [each.as_dict() for each in sorted(standings, key=lambda each: each.certificate)],
    }
    return signing.sign(document, typ=TYP, signer=signer)


def read_list(signed: bytes, pinned: Pinned) -> dict[str, Any]:
    """Return a list that the issuer signed; raise Refused where it did not, or where it is no list."""
    document = signing.read(signed, typ=TYP, pinned=pinned)
    if problems := shape("certificate-status.v1").problems(document):
        raise signing.refused("status.shape", f"{problems[0].path}: {problems[0].problem}", "fetch the list anew")
    return document


def age_s(document: dict[str, Any], now: datetime) -> float:
    """Return how old a list is, in seconds; negative where it lies ahead of the clock."""
    return (now - datetime.fromisoformat(document["issued_at"])).total_seconds()


def is_fresh(document: dict[str, Any], *, now: datetime, max_age_s: int) -> bool:
    """Tell whether a list may still be believed: as long as it says itself, and no longer than the reader allows."""
    allowed = min(int(document["max_age_s"]), max_age_s)
    return -SKEW_S <= age_s(document, now) <= allowed


def fresh_until(document: dict[str, Any]) -> datetime:
    """Return the moment from which a list is stale."""
    return datetime.fromisoformat(document["issued_at"]) + timedelta(seconds=int(document["max_age_s"]))
