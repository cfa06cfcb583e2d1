"""What an operator changes in the rules: which are off, which only try, and numbers that hold from a day on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hub.errors import Fault, Misconfigured
from hub.supervision.rules.rule import Parameter

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import date

    from hub.supervision.rules.rule import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Another value of a rule's parameter, from a day on (None: always)."""

    rule: str
    name: str
    value: Any
    source: str
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """All that an operator changes. Rules in `shadow` find, and issue no card 试运行; those `off` do not look."""

    off: Collection[str] = ()
    shadow: Collection[str] = ()
    overrides: Sequence[Override] = ()


def tuned(rules: Mapping[str, Rule], tuning: Tuning) -> Mapping[str, Rule]:
    """Return `rules` as tuned, those that are off left out."""
    return {name: _tuned(rule, tuning) for name, rule in rules.items() if name not in tuning.off}


def check(rules: Mapping[str, Rule], tuning: Tuning) -> None:
    """Raise Misconfigured with everything that names no rule, no parameter, or a value that is none."""
    faults = [*_unknown(rules, tuning), *_misfits(rules, tuning)]
    if faults:
        raise Misconfigured(*faults)


def _tuned(rule: Rule, tuning: Tuning) -> Rule:
    own = [each for each in tuning.overrides if each.rule == rule.rule_id]
    if not own and rule.rule_id not in tuning.shadow:
        return rule
    known = {each.name: each for each in rule.parameters}
    overriding = tuple(_parameter(each, known[each.name]) for each in own if each.name in known)
    return replace(rule, is_shadow=rule.rule_id in tuning.shadow, parameters=(*overriding, *rule.parameters))


def _parameter(override: Override, known: Parameter) -> Parameter:
    return Parameter(
        name=known.name,
        value=type(known.value)(override.value),
        unit=known.unit,
        source=override.source,
        valid_from=override.valid_from,
        valid_to=override.valid_to,
    )


def _unknown(rules: Mapping[str, Rule], tuning: Tuning) -> Iterator[Fault]:
    for place, names in (("off", tuning.off), ("shadow", tuning.shadow)):
        for name in names:
            if name not in rules:
                yield _fault(f"rules.{place}", f"there is no rule {name!r}", "see `sunlight rules`")


def _misfits(rules: Mapping[str, Rule], tuning: Tuning) -> Iterator[Fault]:
    for each in tuning.overrides:
        names = {known.name: known for known in rules[each.rule].parameters} if each.rule in rules else {}
        if each.name not in names:
            hint = f"see `sunlight rules {each.rule}`"
            yield _fault("rules.parameter", f"{each.rule} has no parameter {each.name!r}", hint)
            continue
        try:
            type(names[each.name].value)(each.value)
        except (TypeError, ValueError, ArithmeticError):
            unit = names[each.name].unit
            yield _fault("rules.parameter", f"{each.value!r} is no {each.name} of {each.rule}", f"a number of {unit}")


def _fault(place: str, problem: str, hint: str) -> Fault:
    return Fault(code="settings.rules", problem=problem, target_path=place, hint=hint)
