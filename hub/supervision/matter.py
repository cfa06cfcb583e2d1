"""One version of one matter of the power catalogue 职权目录 as supervision reads it, and who may handle it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LIMIT_KINDS: Final = ("acceptance", "statutory", "promised", "delivery")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit as the catalogue or the law states it. `unit`: working_day, calendar_day, hour or working_hour."""

    n: int
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of a matter's flow 环节. `code` may be an event type, for families that report no stages."""

    code: str
    name: str
    post: str
    limit: Limit | None
    is_mandatory: bool
    separate_from: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """One material 材料 of the catalogue's list."""

    name: str
    is_required: bool
    is_deferrable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeItem:
    """One item that may be charged, in yuan; None: no bound on that side."""

    code: str
    name: str
    least: Decimal | None
    most: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One tier 档 of the discretion standard of one violation, in yuan, both ends included."""

    violation_code: str
    tier: str
    least: Decimal
    most: Decimal
    factors: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """One version of one matter of one department, valid on `valid_from` ≤ day < `valid_to`."""

    matter_code: str
    department_id: str
    version: str
    name: str
    power_type: str
    case_type: str
    status: str
    valid_from: date
    valid_to: date | None
    limits: Mapping[str, Limit]
    """Limits by clock kind: acceptance, statutory, promised, delivery."""
    delegates: frozenset[str] = frozenset()
    regions: tuple[str, ...] = ()
    """Regions in which it is exercised; none: wherever the department is."""
    stages: tuple[Stage, ...] = ()
    transitions: tuple[tuple[str, str], ...] = ()
    materials: tuple[Material, ...] = ()
    is_charged: bool | None = None
    """None: the catalogue does not say."""
    fee_items: tuple[FeeItem, ...] = ()
    tiers: tuple[Tier, ...] = ()
    special_procedures: frozenset[str] | None = None
    """Kinds of special procedure allowed; None: the catalogue does not say, and the law's list holds."""
    joint_departments: frozenset[str] = frozenset()
    disclosure: str = ""
    document: Mapping[str, Any] = field(default_factory=dict)
    """The entry as it was written (schemas/catalogue.v1)."""

    def is_valid(self, day: date) -> bool:
        """Tell whether this version holds on `day`."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def stage(self, code: str) -> Stage | None:
        """Return the stage of a code."""
        return next((stage for stage in self.stages if stage.code == code), None)


def matter_from(row: Mapping[str, Any], department: str) -> Matter:
    """Read one matter of a document that satisfies schemas/catalogue.v1."""
    flow = row.get("flow", {})
    allowed = row.get("special_procedures_allowed")
    return Matter(
        matter_code=row["matter_code"],
        department_id=department,
        version=row["version"],
        name=row["name"],
        power_type=row["power_type"],
        case_type=row.get("case_type", ""),
        status=row.get("status", "active"),
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(row["valid_to"]) if "valid_to" in row else None,
        limits={kind: limit_from(row[f"{kind}_limit"]) for kind in LIMIT_KINDS if f"{kind}_limit" in row},
        delegates=frozenset(row.get("delegates", ())),
        regions=tuple(row.get("regions", ())),
        stages=tuple(_stage(stage) for stage in flow.get("stages", ())),
        transitions=tuple((each["from"], each["to"]) for each in flow.get("transitions", ())),
        materials=tuple(_material(each) for each in row.get("materials", ())),
        is_charged=row.get("charged"),
        fee_items=tuple(_fee(each) for each in row.get("fee_items", ())),
        tiers=tuple(_tier(each) for each in row.get("discretion_table", ())),
        special_procedures=None if allowed is None else frozenset(allowed),
        joint_departments=frozenset(row.get("joint_departments", ())),
        disclosure=row.get("disclosure", {}).get("class", ""),
        document=row,
    )


def limit_from(row: Mapping[str, Any]) -> Limit:
    """Read a limit: `n` and `unit`."""
    return Limit(n=row["n"], unit=row["unit"])


def _stage(row: Mapping[str, Any]) -> Stage:
    return Stage(
        code=row["code"],
        name=row["name"],
        post=row.get("post", ""),
        limit=limit_from(row["limit"]) if "limit" in row else None,
        is_mandatory=row.get("mandatory", False),
        separate_from=frozenset(row.get("separate_from", ())),
    )


def _material(row: Mapping[str, Any]) -> Material:
    return Material(name=row["name"], is_required=row.get("required", True), is_deferrable=row.get("deferrable", False))


def _fee(row: Mapping[str, Any]) -> FeeItem:
    return FeeItem(code=row["code"], name=row["name"], least=_money(row.get("min")), most=_money(row.get("max")))


def _tier(row: Mapping[str, Any]) -> Tier:
    return Tier(
        violation_code=row["violation_code"],
        tier=row["tier"],
        least=Decimal(row["min"]),
        most=Decimal(row["max"]),
        factors=frozenset(row.get("factors", ())),
    )


def _money(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def longest_path(stages: Sequence[Stage], transitions: Sequence[tuple[str, str]]) -> Sequence[Stage]:
    """Return the stages of the path whose limits add up to most; the stages in order where no transitions are given.

    A step back (a loop) is walked no second time.
    """
    if not transitions:
        return stages
    known = {stage.code: stage for stage in stages}
    after: dict[str, list[str]] = {}
    for start, end in transitions:
        after.setdefault(start, []).append(end)
    paths = [_heaviest(code, known, after, frozenset()) for code in known]
    return max(paths, key=_weight, default=())


def _heaviest(
    code: str, known: Mapping[str, Stage], after: Mapping[str, Sequence[str]], seen: frozenset[str]
) -> Sequence[Stage]:
    on = seen | {code}
    further = [_heaviest(end, known, after, on) for end in after.get(code, ()) if end in known and end not in on]
    return [known[code], *max(further, key=_weight, default=())]


def _weight(path: Sequence[Stage]) -> int:
    return sum(stage.limit.n for stage in path if stage.limit is not None)
