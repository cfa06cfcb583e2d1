"""Which event may follow which state: the machine of every family of cases in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.supervision.families.application import APPLICATION
from hub.supervision.families.coercion import COERCION
from hub.supervision.families.complaint import COMPLAINT
from hub.supervision.families.inspection import INSPECTION
from hub.supervision.families.public_resource import PUBLIC_RESOURCE
from hub.supervision.families.punishment import PUNISHMENT
from hub.supervision.families.transition import UNKNOWN, Transition

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ENDED", "FAMILIES", "OPENED", "POSITION", "TRANSITIONS", "UNKNOWN", "Transition"]

OPENED: Final = "received"
"""State of a case of which nothing is reported that moves a state: the hub has received word of it."""

POSITION: Final[Mapping[str, int]] = {
    "": 0,
    "received": 10,
    "registered": 10,
    "planned": 10,
    "announced": 10,
    "awaiting_supplement": 20,
    "enrolled": 20,
    "accepted": 30,
    "filed": 30,
    "approved": 30,
    "dispatched": 32,
    "returned": 33,
    "signed_for": 34,
    "in_progress": 40,
    "imposed": 40,
    "carried_out": 40,
    "opened": 40,
    "investigated": 42,
    "evaluated": 44,
    "notified": 46,
    "result_published": 46,
    "hearing": 48,
    "heard": 49,
    "suspended": 50,
    "decided": 60,
    "concluded": 60,
    "awarded": 60,
    "replied": 60,
    "lifted": 62,
    "served": 62,
    "rectifying": 62,
    "followed_up": 62,
    "executed": 64,
    "rechecked": 64,
    "contracted": 64,
    "rejected": 70,
    "withdrawn": 70,
    "terminated": 70,
    "closed": 70,
    "linked": 70,
    "revoked": 75,
    "delivered": 80,
    "voided": 90,
}
"""How far along its life a case is in each state. An unlawful event moves a case only to a greater position."""

ENDED: Final = frozenset({"closed", "delivered", "rejected", "linked", "withdrawn", "terminated", "revoked", "voided"})
"""States in which nothing more is owed on the case itself."""

FAMILIES: Final[Mapping[str, Mapping[str, Transition]]] = {
    "application": APPLICATION,
    "punishment": PUNISHMENT,
    "coercion": COERCION,
    "inspection": INSPECTION,
    "public_resource": PUBLIC_RESOURCE,
    "complaint": COMPLAINT,
}
"""The machine of each family. Joint handling is the application of the lead, whose children are asked and answer."""

TRANSITIONS: Final[Mapping[str, Transition]] = {
    name: move for table in (*FAMILIES.values(), APPLICATION) for name, move in table.items()
}
"""Every event type's move; what several families have (special procedures) as an application has it."""


def move_of(family: str, event_type: str) -> Transition | None:
    """Return what an event type does in a family: by its own machine, else by the one that the type belongs to."""
    return FAMILIES.get(family, {}).get(event_type) or TRANSITIONS.get(event_type)
