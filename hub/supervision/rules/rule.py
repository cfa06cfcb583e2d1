"""What a rule is: a declared unit with its name, law, level and parameters, and one pure function."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hub.supervision.calendar import WorkCalendar
    from hub.supervision.caselog import Fact, Log
    from hub.supervision.clocks import Clock
    from hub.supervision.fold import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """All that a rule may read of one case."""

    case: Case
    log: Log
    clocks: Sequence[Clock]
    calendar: WorkCalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing a rule found in one case. (rule, case, occurrence) names it for good."""

    rule_id: str
    occurrence: str
    level: str
    clock_id: str | None
    zh: str
    en: str
    evidence: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One supervision rule.

    `level` is that of its findings; `mode` manual means that a person confirms before it is issued. `clears` marks a
    notice that lapses as the case moves on; any other finding that goes away was raised on wrong data.
    """

    rule_id: str
    version: int
    zh: str
    en: str
    phase: Literal["pre", "in", "post"]
    class_: Literal["enforcement", "efficiency", "integrity"]
    level: Literal["notice", "yellow", "red"]
    type_code: str
    """监察预警类型: 1 limits, 2 procedure, 7 integrity, 8 reporting, …."""
    basis: str
    reads: tuple[str, ...]
    """Event types, fields and clocks without which it cannot be judged."""
    find: Callable[[Rule, View], Iterable[Finding]]
    mode: Literal["auto", "manual"] = "auto"
    clears: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)


def evidence(fact: Fact, name: str, value: str, expected: str = "") -> Mapping[str, str]:
    """Write one piece of evidence: which event says it, what, what was expected, and the digest of its raw record."""
    item = {"event_id": fact.event_id, "field": name, "value": value, "source_hash": fact.record_digest}
    return {**item, "expected": expected} if expected else item
