"""The indicator set 指标体系: heads, weights, indicators and grades as versioned data, checked before it is used."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson

from hub.errors import Fault, Misconfigured
from hub.model.shapes import shape

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import date

SHAPE = "indicators.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One of the heads a score is made of: it begins with its weight and is floored at 0."""

    head_id: str
    zh: str
    en: str
    weight: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One indicator: which formula, of what inputs, with which numbers, and where they come from."""

    indicator_id: str
    head: str
    """The head it takes points from; `bonus` where it adds; empty where it is only shown."""
    zh: str
    en: str
    source: str
    formula_id: str
    inputs: Sequence[str]
    unit: str
    direction: str
    floor: Decimal | None
    cap: Decimal | None
    min_sample: int
    basis: str
    numbers: Mapping[str, Any]

    def number(self, name: str) -> Decimal:
        """Return one of its numbers, exact."""
        return Decimal(str(self.numbers[name]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a card of one rule costs: in every one of `heads`; `points` by level where they are not the usual ones."""

    heads: Sequence[str]
    points: Mapping[str, Decimal]
    charged_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorSet:
    """One version of the set, in force from `valid_from`. `document` is what it was read from."""

    document: Mapping[str, Any]
    set_id: str
    version: int
    valid_from: str
    heads: Sequence[Head]
    indicators: Sequence[Indicator]
    cards: Mapping[str, Decimal]
    """Points by level of a card."""
    charges: Mapping[str, Charge]
    """By rule."""
    grades: Sequence[tuple[str, str, Decimal]]
    """Name in Chinese and English and the least score, best first."""
    min_sample: int
    conversion: Mapping[str, Decimal]
    """The conversion factor by department; `default` for the rest."""

    def factor(self, department_id: str) -> Decimal:
        """Return a department's conversion factor 折算系数."""
        return self.conversion.get(department_id, self.conversion["default"])

    def grade(self, score: Decimal) -> str:
        """Return the grade of a score: `优秀 excellent`."""
        return next(f"{zh} {en}" for zh, en, least in self.grades if score >= least)

    @property
    def digest(self) -> str:
        """Name what it says: the SHA-256 of its canonical JSON."""
        return hashlib.sha256(canonical(self.document)).hexdigest()


def canonical(document: object) -> bytes:
    """Write a document so that equal ones give equal bytes: sorted keys; it holds texts and whole numbers alone."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def indicator_set(document: Mapping[str, Any], *, formulas: Collection[str], file: str = "") -> IndicatorSet:
    """Read one set, or raise Misconfigured with everything that is wrong with it."""
    faults = list(_faults(document, formulas))
    if faults:
        raise Misconfigured(*(Fault(code="indicators", problem=text, file=file, target_path=at, hint=_HINT)
                              for at, text in faults))  # fmt: skip
    return IndicatorSet(
        document=document,
        set_id=document["set_id"],
        version=document["version"],
        valid_from=document["valid_from"],
        heads=[Head(head_id=each["id"], zh=each["zh"], en=each["en"], weight=Decimal(each["weight"]))
               for each in document["heads"]],
        indicators=[_indicator(each) for each in document["indicators"]],
        cards={level: Decimal(points) for level, points in document["cards"]["points"].items()},
        charges={rule: _charge(each) for rule, each in document["cards"]["rules"].items()},
        grades=[(each["zh"], each["en"], Decimal(each["from"])) for each in document["grades"]],
        min_sample=document["min_sample"],
        conversion={name: Decimal(factor) for name, factor in document["conversion"].items()},
    )  # fmt: skip


_HINT = "see schemas/indicators.v1.json and the set that is shipped beside it"


def in_force(sets: Sequence[IndicatorSet], day: date) -> IndicatorSet:
    """Return the set that holds on a day: of those that have begun the one that began last."""
    begun = [each for each in sets if each.valid_from <= day.isoformat()]
    if not begun:
        problem = f"no indicator set holds on {day}"
        raise Misconfigured(Fault(code="indicators.none", problem=problem, hint="give one an earlier valid_from"))
    return max(begun, key=lambda each: (each.valid_from, each.version))


def _faults(document: Mapping[str, Any], formulas: Collection[str]) -> Iterator[tuple[str, str]]:
    problems = shape(SHAPE).problems(dict(document))
    if problems:
        yield from ((each.path, each.quoting) for each in problems)
        return
    heads = [each["id"] for each in document["heads"]]
    total = sum(Decimal(each["weight"]) for each in document["heads"])
    if total != document["base"]:
        yield "/heads", f"the weights add up to {total}, not to {document['base']}"
    for n, each in enumerate(document["indicators"]):
        if each["head"] not in (*heads, "bonus", ""):
            yield f"/indicators/{n}/head", f"there is no head {each['head']!r}"
        if each["formula_id"] not in formulas:
            known = ", ".join(sorted(formulas))
            yield f"/indicators/{n}/formula_id", f"there is no formula {each['formula_id']!r} (one of {known})"
    for rule, charge in document["cards"]["rules"].items():
        for head in charge["heads"]:
            if head not in heads:
                yield f"/cards/rules/{rule}", f"there is no head {head!r}"
    least = [Decimal(each["from"]) for each in document["grades"]]
    if least != sorted(least, reverse=True) or least[-1] != 0:
        yield "/grades", "grades stand from the best to the last, which begins at 0"


def _indicator(each: Mapping[str, Any]) -> Indicator:
    return Indicator(
        indicator_id=each["id"],
        head=each["head"],
        zh=each["zh"],
        en=each["en"],
        source=each["source"],
        formula_id=each["formula_id"],
        inputs=tuple(each.get("inputs", ())),
        unit=each["unit"],
        direction=each["direction"],
        floor=Decimal(each["floor"]) if "floor" in each else None,
        cap=Decimal(each["cap"]) if "cap" in each else None,
        min_sample=each.get("min_sample", 0),
        basis=each["basis"],
        numbers=each.get("numbers", {}),
    )


def _charge(each: Mapping[str, Any]) -> Charge:
    return Charge(
        heads=tuple(each["heads"]),
        points={level: Decimal(points) for level, points in each.get("points", {}).items()},
        charged_to=each.get("charged_to", "department"),
    )
