"""What a rule is: a declared unit with its name, law, level and parameters, and one pure function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date, datetime

    from hub.supervision.calendar import WorkCalendar
    from hub.supervision.caselog import Fact, Log
    from hub.supervision.catalogue import Catalogue
    from hub.supervision.clocks import Clock
    from hub.supervision.fold import Case
    from hub.supervision.matter import Matter

Level = Literal["notice", "yellow", "red"]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """All that a rule may read of one case."""

    case: Case
    log: Log
    clocks: Sequence[Clock]
    calendar: WorkCalendar
    catalogue: Catalogue
    horizon: datetime | None
    offers: frozenset[str] | None = None
    """Event types and fields that the connection reports; None: all."""

    def reports(self, *names: str) -> bool:
        """Tell whether the connection reports all of these event types and fields."""
        return self.offers is None or self.offers.issuperset(names)

    def matter(self, moment: datetime) -> Matter | None:
        """Return the version of the case's matter that holds on the day of `moment`."""
        about = self.case.attributes
        day = self.calendar.day_of(moment)
        return self.catalogue.matter(about.get("matter_code", ""), day, about["department_id"])

    def power_type(self) -> str:
        """Return the power type that the case, else its matter names."""
        matter = self.matter(self.case.opened_at)
        return str(self.case.attributes.get("power_type") or (matter.power_type if matter else ""))


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
    department_id: str = ""
    """Who answers for it, where that is not the department of the case."""
    region_code: str = ""
    subject: str = ""
    """What it is about where that is no case: `<kind>:<id>`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One number (or word) of a rule, valid on `valid_from` ≤ day < `valid_to`, and where it comes from."""

    name: str
    value: Any
    unit: str
    source: str
    valid_from: date | None = None
    valid_to: date | None = None

    def holds(self, day: date) -> bool:
        """Tell whether it is in force on `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One supervision rule.

    `level` is that of its findings, the highest where there are several; `mode` manual means that a person confirms a
    red one before it is issued. A notice on a clock lapses as the case moves on; any other
    finding that goes away was raised on wrong data.
    """

    rule_id: str
    version: int
    zh: str
    en: str
    phase: Literal["pre", "in", "post"]
    class_: Literal["enforcement", "efficiency", "integrity"]
    level: Level
    type_code: str
    """监察预警类型: 1 limits, 2 procedure, 3 materials, 4 fees, 5 discretion, 6 powers, 7 integrity, 8 reporting,
    9 complaints."""
    basis: str
    reads: tuple[str, ...]
    """Event types, fields and clocks without which it cannot be judged."""
    find: Callable[[Rule, Any], Iterable[Finding]]
    scope: Literal["case", "matter", "city"] = "case"
    """What it looks at: one case (View), one entry of the catalogue (MatterView), or the city (CityView)."""
    clock: str = ""
    """Kind of the clock that it watches."""
    mode: Literal["auto", "manual"] = "auto"
    parameters: tuple[Parameter, ...] = ()
    is_shadow: bool = False
    """Whether it only tries 试运行: what it finds is kept, and told to nobody."""

    def state_of(self, level: str) -> str:
        """Return the state in which a finding becomes an alert."""
        if self.is_shadow:
            return "shadow"
        return "pending" if self.mode == "manual" and level == "red" else "raised"

    def described(self, level: str) -> dict[str, Any]:
        """Say in an alert's document which rule it is of."""
        return {
            "rule_id": self.rule_id,
            "rule_version": self.version,
            "name": {"zh": self.zh, "en": self.en},
            "level": level,
            "type_code": self.type_code,
            "class": self.class_,
            "phase": self.phase,
            "basis": self.basis,
            "mode": self.mode,
        }

    def value(self, name: str, day: date) -> Any:  # noqa: ANN401 - a parameter is a number or a word
        """Return a parameter as it holds on `day`; None where its value is not known, and the rule is off."""
        held = (each for each in self.parameters if each.name == name and each.holds(day))
        return next((each.value for each in held), None)


def evidence(fact: Fact, name: str, value: str, expected: str = "") -> Mapping[str, str]:
    """Write one piece of evidence: which event says it, what, what was expected, and the digest of its raw record."""
    item = {"event_id": fact.event_id, "field": name, "value": value, "source_hash": fact.record_digest}
    return {**item, "expected": expected} if expected else item


def stated(name: str, value: str, expected: str = "") -> Mapping[str, str]:
    """Write one piece of evidence that no event, but the catalogue or a count says."""
    return {"field": name, "value": value, **({"expected": expected} if expected else {})}


def found(rule: Rule, occurrence: str, zh: str, en: str, *items: Mapping[str, str], level: str = "") -> Finding:
    """Return a finding of `rule`, its text beginning with the rule's name."""
    return Finding(
        rule_id=rule.rule_id,
        occurrence=occurrence,
        level=level or rule.level,
        clock_id=None,
        zh=f"{rule.zh}：{zh}",
        en=f"{rule.en}: {en}",
        evidence=items,
    )
