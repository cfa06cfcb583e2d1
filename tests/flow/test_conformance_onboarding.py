"""From nothing to level C2 with the documented commands alone: run, key the script in, run again, report."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from typer.testing import CliRunner

from conformance.reference.played import Faults, reference
from conformance.reference.playing import Stage, department_of
from conformance.script import script_for
from hub.cli.main import app
from hub.clock import SystemClock
from hub.resources import MAPPINGS
from hub.supervision.calendar import WorkCalendar

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from click.testing import Result

NAME = "taizhou.market.licences"
MARKET = "113212000140010128"
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 19, 10, tzinfo=ZONE)
"""A Thursday: silence is counted in working days."""


def sunlight(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def keyed_in(session: str, inbox: Path, folder: Path) -> datetime:
    """Let the market regulator's staff key the script in, the last of it today, and its files come; return when."""
    calendar, script = WorkCalendar(), script_for(("special_procedures", "corrections"))
    first = calendar.back_workdays(NOW.date(), max(act.day for case in script.values() for act in case.acts))
    stage = Stage(session=session, first_day=first, calendar=calendar, department=department_of(MARKET))
    market = reference("market", folder, stage, script, Faults())
    market.advance(datetime.combine(NOW.date(), time(23), ZONE))
    for file in (folder / "market").glob("*.csv"):
        shutil.copy2(file, inbox / file.name)
    told = ((case.case_no(session), act.type, act.occurrence) for case in script.values() for act in case.acts)
    return max(at for each in told if (at := market.keyed_at(*each)) is not None)


def test_a_department_goes_from_nothing_to_correct_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    today = {"now": NOW}
    monkeypatch.setattr(SystemClock, "now", lambda _: today["now"].astimezone(UTC))
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    monkeypatch.setenv("SUNLIGHT_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("SUNLIGHT_TOKEN_KEY", "a token key of tests, long enough")
    monkeypatch.setenv("MARKET_INBOX", str(inbox))
    added = sunlight("connection", "add", str(MAPPINGS / "taizhou-market" / "licences.yaml"))
    assert added.exit_code == 0, added.output
    assert sunlight("conformance", "plan", NAME, "--level", "C2").exit_code == 0
    first = sunlight("conformance", "run", NAME, "--level", "C2", "--json")
    assert first.exit_code == 2, first.output
    session = json.loads(first.stdout)["header"]["session"]
    today["now"] = keyed_in(session, inbox, tmp_path / "market") + timedelta(minutes=1)
    again = [test for test, word in standings(first).items() if word == "skip"]
    only = [part for test in again for part in ("--only", test)]
    onlys = sunlight("conformance", "run", NAME, "--level", "C2", *only)
    assert onlys.exit_code in {0, 2}, onlys.output[-3000:]
    second = sunlight("conformance", "run", NAME, "--level", "C2", "--json")
    document = json.loads(second.stdout)
    found = {test: word for test, word in standings(second).items() if word != "pass"}
    assert found == {}, [each for each in document["results"] if each.get("verdict") != "pass"]
    assert second.exit_code == 0
    assert [tally["level"] for tally in document["levels"] if tally["is_reached"]] == ["C0", "C1", "C2"]
    assert len(document["bundle_sha256"]) == 64
    assert sunlight("conformance", "report", NAME, "--html", str(tmp_path / "r.html")).exit_code == 0


def standings(result: Result) -> dict[str, str]:
    """Return how every test of a run stands."""
    return {each["test"]: each.get("verdict", each["lifecycle"]) for each in json.loads(result.stdout)["results"]}
