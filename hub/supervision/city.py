"""What rules that look beyond one case may read: counts, references and alerts of the city at one instant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime
    from decimal import Decimal

    from hub.supervision.calendar import WorkCalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """To whom a figure belongs."""

    department_id: str
    region_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Penalty:
    """One penalty decided by discretion; `amount` in yuan."""

    whose: Whose
    case_id: str
    violation: str
    tier: str
    amount: Decimal
    decided_on: date
    is_told: bool = True
    """Whether its case is open to the intranet: else it counts as a peer, and no alert of the city speaks of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """One department's month, "2026-03": cases opened, those with entries after the fact, and active matters."""

    whose: Whose
    month: str
    cases: int
    entered_late: int
    matters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LineState:
    """How a connection stands. `backlog_since`: since when it has had records that have not come."""

    whose: Whose
    connection_id: str
    heartbeat_at: datetime
    backlog_since: datetime | None
    every_s: float = 0.0
    """How often it is polled: a sign of life comes no oftener."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What a department's manifest of a day says, and what the hub holds of it: counts, and hashes where given."""

    whose: Whose
    connection_id: str
    day: date
    said: tuple[int, str]
    held: tuple[int, str]
    is_retried: bool
    """Whether the window for asking again is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A certificate, receipt or complaint that names a case; `is_known` tells whether the hub has it."""

    whose: Whose
    kind: str
    number: str
    event_id: str
    is_known: bool
    is_told: bool = True
    """Whether the case that names it is open to the intranet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Complained:
    """One complaint: about whom, which matter or case, and when."""

    whose: Whose
    case_id: str
    matter_code: str
    related_case_no: str
    registered_on: date
    is_told: bool = True
    """Whether it is open to the intranet: a report 举报 never is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """One alert that was issued. `about` is the matter, or the post, that it is counted under."""

    whose: Whose
    alert_id: str
    rule_id: str
    level: str
    about: str
    raised_at: datetime
    is_standing: bool
    """Whether it was neither revoked nor cleared."""
    is_answered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CityView:
    """The city as of `now`. What is not given is not evaluated."""

    now: datetime
    today: date
    calendar: WorkCalendar
    penalties: Sequence[Penalty] = ()
    months: Sequence[Month] = ()
    lines: Sequence[LineState] = ()
    balances: Sequence[Balance] = ()
    references: Sequence[Reference] = ()
    complaints: Sequence[Complained] = ()
    alerts: Sequence[Issued] = ()
