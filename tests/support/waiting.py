"""Waiting for what a server settles later: poll with a deadline, never sleep and hope."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

DEADLINE_S = 30.0


def eventually(holds: Callable[[], bool], *, within_s: float = DEADLINE_S) -> None:
    """Return once `holds()`; fail when it still does not after `within_s`."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"still not so after {within_s} s"
        time.sleep(0.02)
