"""What the public site is made of: a narrow way to read, and a way to hand records in. It knows no adapter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, tzinfo

    from hub.citizens.sending import Sending
    from hub.supervision.rules import Rule


class Reading(Protocol):
    """All that the public site can read. Raises Unavailable when the store is away."""

    def catalogue(self) -> Sequence[Mapping[str, Any]]:
        """Return the documents of every department (schemas/catalogue.v1)."""

    def numbered(self, case_no: str) -> Sequence[dict[str, Any]]:
        """Return the cases of a number, each with its log and clocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one caller may ask and send."""

    proxies: int = 0
    lookups_per_minute: int = 30
    submissions_per_hour: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicParts:
    """All that the public site is made of."""

    reading: Reading
    reach_bus: Callable[[], None]
    """Return if the bus answers; raise Unavailable otherwise."""
    now: Callable[[], datetime]
    """Tell the hub's time, which may be a replayed one."""
    zone: tzinfo
    city: str
    """Its code (GB/T 2260)."""
    key: bytes
    """Of which numbers and secrets are made."""
    complaints: Sending | None = None
    """Sends complaints; None where this site takes none."""
    ratings: Sending | None = None
    """Sends ratings of cases; None where this site takes none."""
    rating_days: int = 30
    """Days within which a rating may be changed."""
    speaks_open311: bool = False
    """Whether complaints are taken in as Open311 GeoReport v2 too."""
    limits: Limits = Limits()
    rules: Mapping[str, Rule] = field(default_factory=dict)
    """The rules as the operator has tuned them, for what they say of complaints."""
