"""A department's complaint module 投诉办理: takes orders, lets staff work on them, and lists what they did.

Three things make such a module fit for a hub, and all three are here: an order is known by its number, so that the same
one is taken once; every act of staff is a row of its own, with a number that never changes; and nothing is answered
that was not ordered.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from hub.supervision.instants import HUB_ZONE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from conformance.roundtrip.script import Duty, ScriptedComplaint

STAFF: Final = "TST001"

ACTS: Final = {
    "complaint.signed": "签收",
    "complaint.started": "承办",
    "complaint.returned": "退单",
    "complaint.extension_requested": "申请延期",
    "complaint.assisted": "协办反馈",
    "complaint.replied": "答复",
}
"""How the module calls what its staff do."""

_AT: Final = {
    "complaint.signed": time(10),
    "complaint.returned": time(10, 30),
    "complaint.started": time(11),
    "complaint.extension_requested": time(14),
    "complaint.assisted": time(15),
    "complaint.replied": time(16),
}
"""When on its day staff do each of them."""

ENTERED_AFTER: Final = timedelta(seconds=20)

PLANNED_DAYS: Final = 4
"""Calendar days after taking a complaint up for which its handling is planned."""

_OPENING: Final = frozenset({"派单", "重派", "裁定承办", "协办", "退回重办"})
"""Orders upon which staff work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskFaults:
    """What is wrong with a module that is meant to be caught. All off: it is sound."""

    forgets_orders: bool = False
    """It says that it has an order, and has not."""
    knows_no_numbers: bool = False
    """The same order that comes again is another order."""
    takes_from_anybody: bool = False
    rows: Callable[[dict[str, Any]], dict[str, Any] | None] = dict
    """What it makes of a row; None: it is left out."""


@dataclass(kw_only=True)
class ComplaintDesk:
    """One department's module, with the staff that a script gives it."""

    session: str
    script: Sequence[ScriptedComplaint]
    day_of: Callable[[int], date]
    faults: DeskFaults = field(default_factory=DeskFaults)
    book: list[Mapping[str, Any]] = field(default_factory=list)
    """Every order that was taken, in the order of coming."""
    rows: list[dict[str, Any]] = field(default_factory=list)
    """What staff did, the earliest first."""
    _done: set[tuple[str, int]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, order: Mapping[str, Any]) -> bool:
        """Take an order; tell whether it was new."""
        with self._lock:
            known = any(each["指令编号"] == order["指令编号"] for each in self.book)
            if known and not self.faults.knows_no_numbers:
                return False
            if not self.faults.forgets_orders:
                self.book.append(dict(order))
            return True

    def orders(self) -> Sequence[Mapping[str, Any]]:
        """Return every order that was taken."""
        with self._lock:
            return list(self.book)

    def work(self, until: datetime) -> Sequence[dict[str, Any]]:
        """Let staff do what is due by a moment and ordered; return the rows that are new."""
        fresh = []
        for scripted in self.script:
            for place, duty in enumerate(scripted.duties):
                at = datetime.combine(self.day_of(duty.day), _AT[duty.type], HUB_ZONE)
                case_no = scripted.case_no(self.session)
                if at <= until and (case_no, place) not in self._done and self._is_ordered(case_no):
                    self._done.add((case_no, place))
                    fresh.append(self._row(case_no, place, duty, at))
        shown = [row for row in map(self.faults.rows, fresh) if row is not None]
        self.rows.extend(shown)
        return shown

    def _is_ordered(self, case_no: str) -> bool:
        return any(each["投诉件编号"] == case_no and each["指令"] in _OPENING for each in self.book)

    def _row(self, case_no: str, place: int, duty: Duty, at: datetime) -> dict[str, Any]:
        said = duty.said
        is_taken_up = duty.type == "complaint.started"
        planned = (at + timedelta(days=PLANNED_DAYS)).date().isoformat() if is_taken_up else ""
        return {
            "id": f"{case_no}-{place + 1}",
            "complaint_no": case_no,
            "act": ACTS[duty.type],
            "act_time": f"{at:%Y-%m-%d %H:%M:%S}",
            "entered_at": f"{at + ENTERED_AFTER:%Y-%m-%d %H:%M:%S}",
            "staff": STAFF,
            "planned_finish": planned,
            "reason": said.get("reason", ""),
            "basis": said.get("basis", ""),
            "days": said.get("limit", {}).get("n", ""),
            "result": {"substantiated": "属实", "": ""}[said.get("outcome", "")],
            "reply": said.get("reply", ""),
        }
