"""Loads indicator sets: the one that is shipped, and those that an operator keeps in files of their own."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from hub.errors import Misconfigured
from hub.mapping.document import read_document
from hub.mapping.faults import Faults
from hub.resources import SCHEMAS
from hub.supervision.scoring.formulas import FORMULAS
from hub.supervision.scoring.indicators import IndicatorSet, indicator_set

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SHIPPED = SCHEMAS / "indicators"
"""The folder of the sets that are shipped."""


def load_sets(own: Sequence[Path] = ()) -> Sequence[IndicatorSet]:
    """Return the sets shipped and an operator's own (schemas/indicators.v1), or report every fault in a file."""
    return [load_set(path) for path in (*sorted(SHIPPED.glob("*.yaml")), *own)]


@lru_cache(maxsize=32)
def load_set(path: Path) -> IndicatorSet:
    """Read one set, or raise Misconfigured with everything that is wrong with it."""
    faults = Faults(str(path))
    root = read_document(path, faults)
    if faults.found:
        raise Misconfigured(*faults.found)
    return indicator_set(root.plain(), formulas=FORMULAS, file=str(path))
