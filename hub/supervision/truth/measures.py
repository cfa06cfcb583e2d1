"""The measures of truthfulness: each a declared definition with its source, and one small function."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from hub.supervision.truth.values import Share

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from hub.supervision.truth.values import Numbers, Reported

FEWEST_ALIKE: Final = 10
"""Closed cases of a matter below which equal durations say nothing."""

FEWEST_NUMBERED: Final = 5
"""Cases below which a row of numbers is too short to have gaps."""

SPARSE: Final = 10
"""A row of numbers that spans so many times its cases is no running number: a time, or a random figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One measure. A department stands out above `high` of its peers' band, which is at least `tolerance` wide."""

    measure_id: str
    zh: str
    en: str
    definition: str
    basis: str
    of: Callable[[Reported], Share]
    tolerance: Fraction
    min_sample: int = 20


def _of(part: str, whole: str) -> Callable[[Reported], Share]:
    """Return what takes one count of another."""
    return lambda reported: Share(part=reported.counts.get(part, 0), whole=reported.counts.get(whole, 0))


def missing_numbers(reported: Reported) -> Share:
    """Count the numbers that no case has, of all between the first and the last of each row of running numbers."""
    rows = [row for row in reported.numbers if _is_running(row)]
    spans = [row.last - row.first + 1 for row in rows]
    return Share(part=sum(spans) - sum(row.known for row in rows), whole=sum(spans))


def _is_running(row: Numbers) -> bool:
    return row.cases >= FEWEST_NUMBERED and row.last - row.first < SPARSE * row.known


def same_durations(reported: Reported) -> Share:
    """Count, over matters with enough cases, those that took exactly as long as most of their matter did."""
    rows = [(most, n) for n, most in reported.durations.values() if n >= FEWEST_ALIKE]
    return Share(part=sum(most for most, _ in rows if most > 1), whole=sum(n for _, n in rows))


def one_handler(reported: Reported) -> Share:
    """Count the cases of whoever handles most, of all whose handler is reported."""
    return Share(part=max(reported.handlers.values(), default=0), whole=sum(reported.handlers.values()))


def silence(reported: Reported) -> Share:
    """Count the working days of the longest stretch without any case, of those of the month.

    Where there is not a case a day on average, a stretch without one is no silence: the share is then of nothing.
    """
    cases = reported.counts.get("opened", 0)
    if cases < len(reported.workdays):
        return Share(part=0, whole=0)
    return Share(part=longest_silence(reported.days, reported.workdays), whole=len(reported.workdays))


def longest_silence(days: Sequence[date], workdays: Sequence[date]) -> int:
    """Return how many working days on end none of `days` is among."""
    heard, longest, run = set(days), 0, 0
    for day in workdays:
        run = 0 if day in heard else run + 1
        longest = max(longest, run)
    return longest


def _percent(number: int) -> Fraction:
    return Fraction(number, 100)


MEASURES: Final = (
    Measure(
        measure_id="backdated",
        zh="倒签",
        en="back-dated",
        definition="cases with a deadline met by an event that happened, as reported, before the deadline, and first "
        "reached the hub more than 24 hours after it, of all that were closed and had a limit",
        basis="conformance LTE-03; reporting cycle of at most 24 hours",
        of=_of("backdated", "limited"),
        tolerance=_percent(5),
    ),
    Measure(
        measure_id="entered_late",
        zh="补录",
        en="entered after the fact",
        definition="cases that rule R44 found entered after the fact, of all opened",
        basis="R44; 事后录入 is an inspection focus",
        of=_of("entered_late", "opened"),
        tolerance=_percent(5),
    ),
    Measure(
        measure_id="vanished",
        zh="改后不超期",
        en="breaches that vanished",
        definition="cases with a deadline met only since the event that meets it was reported with another time, which "
        "no correction names, of all that were closed and had a limit",
        basis="R45: moves so that a breach disappears",
        of=_of("vanished", "limited"),
        tolerance=_percent(1),
    ),
    Measure(
        measure_id="missing_numbers",
        zh="断号",
        en="gaps in case numbers",
        definition="numbers that no case has, of those between the first and the last of the month in each row of "
        "running numbers; rows that span ten times their cases are no running numbers",
        basis="off-line running 线下运行 leaves numbers out",
        of=missing_numbers,
        tolerance=_percent(5),
    ),
    Measure(
        measure_id="same_durations",
        zh="用时雷同",
        en="constant durations",
        definition="closed cases that took exactly as many minutes as most of their matter did, of all closed that "
        "took any time, over matters with at least ten",
        basis="conformance FLD-03",
        of=same_durations,
        tolerance=_percent(15),
    ),
    Measure(
        measure_id="at_limit",
        zh="压线办结",
        en="closed on the last day",
        definition="cases closed in time on the last day of a limit of more than a day, of all closed that had a limit",
        basis="conformance FLD-03",
        of=_of("at_limit", "limited"),
        tolerance=_percent(15),
    ),
    Measure(
        measure_id="placeholders",
        zh="占位填报",
        en="placeholder values",
        definition="cases with a field filled by what says nothing (无, /, 1900-01-01, …), of all opened",
        basis="conformance FLD-03",
        of=_of("placeholders", "opened"),
        tolerance=_percent(5),
    ),
    Measure(
        measure_id="one_handler",
        zh="经办人单一",
        en="one handler for everything",
        definition="closed cases of whoever handles most, of all closed whose handler is reported",
        basis="conformance FLD-03",
        of=one_handler,
        tolerance=_percent(25),
    ),
    Measure(
        measure_id="silence",
        zh="连续无数据",
        en="silence",
        definition="days of the longest stretch without any case opened, of those of the month, for departments "
        "with a case a working day on average",
        basis="conformance K4: events or a zero report each working day",
        of=silence,
        tolerance=_percent(15),
        min_sample=10,
    ),
    Measure(
        measure_id="late",
        zh="迟报",
        en="reported late",
        definition="cases of which an event reached the hub more than 24 hours after it happened, of all opened",
        basis="reporting cycle of at most 24 hours",
        of=_of("late", "opened"),
        tolerance=_percent(10),
    ),
    Measure(
        measure_id="contradicted",
        zh="对账不符",
        en="contradictory re-sends",
        definition="events whose content another of the same version contradicts, of all its connections delivered",
        basis="conformance K7; reconciliation",
        of=_of("conflicting", "events"),
        tolerance=_percent(1),
    ),
)
"""Every measure, in the order in which they are told."""
