"""Decides what a department without a system writes down: the columns of its form and its spreadsheet, and the case
event that each row is (schemas/case-event.v1).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final

from hub.model.codes import code_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import tzinfo

FAMILY: Final = "application"
"""Kind of case that is written down by hand; the others need more than a row can say."""

_CHARS: Final = 400
_TIME_HINT: Final = "写成 2026-03-02 09:30 · write it so"
_FORMS: Final = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%Y-%m-%d")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in a row, how people read it, whether it must be filled in, and what a cell looks like."""

    name: str
    zh: str
    en: str
    is_needed: bool = False
    example: str = ""

    @property
    def heading(self) -> str:
        """Return how the spreadsheet's first row calls it."""
        return f"{self.zh} {self.en}{' *' if self.is_needed else ''}"


COLUMNS: Final = (
    Column("case_no", "案件编号", "case number", is_needed=True, example="2026-0001"),
    Column("matter", "事项", "matter"),
    Column("title", "案件标题", "title", example="食品经营许可申请"),
    Column("event", "事件", "event", is_needed=True),
    Column("at", "发生时间", "time", is_needed=True, example="2026-03-02 09:30"),
    Column("stage", "环节", "stage", example="审查"),
    Column("promised", "承诺办结时间", "promised due"),
    Column("opinion", "意见", "opinion"),
)


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with one cell of one row, and what to do. Rows are counted as whoever wrote them counts."""

    row: int
    column: str
    problem: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What can be chosen: matters by code, event types by code, each with how people read it."""

    region: str
    matters: Mapping[str, str]
    events: Mapping[str, str]

    def labels(self, name: str) -> Sequence[str]:
        """Return what a column's cells are chosen from; empty where they are written freely."""
        return {"matter": _labels(self.matters), "event": _labels(self.events)}.get(name, ())


def choices_of(catalogue: Sequence[Mapping[str, Any]], departments: frozenset[str]) -> Choices:
    """Return what a department chooses from: its own matters in force, and the events of an application."""
    own = [each for each in catalogue if each["department"]["department_id"] in departments]
    listed = [matter for each in own for matter in each.get("matters", ())]
    matters = [matter for matter in listed if matter.get("status", "active") == "active"]
    rows = code_list("event_types").rows
    return Choices(
        region=own[0]["department"]["region_code"] if own else "",
        matters={matter["matter_code"]: matter["name"] for matter in matters},
        events={code: f"{row['zh']} {row['en']}" for code, row in rows.items() if row.get("family") == FAMILY},
    )


def _labels(choices: Mapping[str, str]) -> list[str]:
    return [f"{label} [{code}]" for code, label in choices.items()]


def rows_of(trees: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    """Return the rows of a spreadsheet, each cell as text under its column's name; unknown columns are left out."""
    names = {column.heading: column.name for column in COLUMNS} | {column.zh: column.name for column in COLUMNS}
    for tree in trees:
        yield {names[head.strip()]: _text(cell) for head, cell in tree.items() if head.strip() in names}


def event_of(
    row: Mapping[str, str], number: int, choices: Choices, *, zone: tzinfo, version: int
) -> tuple[dict[str, Any], list[Wrong]]:
    """Return the case event that a row is, and all that is wrong with it. `version` grows with every correction."""
    reading = _Row(row, number, zone)
    for column in COLUMNS:
        if column.is_needed and not reading.text(column.name):
            reading.wrong(column.name, "没有填写 is empty", f"填写{column.zh} · fill it in")
    kind = reading.choice("event", choices.events)
    matter, stage, at = reading.choice("matter", choices.matters), reading.text("stage"), reading.time("at")
    if kind.startswith("stage.") and not stage:
        reading.wrong("stage", "没有填写 is empty", "这类事件要写明环节 · this event is of a stage")
    if choices.matters and not matter and not reading.text("matter"):
        reading.wrong("matter", "没有填写 is empty", "从清单中选择 · choose from the list")
    repeats = code_list("event_types").rows.get(kind, {}).get("repeats")
    case = {
        "source_case_no": reading.text("case_no"),
        "region_code": choices.region,
        "title": reading.text("title"),
        "matter_code": matter,
        "matter_name": choices.matters.get(matter, ""),
    }
    event = {
        "type": kind,
        "occurred_at": at,
        "occurrence": f"{stage} {at}".strip() if repeats else "",
        "source_version": version,
        "on_change": "revise",
        "stage_code": stage,
        "promised_due_at": reading.time("promised"),
        "opinion": reading.text("opinion"),
        "case": {name: value for name, value in case.items() if value},
    }
    return {name: value for name, value in event.items() if value != ""}, reading.faults


class _Row:
    """Reads the cells of one row, and keeps what is wrong with them."""

    def __init__(self, row: Mapping[str, str], number: int, zone: tzinfo) -> None:
        self._row, self._number, self._zone = row, number, zone
        self.faults: list[Wrong] = []

    def text(self, name: str) -> str:
        """Return a cell's text."""
        return self._row.get(name, "").strip()[:_CHARS]

    def choice(self, name: str, known: Mapping[str, str]) -> str:
        """Return the code that a cell chooses: by its code, its label, or both."""
        said = self.text(name)
        if not said:
            return ""
        code = said.rpartition("[")[2].rstrip("]") if said.endswith("]") else said
        by_label = {label: each for each, label in known.items()} | {label.split()[0]: c for c, label in known.items()}
        found = code if code in known else by_label.get(said, "")
        if not found:
            self.wrong(name, f"“{said[:40]}”不在清单中 is not on the list", "从清单中选择 · choose from the list")
        return found

    def time(self, name: str) -> str:
        """Return a cell's time with its offset, or its day."""
        said = self.text(name)
        if not said:
            return ""
        for form in _FORMS:
            try:
                found = datetime.strptime(said, form)  # noqa: DTZ007 - the zone is the next line's
            except ValueError:
                continue
            return found.date().isoformat() if "%H" not in form else found.replace(tzinfo=self._zone).isoformat()
        try:
            moment = datetime.fromisoformat(said)
        except ValueError:
            self.wrong(name, f"“{said[:40]}”不是时间 is no time", _TIME_HINT)
            return ""
        return (moment if moment.tzinfo else moment.replace(tzinfo=self._zone)).isoformat()

    def wrong(self, name: str, problem: str, hint: str) -> None:
        """Note what is wrong with one cell, once."""
        heading = next(column.heading for column in COLUMNS if column.name == name)
        if not any(fault.column == heading for fault in self.faults):
            self.faults.append(Wrong(self._number, heading, problem, hint))


def _text(cell: Any) -> str:  # noqa: ANN401 - what a spreadsheet holds
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)
