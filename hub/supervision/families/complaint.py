"""Complaints 投诉件: 登记, 受理, 派单, 签收 or 退单, 办理, 反馈, 回访, 退回重办, 办结, 归档."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.supervision.families.transition import Transition, move, within

if TYPE_CHECKING:
    from collections.abc import Mapping

_SENT: Final = ("dispatched", "signed_for")
_HANDLED: Final = (*_SENT, "in_progress")
_UNDONE: Final = ("registered", "accepted", *_HANDLED, "returned")
_OPEN: Final = (*_UNDONE, "replied", "followed_up")

COMPLAINT: Final[Mapping[str, Transition]] = {
    "complaint.registered": move(0, ("",), "registered"),
    "complaint.accepted": move(1, ("registered",), "accepted"),
    "complaint.not_accepted": move(2, ("registered",), "rejected"),
    "complaint.transferred": move(3, ("registered", "accepted", "returned"), "registered"),
    "complaint.dispatched": move(4, ("registered", "accepted"), "dispatched"),
    "complaint.assist_asked": within(5, _HANDLED),
    "complaint.returned": move(6, _SENT, "returned"),
    "complaint.arbitrated": move(7, (*_SENT, "returned"), "returned"),
    "complaint.redispatched": move(8, ("returned",), "dispatched"),
    "complaint.signed": move(9, ("dispatched",), "signed_for"),
    "complaint.started": move(10, _SENT, "in_progress"),
    "complaint.extension_requested": within(11, _HANDLED),
    "complaint.extension_refused": within(12, _HANDLED),
    "complaint.extended": within(13, _HANDLED),
    "complaint.assisted": within(14, _HANDLED),
    "complaint.replied": move(15, _HANDLED, "replied"),
    "complaint.followed_up": move(16, ("replied",), "followed_up"),
    "complaint.reworked": move(17, ("replied", "followed_up"), "in_progress"),
    "complaint.linked": move(18, _UNDONE, "linked"),
    "complaint.withdrawn": move(19, _OPEN, "withdrawn"),
    "complaint.closed": move(20, ("replied", "followed_up"), "closed"),
    "complaint.archived": within(21, ("closed", "rejected", "withdrawn", "linked")),
}
"""Centres that report no acceptance dispatch straight from registration; handlers that report no signing reply."""
