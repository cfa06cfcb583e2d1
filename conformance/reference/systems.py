"""What every reference system has in common: what staff keyed in becomes visible at its exports, in order, once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.reference.plan import CityPlan
    from conformance.reference.story import CityCase, Step

EXPORT_MINUTE: Final = 50
"""Minute of each hour at which a database system copies what is new to its front end."""

EXPORT_HOUR: Final = 18
"""Local hour at which a file system writes its file of the day: after the offices close, before midnight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act of keying in: one content of one step of a case. `fault` names what is wrong with its record, if any."""

    keyed_at: datetime
    case: CityCase
    step: Step
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What becomes visible at one moment, in the order it was keyed in."""

    at: datetime
    entries: Sequence[Entry]


class System(ABC):
    """One department system. `advance` makes visible what its exports up to a moment carry; it never goes back."""

    def __init__(self, exports: Sequence[Export]) -> None:
        """Start empty, with all `exports` ahead, in order of time."""
        self._ahead = list(reversed(exports))
        self.moments = tuple(export.at for export in exports)

    @abstractmethod
    def environment(self) -> Mapping[str, str]:
        """Return where it is, by the names that its mapping file uses."""

    @abstractmethod
    def show(self, export: Export) -> None:
        """Make one export visible."""

    def advance(self, to: datetime) -> None:
        """Make visible everything exported up to and including `to`."""
        while self._ahead and self._ahead[-1].at <= to:
            self.show(self._ahead.pop())


def exports_of(plan: CityPlan, connection: str, visible: Callable[[datetime], datetime]) -> Sequence[Export]:
    """Return the exports of one connection's system up to the city's end; `visible` tells when an entry is exported."""
    entries = sorted(_entries(plan, connection), key=lambda entry: (entry.keyed_at, entry.case.key))
    grouped = groupby(entries, key=lambda entry: visible(entry.keyed_at))
    return [Export(at=moment, entries=tuple(group)) for moment, group in grouped if moment <= plan.ends_at]


def _entries(plan: CityPlan, connection: str) -> Sequence[Entry]:
    told = [
        Entry(keyed_at=step.keyed_at, case=case, step=step)
        for case in plan.cases
        if case.department.connection == connection
        for step in case.steps
    ]
    refused = [
        Entry(keyed_at=dirt.keyed_at, case=dirt.case, step=dirt.case.steps[0], fault=dirt.kind)
        for dirt in plan.dirt
        if dirt.connection == connection
    ]
    return [*told, *refused]


def hourly(keyed_at: datetime) -> datetime:
    """Return the hourly export that carries what was keyed in at a moment."""
    export = keyed_at.replace(minute=EXPORT_MINUTE, second=0, microsecond=0)
    return export if keyed_at <= export else export + timedelta(hours=1)


def daily(keyed_at: datetime) -> datetime:
    """Return the daily export that carries what was keyed in at a moment."""
    export = datetime.combine(keyed_at.date(), time(EXPORT_HOUR), keyed_at.tzinfo)
    return export if keyed_at <= export else export + timedelta(days=1)
