"""Which limits a matter has on a day: the power catalogue (schemas/catalogue.v1) as supervision reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit as the catalogue or the law states it. `unit`: working_day, calendar_day, hour or working_hour."""

    n: int
    unit: str


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

    def is_valid(self, day: date) -> bool:
        """Tell whether this version holds on `day`."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


class Catalogue:
    """Finds matters by code and day in the documents of all departments."""

    __slots__ = ("_matters",)

    def __init__(self, documents: Iterable[Mapping[str, Any]] = ()) -> None:
        """Take documents that satisfy schemas/catalogue.v1."""
        self._matters: dict[str, list[Matter]] = {}
        for document in documents:
            department = document["department"]["department_id"]
            for row in document.get("matters", ()):
                self._matters.setdefault(row["matter_code"], []).append(_matter(row, department))
        for versions in self._matters.values():
            versions.sort(key=lambda matter: (matter.valid_from, matter.department_id, matter.version), reverse=True)

    def matter(self, matter_code: str, day: date, department_id: str = "") -> Matter | None:
        """Return the version of a matter valid on `day`: the department's own, else the newest of anyone's.

        Departments of several counties may share a code; of two versions valid at once the later one governs.
        """
        anyones = None
        for matter in self._matters.get(matter_code, ()):
            if matter.is_valid(day):
                if matter.department_id == department_id:
                    return matter
                anyones = anyones or matter
        return anyones

    def matters(self) -> Sequence[Matter]:
        """Return every version of every matter."""
        return [matter for versions in self._matters.values() for matter in versions]


def _matter(row: Mapping[str, Any], department: str) -> Matter:
    kinds = ("acceptance", "statutory", "promised", "delivery")
    limits = {kind: row[f"{kind}_limit"] for kind in kinds if f"{kind}_limit" in row}
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
        limits={kind: Limit(n=limit["n"], unit=limit["unit"]) for kind, limit in limits.items()},
    )
