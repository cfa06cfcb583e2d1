"""A real connection's complaints are played in its sandbox: ordered when their day comes, once, whoever goes on."""

from __future__ import annotations

import contextlib
import shutil
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

import pytest

from conformance.model import Lifecycle, Verdict
from conformance.real import sessions_of
from conformance.reference.answering import OfficeAnswers
from conformance.reference.complaint_desk import ComplaintDesk
from conformance.reference.played import HERE
from conformance.reference.rest_office import RestOffice
from conformance.roundtrip.script import COMPLAINTS
from hub import settings as settings_
from hub import wiring
from hub.cli.running_tests import Wish, run_session
from hub.clock import ManualClock
from hub.resources import MAPPINGS
from hub.sandbox import placed, sandbox_of
from hub.supervision.calendar import WorkCalendar
from hub.supervision.instants import HUB_ZONE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conformance.model import Result

FIRST = date(2026, 3, 2)
NAME = "reference.office.permits"


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RestOffice]:
    """Put the office's connection into a sandbox, as `sunlight connection add` does."""
    own = tmp_path / "office"
    shutil.copytree(HERE, own)
    shutil.copy(MAPPINGS / "taizhou-housing" / "department.yaml", own)
    system = RestOffice("a token of the office", "a token of the hub")
    named = {"SUNLIGHT_DATA_DIR": str(tmp_path / "var"), "SUNLIGHT_TOKEN_KEY": "a token key of tests, long enough"}
    for name, value in {**named, **system.environment}.items():
        monkeypatch.setenv(name, value)
    placed(own / "office.yaml", tmp_path / "var" / "sandbox" / "mappings")
    yield system
    system.close()


def gone_on(at: datetime, test: str) -> Result:
    """Let a process of its own go on with the session at a moment; return what became of one test."""
    settings, clock = settings_.load(), ManualClock(at)
    with contextlib.ExitStack() as stack:
        sandbox, live = (wiring.build(given, clock=clock) for given in (sandbox_of(settings), settings))
        stack.callback(sandbox.close)
        stack.callback(live.close)
        session, _ = run_session(stack, sandbox, live, Wish(connection=NAME, level="C4", only=(test,)))
        found = sessions_of(sandbox.settings).get(session.header.session).result(test)
    assert found is not None
    return found


def of_day(number: int, hour: int) -> datetime:
    day = WorkCalendar().add_workdays(FIRST, number)[0]
    return datetime.combine(day, time(hour), HUB_ZONE).astimezone(UTC)


def test_complaints_are_ordered_once_and_their_answers_are_judged(office: RestOffice) -> None:
    first = gone_on(of_day(0, 10), "CPL-02")
    assert first.lifecycle is Lifecycle.WAITING
    session = next((sessions_of(sandbox_of(settings_.load())).folder).iterdir()).name
    desk = ComplaintDesk(
        session=session, script=COMPLAINTS, day_of=lambda day: WorkCalendar().add_workdays(FIRST, day)[0]
    )
    answers = OfficeAnswers(office, desk)
    gone_on(of_day(1, 9), "CPL-02")
    ordered = [order["指令"] for order in desk.orders()]
    assert ordered == ["派单"] * 6
    answers.work(of_day(1, 17))
    assert gone_on(of_day(1, 18), "CPL-02").verdict is Verdict.PASS
    assert [order["指令"] for order in desk.orders()] == ordered, "what was sent is not sent again"
    assert gone_on(of_day(1, 18), "IDA-05").verdict is Verdict.PASS
    answers.work(of_day(3, 17))
    assert gone_on(of_day(3, 18), "CPL-05").verdict is Verdict.PASS
    assert gone_on(of_day(3, 19), "CPL-05").verdict is Verdict.PASS, (
        "what the centre confirmed is known to the next one"
    )
