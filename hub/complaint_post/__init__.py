"""What goes out of a complaint: orders to the departments that handle it, statuses to the centres that took it in.

What is told is what changes: whatever stands after a number of the feed and did not stand before it. So a move that
arrives early is told when it becomes lawful, one that arrives twice is told once, and one that ceases to hold is taken
back, in whatever order everything arrived.
"""

from __future__ import annotations

from hub.complaint_post.addressing import Address, orders, statuses
from hub.complaint_post.centres import Centre, centres_in
from hub.complaint_post.letters import ComplaintLetters, Told
from hub.complaint_post.standing import Standing, standing

__all__ = [
    "Address", "Centre", "ComplaintLetters", "Standing", "Told", "centres_in", "orders", "standing", "statuses",
]  # fmt: skip
