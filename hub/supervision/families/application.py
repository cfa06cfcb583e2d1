"""Applications 依申请. Whatever may follow `in_progress` may follow `accepted`: many systems report no stages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.supervision.families.transition import Transition, move

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORKING: Final = ("accepted", "in_progress")
_OPEN: Final = ("received", "awaiting_supplement", "accepted", "in_progress", "suspended", "decided")

APPLICATION: Final[Mapping[str, Transition]] = {
    "case.received": move(0, ("",), "received"),
    "case.supplement_requested": move(1, ("received",), "awaiting_supplement"),
    "case.supplement_received": move(2, ("awaiting_supplement",), "received"),
    "case.accepted": move(3, ("received",), "accepted"),
    "case.not_accepted": move(4, ("received",), "rejected"),
    "joint.dispatched": move(5, _WORKING, "in_progress"),
    "stage.started": move(6, _WORKING, "in_progress"),
    "special.started": move(7, _WORKING, "suspended"),
    "special.ended": move(8, ("suspended",), "in_progress"),
    "case.extended": move(9, _WORKING, "in_progress"),
    "stage.returned": move(10, _WORKING, "in_progress"),
    "stage.completed": move(11, _WORKING, "in_progress"),
    "joint.opinion": move(12, _WORKING, "in_progress"),
    "fee.charged": Transition(rank=13),
    "case.forwarded": Transition(rank=14),
    "case.decided": move(15, _WORKING, "decided"),
    "doc.issued": Transition(rank=16),
    "case.withdrawn": move(17, _OPEN, "withdrawn"),
    "case.terminated": move(18, _OPEN, "terminated"),
    "case.closed": move(19, ("decided", *_WORKING), "closed"),
    "case.delivered": move(20, ("closed",), "delivered"),
    "case.published": Transition(rank=21),
    "case.fed_back": Transition(rank=22),
    "case.evaluated": Transition(rank=23),
    "evaluation.contacted": Transition(rank=24),
    "evaluation.answered": Transition(rank=25),
    "case.archived": Transition(rank=26),
    "case.reopened": move(27, ("closed",), "in_progress"),
    "case.renumbered": Transition(rank=28),
    "case.corrected": Transition(rank=29),
    "case.voided": Transition(rank=30, target="voided"),
}
"""A case entered in error is voided from any state, in any family: it leaves the figures and stays in the ledger."""
