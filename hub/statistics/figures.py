"""How one case adds to the figures of the city: which measure on which day, in which cell.

Figures are sums over cases, kept at three grains: by month with every dimension, by month without the matter, and by
day without the matter (of which there are too many for days). How many cases took how many working days is kept by
month alone. A sum changes by the difference between what a case said before and what it says now.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date  # noqa: TC003 - read where tables are made
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hub.model.facts import CaseFacts

MEASURES: Final[Mapping[str, Sequence[str]]] = {
    "opened_on": ("opened", "opened_online", "entered_late", "supplemented", "overdue"),
    "accepted_on": ("accepted",),
    "finished_on": (
        "finished", "on_time", "early", "late", "finished_late_by_law", "paused", "extended",
        "timed", "used_days", "promised_days",
    ),
    "closed_on": ("closed", "reworked", "rated", "dissatisfied"),
}  # fmt: skip
"""Every measure under the day of a case on which it is counted."""

NAMES: Final = tuple(name for names in MEASURES.values() for name in names)

DISSATISFIED: Final = 4
"""Rating from which somebody is dissatisfied (4 不满意, 5 非常不满意)."""

BLOCK_DAYS: Final = 20
"""Numbers of working days that are counted side by side in one row: 0 to 19, 20 to 39 and on. Nearly every case is done
within the 20 working days that the law allows (行政许可法 42), so that nearly every cell has one row."""

MATTER_MONTH: Final = "matter_month"
MONTH: Final = "month"
DAY: Final = "day"
MONTHLY: Final = frozenset({MATTER_MONTH, MONTH})


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One cell of the figures: a month by its first day, or a day; `matter_code` is empty but at MATTER_MONTH."""

    grain: str
    day: date
    department_id: str
    matter_code: str
    region_code: str
    power_type: str
    family: str


Sums = dict[str, int]


def contribution(facts: CaseFacts) -> Mapping[str, Sums]:
    """Return what one case adds, by the field that names the day."""
    finished = facts.on_time or facts.late
    timed = facts.used_workdays is not None and facts.promised_workdays is not None
    return {
        "opened_on": {
            "opened": 1,
            "opened_online": int(facts.online),
            "entered_late": int(facts.late_entry),
            "supplemented": int(facts.supplement),
            "overdue": int(facts.open_late),
        },
        "accepted_on": {"accepted": 1},
        "finished_on": {
            "finished": 1,
            "on_time": int(facts.on_time),
            "early": int(facts.early),
            "late": int(facts.late),
            "finished_late_by_law": int(finished and facts.late_by_law),
            "paused": int(facts.special),
            "extended": int(facts.extension),
            "timed": int(timed),
            "used_days": facts.used_workdays or 0 if timed else 0,
            "promised_days": facts.promised_workdays or 0 if timed else 0,
        },
        "closed_on": {
            "closed": 1,
            "reworked": int(facts.reworked),
            "rated": int(facts.rating is not None),
            "dissatisfied": int(facts.rating is not None and facts.rating >= DISSATISFIED),
        },
    }


def cells(facts: CaseFacts, day: date) -> Iterator[Cell]:
    """Yield the cells in which a case counts on one of its days."""
    place = (facts.region_code, facts.power_type, facts.family)
    month = day.replace(day=1)
    yield Cell(MATTER_MONTH, month, facts.department_id, facts.matter_code, *place)
    yield Cell(MONTH, month, facts.department_id, "", *place)
    yield Cell(DAY, day, facts.department_id, "", *place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What changes in the figures, and in how many cases took how many working days."""

    figures: Mapping[Cell, Sums]
    durations: Mapping[tuple[Cell, int], int]


def difference(before: Iterable[CaseFacts], after: Iterable[CaseFacts]) -> Difference:
    """Return how the figures change when cases that said `before` say `after`; what does not change is left out."""
    figures: dict[Cell, Sums] = {}
    durations: Counter[tuple[Cell, int]] = Counter()
    for sign, group in ((-1, before), (1, after)):
        for facts in group:
            _add(figures, durations, facts, sign)
    return Difference(
        figures={cell: sums for cell, sums in sorted(figures.items()) if any(sums.values())},
        durations={key: n for key, n in sorted(durations.items()) if n},
    )


def _add(figures: dict[Cell, Sums], durations: Counter[tuple[Cell, int]], facts: CaseFacts, sign: int) -> None:
    for field, sums in contribution(facts).items():
        day = getattr(facts, field)
        for cell in cells(facts, day) if day is not None else ():
            kept = figures.setdefault(cell, dict.fromkeys(NAMES, 0))
            for name, n in sums.items():
                kept[name] += sign * n
            if field == "finished_on" and sums["timed"] and cell.grain in MONTHLY:
                durations[cell, facts.used_workdays or 0] += sign
