"""What somebody asks of the statistics: over which days, of which cases, by which dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.errors import Fault, Misconfigured
from hub.model.codes import code_list
from hub.statistics.periods import FIRST_DAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.statistics.periods import Span

PLACES: Final = ("region", "department", "matter", "power_type", "family")
PERIODS: Final = tuple(FIRST_DAY)
DIMENSIONS: Final = (*PERIODS, *PLACES)

COMPLAINTS: Final = "complaint"
"""The family that is counted apart: a complaint is no exercise of power."""

DAYS_MOST: Final = 800
"""Most days of a series by day or week: a page holds no more, and neither does a chart."""

_CITY: Final = "00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question. Empty text: not limited by it. `complaints`: of complaints instead of everything else."""

    span: Span
    by: tuple[str, ...] = ()
    region: str = ""
    department: str = ""
    matter: str = ""
    power_type: str = ""
    family: str = ""
    complaints: bool = False

    @property
    def period(self) -> str:
        """Return the kind of period it is told by; empty if by none."""
        return next((name for name in self.by if name in FIRST_DAY), "")

    @property
    def places(self) -> tuple[str, ...]:
        """Return the dimensions that are no period, in the order asked."""
        return tuple(name for name in self.by if name not in FIRST_DAY)

    @property
    def needs_matter(self) -> bool:
        """Tell whether matters have to be told apart."""
        return bool(self.matter) or "matter" in self.by


def checked(asked: Asked) -> Asked:
    """Return a question that can be answered; Misconfigured for one that cannot."""
    unknown = [name for name in asked.by if name not in DIMENSIONS]
    if unknown:
        raise _wrong(f"unknown dimension {unknown[0]!r}", f"one of {', '.join(DIMENSIONS)}")
    if len(set(asked.by)) != len(asked.by) or sum(name in FIRST_DAY for name in asked.by) > 1:
        raise _wrong("a dimension is named twice, or two kinds of period are", "name each once, and one kind of period")
    if asked.span.last < asked.span.start:
        raise _wrong("the last day is before the first", "swap --from and --to")
    days = (asked.span.last - asked.span.start).days + 1
    if asked.period in ("day", "week") and days > DAYS_MOST:
        raise _wrong(
            f"{days} days are too many for a series by {asked.period}", f"ask for at most {DAYS_MOST}, or by month"
        )
    return asked


def _wrong(problem: str, hint: str) -> Misconfigured:
    return Misconfigured(Fault(code="statistics.question", problem=problem, hint=hint))


def present_region(code: str) -> str:
    """Return the region that a code stands for today: 321284 became 321204 in 2012."""
    rows = code_list("regions").rows
    while (row := rows.get(code)) is not None and row.get("successor"):
        code = str(row["successor"])
    return code


def regions_of(code: str) -> Sequence[str]:
    """Return every code that counts for a region: itself, those it succeeded, and of a city all that lies in it."""
    rows = code_list("regions").rows
    inside = [each for each in rows if code.endswith(_CITY) and each.startswith(code[:4])]
    return sorted({code, *inside, *(each for each in rows if present_region(each) == code)})
