"""Reference systems that hand over by a database of their own (前置机): one wide row a case, or one row a step."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from conformance.reference.directory import HOUSING, WATER
from conformance.reference.plan import MISSING_DATE, UNKNOWN_CODE
from conformance.reference.systems import System, exports_of, hourly
from conformance.reference.words import CHANNEL_CODES, RESULT_CODES, SPECIAL_WORDS, STEP_CODES, UNKNOWN_CHANNEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from conformance.reference.plan import CityPlan
    from conformance.reference.story import CityCase, Step
    from conformance.reference.systems import Entry, Export

PREFIXES: Final = {
    "case.supplement_requested": "bz",
    "case.supplement_received": "bzsl",
    "case.accepted": "accept",
    "case.not_accepted": "reject",
    "case.withdrawn": "withdraw",
    "10": "sc",
    "20": "sp",
    "special.started": "tb_start",
    "special.ended": "tb_end",
    "case.extended": "delay",
    "case.decided": "decide",
    "case.closed": "finish",
    "case.delivered": "deliver",
    "case.corrected": "correct",
}
"""Column prefix of each step of a wide row: `<prefix>_date` when it happened, `<prefix>_create_date` when it was keyed
in. Received stands in `apply_date` and `create_date`."""

_ABOUT: Final = (
    "internal_no", "org_id", "item_id", "item_name", "area_no", "apply_type", "sb_way", "apply_name", "apply_person",
    "person_type", "card_no", "mobile", "department",
)  # fmt: skip
_SYNC: Final = ("update_date", "sync_sign", "sync_date", "sync_error_desc")
_WIDE: Final = (
    *_ABOUT, "apply_date", "create_date", "promise_date",
    *(f"{prefix}_{name}" for prefix in PREFIXES.values() for name in ("date", "create_date", "user")),
    "tb_type", "delay_days", "result_code", "correct_of", *_SYNC,
)  # fmt: skip
_STEPS: Final = (
    *_ABOUT, "no_ord", "event_code", "tache_code", "tache_name", "user_staff_code", "process_date", "create_date",
    "event_name", "event_days", "result_code", "correct_code", *_SYNC,
)  # fmt: skip


class FrontEnd(System):
    """A SQLite file with one table whose rows are inserted and updated, in one transaction an export."""

    name: str
    table: str
    key: str
    columns: Sequence[str]

    def __init__(self, exports: Sequence[Export], path: Path) -> None:
        """Create the empty table in `path`."""
        super().__init__(exports)
        self.path = path
        names = ", ".join(f"{column} TEXT" for column in self.columns)
        with closing(sqlite3.connect(path)) as db, db:
            db.execute(f"CREATE TABLE {self.table} ({self.key} INTEGER PRIMARY KEY, {names})")
            db.execute(f"CREATE INDEX {self.table}_update ON {self.table} (update_date, {self.key})")

    def environment(self) -> Mapping[str, str]:
        """Return the database's address."""
        return {self.name: f"sqlite:///{self.path}"}

    def show(self, export: Export) -> None:
        """Write the rows that an export changes, as not yet read by the hub."""
        rows = [{**row, "update_date": _text(export.at), "sync_sign": "0"} for row in self.rows(export)]
        names = [self.key, *self.columns]
        slots = ", ".join("?" for _ in names)
        statement = f"INSERT OR REPLACE INTO {self.table} ({', '.join(names)}) VALUES ({slots})"  # noqa: S608 - own names
        with closing(sqlite3.connect(self.path, timeout=30)) as db, db:
            db.execute("PRAGMA synchronous = OFF")
            db.executemany(statement, [[row.get(name) for name in names] for row in rows])

    def rows(self, export: Export) -> Iterable[dict[str, Any]]:
        """Return the rows that an export leaves, by column."""
        raise NotImplementedError


class HousingFrontEnd(FrontEnd):
    """Housing's `inf_apply`: a case is one wide row, written anew as the case moves."""

    name = "HOUSING_DB_URL"
    table = "inf_apply"
    key = "no"
    columns = _WIDE

    def __init__(self, plan: CityPlan, folder: Path) -> None:
        """Keep the database in `folder`."""
        super().__init__(exports_of(plan, HOUSING, hourly), folder / "housing.db")
        self._state: dict[int, dict[str, Any]] = {}

    def rows(self, export: Export) -> Iterable[dict[str, Any]]:
        """Return the whole row of every case that an export touches."""
        touched: dict[int, dict[str, Any]] = {}
        for entry in export.entries:
            row = self._state.setdefault(entry.case.key, {"no": entry.case.key, **about(entry.case)})
            row.update(wide(entry.step))
            touched[entry.case.key] = _soiled(row, entry, "apply_date")
        return touched.values()


class WaterFrontEnd(FrontEnd):
    """Water's `inf_apply_process`: a step is one row; a row is updated where staff change what it says."""

    name = "WATER_DB_URL"
    table = "inf_apply_process"
    key = "no"
    columns = _STEPS

    def __init__(self, plan: CityPlan, folder: Path) -> None:
        """Keep the database in `folder`."""
        super().__init__(exports_of(plan, WATER, hourly), folder / "water.db")
        self._numbers: dict[tuple[int, str, str], int] = {}

    def rows(self, export: Export) -> Iterable[dict[str, Any]]:
        """Return one row an entry; a step keyed in again keeps its number."""
        return [self._row(entry) for entry in export.entries]

    def _row(self, entry: Entry) -> dict[str, Any]:
        step = entry.step
        place = (entry.case.key, step.type, step.occurrence)
        number = self._numbers.setdefault(place, len(self._numbers) + 1)
        row = {"no": number, **about(entry.case), **_step(step)}
        return _soiled(row, entry, "process_date")


def about(case: CityCase) -> dict[str, str]:
    """Return the columns that say what a case is."""
    return {
        "internal_no": case.case_no,
        "org_id": case.department.department_id,
        "item_id": case.matter.code,
        "item_name": case.matter.name,
        "area_no": case.department.region_code,
        "apply_type": case.matter.case_type,
        "sb_way": CHANNEL_CODES[case.channel],
        "apply_name": case.title,
        "apply_person": case.applicant.name,
        "person_type": case.applicant.kind,
        "card_no": case.applicant.id_number,
        "mobile": case.applicant.phone,
        "department": case.department.office,
    }


def wide(step: Step) -> dict[str, Any]:
    """Return the columns of a wide row that one step fills."""
    if step.type == "case.received":
        return {"apply_date": _text(step.occurred_at), "create_date": _text(step.recorded_at)}
    prefix = PREFIXES[step.stage_code or step.type]
    said: dict[str, Any] = {
        f"{prefix}_date": _text(step.occurred_at),
        f"{prefix}_create_date": _text(step.recorded_at),
        f"{prefix}_user": step.staff,
        "promise_date": step.promised_day.isoformat() if step.promised_day else None,
        "tb_type": SPECIAL_WORDS[step.special],
        "delay_days": str(step.days or ""),
        "result_code": RESULT_CODES[step.result],
        "correct_of": STEP_CODES[step.corrects],
    }
    return {name: value for name, value in said.items() if value}


def _step(step: Step) -> dict[str, Any]:
    return {
        "no_ord": step.occurrence,
        "event_code": STEP_CODES[step.type],
        "tache_code": step.stage_code,
        "tache_name": step.stage_name,
        "user_staff_code": step.staff,
        "process_date": _text(step.occurred_at),
        "create_date": _text(step.recorded_at),
        "event_name": SPECIAL_WORDS[step.special],
        "event_days": str(step.days or ""),
        "result_code": RESULT_CODES[step.result],
        "correct_code": STEP_CODES[step.corrects],
    }


def _soiled(row: dict[str, Any], entry: Entry, date_column: str) -> dict[str, Any]:
    if entry.fault == UNKNOWN_CODE:
        return {**row, "sb_way": UNKNOWN_CHANNEL}
    return {**row, date_column: None} if entry.fault == MISSING_DATE else dict(row)


def _text(moment: datetime) -> str:
    """Write a naive local time, as these systems do."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")
