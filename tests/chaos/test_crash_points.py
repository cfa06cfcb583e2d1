"""kill -9 between any two steps of any process, then a restart: nothing lost, nothing twice, no second alert."""

from __future__ import annotations

import multiprocessing
import signal
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import sqlalchemy as sa

from benchmarks.data import EVENTS_A_RECORD, write_records
from hub.store import ledger, tables
from hub.store.engine import open_engine
from tests.support import victim

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hub.wiring import Hub
    from tests.support.servers import Postgres, RabbitMQ

RECORDS = 4
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.support.victim"])
KILLED = -signal.SIGKILL
MOST_STEPS = 400
"""Far more than any role takes: the enumeration ends when a victim survives."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of a few cases, some of which miss their deadlines."""
    path = tmp_path_factory.mktemp("source") / "wide.csv"
    write_records(path, RECORDS, seed=3)
    return path


@pytest.fixture(params=["embedded", pytest.param("servers", marks=pytest.mark.servers)])
def places(request: pytest.FixtureRequest, source: Path, tmp_path: Path) -> Callable[[], victim.Place]:
    """Make fresh places for hubs, on the embedded default and on real servers."""
    numbers = iter(range(10**6))
    if request.param == "embedded":
        return lambda: victim.Place(tmp_path / str(next(numbers)), source).prepared().subscribed()
    rabbitmq: RabbitMQ = request.getfixturevalue("rabbitmq")
    postgres: Postgres = request.getfixturevalue("postgres")
    first = victim.Place(tmp_path / "first", source, store_url=postgres.fresh_database()).prepared()
    last: list[victim.Place] = []

    def fresh() -> victim.Place:
        for place in last:
            rabbitmq.drop(place.bus_url)
            postgres.drop(place.store_url)
        urls = {"store_url": postgres.fresh_database(like=first.store_url), "bus_url": rabbitmq.vhost()}
        last[:] = [victim.Place(tmp_path / str(next(numbers)), source, **urls).subscribed()]
        return last[0]

    return fresh


@pytest.mark.parametrize("role", ["intake", "supervise", "relay"])
def test_no_crash_point_of_any_process_loses_or_doubles_anything(role: str, places: Callable[[], victim.Place]) -> None:
    whole = places()
    assert run(whole, *victim.ROLES) == 0
    expected = outcome(whole)
    assert expected["alerts"], "the source must hold violations, or nothing is proven about alerts"
    survived = next(step for step in range(1, MOST_STEPS) if not crash_and_restart(role, places(), step, expected))
    assert survived > 3, "a role of three steps is no role"


def crash_and_restart(role: str, place: victim.Place, step: int, expected: dict[str, Any]) -> bool:
    """Kill `role` at `step`, run it and all behind it again, and compare; tell whether the step was there at all."""
    behind = list(victim.ROLES).index(role)
    code = run(place, *list(victim.ROLES)[: behind + 1], at=step)
    assert code in {0, KILLED}, f"{role} failed by itself at step {step}"
    assert run(place, *list(victim.ROLES)[behind:]) == 0, f"no start after {role} was killed at step {step}"
    assert outcome(place) == expected, f"{role} was killed at step {step}"
    return code == KILLED


def run(place: victim.Place, *roles: str, at: int = 0) -> int:
    """Run roles in turn in a process of their own, killed at step `at` of the last; return its exit code."""
    process = CONTEXT.Process(target=victim.run, args=(place, roles, at))
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def outcome(place: victim.Place) -> dict[str, Any]:
    """Return what must be the same whatever was killed; assert what must hold whatever was killed."""
    hub = place.hub()
    accounts = hub.queries.accounting()
    assert all(account["in_flight"] == account["surplus"] == 0 for account in accounts.values())
    assert all(account["published"] == sum(account["outcomes"].values()) for account in accounts.values())
    entered = _rows(
        hub, sa.select(tables.ledger.c.subject, tables.ledger.c.body).where(tables.ledger.c.kind == "event")
    )
    ids = [orjson.loads(body)["id"] for _, body in entered]
    assert len(ids) == len(set(ids)) == RECORDS * EVENTS_A_RECORD
    assert ledger.verify(hub.settings.store_url).sound
    feed = hub.queries.feed("intranet", after=0, limit=10_000)
    assert [row["sequence"] for row in feed] == list(range(1, len(feed) + 1))
    assert place.watched() == {row["message_id"] for row in feed}, "what a subscriber was sent"
    raised = _rows(hub, sa.select(tables.alerts.c.alert_id, tables.alerts.c.rule_id, tables.alerts.c.state))
    documents = [orjson.loads(body)["data"] for (body,) in _alert_bodies(hub)]
    hub.close()
    return {
        "events": sorted(ids),
        "alerts": sorted(raised),
        "moves": sorted((each["alert_id"], each["state"]) for each in documents),
        "feed": len(feed),
    }


def _alert_bodies(hub: Hub) -> list[tuple[bytes]]:
    return _rows(hub, sa.select(tables.ledger.c.body).where(tables.ledger.c.kind == "alert"))


def _rows(hub: Hub, query: sa.Select[Any]) -> list[Any]:
    engine = open_engine(hub.settings.store_url)
    with engine.connect().execution_options(reading=True) as connection:
        found = [tuple(row) for row in connection.execute(query)]
    engine.dispose()
    return found
