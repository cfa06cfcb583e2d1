"""Systems that nobody here wrote go from nothing to level C2 by the commands of docs/onboarding.md as they stand.

The commands are taken from the page; names alone are put in. In between the test does what the page leaves to people:
it writes the mapping, the catalogue and the declaration, and keys the scripted cases into the department's own system.
"""

from __future__ import annotations

import csv
import gzip
import json
import shlex
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from conformance.script import script_for
from hub.cli.main import app
from hub.clock import SystemClock
from hub.supervision.calendar import WorkCalendar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROOT: Final = Path(__file__).parents[2]
DATA: Final = ROOT.parent / "shared" / "data"
HERE: Final = Path(__file__).parent / "onboarding"
PAGE: Final = ROOT / "docs" / "onboarding.md"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real systems (../shared/data) are not here")

BEGINS: Final = datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
ENDS: Final = datetime(2026, 3, 18, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
"""A working day on which the session begins, and one after the last on which something is to be keyed in."""

MOST_COMMANDS: Final = 12
LOGGED_CASES: Final = 40
"""How many cases of the log are handed over; the whole log goes the same way, and takes longer."""


def commands() -> list[list[str]]:
    """Return every command of the page, in order."""
    lines = [line.strip() for line in PAGE.read_text(encoding="utf-8").splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("sunlight ")]


@dataclass(frozen=True, kw_only=True)
class Keyed:
    """One thing that staff key in."""

    case_no: str
    type: str
    at: datetime
    result: str
    title: str


@dataclass(kw_only=True)
class Foreign:
    """A department's system that nobody here wrote, and how its staff key something in."""

    name: str
    connection: str
    sample: Path
    claims: Sequence[str]
    key_in: Callable[[Sequence[Keyed]], None]


def keyed(session: str, claims: Sequence[str], zone: str) -> list[Keyed]:
    """Return what the script of a session asks for, on the days that it says."""
    calendar, moments = WorkCalendar(), []
    for case in script_for(claims).values():
        for place, act in enumerate(case.acts):
            day, _ = calendar.add_workdays(BEGINS.date(), act.day)
            at = datetime.combine(day, time(10), ZoneInfo(zone)) + timedelta(minutes=10 * place)
            moments.append(
                Keyed(case_no=case.case_no(session), type=act.type, at=at, result=act.result, title=case.title)
            )
    return sorted(moments, key=lambda each: each.at)


def goes_to_correct_data(foreign: Foreign, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the page from its first command to its last; the last but one run must find everything passed."""
    today = {"now": BEGINS}
    monkeypatch.chdir(place)
    monkeypatch.setattr(SystemClock, "now", lambda _: today["now"].astimezone(UTC))
    monkeypatch.setenv("SUNLIGHT_DATA_DIR", str(place / "var"))
    monkeypatch.setenv("SUNLIGHT_TOKEN_KEY", "a token key of tests, long enough")
    folder = place / "mappings" / foreign.name
    names = {
        "sample.jsonl": str(foreign.sample),
        "mappings/taizhou-press/permits.yaml": str(folder / "permits.yaml"),
        "taizhou.press.permits": foreign.connection,
    }
    for command in commands():
        said = [names.get(word, word) for word in command]
        done = CliRunner().invoke(app, said)
        verb = " ".join(word for word in command if not word.startswith("-"))[:20]
        if verb.startswith("conformance run") and today["now"] == BEGINS:
            assert done.exit_code == 2, (done.exception, unpassed(foreign.connection))
        else:
            assert done.exit_code == 0, (command, done.exception, unpassed(foreign.connection) or done.output)
        if verb.startswith("mapping new"):
            assert (folder / "permits.yaml").is_file()
            shutil.copytree(HERE / foreign.name, folder, dirs_exist_ok=True)
        if verb.startswith("conformance script"):
            session = shown(foreign.connection)["header"]["session"]
            assert f"TST-{session}"[:12] in done.output
            foreign.key_in(keyed(session, foreign.claims, "Europe/Amsterdam"))
            today["now"] = ENDS
    document = shown(foreign.connection)
    assert unpassed(foreign.connection) == []
    assert [tally["level"] for tally in document["levels"] if tally["is_reached"]] == ["C0", "C1", "C2"]
    assert (place / "report.html").is_file()
    assert (place / "evidence.zip").is_file()


def shown(connection: str) -> dict[str, Any]:
    """Return how the last session of a connection stands."""
    said = CliRunner().invoke(app, ["conformance", "show", connection, "--json"]).stdout
    found: dict[str, Any] = json.loads(said or "{}")
    return found


def unpassed(connection: str) -> list[tuple[str, ...]]:
    """Return the tests of the last session that are not passed, with what was found."""
    named = ("test", "lifecycle", "verdict", "reason", "expected", "got")
    results = shown(connection).get("results", ())
    return [tuple(str(each.get(name)) for name in named) for each in results if each.get("verdict") != "pass"]


def test_the_page_has_at_most_a_dozen_commands() -> None:
    assert 8 < len(commands()) <= MOST_COMMANDS


# the receipt log, as files ------------------------------------------------------------------------------------------

TASKS: Final[Mapping[str, str]] = {
    "case.received": "Confirmation of receipt",
    "case.supplement_requested": "Supplement requested",
    "case.supplement_received": "Supplement received",
    "case.accepted": "T05 Print and send confirmation of receipt",
    "case.not_accepted": "Not admitted",
    "case.withdrawn": "Withdrawn",
    "stage.completed": "T10 Determine necessity to stop indication",
    "case.delivered": "Permit sent",
}
DECISIONS: Final = {"granted": "Permit granted", "denied": "Permit denied"}


def logged() -> tuple[Sequence[str], list[dict[str, str]]]:
    """Return the columns of the log, and the rows of its first cases."""
    with gzip.open(DATA / "eventlogs" / "receipt.csv.gz", "rt", encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        by_case = groupby(reader, key=lambda row: row["case:concept:name"])
        rows = [row for _, (_, own) in zip(range(LOGGED_CASES), by_case, strict=False) for row in own]
        return reader.fieldnames or [], rows


def written(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    """Write a file of rows beside its name, and move it there when it is whole."""
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    part.rename(path)


def tasks(acts: Sequence[Keyed]) -> Iterator[dict[str, str]]:
    """Write acts as rows of the log: closing is the case's end date, on the row of what was done last."""
    closed = {act.case_no: act.at for act in acts if act.type == "case.closed"}
    for number, act in enumerate(acts):
        if act.type == "case.closed":
            continue
        ended = closed.get(act.case_no)
        yield {
            "case:concept:name": act.case_no,
            "case:channel": "Desk",
            "case:department": "General",
            "case:group": act.title or "Group 2",
            "case:startdate": str(act.at),
            "case:enddate": str(ended) if ended and act.type == "case.delivered" else "",
            "concept:instance": f"task-tst-{number}",
            "concept:name": TASKS.get(act.type) or DECISIONS[act.result],
            "lifecycle:transition": "complete",
            "org:resource": "Resource10",
            "time:timestamp": str(act.at),
        }


def test_the_receipt_log_as_files_goes_from_nothing_to_correct_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    monkeypatch.setenv("RECEIPT_INBOX", str(inbox))
    columns, rows = logged()
    written(inbox / "receipt-2012.csv", columns, rows)
    foreign = Foreign(
        name="receipt",
        connection="onboarded.receipt",
        sample=inbox / "receipt-2012.csv",
        claims=("codes",),
        key_in=lambda acts: written(inbox / "receipt-2026.csv", columns, list(tasks(acts))),
    )
    goes_to_correct_data(foreign, tmp_path, monkeypatch)
