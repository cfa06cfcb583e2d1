"""Catalogue, calendar and law change while cases run: what they concern is counted anew, with a trace."""

from __future__ import annotations

import copy
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from typer.testing import CliRunner

from hub.cli.main import app
from hub.supervision.amendment import change_id, differences
from hub.supervision.law import LAW, LawParameter
from hub.supervision.matter import Limit
from hub.wiring import build
from tests.support.casework import DEPARTMENT, UNLIMITED
from tests.support.hubs import hub_at
from tests.support.spine import CATALOGUE_DOCUMENT, NOW, ZONE, Read, Spine
from tests.unit.supervision.test_statutory_limits import NOTICE_2027

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from hub.model.terms import ClockChange

OTHERS = {"matter_code": UNLIMITED}


@pytest.fixture(params=["embedded", pytest.param("production", marks=pytest.mark.servers)])
def spine(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Spine]:
    monkeypatch.setattr("hub.bench_keeper.KEEP_S", 0)
    urls = {}
    if request.param == "production":
        urls = {
            "store_url": request.getfixturevalue("postgres").fresh_database(),
            "bus_url": request.getfixturevalue("rabbitmq").vhost(),
        }
    with ExitStack() as stack:
        hub = stack.enter_context(closing(hub_at(tmp_path, now=NOW, **urls)))
        yield Spine(hub, stack)


def at(spine: Spine, text: str) -> None:
    spine.clock.move_to(datetime.fromisoformat(text).astimezone(UTC))


def a_world(spine: Spine, day: str = "2026-03-02") -> Read:
    """Accept one case of the limited matter, and one of another matter, on `day`."""
    read = Read()
    spine.tell(
        *(
            read.event(event, f"{day}T{hour}:00:00+08:00", case_no=no, case=case)
            for no, case in (("1", {}), ("2", OTHERS))
            for event, hour in (("case.received", "09"), ("case.accepted", "10"))
        ),
        read.report(f"{day}T12:00:00+08:00"),
    )
    return read


def case_id(spine: Spine, no: str) -> str:
    found = spine.hub.queries.case_by_number(no)
    assert found
    return found


def stood(spine: Spine, no: str) -> list[tuple[Any, ...]]:
    """Return the row of a case and all its clocks, as they stand in the database."""
    name = case_id(spine, no)
    rows = spine.rows("SELECT * FROM cases WHERE case_id = :name", name=name)
    return rows + spine.rows("SELECT * FROM clocks WHERE subject = :name ORDER BY clock_id", name=name)


def changes(spine: Spine, no: str) -> Sequence[ClockChange]:
    return spine.hub.queries.clock_changes(case_id(spine, no))


def with_limit(n: int) -> Any:
    document: Any = copy.deepcopy(CATALOGUE_DOCUMENT)
    document["matters"][0]["statutory_limit"]["n"] = n
    return document


def proposed(spine: Spine, document: Any, by: str = "李四 (a)") -> str:
    parts = differences(spine.hub.store.catalogue()[0], document)
    name = change_id(DEPARTMENT, parts)
    act = spine.hub.terms.propose(name, DEPARTMENT, parts, by=by, note="依法调整")
    settle(spine)
    assert spine.hub.queries.act(act) == "catalogue.propose"
    return name


def settle(spine: Spine) -> None:
    """Let supervision take what was sent, then judge what that woke."""
    spine.line.settle(1)
    spine.line.settle()


def decided(spine: Spine, name: str, by: str, *, approve: bool = True, note: str = "") -> str:
    spine.clock.move_to(spine.clock.now() + timedelta(minutes=1))
    act = spine.hub.terms.decide(name, approve=approve, by=by, note=note)
    settle(spine)
    return spine.hub.queries.act(act) or ""


def dues(change: ClockChange) -> tuple[date | None, date | None]:
    old, new = (
        None if moment is None else moment.astimezone(ZONE).date() for moment in (change.old_due, change.new_due)
    )
    return old, new


def test_a_change_of_a_limit_takes_two_people_and_moves_exactly_its_own_clock(spine: Spine) -> None:
    a_world(spine)
    untouched, before = stood(spine, "2"), stood(spine, "1")
    name = proposed(spine, with_limit(15))
    assert stood(spine, "1") == before
    assert decided(spine, name, "李四 (another key)").startswith("refused: catalogue.same-person")
    assert stood(spine, "1") == before
    assert decided(spine, name, "王五 (b)") == "catalogue.approve"
    (change,) = changes(spine, "1")
    assert change.kind == "statutory"
    assert dues(change) == (date(2026, 3, 31), date(2026, 3, 24))
    (why,) = change.why
    assert (why["what"], why["after"]) == (
        "catalogue", "change no. 2, proposed by 李四 (a), approved by 王五 (b)",
    )  # fmt: skip
    assert stood(spine, "2") == untouched
    assert changes(spine, "2") == []
    found = spine.hub.queries.catalogue_change("2")
    assert found is not None
    assert (found.state, found.proposed_by, found.decided_by) == ("approved", "李四 (a)", "王五 (b)")
    assert found.valid_from == "2004-07-01"


def test_a_change_is_refused_with_a_reason_and_changes_nothing(spine: Spine) -> None:
    name = proposed(spine, with_limit(15))
    assert decided(spine, name, "王五", approve=False).startswith("refused: catalogue.note")
    assert decided(spine, name, "王五", approve=False, note="缺少依据") == "catalogue.refuse"
    assert decided(spine, name, "赵六").startswith("refused: catalogue.state")
    assert spine.hub.store.catalogue() == [CATALOGUE_DOCUMENT]
    found = spine.hub.queries.catalogue_change(name)
    assert found is not None
    assert (found.state, found.reason) == ("refused", "缺少依据")


def test_of_two_changes_of_one_version_the_second_must_be_written_anew(spine: Spine) -> None:
    first, second = proposed(spine, with_limit(15)), proposed(spine, with_limit(12))
    assert decided(spine, first, "王五") == "catalogue.approve"
    assert decided(spine, second, "王五").startswith("refused: catalogue.stale")
    assert spine.hub.store.catalogue() == [with_limit(15)]


def test_a_new_version_concerns_nothing_that_began_before_it(spine: Spine) -> None:
    a_world(spine)
    before = stood(spine, "1")
    document = with_limit(20)
    document["matters"].append({**document["matters"][0], "version": "2", "valid_from": "2026-07-01",
                                "statutory_limit": {"n": 15, "unit": "working_day"}})  # fmt: skip
    name = proposed(spine, document)
    assert decided(spine, name, "王五") == "catalogue.approve"
    assert stood(spine, "1") == before
    assert changes(spine, "1") == []


def test_first_documents_are_in_force_at_once_and_told_to_the_ledger(spine: Spine) -> None:
    spine.line.owner.step(0, wait_s=0)
    spine.line.owner.step(1, wait_s=0)
    spine.line.owner.watch_city()
    (entered,) = [each for each in spine.entries("act") if each["data"]["act"] == "catalogue.import"]
    assert {part["kind"] for part in entered["data"]["parts"]} == {"department", "matter"}
    (found,) = spine.hub.queries.catalogue_changes()
    assert (found.state, found.is_ledgered, found.department_id) == ("imported", True, DEPARTMENT)


def test_what_was_provisional_is_judged_after_the_notice_is_loaded_without_a_restart(spine: Spine) -> None:
    at(spine, "2026-11-30T12:00:00+08:00")
    a_world(spine, day="2026-11-27")
    read = Read()
    at(spine, "2026-12-20T00:00:00+08:00")
    spine.tell(
        *(
            read.event(event, f"2026-12-18T{hour}:00:00+08:00", case_no="3")
            for event, hour in (("case.received", "09"), ("case.accepted", "10"))
        ),
        read.report("2026-12-20T00:00:00+08:00"),
    )
    at(spine, "2027-06-01T00:00:00+08:00")
    spine.tell(Read().report("2027-06-01T00:00:00+08:00"))
    assert ("3", "R15") not in spine.alerts()
    untouched = stood(spine, "1")
    act = spine.hub.terms.load(NOTICE_2027, by="王五")
    settle(spine)
    assert spine.hub.queries.act(act) == "calendar.load"
    moved = {each.kind: each for each in changes(spine, "3")}
    assert moved["promised"].old_state == "running (provisional)"
    assert moved["statutory"].new_state == "breached"
    assert {why["what"] for each in moved.values() for why in each.why} == {"calendar"}
    assert "测试〔2026〕1号 (notice no. 1, loaded by 王五)" in moved["promised"].why[0]["after"]
    assert {("3", "R14"), ("3", "R15")} <= set(spine.alerts())
    assert stood(spine, "1") == untouched
    assert changes(spine, "1") == []


def test_the_deadlines_of_an_alert_are_counted_anew_too(spine: Spine) -> None:
    at(spine, "2026-12-01T12:00:00+08:00")
    a_world(spine, day="2026-12-01")
    at(spine, "2026-12-30T12:00:00+08:00")
    spine.tell(Read().report("2026-12-30T12:00:00+08:00"))
    (alert,) = spine.hub.queries.alerts(rule="R14")
    name = alert["alert_id"]
    before = {each.kind: each for each in spine.hub.queries.clocks(name)}
    assert before["alert_feedback"].provisional
    spine.hub.terms.load(NOTICE_2027, by="王五")
    settle(spine)
    spine.line.owner.watch_city()
    after = {each.kind: each for each in spine.hub.queries.clocks(name)}
    assert not after["alert_feedback"].provisional
    assert after["alert_feedback"].due_at.astimezone(ZONE).date() == date(2027, 1, 8)
    assert [each.kind for each in spine.hub.queries.clock_changes(name)] == ["alert_feedback"]
    assert after["alert_signing"] == before["alert_signing"]


def test_a_notice_that_cannot_be_right_is_refused_and_kept(spine: Spine) -> None:
    act = spine.hub.terms.load(replace(NOTICE_2027, rest=NOTICE_2027.rest[:4]), by="王五")
    settle(spine)
    assert (spine.hub.queries.act(act) or "").startswith("refused: calendar.implausible")
    assert spine.hub.queries.notices() == []


def test_the_settings_stand_above_the_notice(spine: Spine) -> None:
    spine.hub.terms.load(NOTICE_2027, by="王五")
    settle(spine)
    own = spine.hub.settings.model_copy(update={"calendar": {date(2027, 3, 1): False}})
    with closing(build(own, clock=spine.clock)) as hub:
        assert not hub.calendar().is_workday(date(2027, 3, 1))
        assert hub.calendar().is_announced(2027)
    assert spine.hub.calendar().is_workday(date(2027, 3, 1))


def test_another_limit_of_a_law_concerns_only_its_own_clock(spine: Spine) -> None:
    """Acceptance is by the law where the catalogue says nothing; another number from March on moves it alone."""
    read = Read()
    spine.tell(
        read.event("case.received", "2026-02-27T09:00:00+08:00", case_no="0"),
        read.event("case.received", "2026-03-02T09:00:00+08:00", case_no="1"),
        read.event("case.received", "2026-03-02T09:00:00+08:00", case_no="2", case=OTHERS | {"power_type": "10"}),
        read.report("2026-03-02T12:00:00+08:00"),
    )
    untouched = [stood(spine, no) for no in ("0", "2")]
    spine.line.release()
    own = LawParameter(
        kind="acceptance", power_type="01", limit=Limit(n=3, unit="working_day"), title="本市规定", article="3",
        valid_from=date(2026, 3, 1),
    )  # fmt: skip
    settings = spine.hub.settings
    changed = type(settings).model_validate({**settings.model_dump(), "law": [_section(own)]})
    with closing(build(changed, clock=spine.clock)) as hub:
        line = hub.line(spine.bus)
        line.settle()
        line.release()
    (change,) = changes(spine, "1")
    assert (change.kind, dues(change)) == ("acceptance", (date(2026, 3, 10), date(2026, 3, 6)))
    assert change.why == [{"what": "basis", "before": "《行政许可法》 art. 32", "after": "《本市规定》 art. 3"}]
    assert [stood(spine, no) for no in ("0", "2")] == untouched
    assert spine.hub.store.remembered("law") == [own.document(), *(each.document() for each in LAW)]


def test_changed_rules_judge_anew_what_they_may_concern(spine: Spine) -> None:
    """R13 off at first: started with it, supervision says what it would have said, without a word of the case."""
    at(spine, "2026-03-02T12:00:00+08:00")
    a_world(spine)
    spine.line.release()
    at(spine, "2026-03-13T12:00:00+08:00")
    spine.bus.publish([Read().report("2026-03-13T12:00:00+08:00")])
    settings = spine.hub.settings
    for off, messages, state in ((["R13"], 2, None), ([], 0, "raised")):
        changed = type(settings).model_validate({**settings.model_dump(), "rules": {"off": off}})
        with closing(build(changed, clock=spine.clock)) as hub:
            line = hub.line(spine.bus)
            line.settle(messages)
            line.release()
        assert spine.alerts().get(("1", "R13")) == state


def test_the_terminal_shows_what_was_counted_anew(
    spine: Spine, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "production" in request.node.name:
        return
    a_world(spine)
    decided(spine, proposed(spine, with_limit(15)), "王五 (b)")
    monkeypatch.setenv("SUNLIGHT_DATA_DIR", str(spine.hub.settings.data_dir))
    told = orjson.loads(CliRunner().invoke(app, ["clocks", "1", "--json"]).output)
    (change,) = told["changes"]
    assert (change["old_due"], change["new_due"]) == ("2026-03-31T00:00:00+08:00", "2026-03-24T00:00:00+08:00")
    shown = CliRunner().invoke(app, ["clocks", "1"]).output
    assert "counted anew" in shown


def _section(own: LawParameter) -> dict[str, Any]:
    return {
        "kind": own.kind, "power_type": own.power_type, "n": own.limit.n, "unit": own.limit.unit, "title": own.title,
        "article": own.article, "valid_from": own.valid_from,
    }  # fmt: skip
