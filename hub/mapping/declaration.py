"""What a mapping file declares about its connection: who, for whom, how it is reached and read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreList:
    """How a complaint centre's own list of complaints is read: a source, and what its records mean."""

    connection: str
    kind: str
    connect: Mapping[str, Any]
    read: Mapping[str, Any]
    every_s: float
    days: int
    """Complaints of so many days are on it."""
    no: Sequence[str]
    state: Sequence[str]
    """Paths of number and state in a record."""
    words: Mapping[str, str | None] | None
    """The hub's state by the centre's word; None where they are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """All of a mapping that is not about the meaning of records."""

    connection: str
    of: str
    """What an outbound mapping sends, a word of hub.mapping.outbound.DOCUMENTS; empty for the mapping of a source."""
    version: int
    """The mapping's version, not the engine's."""
    departments: frozenset[str]
    """The organisations this connection may speak for."""
    user: str
    """The bus user that publishes for it."""
    kind: str
    connect: Mapping[str, Any]
    """The connector's options as written: ${NAME} stays a name until the connector that needs it fills it in."""
    read: Mapping[str, Any]
    """How the source's bytes become records, as written; a GB 2312 or GBK encoding is called gb18030."""
    timezone: str
    """Zone of naive times."""
    names: Mapping[str, Sequence[str]]
    """Path (steps from the record's root) by alias."""
    each: Sequence[str]
    """Path of the records within what the source hands over; empty where that is one record."""
    numbering: str
    """Within what the case keys are unique."""
    allowed_delay_s: int
    every_s: float
    """Seconds between two reads."""
    hours: str
    """The hours in which the source may be asked, as written; empty: all."""
    quiet_s: float
    """Seconds without anything new that are out of the ordinary; 0: none are."""
    offers: frozenset[str] | None
    """Event types and fields (`case.materials`, `result.reason`) it fills; None for one that passes documents on."""
    weak_types: frozenset[str]
    """Event types identified by a composite, for want of a key."""
    centres: frozenset[str] = frozenset()
    """The complaint centres that an outbound mapping of complaint statuses tells."""
    echo: bool = False
    """Whether they are told of their own moves too."""
    reconcile: CentreList | None = None
    """How their own list is read; None where it is not."""

    @property
    def heartbeat_s(self) -> float:
        """Return how often it is polled round the clock, in seconds; 0 where it is not, and gives no sign of life."""
        return 0.0 if self.kind == "push" or self.hours else self.every_s
