"""What commands share that act for a person: who it is, and what became of the act."""

from __future__ import annotations

import getpass
import time
from typing import TYPE_CHECKING, Final

from hub.errors import Fault, Misconfigured

if TYPE_CHECKING:
    from hub.wiring import Hub

WAIT_S: Final = 10.0
"""Seconds that a command waits for the ledger to take what it sent."""


def whoever(by: str) -> str:
    """Return who acts: the name given, else whoever is logged in."""
    return by.strip() or getpass.getuser()


def awaited(hub: Hub, act_id: str) -> str:
    """Return what became of an act; Misconfigured where it was refused.

    Supervision must be running for anything to become of it.
    """
    until = time.monotonic() + WAIT_S
    while (outcome := hub.queries.act(act_id)) is None and time.monotonic() < until:
        time.sleep(0.1)
    if outcome is not None and outcome.startswith("refused: "):
        _, code, problem = outcome.split(": ", 2)
        raise Misconfigured(Fault(code=code, problem=problem, hint="nothing was changed"))
    return outcome or f"sent as {act_id}; it is entered once `sunlight serve` or `sunlight run supervise` is at work"
