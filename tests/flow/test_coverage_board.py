"""Coverage and the gate over a real store: commands, API and page tell the same; months stay as they were frozen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import sqlalchemy as sa
from lxml import html
from typer.testing import CliRunner

from conformance.certificate import signing
from conformance.certificate.status import read_list
from hub.cli import bureau, certifying_role, covering
from hub.cli.connection_page import ConnectionPages
from hub.cli.main import app
from hub.errors import Misconfigured, Unavailable
from hub.model.certified import Reporting
from hub.store.counted import case_facts
from hub.store.engine import open_engine, writing
from tests.support import desks
from tests.support.certified_world import CONNECTION, DOCUMENT, World, people
from tests.support.desks import DEPARTMENT, a_client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MATTER = "11321200014000028L3320117001000"


def a_catalogue(*codes: str, **onboarding: Any) -> dict[str, Any]:
    matters = [
        {"matter_code": code, "version": "1", "name": "许可", "power_type": "01", "valid_from": "2019-01-01",
         "status": "active"} for code in codes
    ]  # fmt: skip
    department = {"name": "泰州市住房和城乡建设局", **DOCUMENT}
    return {"department": department, "matters": matters, "onboarding": onboarding}


def opened(world: World, *matters: str) -> None:
    """Let the cases that the desk has be of these matters, one after another, as if its mapping had said so."""
    engine = open_engine(world.hub.settings.store_url)
    with writing(engine) as connection:
        ids = sorted(connection.execute(sa.select(case_facts.c.case_id)).scalars())
        for n, case_id in enumerate(ids):
            mine = sa.update(case_facts).where(case_facts.c.case_id == case_id)
            connection.execute(mine.values(matter_code=matters[n % len(matters)]))
    engine.dispose()


@pytest.fixture(params=["embedded", pytest.param("production", marks=pytest.mark.servers)])
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    urls = {}
    if request.param == "production":
        urls = {
            "store_url": request.getfixturevalue("postgres").fresh_database(),
            "bus_url": request.getfixturevalue("rabbitmq").vhost(),
        }
        monkeypatch.setenv("SUNLIGHT_STORE_URL", urls["store_url"])
    made = World(tmp_path, urls)
    monkeypatch.setenv("SUNLIGHT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SUNLIGHT_MAPPINGS", str(tmp_path / "none"))
    monkeypatch.setattr("hub.wiring.SystemClock", lambda: made.hub.clock)
    yield made
    made.hub.close()


def run(*words: str) -> tuple[int, Any]:
    done = CliRunner().invoke(app, [*words, "--json"])
    return done.exit_code, orjson.loads(done.stdout) if done.stdout.strip() else done.exception


def test_command_api_and_page_tell_the_same(world: World) -> None:
    world.hub.store.load_catalogue([a_catalogue(MATTER, "OTHER", planned={"C3": "2026-03-31", "C4": "2026-03-31"})])
    opened(world, MATTER)
    certifying_role.Census(world.hub).step()
    code, told = run("coverage")
    assert code == 0
    assert told["coverage"] == {"C1": 1.0, "C2": 1.0, "C3": 1.0, "C4": 0.0}
    assert told["planned"] == {"C3": {"planned": 2, "late": 0}, "C4": {"planned": 2, "late": 2}}
    assert {each["matter_code"]: each["cases"] for each in told["cells"]}[MATTER] > 0
    with a_client(world.hub) as client:
        assert client.get("/v1/coverage").json() == told
        page = client.get("/coverage").text
        assert "运行可靠" in page
        assert "100.0 %" in page
        tables = html.fromstring(page).findall(".//table")
        assert [each.getparent().get("class") for each in tables] == ["scroll"] * 3, "wide tables scroll by themselves"
        listed = client.get("/v1/conformance/status.jws")
        assert listed.headers["content-type"] == "application/jose+json"
        assert "payload" in listed.json()


@pytest.mark.parametrize(("level", "is_scored"), [("C3", False), ("C4", True)])
def test_a_missed_reliable_connection_is_scored_as_the_board_tells_it(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    level: str,
    is_scored: bool,  # noqa: FBT001
) -> None:
    monkeypatch.setattr("conformance.coverage.owed.REQUIRED", level)  # the world holds C3 and no C4
    world.hub.store.load_catalogue([a_catalogue(MATTER, planned={level: "2026-03-31"})])
    month = world.hub.calendar().day_of(world.hub.clock.now()).isoformat()[:7]
    account = world.hub.scorebook.sheet(month).accounts[DOCUMENT["department_id"]]
    assert (account.statement.is_obliged, account.statement.score < 60) == (is_scored, is_scored)


def test_a_department_without_a_catalogue_is_unknown_everywhere(world: World) -> None:
    world.hub.store.load_catalogue([{"department": {"name": "住建局", **DOCUMENT}, "matters": []}])
    told = run("coverage")[1]
    assert (told["coverage"], told["by_state"]) == (None, {"unknown": 1})
    assert "unknown" in CliRunner().invoke(app, ["coverage"]).stdout
    with a_client(world.hub) as client:
        page = client.get("/coverage").text
        assert "不明" in page
        assert "100.0 %" not in page


def test_a_month_is_frozen_once_and_stays_as_it_was(world: World) -> None:
    world.hub.store.load_catalogue([a_catalogue(MATTER)])
    certifying_role.Census(world.hub).step()
    before = run("coverage", "--month", "2026-03")[1]
    world.office.revoke(world.row.certificate_id, people(world.hub, "supervisor", "reviewer"))
    certifying_role.Census(world.hub).step()
    assert run("coverage", "--month", "2026-03")[1] == before
    assert before["coverage"]["C3"] == 1.0
    assert run("coverage")[1]["coverage"]["C3"] == 0.0
    assert run("coverage", "--month", "2026-02")[0] != 0


def test_volumes_are_counted_by_connection_and_matter_within_the_year(world: World) -> None:
    opened(world, MATTER, "OTHER")
    keeping = world.hub.certification
    keeping.count_reporting(datetime(2026, 3, 4, tzinfo=UTC).date())
    found = {(each.matter_code, each.region_code): each for each in keeping.reporting()}
    assert {each.connection_id for each in found.values()} == {CONNECTION}
    assert sum(each.cases for each in found.values()) == 4, "two of the six were opened before"
    assert all(isinstance(each, Reporting) and each.department_id == DEPARTMENT for each in found.values())
    keeping.count_reporting(datetime(2026, 3, 4, tzinfo=UTC).date())
    assert len(keeping.reporting()) == len(found)


def test_the_gate_answers_by_what_is_known(world: World) -> None:
    assert run("can-i-connect", "nobody.knows.it")[0] == 1
    assert run("can-i-connect", CONNECTION)[1]["why"] == "status_stale"
    world.hub.certification.look(world.hub.clock.now())
    code, told = run("can-i-connect", CONNECTION)
    assert (code, told["answer"], told["schema_version"]) == (0, "yes", "case-event.v1")
    world.send("T-50", desks.MAPPING.replace("version: 1", "version: 2").replace("title: title", "title: upper(title)"))
    code, told = run("can-i-connect", CONNECTION)
    assert (code, told["why"]) == (5, "owed_run")
    assert world.keep() == "suspended K10"
    code, told = run("can-i-connect", CONNECTION)
    assert (code, told["why"]) == (1, "suspended")
    assert [each["connection"] for each in run("can-i-connect")[1]] == [CONNECTION]


def test_all_connections_are_answered_for_by_one_look_at_the_certificates(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    kind = type(world.hub.certification)
    real = kind.latest
    monkeypatch.setattr(kind, "latest", lambda self: asked.append(self) or real(self))
    for n in range(5):
        world.hub.store.register([replace(world.hub.store.connections()[CONNECTION], connection_id=f"another.{n}")])
    assert len(covering.asked(world.hub)) == 6
    assert len(asked) == 1
    ConnectionPages(world.hub).all()
    assert len(asked) == 3, "one look of its own, and one for what is owed"


def test_what_was_revoked_is_not_certified_again_on_the_same_session(world: World) -> None:
    world.office.revoke(world.row.certificate_id, people(world.hub, "supervisor", "reviewer"))
    with pytest.raises(Misconfigured, match="was revoked"):
        world.certify()
    assert world.certify(runs=("2026-06-01-b",), bundle_sha256="9" * 64).state == "active"


def test_a_certificate_of_the_sandbox_opens_nothing_that_is_live(world: World) -> None:
    world.hub.certification.look(world.hub.clock.now())
    tried = world.certify("sandbox")
    assert [(each.environment, each.state) for each in world.hub.certification.certificates(CONNECTION)] == [
        ("sandbox", "active"), ("production", "active"),
    ]  # fmt: skip
    world.office.revoke(world.row.certificate_id, people(world.hub, "supervisor", "reviewer"))
    code, told = run("can-i-connect", CONNECTION)
    assert (code, told["why"]) == (1, "revoked")
    again = world.certify("sandbox")
    assert world.hub.certification.certificate(tried.certificate_id).state == "superseded"  # type: ignore[union-attr]
    assert again.environment == "sandbox"
    assert world.hub.certification.latest()[CONNECTION].certificate_id == world.row.certificate_id


def test_the_list_is_signed_anew_where_something_happened_or_time_passed(world: World) -> None:
    clock: Any = world.hub.clock
    listing = bureau.Listing(world.hub)
    first = listing.told()
    clock.move_to(clock.now() + timedelta(seconds=29))
    assert listing.told() == first
    world.office.suspend(world.row.certificate_id, people(world.hub, "supervisor"))
    second = listing.told()
    pinned = signing.pinned(signing.public_key(bureau.issuer(world.hub)))
    assert [each["state"] for each in read_list(second, pinned)["certificates"]] == ["suspended"]
    clock.move_to(clock.now() + timedelta(seconds=31))
    assert listing.told() != second


def test_the_last_good_list_is_served_while_the_store_is_away(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    good = bureau.listed(world.hub)

    def away(*_: object) -> object:
        raise Unavailable("the store is away")

    monkeypatch.setattr(type(world.hub.certification), "certificates", away)
    world.hub.clock.move_to(world.hub.clock.now() + timedelta(hours=1))  # type: ignore[attr-defined]  # manual
    assert bureau.listed(world.hub) == good
