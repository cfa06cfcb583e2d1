"""The hub as real processes: they end when asked, survive each other's deaths and servers that go and come back."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from hub.store import ledger
from hub.store.queries import Queries
from tests.support.processes import City, Proxy
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.processes import Process

ROLES = ("intake", "supervise", "relay")
AWAY = r"waiting for a server|lost the broker"
PLACES = ["embedded", pytest.param("servers", marks=pytest.mark.servers)]


@pytest.fixture
def a_city(tmp_path: Path) -> Iterator[Callable[..., City]]:
    """Return what makes a hub with its store prepared; its processes end with the test."""
    made: list[City] = []

    def make(**fields: Any) -> City:
        made.append(City(folder=tmp_path, **fields))
        made[-1].prepare()
        return made[-1]

    yield make
    for city in made:
        city.end()


@pytest.fixture
def urls(request: pytest.FixtureRequest) -> dict[str, str]:
    """Return where a hub of the parameter's kind has its store and its bus."""
    return {} if request.param == "embedded" else servers(request)


def servers(request: pytest.FixtureRequest) -> dict[str, str]:
    """Return an empty database and an empty virtual host."""
    store, bus = request.getfixturevalue("postgres"), request.getfixturevalue("rabbitmq")
    return {"store_url": store.fresh_database(), "bus_url": bus.vhost()}


def all_is_well(city: City) -> None:
    """Wait until all that was brought has gone its way; then hold that nothing is lost, nothing doubled."""
    eventually(lambda: city.count("SELECT sum(read) FROM reads") >= city.brought and city.ledgered() >= city.brought)
    with closing(Queries(city.database)) as queries:
        eventually(lambda: not any(queries.lag().values()))
    assert city.ledgered() == city.brought
    assert city.count("SELECT count(*) FROM cases") == city.brought
    assert city.count("SELECT count(*) FROM feed WHERE kind = 'case'") == city.brought
    assert city.count("SELECT count(*) FROM quarantine") == 0
    assert ledger.verify(city.database).sound


@pytest.mark.parametrize("urls", PLACES, indirect=True)
def test_a_hub_that_is_asked_to_end_leaves_everything_to_its_successor_at_once(
    a_city: Callable[..., City], urls: dict[str, str]
) -> None:
    city = a_city(lease_s=600.0, **urls)
    first = city.running("run", *ROLES)
    city.bring(1200)
    eventually(lambda: city.ledgered() > 0)
    assert first.ask_to_end() == 0, first.said
    assert city.count("SELECT count(*) FROM leases WHERE owner IS NOT NULL") == 0
    city.bring(50)
    city.running("run", *ROLES)
    all_is_well(city)


@pytest.mark.parametrize("urls", PLACES, indirect=True)
def test_whichever_role_is_killed_another_process_goes_on_and_nothing_is_lost_or_doubled(
    a_city: Callable[..., City], urls: dict[str, str]
) -> None:
    city = a_city(**urls)
    running = {role: city.start("run", role) for role in ROLES}
    for role in ROLES:
        heir = city.start("run", role)
        running[role].says("running: ")
        before = city.ledgered()
        for _ in range(5):
            city.bring(60)
        eventually(lambda before=before: city.ledgered() > before)  # type: ignore[misc]
        running[role].kill()
        running[role] = heir
    all_is_well(city)


@pytest.mark.servers
@pytest.mark.parametrize("away", ["store_url", "bus_url"])
def test_a_hub_goes_on_by_itself_when_a_server_was_away(
    a_city: Callable[..., City], request: pytest.FixtureRequest, away: str
) -> None:
    """It is away as the hub starts, again at work, and at last when the hub is asked to end."""
    city = a_city(**servers(request))
    proxy = Proxy(getattr(city, away))
    proxy.cut()
    process = city.start("run", *ROLES, **{f"SUNLIGHT_{away.upper()}": proxy.url})
    heard = len(process.says(AWAY).string)
    proxy.mend()
    for _ in range(5):
        city.bring(60)
    eventually(lambda: city.ledgered() > 0)
    proxy.cut()
    city.bring(60)
    heard = len(process.says(AWAY, after=heard).string)
    proxy.mend()
    all_is_well(city)
    assert process.popen.poll() is None
    proxy.cut()
    process.says(AWAY, after=heard)
    assert process.ask_to_end() == 0, process.said


def test_a_connection_whose_file_comes_while_the_hub_runs_is_read_and_a_bad_file_is_told(
    a_city: Callable[..., City],
) -> None:
    city = a_city()
    process = city.running("serve")
    (city.folder / "late").mkdir()
    (city.folder / "late" / "a.csv").write_text("no,title,received\n9,x,2026-03-02 10:00\n", encoding="utf-8")
    city.connect("taizhou.test.late", "{path: late, format: csv, shape: [")
    process.says("new mapping refused")
    assert any("taizhou.test.late.yaml (new mapping)" in note for note in readiness(process)[1]["notes"])
    city.connect("taizhou.test.late", "{path: late, format: csv, every: 50ms}")
    process.says("connection taken up connection=taizhou.test.late")
    eventually(lambda: city.rows("SELECT case_no FROM cases WHERE connection_id = 'taizhou.test.late'") == [("9",)])
    assert not any("late" in note for note in readiness(process)[1]["notes"])
    assert process.ask_to_end() == 0


@pytest.mark.parametrize("urls", PLACES, indirect=True)
def test_two_intakes_never_read_one_connection_at_once(a_city: Callable[..., City], urls: dict[str, str]) -> None:
    """Whoever reads beside another starts from the same checkpoint, so that its records come twice."""
    city = a_city(**urls)
    city.start("run", "supervise", "relay")
    readers = [city.start("run", "intake") for _ in range(2)]
    for reader in readers:
        reader.says("running: ")
    city.bring(1000)
    city.bring(20)
    all_is_well(city)
    assert city.count("SELECT sum(read) FROM reads") == city.brought
    assert city.rows("SELECT DISTINCT outcome FROM inbox") == [("new",)]


def test_a_role_that_fails_for_good_ends_its_process_and_says_why_in_one_line(a_city: Callable[..., City]) -> None:
    city = a_city()
    process = city.running("serve")
    with sqlite3.connect(city.folder / "var" / "hub.db", timeout=30) as database:
        database.execute("ALTER TABLE watermarks RENAME TO gone")
    database.close()
    city.bring(1)
    assert process.popen.wait(30) == 2
    assert process.said.splitlines()[-1] == (
        "store.not-migrated: the store has no tables, or old ones (run `sunlight migrate`)"
    )
    assert "Traceback" not in process.said


@pytest.mark.servers
@pytest.mark.parametrize(("url", "code"), [("store_url", "store.refused"), ("bus_url", "bus.refused")])
def test_a_login_that_a_server_refuses_ends_the_process_and_says_why_in_one_line(
    a_city: Callable[..., City], request: pytest.FixtureRequest, url: str, code: str
) -> None:
    city = a_city(**servers(request))
    wrong = re.sub(r":[^:@/]+@", ":hunter2@", getattr(city, url))
    process = city.start("run", *ROLES, **{f"SUNLIGHT_{url.upper()}": wrong})
    assert process.popen.wait(30) == 2
    last = process.said.splitlines()[-1]
    assert code in last
    assert "hunter2" not in process.said


def readiness(process: Process) -> tuple[int, Any]:
    """Ask a hub whether it is ready."""
    address = process.says(r"http://127\.0\.0\.1:\d+/")[0]
    answer = httpx.get(f"{address}readyz", trust_env=False, timeout=30)
    return answer.status_code, answer.json()


def test_sources_that_cannot_be_opened_stop_neither_the_hub_nor_the_others(a_city: Callable[..., City]) -> None:
    city = a_city()
    city.connect("taizhou.test.nofolder", "{path: nowhere, format: csv, every: 50ms}")
    city.connect("taizhou.test.nosecret", "{url: '${NO_SUCH_URL}', table: t, key: k, cursor: {column: c}}", "database")
    city.connect("taizhou.test.odd", "{path: in, format: csv, shape: round}")
    city.connect(
        "taizhou.test.port", "{url: 'postgresql://h:abc/d', table: t, key: k, cursor: {column: c}}", "database"
    )
    process = city.running("serve")
    city.bring(30)
    all_is_well(city)
    eventually(lambda: len(readiness(process)[1]["notes"]) == 4)
    code, body = readiness(process)
    assert (code, body["status"], body["reasons"]) == (200, "degraded", [])
    assert [re.sub(" since .*", "", note) for note in body["notes"]] == [
        "source taizhou.test.nofolder: away",
        "source taizhou.test.nosecret: misconfigured",
        "source taizhou.test.odd: misconfigured",
        "source taizhou.test.port: misconfigured",
    ]
    assert re.search(
        r"source cannot be read as declared connection=taizhou\.test\.nosecret "
        r"problem=.*connect\.url.*the environment has no NO_SUCH_URL \(set NO_SUCH_URL for this process\)",
        process.said,
    )
    assert len(re.findall("the environment has no NO_SUCH_URL", process.said)) == 1, "said once, not at every try"
    page = httpx.get(process.says(r"http://127\.0\.0\.1:\d+/")[0], trust_env=False, timeout=30).text
    assert "the environment has no NO_SUCH_URL" in page
    (city.folder / "nowhere").mkdir()
    eventually(lambda: len(readiness(process)[1]["notes"]) == 3)
    assert process.ask_to_end() == 0, process.said
