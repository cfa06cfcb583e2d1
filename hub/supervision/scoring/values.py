"""What a score is computed from, and what it comes to: counts, cards and entries in; lines that add up out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Source = Literal["auto", "survey", "manual"]
"""Where an indicator's value comes from: gathered 自动, a survey 满意度, or a person's entry 人工, which is marked."""

CENT: Final = Decimal("0.01")
"""What points are rounded to: two decimals, half up, each line for itself; sums of lines are exact."""

NOT_ISSUED: Final = frozenset({"shadow", "pending"})
"""States of alerts that were never issued: they do not count, nor are they shown."""

TAKEN_BACK: Final = frozenset({"cleared", "revoked"})
"""States of alerts that were issued and count no more; they are shown with no points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Counts of one matter of a department in one region; what is not named is 0."""

    region_code: str
    matter_code: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One alert as it counts. `subject` is its case, or `<kind>:<id>`; `raised_on` a local day, YYYY-MM-DD.

    `charged_to` names who its cause is attributed to: only the `department` loses points by it.
    """

    alert_id: str
    rule_id: str
    level: str
    state: str
    region_code: str
    matter_code: str
    subject: str
    case_no: str
    raised_on: str
    charged_to: str = "department"
    disclosure: str = ""
    """Class of its case; empty where it is about none."""

    @property
    def counts(self) -> bool:
        """Tell whether it costs points: it stands, and its cause is the department's."""
        return self.state not in TAKEN_BACK | NOT_ISSUED and self.charged_to == "department"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One entry that a person made for a department's month: `amount` in the indicator's unit, and on what ground."""

    mark_id: str
    indicator_id: str
    amount: Decimal
    ground: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """What a department must have reached by a day, and what it has: conformance levels, "C3"; "" is none."""

    due_on: str
    required: str
    reached: str

    def is_missed(self, day: str) -> bool:
        """Tell whether the day is past and the level not reached; levels compare as they are written."""
        return self.due_on <= day and self.reached < self.required


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """All that one department's month is scored from. `quality` are counts by department, over all its matters."""

    department_id: str
    region_code: str
    cells: Sequence[Cell] = ()
    cards: Sequence[Card] = ()
    marks: Sequence[Mark] = ()
    obligation: Obligation | None = None
    quality: Mapping[str, int] = field(default_factory=dict)

    def count(self, name: str) -> int:
        """Sum one count over all cells."""
        return sum(cell.counts.get(name, 0) for cell in self.cells)

    def only(self, keep: Callable[[Cell | Card], bool]) -> Inputs:
        """Return the part of it that `keep` takes: one matter, or one region."""
        return replace(
            self,
            cells=[cell for cell in self.cells if keep(cell)],
            cards=[card for card in self.cards if keep(card)],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One step of a derivation: `points` added (or, below 0, taken), where, why, and what it can be followed to.

    `kind` is base, deduction, floor, bonus, conversion, or note (0 points, told for completeness).
    """

    head: str
    indicator_id: str
    kind: str
    points: Decimal
    zh: str
    en: str
    source: str = "auto"
    about: Mapping[str, str] = field(default_factory=dict)
    """alert_id, rule_id, state, subject, case_no, mark_id: as far as they apply."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Name it, so that the same line of two statements can be compared."""
        kind = "deduction" if self.kind == "note" else self.kind
        return self.head, self.indicator_id, kind, self.about.get("alert_id") or self.about.get("mark_id", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One indicator's value. `value` is None where the sample is smaller than `min_sample`: too few to say."""

    indicator_id: str
    zh: str
    en: str
    unit: str
    direction: str
    value: Decimal | None
    sample: int
    min_sample: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One department's month: the lines, the score they add up to, its grade, and what was measured on the way."""

    period: str
    department_id: str
    region_code: str
    lines: Sequence[Line]
    shown: Sequence[Shown]
    sample: int
    min_sample: int
    is_obliged: bool
    """Whether a missed obligation is scored: then it is ranked whatever its sample."""
    grade: str

    @property
    def score(self) -> Decimal:
        """Return the sum of the lines: exact."""
        return sum((line.points for line in self.lines), Decimal(0)).quantize(CENT)

    @property
    def is_ranked(self) -> bool:
        """Tell whether there is enough to compare it by."""
        return self.is_obliged or self.sample >= self.min_sample
