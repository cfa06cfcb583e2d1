"""Complaints 投诉件: 登记, 受理, 派单, 签收 or 退单, 办理, 反馈, 回访, 退回重办, 办结, 归档."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.supervision.families.transition import Transition, move, within

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPEN: Final = (
    "registered",
    "accepted",
    "dispatched",
    "returned",
    "signed_for",
    "in_progress",
    "replied",
    "followed_up",
)

COMPLAINT: Final[Mapping[str, Transition]] = {
    "complaint.registered": move(0, ("",), "registered"),
    "complaint.accepted": move(1, ("registered",), "accepted"),
    "complaint.not_accepted": move(2, ("registered",), "rejected"),
    "complaint.dispatched": move(3, ("registered", "accepted"), "dispatched"),
    "complaint.returned": move(4, ("dispatched", "signed_for"), "returned"),
    "complaint.redispatched": move(5, ("returned",), "dispatched"),
    "complaint.signed": move(6, ("dispatched",), "signed_for"),
    "complaint.started": move(7, ("dispatched", "signed_for"), "in_progress"),
    "complaint.extended": within(8, ("dispatched", "signed_for", "in_progress")),
    "complaint.replied": move(9, ("dispatched", "signed_for", "in_progress"), "replied"),
    "complaint.followed_up": move(10, ("replied",), "followed_up"),
    "complaint.reworked": move(11, ("replied", "followed_up"), "in_progress"),
    "complaint.withdrawn": move(12, _OPEN, "withdrawn"),
    "complaint.closed": move(13, ("replied", "followed_up"), "closed"),
    "complaint.archived": within(14, ("closed", "rejected", "withdrawn")),
}
"""Centres that report no acceptance dispatch straight from registration; handlers that report no signing reply."""
