"""What truthfulness is measured from, and what it comes to: figures beside those of peers, with their samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """One row of running case numbers in a month: its first and last figure, and how many within are known."""

    prefix: str
    first: int
    last: int
    known: int
    cases: int
    """How many of the month's own cases are numbered so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """How one department's month was reported.

    `counts` are of cases; `durations` holds, by matter, the cases that took any time and the most that took the very
    same; `handlers` the cases by who handled them; `days` the local days on which a case was opened.
    """

    department_id: str
    group: str
    """Its peers: departments whose cases are mostly of this power type."""
    counts: Mapping[str, int] = field(default_factory=dict)
    durations: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    handlers: Mapping[str, int] = field(default_factory=dict)
    numbers: Sequence[Numbers] = ()
    days: Sequence[date] = ()
    workdays: Sequence[date] = ()
    """The working days of the month, as far as it has passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many of so many."""

    part: int
    whole: int

    @property
    def value(self) -> Fraction | None:
        """Return the share; None of nothing."""
        return Fraction(self.part, self.whole) if self.whole else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What is usual among peers: the median, how far from it is still usual, and how many peers there are."""

    middle: Fraction
    high: Fraction
    peers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One measure of one department. `stands_out` asks for a review; it says nothing about anybody's fault."""

    measure_id: str
    department_id: str
    share: Share
    band: Band | None
    """None where there are too few peers to compare it by."""
    stands_out: bool
    is_judged: bool
    """Whether the sample is large enough to say anything."""
