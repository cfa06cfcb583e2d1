"""Writes a simulated city into a folder as it comes: each system's records week by week, the cases, and the truth."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import sqlite3
from datetime import timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, Final
from xml.sax.saxutils import escape

import orjson
from ruamel.yaml import YAML

from conformance.simulation.days import SPEAKING, Days
from conformance.simulation.directory import documents
from conformance.simulation.model import WEEKS, exports
from conformance.simulation.plan import cases_of
from conformance.simulation.shapes import (
    BY_NAME,
    CASE_PATHS,
    KINDS,
    SYSTEMS,
    case_row,
    columns_of,
    mapping_of,
    step_row,
)
from conformance.simulation.told import connection_of, document_of
from conformance.simulation.truth import SILENT_WEEK, Truth

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from conformance.simulation.model import SimCase, Step
    from conformance.simulation.shapes import System

DIRTY_EVERY: Final = 400
"""Of so many cases one has, beside it, a record that must be refused."""

CHANGED_BEFORE: Final = timedelta(minutes=10)
"""So long before it is asked for a row is there."""

ROWS: Final = 5_000
"""Rows of a database that are written at once."""


class Weekly:
    """A system that hands over one file a week: `name` of week 5 is `<stem>-20260405.<suffix>`."""

    suffix = ""
    head = tail = between = b""

    def __init__(self, system: System, folder: Path) -> None:
        """Write into `folder`/<system>."""
        self.system, self.folder = system, folder / system.name
        self.folder.mkdir(parents=True)
        self._open: dict[int, BinaryIO] = {}
        self._columns = columns_of(system)

    def put(self, week: int, rows: Sequence[Mapping[str, str]]) -> int:
        """Write the rows of one case's week; return the records that they make."""
        for row in rows:
            self._write(week, self.record(row))
        return len(rows)

    def record(self, row: Mapping[str, str]) -> bytes:
        """Write one row as a record."""
        raise NotImplementedError

    def _write(self, week: int, record: bytes) -> None:
        known = self._open.get(week)
        if known is None:
            known = self._open[week] = self.path(week).open("wb")
            known.write(self.head)
        elif self.between:
            known.write(self.between)
        known.write(record)

    def path(self, week: int) -> Path:
        """Name the file of a week."""
        return self.folder / f"{self.system.name}-{exports()[week]:%Y%m%d}.{self.suffix}"

    def close(self) -> None:
        """End every file, dated to when it is handed over.

        The last week has one in any case: it says that all until then is there, so that all can be judged.
        """
        if self.system.name != "archives" and WEEKS - 1 not in self._open:
            self._open[WEEKS - 1] = self.path(WEEKS - 1).open("wb")
            self._open[WEEKS - 1].write(self.head)
        for week, file in self._open.items():
            file.write(self.tail)
            file.close()
            os.utime(self.path(week), (exports()[week].timestamp(),) * 2)

    def named(self, row: Mapping[str, str]) -> dict[str, str]:
        """Return a row by the system's own names, without what is empty."""
        return {self.system.column(path): value for path, value in row.items() if value != ""}


class CsvFiles(Weekly):
    """A header and one row a step, in the system's encoding."""

    suffix = "csv"

    def __init__(self, system: System, folder: Path) -> None:
        """Write its columns first."""
        super().__init__(system, folder)
        self.head = self._line([system.column(path) for path in self._columns])

    def record(self, row: Mapping[str, str]) -> bytes:
        """Write one line."""
        return self._line([row.get(path, "") for path in self._columns])

    def _line(self, values: Sequence[str]) -> bytes:
        text = io.StringIO()
        csv.writer(text, lineterminator="\r\n").writerow(values)
        return text.getvalue().encode(self.system.read.get("encoding", "utf-8"))


class XmlFiles(Weekly):
    """A package of one element a step."""

    suffix = "xml"
    head, tail = b'<?xml version="1.0" encoding="UTF-8"?>\n<PACKAGE><BODY>\n', b"</BODY></PACKAGE>\n"

    def record(self, row: Mapping[str, str]) -> bytes:
        """Write one element."""
        return f"<AJ>{_elements(self.named(row))}</AJ>\n".encode()


class JsonLines(Weekly):
    """One line for each case that moved in a week, its steps nested in it."""

    suffix = "jsonl"

    def put(self, week: int, rows: Sequence[Mapping[str, str]]) -> int:
        """Write one line."""
        steps = {path for path in self._columns if path not in CASE_PATHS}
        about = {path: value for path, value in rows[0].items() if path not in steps}
        inner = [self.named({path: row[path] for path in row if path in steps}) for row in rows]
        self._write(week, orjson.dumps({**self.named(about), self.system.nested: inner}) + b"\n")
        return 1


class Answers(Weekly):
    """A service's rows, each with its number and the time of its change, as it answers them."""

    def __init__(self, system: System, folder: Path) -> None:
        """Begin with the first number."""
        super().__init__(system, folder)
        self._serial = 0

    def put(self, week: int, rows: Sequence[Mapping[str, str]]) -> int:
        """Number the rows."""
        changed = (exports()[week] - CHANGED_BEFORE).strftime("%Y-%m-%d %H:%M:%S")
        for row in rows:
            self._serial += 1
            self._write(week, self.record({"serial": str(self._serial), "changed": changed, **row}))
        return len(rows)


class JsonAnswers(Answers):
    """What a REST office answers."""

    suffix = "json"
    head, between, tail = b'{"data": [\n', b",\n", b"\n]}\n"

    def record(self, row: Mapping[str, str]) -> bytes:
        """Write one object."""
        return orjson.dumps(self.named(row))


class SoapAnswers(Answers):
    """What a SOAP centre answers: an envelope, and in it, as text, a document of rows."""

    suffix = "xml"
    head = (
        '<?xml version="1.0" encoding="GBK"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        f'<queryCasesResponse xmlns="urn:centre"><return>{escape("<BJS>")}\n'
    ).encode("gb18030")
    tail = f"{escape('</BJS>')}</return></queryCasesResponse></soap:Body></soap:Envelope>\n".encode("gb18030")

    def record(self, row: Mapping[str, str]) -> bytes:
        """Write one escaped element."""
        return escape(f"<BJ>{_elements(self.named(row))}</BJ>\n").encode("gb18030")


class StepTable:
    """A front-end database with one row a step."""

    def __init__(self, system: System, folder: Path) -> None:
        """Make the empty table."""
        self.system = system
        folder = folder / system.name
        folder.mkdir(parents=True)
        self._columns = columns_of(system)
        names = [
            *(system.column(path) for path in self._columns),
            "update_date",
            "sync_sign",
            "sync_date",
            "sync_error_desc",
        ]
        self._db = sqlite3.connect(folder / "front-end.db")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute(
            f"CREATE TABLE inf_apply_process (serial INTEGER PRIMARY KEY, {', '.join(f'{n} TEXT' for n in names)})"
        )
        self._insert = (
            f"INSERT INTO inf_apply_process ({', '.join(names[:-2])}) VALUES ({', '.join('?' * (len(names) - 2))})"  # noqa: S608 - own names
        )
        self._rows: list[list[str | None]] = []

    def put(self, week: int, rows: Sequence[Mapping[str, str]]) -> int:
        """Add rows, as not yet read by the hub."""
        changed = (exports()[week] - CHANGED_BEFORE).strftime("%Y-%m-%d %H:%M:%S")
        self._rows += [[*(row.get(path) or None for path in self._columns), changed, "0"] for row in rows]
        if len(self._rows) >= ROWS:
            self._flush()
        return len(rows)

    def _flush(self) -> None:
        with self._db:
            self._db.executemany(self._insert, self._rows)
        self._rows.clear()

    def close(self) -> None:
        """Write what is left, with the index that a poller needs."""
        self._flush()
        with self._db:
            self._db.execute("CREATE INDEX inf_update ON inf_apply_process (update_date, serial)")
        self._db.close()


_WRITERS: Final[Mapping[str, Callable[[System, Path], Weekly | StepTable]]] = {
    "housing": StepTable,
    "market": CsvFiles,
    "urban": XmlFiles,
    "hotline": JsonAnswers,
    "resources": SoapAnswers,
    "county": JsonLines,
    "archives": CsvFiles,
}


def write(
    folder: Path,
    *,
    seed: int,
    cases: int,
    kinds: Collection[str] = KINDS,
    progress: Callable[[int], None] = lambda _: None,
) -> dict[str, Any]:
    """Write a city into `folder`, which is made; return its truth. `progress` is told of each hundred cases.

    Of its cases only those are written whose system is read by a connector of one of `kinds`, and of them none that
    refers to a case which is left out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    systems = [system for system in SYSTEMS if system.kind in kinds]
    names = [system.name for system in systems]
    _write_mappings(folder / "mappings", names)
    truth, days = Truth(names), Days()
    with contextlib.ExitStack() as stack, (folder / "cases.jsonl").open("wb") as told:
        writers = {system.name: _WRITERS[system.name](system, folder) for system in systems}
        for writer in writers.values():
            stack.callback(writer.close)
        for number, case in enumerate(cases_of(seed, cases), 1):
            if _is_told(case, names):
                told.write(orjson.dumps(document_of(case)) + b"\n")
                _write_case(case, writers[case.scenario.system], truth, is_soiled=number % DIRTY_EVERY == 1)
            if case.scenario.system == SPEAKING:
                days.count(case)
            if number % 100 == 0:
                progress(100)
    if SPEAKING in writers:
        days.write(folder / SPEAKING)
        truth.tell_days()
    document = truth.as_document(seed=seed)
    (folder / "truth.json").write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    return document


def _is_told(case: SimCase, systems: Collection[str]) -> bool:
    refers = "related_case_no" in case.about.get("complaint", {})
    return case.scenario.system in systems and ("housing" in systems or not refers)


def _write_case(case: SimCase, writer: Weekly | StepTable, truth: Truth, *, is_soiled: bool) -> None:
    connection = connection_of(case.scenario.system)
    truth.add(case, connection)
    truth.records[connection] += _hand_over(case, writer)
    if is_soiled:
        truth.records[connection] += _soil(case, writer)
        truth.refused[connection] += 1


def _hand_over(case: SimCase, writer: Weekly | StepTable) -> int:
    records = 0
    for week, steps in _by_week(case.steps):
        if case.scenario.system != "archives" or week < SILENT_WEEK:
            records += writer.put(week, [_row(case, step, writer.system) for step in steps])
    return records


def _by_week(steps: Sequence[Step]) -> Iterator[tuple[int, list[Step]]]:
    for week in range(WEEKS):
        found = [step for step in steps if step.week == week]
        if found:
            yield week, found


def _row(case: SimCase, step: Step, system: System) -> dict[str, str]:
    return case_row(case, system, {**case.about, **step.about}) | step_row(step, system)


def _soil(case: SimCase, writer: Weekly | StepTable) -> int:
    """Write a record of a case that nothing else tells of, with a code that nobody knows."""
    step = case.steps[0]
    about = {**case.about, "channel": "unknown"}
    row = case_row(case, writer.system, about) | step_row(step, writer.system)
    return writer.put(step.week, [{**row, "no": f"{case.case_no}-X"}])


def _elements(cells: Mapping[str, str]) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in cells.items())


def _write_mappings(folder: Path, systems: Collection[str]) -> None:
    """Write a department.yaml for each department, and beside it the mapping of its system."""
    yaml = YAML()
    yaml.width = 4096
    yaml.representer.ignore_aliases = lambda *_: True  # mappings hold no anchors
    for name, document in documents(systems).items():
        (folder / name).mkdir(parents=True)
        with (folder / name / "department.yaml").open("wb") as file:
            yaml.dump(document, file)
        if name in BY_NAME:
            with (folder / name / "records.yaml").open("wb") as file:
                yaml.dump(mapping_of(BY_NAME[name]), file)
