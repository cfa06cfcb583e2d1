"""Compares what a hub found in a simulated city with the truth about it: by rule what was missed, and what is false."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

LAPSING: Final = frozenset({"R10", "R13", "R32", "R62"})
"""Rules with notices that come and lapse as a case moves on: how many there were depends on how often it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found: by rule how often each key stands, was taken back, or lapsed."""

    standing: Mapping[str, Counter[str]]
    excused: Mapping[str, Counter[str]]
    lapsed: Mapping[str, Counter[str]]
    not_judged: Collection[str] = ()
    """Rules of which the inputs were not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One rule compared: keys as often as they were planted, found, missed, and charged falsely."""

    rule: str
    planted: int
    found: int
    missed: tuple[str, ...]
    false: tuple[str, ...]
    excused: int
    """How many were to be raised and taken back."""

    def as_document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "rule": self.rule,
            "planted": self.planted,
            "found": self.found,
            "missed": list(self.missed),
            "false": list(self.false),
            "excused": self.excused,
        }


def compare(truth: Mapping[str, Any], found: Found) -> list[Line]:
    """Compare rule by rule. What was planted must stand; what was excused must have been raised and taken back."""
    rules = {*truth["planted"], *truth["excused"], *found.standing, *found.excused} - {*found.not_judged}
    return [_line(rule, truth, found) for rule in sorted(rules)]


def _line(rule: str, truth: Mapping[str, Any], found: Found) -> Line:
    planted, stands = Counter(truth["planted"].get(rule, ())), found.standing.get(rule, Counter())
    excused, gone = Counter(truth["excused"].get(rule, ())), found.excused.get(rule, Counter())
    lapsed = found.lapsed.get(rule, Counter())
    missed = (planted - stands) + (excused - (gone + lapsed))
    false = (stands - planted) + (gone - excused)
    return Line(
        rule=rule,
        planted=planted.total(),
        found=(planted & stands).total(),
        missed=tuple(sorted(missed.elements())),
        false=tuple(sorted(false.elements())),
        excused=excused.total(),
    )


def precision(lines: Collection[Line]) -> float:
    """Return the share of what was found that is true, in per cent."""
    right, wrong = _right(lines), sum(len(line.false) for line in lines)
    return 100 * right / (right + wrong) if right + wrong else 100.0


def recall(lines: Collection[Line]) -> float:
    """Return the share of what is true that was found, in per cent."""
    right, missed = _right(lines), sum(len(line.missed) for line in lines)
    return 100 * right / (right + missed) if right + missed else 100.0


def _right(lines: Collection[Line]) -> int:
    return sum(line.planted + line.excused - len(line.missed) for line in lines)
