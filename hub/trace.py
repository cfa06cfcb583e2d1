"""Says a fault of the hub by its kind and place alone: its text may quote a record, and that a person."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Final

STEPS: Final = 3
"""Innermost steps named: enough to find the fault in the code."""


def traced(fault: BaseException) -> str:
    """Return e.g. `KeyError at fold.py:12 moved < judge.py:40 judge`."""
    steps = traceback.extract_tb(fault.__traceback__)[-STEPS:]
    where = " < ".join(f"{Path(step.filename).name}:{step.lineno} {step.name}" for step in reversed(steps))
    return f"{type(fault).__name__} at {where}"
