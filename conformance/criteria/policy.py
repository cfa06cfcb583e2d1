"""Reads what the criteria ask of a connection, as it holds on a day."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from ruamel.yaml import YAML

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

FILE: Final = Path(__file__).with_name("policy.yaml")

CRITERIA: Final = tuple(f"K{number}" for number in range(1, 14))


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One criterion as it holds on a day. Grace and probation are working days."""

    criterion: str
    zh: str
    en: str
    kind: Literal["phases", "life", "review"]
    suspends: str
    reinstated_by: Literal["passing", "rerun", "person"]
    stops_public: bool
    grace_wd: int
    probation_wd: int
    limits: Mapping[str, float]
    source: str


def policies_on(day: date) -> Mapping[str, Policy]:
    """Return every criterion as it holds on `day`; before the first policy the first holds."""
    return {name: _policy(name, declared, day) for name, declared in _declared().items()}


def _policy(name: str, declared: Mapping[str, Any], day: date) -> Policy:
    value = _in_force(declared["values"], day)
    return Policy(
        criterion=name,
        zh=declared["zh"],
        en=declared["en"],
        kind=declared["kind"],
        suspends=declared["suspends"],
        reinstated_by=declared["reinstated_by"],
        stops_public=bool(declared.get("stops_public", False)),
        grace_wd=value["grace_wd"],
        probation_wd=value["probation_wd"],
        limits=dict(value["limits"]),
        source=value["source"],
    )


def _in_force(values: Sequence[Mapping[str, Any]], day: date) -> Mapping[str, Any]:
    begun = [each for each in values if each["valid_from"] <= day]
    return max(begun, key=lambda each: each["valid_from"]) if begun else values[0]


@lru_cache(maxsize=1)
def _declared() -> Mapping[str, Any]:
    loaded = YAML(typ="safe").load(FILE.read_text(encoding="utf-8"))
    return {name: loaded[name] for name in CRITERIA}
