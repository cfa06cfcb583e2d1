"""Reads a power list row by row: each becomes a version of a matter, or says what is wrong, where, and what to do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from hub.errors import Fault, Misconfigured
from hub.model.shapes import shape
from hub.powerlist import cells
from hub.powerlist.columns import BY_NAME, COLUMNS, DEPARTMENT, DEPARTMENT_ID, DEPARTMENTS, UNITS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hub.powerlist.columns import Column

NEEDED: Final = ("事项名称", "实施编码")
FIRST_ROW: Final = 2
"""Row of the first matter: row 1 names the columns."""

_BY_FIELD: Final = {column.path.partition(".")[0]: column.name for column in reversed(COLUMNS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class CellProblem:
    """What is wrong with one cell, and what to do."""

    column: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowAnswer:
    """What became of one row: added, changed, same, or refused with `problems`."""

    row: int
    matter_code: str
    name: str
    outcome: str
    department_id: str = ""
    matter: Mapping[str, Any] | None = None
    """The version of the matter that the row asks for."""
    problems: tuple[CellProblem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRead:
    """A whole list as read. `ignored` are columns that mean nothing here."""

    answers: Sequence[RowAnswer]
    ignored: Sequence[str]

    def wanted(self) -> Mapping[str, list[Mapping[str, Any]]]:
        """Return by department the versions that rows ask for and that are not in force as they are."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for each in self.answers:
            if each.matter is not None and each.outcome in ("added", "changed"):
                found.setdefault(each.department_id, []).append(each.matter)
        return found


def read_list(
    header: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    documents: Mapping[str, Mapping[str, Any]],
    *,
    department_id: str = "",
    numbers: Sequence[int] | None = None,
) -> ListRead:
    """Read `rows` (cells by column name, None where empty) against the `documents` in force, by department.

    Columns that are there set their fields, an empty cell takes its field away; fields without a column stay as they
    are. `department_id` is whose rows are that name nobody; `numbers` are the rows' numbers in the sheet. Misconfigured
    where the header cannot be read.
    """
    columns = _columns(header)
    ignored = [name for name in header if name and name not in {*BY_NAME, *UNITS, *DEPARTMENTS}]
    reader = _Reader(columns, documents, department_id)
    places = numbers or range(FIRST_ROW, FIRST_ROW + len(rows))
    answers: list[RowAnswer] = []
    seen: dict[tuple[str, str, str], int] = {}
    for place, row in zip(places, rows, strict=True):
        answer = reader.row(place, row)
        if answer.matter is not None:
            key = (answer.department_id, answer.matter_code, str(answer.matter["version"]))
            if key in seen:
                problem = f"row {seen[key]} says version {key[2]} of this matter already: keep one of the two"
                twice = CellProblem(column="实施编码", problem=problem)
                answer = replace(answer, outcome="refused", matter=None, problems=(twice,))
            seen.setdefault(key, place)
        answers.append(answer)
    return ListRead(answers=answers, ignored=ignored)


def _columns(header: Sequence[str]) -> Mapping[str, Column]:
    """Return the column of every known name of the header; Misconfigured for one that is missing or there twice."""
    found = {name: BY_NAME[name] for name in header if name in BY_NAME}
    taken: dict[str, str] = {}
    faults = []
    for name, column in found.items():
        if column.name in taken:
            problem = f"the columns {taken[column.name]} and {name} say the same"
            faults.append(Fault(code="powerlist.header", problem=problem, hint="keep one of them"))
        taken[column.name] = name
    for name in NEEDED:
        if name not in taken:
            hint = f"one of {'、'.join(each for each, column in BY_NAME.items() if column.name == name)}"
            faults.append(Fault(code="powerlist.header", problem=f"there is no column {name}", hint=hint))
    if faults:
        raise Misconfigured(*faults)
    return found


class _Reader:
    """Reads rows under one header against what is in force."""

    def __init__(
        self, columns: Mapping[str, Column], documents: Mapping[str, Mapping[str, Any]], department_id: str
    ) -> None:
        self._columns, self._documents, self._own = columns, documents, department_id
        self._names = {each["department"]["name"]: name for name, each in documents.items()}
        self._names |= {
            each["department"]["short_name"]: name
            for name, each in documents.items()
            if "short_name" in each["department"]
        }

    def row(self, place: int, row: Mapping[str, Any]) -> RowAnswer:
        """Answer one row."""
        problems: list[CellProblem] = []
        said = dict(self._said(row, problems))
        department = self._department(row, problems)
        answer = RowAnswer(
            row=place,
            matter_code=str(said.get("matter_code") or ""),
            name=str(said.get("name") or ""),
            outcome="refused",
            department_id=department,
        )
        matter = None if problems else self._matter(department, said, problems)
        if problems or matter is None:
            return replace(answer, problems=tuple(problems))
        held = self._versions(department, answer.matter_code).get(matter["version"])
        outcome = "added" if held is None else "same" if held == matter else "changed"
        return replace(answer, outcome=outcome, matter=matter)

    def _said(self, row: Mapping[str, Any], problems: list[CellProblem]) -> Iterator[tuple[str, Any]]:
        """Yield every field that the row speaks of, with its value, None where the cell is empty."""
        for name, column in self._columns.items():
            cell = row.get(name)
            if cell in (None, ""):
                yield column.path, None
                continue
            try:
                unit = row.get(f"{name}单位")
                yield column.path, cells.limit(cell, unit) if column.read is cells.limit else column.read(cell)
            except ValueError as wrong:
                problems.append(CellProblem(column=name, problem=str(wrong)))

    def _department(self, row: Mapping[str, Any], problems: list[CellProblem]) -> str:
        """Return whose row it is: by its own cells, else the department that the list is imported for."""
        cells_ = {DEPARTMENTS[name]: (name, str(cell)) for name, cell in row.items() if name in DEPARTMENTS and cell}
        if DEPARTMENT_ID in cells_:
            name, found = cells_[DEPARTMENT_ID]
        elif DEPARTMENT in cells_:
            name, said = cells_[DEPARTMENT]
            found = self._names.get(said.strip(), said.strip())
        else:
            name, found = DEPARTMENT, self._own
        if found not in self._documents:
            known = "、".join(sorted(self._names)) or "none yet: import its department.yaml first"
            said = f"{found!r} is no department of the catalogue" if found else "the row names no department"
            problems.append(CellProblem(column=name, problem=f"{said}: write one of {known}, or --department <code>"))
        elif self._own and found != self._own:
            problem = (
                f"the row is of {found}, the list is imported for {self._own}: take it out, or leave --department out"
            )
            problems.append(CellProblem(column=name, problem=problem))
        return found

    def _matter(
        self, department: str, said: Mapping[str, Any], problems: list[CellProblem]
    ) -> Mapping[str, Any] | None:
        """Return the version that a row asks for, whole."""
        code = said.get("matter_code")
        if not code:
            problems.append(CellProblem(column="实施编码", problem="it is empty: every matter has a code"))
            return None
        versions = self._versions(department, code)
        version = said.get("version")
        current = max(versions.values(), key=lambda each: each["valid_from"], default=None)
        base = versions.get(version, current) if version else current
        matter = _merged(base or {}, said)
        if version is None:
            matter["version"] = self._version(current, matter, said, problems, versions)
        problems += [*_shape_problems(matter)]
        return matter

    def _version(
        self,
        current: Mapping[str, Any] | None,
        matter: dict[str, Any],
        said: Mapping[str, Any],
        problems: list[CellProblem],
        versions: Mapping[str, Any],
    ) -> str:
        """Number a row that names no version: as what is in force if it is that, else the next, if it begins later."""
        if current is None:
            return "1"
        if matter | {"version": current["version"]} == current:
            return str(current["version"])
        starts = said.get("valid_from")
        if starts is None or starts <= current["valid_from"]:
            problem = (
                f"the row differs from version {current['version']} (from {current['valid_from']}): give the new "
                f"version a later 生效日期, or write 版本 {current['version']} to correct that one"
            )
            problems.append(CellProblem(column="生效日期", problem=problem))
        return str(max((int(each) for each in versions if each.isdigit()), default=0) + 1)

    def _versions(self, department: str, code: str) -> Mapping[str, Mapping[str, Any]]:
        rows = self._documents.get(department, {}).get("matters", ())
        return {row["version"]: row for row in rows if row["matter_code"] == code}


def _merged(base: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with what the row says: fields set, and those of empty cells taken away."""
    matter = {name: dict(value) if isinstance(value, dict) else value for name, value in base.items()}
    for path, value in said.items():
        if path == "flow.risks":
            continue
        outer, _, inner = path.partition(".")
        if path == "version" and value is None:
            continue
        place, key = (matter.setdefault(outer, {}), inner) if inner else (matter, outer)
        if value is None:
            place.pop(key, None)
        else:
            place[key] = value
    if "flow.stages" in said or "flow.risks" in said:
        _keep_risks(base, matter, said)
    for outer in ("flow", "disclosure"):
        if not matter.get(outer, True):
            del matter[outer]
    return matter


def _keep_risks(base: Mapping[str, Any], matter: dict[str, Any], said: Mapping[str, Any]) -> None:
    """Give the stages their risk points: those of the row, else those that they have."""
    stages = matter.get("flow", {}).get("stages", ())
    held = {each["code"]: each["risk_point"] for each in base.get("flow", {}).get("stages", ()) if "risk_point" in each}
    if "flow.risks" in said:
        held = {each["code"]: {k: v for k, v in each.items() if k != "code"} for each in said["flow.risks"] or ()}
    if stages:
        bare = [{name: value for name, value in each.items() if name != "risk_point"} for each in stages]
        matter["flow"]["stages"] = [
            each | ({"risk_point": held[each["code"]]} if each["code"] in held else {}) for each in bare
        ]


def _shape_problems(matter: Mapping[str, Any]) -> Iterator[CellProblem]:
    """Say what of a matter no catalogue may hold, in which column."""
    department = {"department_id": "11321200014000028L", "name": "-", "region_code": "321200"}
    for each in shape("catalogue.v1").problems({"department": department, "matters": [matter]}):
        steps = each.path.split("/")[3:]
        missing = each.problem.split("'")[1] if each.rule == "required" and "'" in each.problem else ""
        field = steps[0] if steps else missing
        where = f" ({'/'.join(steps[1:])})" if len(steps) > 1 else ""
        said = f"it is empty{where}" if missing and not steps else f"{each.quoting}{where}"
        yield CellProblem(column=_BY_FIELD.get(field, field), problem=said)
    if "valid_to" in matter and matter["valid_to"] <= matter.get("valid_from", ""):
        yield CellProblem(column="失效日期", problem="it is not after 生效日期")
