"""What is counted of one case: a flat row, derived from its judgement, from which statistics and scores are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """One case as it is counted. Days are local days of the hub's zone, None where nothing of the kind happened yet.

    Its *decision clocks* are those that limit how long the matter itself may take (hub/supervision/facts.py); the
    first of them is the governing one. Times are of that clock, in working days, lawful pauses left out.
    """

    case_id: str
    connection_id: str
    department_id: str
    """Whose case it is; of a complaint the department that handles it, its centre while none does."""
    region_code: str
    """Where the case is, as reported; a successor of a renamed region is found when regions are rolled up."""
    matter_code: str
    power_type: str
    family: str
    channel: str
    case_type: str
    disclosure: str
    state: str
    result: str
    """`granted`, `denied`, `penalised`, …; of a complaint `substantiated`, `partly`, …; empty where none is said."""
    opened_on: date
    accepted_on: date | None
    decided_on: date | None
    closed_on: date | None
    """Day it ended, in whatever way."""
    delivered_on: date | None
    finished_on: date | None
    """Day its governing clock stopped, which is when being on time is decided; without such a clock, `closed_on`."""
    used_workdays: int | None
    """From the clock's start to its stop; None while it runs, and for a case that was given up."""
    paused_workdays: int
    promised_workdays: int | None
    """From the clock's start to the due day, extensions included; None without a clock."""
    promised_n: int | None
    promised_unit: str
    """The promised limit as catalogue states it: `working_day`, `calendar_day`, `hour`, `working_hour`, or empty."""
    statutory_n: int | None
    statutory_unit: str
    on_time: bool
    """Finished, and no decision clock was missed."""
    early: bool
    """On time, and at least one working day before the due day."""
    late: bool
    """Finished, and a decision clock was missed."""
    late_by_law: bool
    """A limit of law or catalogue's statutory limit was missed, finished or not."""
    open_late: bool
    """Not finished, and a decision clock is missed."""
    is_provisional: bool
    """A decision clock is due in a year whose working days are not announced."""
    supplement: bool
    special: bool
    extension: bool
    late_entry: bool
    """Rule R44 found it entered after the fact."""
    online: bool
    reworked: bool
    """Sent back: a complaint reworked, or a case reopened."""
    rating: int | None
    """The last rating by the applicant or complainant: 1 best to 5 worst; None where none is reported."""
