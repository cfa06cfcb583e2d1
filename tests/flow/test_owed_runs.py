"""What criteria find is told once, before it costs anything; what changed since a certificate owes its tests."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest
from typer.testing import CliRunner

from conformance.real import sessions_of
from hub import wiring
from hub.cli.main import app
from hub.cli.rerunning import Rerunning
from hub.model.digest import numbers_digest
from hub.notify_settings import NotifySection
from hub.sandbox import sandbox_of
from hub.store import tables
from hub.store.bulk import insert
from hub.store.day_facts import DayCounts
from hub.store.engine import open_engine, writing
from tests.support import desks
from tests.support.certificates import SHOWN
from tests.support.certified_world import CONNECTION, REMAPPED, World
from tests.unit.conformance.test_record import a_header, all_passed, record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY: Final = datetime(2026, 3, 2, tzinfo=UTC).date()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World(tmp_path, {})
    monkeypatch.setenv("SUNLIGHT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SUNLIGHT_MAPPINGS", str(tmp_path / "mappings"))
    monkeypatch.setattr("hub.wiring.SystemClock", lambda: made.hub.clock)
    yield made
    made.hub.close()


def notices(world: World) -> list[dict[str, Any]]:
    return [each["data"] for each in world.told() if each["type"] == "sunlight.certificate.notice.v1"]


def test_a_first_failure_is_told_once_with_its_day_and_measure(world: World) -> None:
    assert notices(world) == []
    world.took_in(2)
    world.hub_clock.move_to(datetime(2026, 4, 3, 1, tzinfo=UTC))
    world.keep()
    found = notices(world)
    assert [(each["by"], each["criterion"]) for each in found] == [("sunlight K4", "K4")]
    assert "2026-04-02 K4" in found[0]["note"]
    assert "signs_of_life 0" in found[0]["note"]
    world.keep()
    assert notices(world) == found


ROSTER: Final = """
[[person]]
name = "王芳"
webhook = "http://127.0.0.1:1/hook"

[[person]]
name = "李强"
webhook = "http://127.0.0.1:1/other"

[[duty]]
person = "王芳"
department = "11321200014000028L"
from = 2026-03-01T00:00:00
to = 2026-05-01T00:00:00

[[duty]]
person = "李强"
department = "1132120001400001XL"
from = 2026-03-01T00:00:00
to = 2026-05-01T00:00:00
"""


def test_those_on_duty_for_the_department_are_told_of_a_first_failure_and_a_suspension(world: World) -> None:
    roster = world.folder / "duty.toml"
    roster.write_text(ROSTER, encoding="utf-8")
    said = {
        "on": True,
        "roster": str(roster),
        "webhook": {"secret": "whsec_" + "YQ" * 16},
        "link": "https://hub.invalid",
    }
    notify = NotifySection.model_validate(said)
    hub = wiring.Hub(settings=world.hub.settings.model_copy(update={"notify": notify}), clock=world.hub.clock)
    tellers = hub.tellers()
    planner = next(each for each in tellers if each.name == "plan")
    planner.step()
    for day in (2, 3):
        world.took_in(day)
    for day in (3, 7):  # Qingming lies between: the grace of K4 is over on the 7th
        world.hub_clock.move_to(datetime(2026, 4, day, 1, tzinfo=UTC))
        world.keep()
        world.told()
        planner.step()
        planner.step()
    told = hub.queries.notifications(alert_id=world.row.certificate_id)
    for each in tellers:
        each.bus.close()
    hub.close()
    assert [(each.reason, each.level, each.person) for each in sorted(told, key=lambda each: each.created_at)] == [
        ("notice", "yellow", "王芳"),
        ("suspended", "red", "王芳"),
    ]
    texts = {each.reason: each.text for each in told}
    assert "首次不达标" in texts["notice"]
    assert "K4" in texts["suspended"]
    assert f"https://hub.invalid/conformance/{CONNECTION}" in texts["suspended"]


def owed() -> list[dict[str, Any]]:
    done = CliRunner().invoke(app, ["conformance", "owed", "--json"])
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_a_changed_mapping_owes_a_run_and_an_unchanged_one_none(world: World, caplog: pytest.LogCaptureFixture) -> None:
    folder = world.folder / "mappings" / "housing"
    folder.mkdir(parents=True)
    (folder / "department.yaml").write_text("department: {}\n", encoding="utf-8")
    (folder / "desk.yaml").write_text(desks.MAPPING, encoding="utf-8")
    assert owed() == []
    (folder / "desk.yaml").write_text(REMAPPED, encoding="utf-8")
    assert [(each["connection"], each["change"], each["parts"]) for each in owed()] == [
        (CONNECTION, "mapping", ["fields"])
    ]
    section = world.hub.settings.mappings.model_copy(update={"folder": world.folder / "mappings"})
    hub = wiring.build(world.hub.settings.model_copy(update={"mappings": section}), clock=world.hub.clock)
    rerunning = Rerunning(hub)
    for hours in (0, 2, 24):
        world.hub_clock.move_to(world.hub.clock.now() + timedelta(hours=hours))
        assert rerunning.step() == "", "nothing was ever tested here"
    hub.close()
    reminded = [each for each in caplog.records if each.message == "run owed"]
    assert [each.__dict__["connection"] for each in reminded] == [CONNECTION] * 2, "once a day"


def test_evidence_that_grows_old_is_owed_by_the_level_it_shows(world: World) -> None:
    sessions = sessions_of(sandbox_of(world.hub.settings))
    (sessions.folder / SHOWN.runs[0]).mkdir(parents=True)
    record(sessions.folder / SHOWN.runs[0], *all_passed(), header=a_header(connection=CONNECTION))
    days = {"2026-09-20": [], "2026-09-23": ["C3"]}  # shown on 23 May: six months less sixty days later
    found = {}
    for day in days:
        world.hub_clock.move_to(datetime.fromisoformat(f"{day}T01:00+00:00"))
        found[day] = [level for each in owed() if each["change"] == "age" for level in each["parts"]]
    assert found == days


@pytest.mark.parametrize(("numbers", "differ"), [(["T-1"], 0), (["T-9"], 1)], ids=["the same", "another"])
def test_counts_that_agree_over_other_cases_do_not_reconcile(world: World, numbers: list[str], differ: int) -> None:
    now = world.hub.clock.now()
    engine = open_engine(world.hub.settings.store_url)
    with writing(engine) as connection:
        said = (CONNECTION, DAY.isoformat(), 1, numbers_digest(numbers), now, now)
        insert(connection, tables.manifests, [said])
    engine.dispose()
    counts = DayCounts(world.hub.settings.store_url, world.hub.settings.zone)
    found = counts.count(CONNECTION, DAY)
    counts.close()
    assert (found["source_count"], found["hub_count"], found["key_differences"]) == (1, 1, differ)


def test_a_move_after_a_cases_end_is_an_edit_of_a_closed_case(world: World) -> None:
    counts = DayCounts(world.hub.settings.store_url, world.hub.settings.zone)
    today = world.hub.clock.now().date()
    before = counts.count(CONNECTION, today)["closed_edits"]
    late = (
        "T-40",
        "食品经营许可申请",
        "public",
        "321281",
        "2026-03-02 09:00",
        "2026-03-20 10:00",
        "",
        "2026-03-12 15:30",
    )
    desks.bring(world.hub, world.folder, [late])
    after = counts.count(CONNECTION, today)["closed_edits"]
    counts.close()
    assert (before, after) == (0, 1)
