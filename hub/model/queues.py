"""Names of the hub's queues at the broker, which both sides of the Bus port must agree on."""

from __future__ import annotations

from typing import Final

PREFIX: Final = "sunlight."
"""What every exchange and queue of the hub begins with."""

INTAKE: Final = f"{PREFIX}intake"
"""The exchange that takes what connectors publish, and the stem of its queues."""

PARKED: Final = f"{PREFIX}parked"
"""Exchange and queue of messages that could not be handled at all."""


def intake_queue(partition: int) -> str:
    """Return the name of the queue that one partition's owner consumes."""
    return f"{INTAKE}.{partition}"


def subscriber_queue(name: str) -> str:
    """Return the name of a subscriber's queue."""
    return f"{PREFIX}subscriber.{name}"
