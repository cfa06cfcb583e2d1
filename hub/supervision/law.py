"""Limits that the law itself sets where a catalogue says nothing: declared, with article and dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from hub.supervision.catalogue import Limit

LICENSING: Final = "01"
"""Power type 行政许可 (GB/T 39046-2020, A.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LawParameter:
    """One limit of one law for one power type and clock kind, valid on `valid_from` ≤ day < `valid_to`."""

    kind: str
    power_type: str
    limit: Limit
    title: str
    article: str
    valid_from: date
    valid_to: date | None = None


LAW: Final = (
    LawParameter(
        kind="acceptance",
        power_type=LICENSING,
        limit=Limit(n=5, unit="working_day"),
        title="行政许可法",
        article="32",
        valid_from=date(2004, 7, 1),
    ),
    LawParameter(
        kind="delivery",
        power_type=LICENSING,
        limit=Limit(n=10, unit="working_day"),
        title="行政许可法",
        article="44",
        valid_from=date(2004, 7, 1),
    ),
)
"""The Licensing Law came into force on 2004-07-01; its amendment of 2019 left both limits as they were. Art. 82: its
limits are working days. Where the law of a time is not known there is no limit, and so no clock."""


def law_limit(kind: str, power_type: str, day: date) -> LawParameter | None:
    """Return what the law sets for a clock kind and power type on a day."""
    for parameter in LAW:
        if parameter.kind == kind and parameter.power_type == power_type and parameter.valid_from <= day:
            return parameter if parameter.valid_to is None or day < parameter.valid_to else None
    return None
