"""Systems that nobody here wrote go from nothing to level C2 by the commands of docs/onboarding.md as they stand.

The commands are taken from the page; names alone are put in. In between the test does what the page leaves to people:
it writes the mapping, the catalogue and the declaration, and keys the scripted cases into the department's own system.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
import shlex
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from conformance.script import script_for
from connectors.soap_envelope import ENVELOPES
from hub.cli.main import app
from hub.clock import SystemClock
from hub.supervision.calendar import WorkCalendar
from tests.support.web import Answer, Asked, Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROOT: Final = Path(__file__).parents[2]
DATA: Final = ROOT.parent / "shared" / "data"
HERE: Final = Path(__file__).parent / "onboarding"
PAGE: Final = ROOT / "docs" / "onboarding.md"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real systems (../shared/data) are not here")

BEGINS: Final = datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
"""A working day, on which the session begins."""

MOST_COMMANDS: Final = 12


def commands() -> list[list[str]]:
    """Return every command of the page's walk, in order; the script for practice has a test of its own."""
    walk = re.sub(r"^```sh\n.*?^```$", "", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    lines = [line.strip() for line in walk.splitlines()]
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


ENDS: Final = max(each.at for each in keyed("0", ("codes",), "Europe/Amsterdam")) + timedelta(minutes=1)
"""When the last of it was keyed in just now: it is read at once, so that the department's clock shows."""


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
    """Return the columns of the log, and its rows."""
    with gzip.open(DATA / "eventlogs" / "receipt.csv.gz", "rt", encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        rows = list(reader)
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


# a service of the Dutch municipal standard -------------------------------------------------------------------------

STUF: Final = DATA / "soap" / "stuf"
CONTRACT: Final = "/zds_1_2/zkn0310/vraagAntwoord/zkn0310_beantwoordVraag"
STATUSES: Final[Mapping[str, str]] = {
    "case.received": "Ontvangen",
    "case.supplement_requested": "Aanvulling gevraagd",
    "case.supplement_received": "Aanvulling ontvangen",
    "case.accepted": "In behandeling",
    "case.not_accepted": "Niet ontvankelijk",
    "case.withdrawn": "Ingetrokken",
    "stage.completed": "Getoetst",
    "case.decided": "Besloten",
    "case.closed": "Afgehandeld",
    "case.delivered": "Verzonden",
}
RESULTS: Final = {"granted": "Verleend", "denied": "Geweigerd", "": ""}

STOCK: Final = [
    Keyed(
        case_no="0363-2026-1",
        type=kind,
        at=datetime(2026, 2, 9 + place, 10, tzinfo=ZoneInfo("Europe/Amsterdam")),
        result="granted" if kind == "case.decided" else "",
        title="",
    )
    for place, kind in enumerate(("case.received", "case.accepted", "case.decided", "case.closed"))
]
"""What the system holds before anybody keys a script in."""


class CaseSystem:
    """A case system that shows the standard's WSDL, with every file that it takes parts from, and answers zakLv01."""

    def __init__(self) -> None:
        self.acts: Sequence[Keyed] = STOCK
        self._service = Service(self._answer)
        self.url = f"{self._service.url}{CONTRACT}"
        self.close = self._service.close

    def key_in(self, acts: Sequence[Keyed]) -> None:
        self.acts = [*STOCK, *acts]

    def _answer(self, asked: Asked) -> Answer:
        if asked.method == "GET":
            wanted = f"{CONTRACT}.wsdl" if asked.path == CONTRACT else asked.path
            file = STUF / wanted.lstrip("/")
            return Answer(body=file.read_bytes()) if file.is_file() else Answer(status=404)
        kind = {"Content-Type": "text/xml; charset=utf-8"}
        if b"zakLv01" not in asked.body:
            return Answer(status=500, headers=kind, body=b"<html>zakLv01</html>")
        return Answer(headers=kind, body=answered(self.acts).encode())


def answered(acts: Sequence[Keyed]) -> str:
    """Write acts as the standard's answer: one object a case, its statuses within it."""
    by_case: dict[str, list[Keyed]] = {}
    for act in acts:
        by_case.setdefault(act.case_no, []).append(act)
    objects = "".join(_object(case_no, own) for case_no, own in by_case.items())
    return (
        f'<e:Envelope xmlns:e="{ENVELOPES["1.1"]}"><e:Body><z:zakLa01 xmlns:z="http://www.egem.nl/StUF/sector/zkn/0310"'
        ' xmlns:s="http://www.egem.nl/StUF/StUF0301"><z:stuurgegevens><s:berichtcode>La01</s:berichtcode>'
        f"</z:stuurgegevens><z:antwoord>{objects}</z:antwoord></z:zakLa01></e:Body></e:Envelope>"
    )


def _object(case_no: str, acts: Sequence[Keyed]) -> str:
    outcome = RESULTS[max(act.result for act in acts)]
    result = f"<z:resultaat><z:omschrijving>{outcome}</z:omschrijving></z:resultaat>" if outcome else ""
    statuses = "".join(
        f'<z:heeft s:entiteittype="ZAKSTT"><z:gerelateerde s:entiteittype="STT"><z:volgnummer>{number}</z:volgnummer>'
        f"<z:omschrijving>{STATUSES[act.type]}</z:omschrijving></z:gerelateerde>"
        f"<z:datumStatusGezet>{act.at:%Y%m%d%H%M%S}</z:datumStatusGezet><z:isGezetDoor>0363</z:isGezetDoor></z:heeft>"
        for number, act in enumerate(acts)
    )
    return (
        f'<z:object s:entiteittype="ZAK"><z:identificatie>{case_no}</z:identificatie>'
        f"<z:omschrijving>环境许可申请 {escape(acts[0].title)}</z:omschrijving>"
        f"<z:startdatum>{acts[0].at:%Y%m%d}</z:startdatum>{result}{statuses}</z:object>"
    )


@pytest.fixture
def case_system() -> Iterator[CaseSystem]:
    system = CaseSystem()
    yield system
    system.close()


def test_a_service_of_a_foreign_standard_goes_from_nothing_to_correct_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case_system: CaseSystem
) -> None:
    monkeypatch.setenv("STUF_URL", case_system.url)
    sample = tmp_path / "answer.xml"
    sample.write_text(answered(keyed("0", ("codes",), "Europe/Amsterdam")), encoding="utf-8")
    foreign = Foreign(
        name="stuf", connection="onboarded.stuf", sample=sample, claims=("codes",), key_in=case_system.key_in
    )
    goes_to_correct_data(foreign, tmp_path, monkeypatch)
