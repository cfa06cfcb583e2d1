"""Which matters, limits and staff hold on a day: the power catalogue (schemas/catalogue.v1) as supervision reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.supervision.matter import Limit, Matter, matter_from

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

__all__ = ["Catalogue", "Limit", "Matter", "report_bodies"]


class Catalogue:
    """Finds matters by code and day in the documents of all departments."""

    __slots__ = ("_bodies", "_departments", "_matters")

    def __init__(self, documents: Iterable[Mapping[str, Any]] = ()) -> None:
        """Take documents that satisfy schemas/catalogue.v1."""
        self._matters: dict[str, list[Matter]] = {}
        self._departments: dict[str, Mapping[str, Any]] = {}
        for document in documents:
            department = document["department"]["department_id"]
            self._departments[department] = document["department"]
            for row in document.get("matters", ()):
                self._matters.setdefault(row["matter_code"], []).append(matter_from(row, department))
        self._bodies = report_bodies(self._departments.values())
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

    def versions(self, matter_code: str, day: date) -> Sequence[Matter]:
        """Return every department's version of a matter that is valid on `day`."""
        return [matter for matter in self._matters.get(matter_code, ()) if matter.is_valid(day)]

    def matters(self) -> Sequence[Matter]:
        """Return every version of every matter."""
        return [matter for versions in self._matters.values() for matter in versions]

    def department(self, department_id: str) -> Mapping[str, Any] | None:
        """Return what is known of a department; None for one that has no document here."""
        return self._departments.get(department_id)

    def departments(self) -> Mapping[str, Mapping[str, Any]]:
        """Return every department by its id."""
        return self._departments

    def report_bodies(self) -> frozenset[str]:
        """Return the departments that take reports 举报."""
        return self._bodies

    def staff(self, department_id: str, staff_code: str, day: date) -> Sequence[Mapping[str, Any]]:
        """Return the entries of a department's staff register for one person that hold on `day`."""
        rows = self._departments.get(department_id, {}).get("staff", ())
        return [row for row in rows if row["staff_code"] == staff_code and _holds(row, day.isoformat())]

    def has_staff(self, department_id: str) -> bool:
        """Tell whether a department keeps a staff register here."""
        return bool(self._departments.get(department_id, {}).get("staff"))


def report_bodies(departments: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return which departments take reports 举报: those that say so of themselves."""
    return frozenset(each["department_id"] for each in departments if each.get("takes_reports"))


def _holds(row: Mapping[str, Any], day: str) -> bool:
    return bool(row.get("from", day) <= day) and ("to" not in row or day < row["to"])
