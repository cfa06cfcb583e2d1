"""Which event may follow which state: a table per family of cases; a later family is one more table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

OPENED: Final = "received"
"""State of a case of which nothing is reported that moves a state: the hub has received word of it."""

POSITION: Final[Mapping[str, int]] = {
    "": 0,
    "received": 1,
    "awaiting_supplement": 2,
    "accepted": 3,
    "in_progress": 4,
    "suspended": 5,
    "decided": 6,
    "rejected": 7,
    "withdrawn": 7,
    "terminated": 7,
    "closed": 7,
    "delivered": 8,
}
"""How far along its life a case is in each state. An unlawful event moves a case only to a greater position."""

ENDED: Final = frozenset({"closed", "delivered", "rejected", "withdrawn", "terminated"})
"""States in which nothing more is owed on the case itself."""

_WORKING: Final = ("accepted", "in_progress")
_OPEN: Final = ("received", "awaiting_supplement", "accepted", "in_progress", "suspended", "decided")


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """What one event type does. `sources` None: lawful from any state; `target` None: leaves the state as it is.

    `rank` orders events of the same instant as a case lives through them.
    """

    rank: int
    sources: frozenset[str] | None = None
    target: str | None = None


UNKNOWN: Final = Transition(rank=999)
"""Stands for a type outside every table: it moves nothing and comes last."""


def _move(rank: int, sources: tuple[str, ...], target: str) -> Transition:
    return Transition(rank=rank, sources=frozenset(sources), target=target)


APPLICATION: Final[Mapping[str, Transition]] = {
    "case.received": _move(0, ("",), "received"),
    "case.supplement_requested": _move(1, ("received",), "awaiting_supplement"),
    "case.supplement_received": _move(2, ("awaiting_supplement",), "received"),
    "case.accepted": _move(3, ("received",), "accepted"),
    "case.not_accepted": _move(4, ("received",), "rejected"),
    "joint.dispatched": _move(5, _WORKING, "in_progress"),
    "stage.started": _move(6, _WORKING, "in_progress"),
    "special.started": _move(7, _WORKING, "suspended"),
    "special.ended": _move(8, ("suspended",), "in_progress"),
    "case.extended": _move(9, _WORKING, "in_progress"),
    "stage.returned": _move(10, _WORKING, "in_progress"),
    "stage.completed": _move(11, _WORKING, "in_progress"),
    "joint.opinion": _move(12, _WORKING, "in_progress"),
    "fee.charged": Transition(rank=13),
    "case.decided": _move(14, _WORKING, "decided"),
    "doc.issued": Transition(rank=15),
    "case.withdrawn": _move(16, _OPEN, "withdrawn"),
    "case.terminated": _move(17, _OPEN, "terminated"),
    "case.closed": _move(18, ("decided", *_WORKING), "closed"),
    "case.delivered": _move(19, ("closed",), "delivered"),
    "case.published": Transition(rank=20),
    "case.evaluated": Transition(rank=21),
    "case.archived": Transition(rank=22),
    "case.reopened": _move(23, ("closed",), "in_progress"),
    "case.renumbered": Transition(rank=24),
    "case.corrected": Transition(rank=25),
}
"""Applications 依申请. Whatever may follow `in_progress` may follow `accepted`: many systems report no stages."""


def _generic(*steps: tuple[str, str | None]) -> Mapping[str, Transition]:
    """Fold a family by its last telling event, until its own table of lawful moves stands here."""
    return {name: Transition(rank=rank, target=target) for rank, (name, target) in enumerate(steps)}


PUNISHMENT: Final = _generic(
    ("clue.registered", "received"),
    ("penalty.filed", "accepted"),
    ("penalty.investigated", "in_progress"),
    ("penalty.legal_reviewed", "in_progress"),
    ("penalty.notified", "in_progress"),
    ("hearing.requested", "in_progress"),
    ("hearing.held", "in_progress"),
    ("penalty.decided", "decided"),
    ("penalty.dismissed", "decided"),
    ("penalty.transferred", "terminated"),
    ("penalty.served", None),
    ("penalty.executed", None),
    ("penalty.published", None),
    ("penalty.closed", "closed"),
    ("penalty.revoked", "terminated"),
)
"""Penalties 处罚, minimal: service and execution happen on the way to closing and move nothing."""

COERCION: Final = _generic(
    ("coercion.approved", "accepted"),
    ("coercion.imposed", "in_progress"),
    ("coercion.extended", "in_progress"),
    ("coercion.decided", "decided"),
    ("coercion.lifted", "decided"),
    ("coercion.closed", "closed"),
)
"""Coercive measures 强制, minimal."""

INSPECTION: Final = _generic(
    ("inspection.planned", "received"),
    ("inspection.carried_out", "in_progress"),
    ("inspection.result", "decided"),
    ("inspection.rectification_ordered", "in_progress"),
    ("inspection.rechecked", "in_progress"),
    ("inspection.closed", "closed"),
)
"""Inspections 检查, minimal."""

PUBLIC_RESOURCE: Final = _generic(
    ("deal.announced", "received"),
    ("deal.registered", "accepted"),
    ("deal.opened", "in_progress"),
    ("deal.evaluated", "in_progress"),
    ("deal.result_published", "in_progress"),
    ("deal.objection_raised", None),
    ("deal.objection_answered", None),
    ("deal.awarded", "decided"),
    ("deal.contract_signed", "decided"),
    ("deal.closed", "closed"),
)
"""Public-resource trades 公共资源, minimal."""

TRANSITIONS: Final[Mapping[str, Transition]] = {
    **APPLICATION,
    **PUNISHMENT,
    **COERCION,
    **INSPECTION,
    **PUBLIC_RESOURCE,
}
"""Every event type's move. Types carry their family in their name, so the tables never collide."""
