"""The real permit log goes the whole way: known cases, known closings, R14 on exactly the known 416."""

from __future__ import annotations

import contextlib
import csv
import gzip
import random
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import sqlalchemy as sa

from hub.cli.partitions import settle_partitions
from hub.store import ledger, tables
from hub.store.engine import open_engine
from tests.support.hubs import an_import, hub_at, unprepared_hub_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.wiring import Hub
    from tests.support.servers import Postgres, RabbitMQ

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT.parent / "shared" / "data" / "eventlogs"
XES = ROOT / "mappings" / "samples" / "receipt.yaml"
CSV = ROOT / "mappings" / "samples" / "receipt-csv.yaml"
LAST_EVENT = datetime.fromisoformat("2012-01-23T15:42:54.644+01:00").astimezone(UTC)

pytestmark = pytest.mark.skipif(not LOGS.is_dir(), reason="the real event logs are not beside this checkout")


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hub, dict[str, Any]]]:
    """The log imported from XES on the embedded default, and the summary of that."""
    with contextlib.closing(hub_at(tmp_path_factory.mktemp("embedded"), now=LAST_EVENT)) as hub:
        with an_import(hub, XES, LOGS / "receipt.xes.gz") as figures:
            first = figures
        yield hub, first


@pytest.fixture
def embedded(imported: tuple[Hub, dict[str, Any]]) -> Hub:
    """The hub into which the log was imported, once or twice."""
    return imported[0]


def test_the_summary_has_the_known_figures(imported: tuple[Hub, dict[str, Any]]) -> None:
    figures = imported[1]
    assert figures["cases"]["total"] == 1434
    assert figures["cases"]["by_state"]["closed"] == 1329
    assert figures["records"] == {"read": 1434, "mapped": 1434, "empty": 0, "quarantined": 0}
    assert figures["events"]["new"] == 12_774
    assert sum(figures["events"].values()) == 12_774
    assert figures["alerts"]["R14"] == {"raised": 416}
    assert figures["clocks"]["promised"]["breached"] == 416


def test_r14_is_on_the_cases_that_a_plain_reading_of_the_file_names(embedded: Hub) -> None:
    late = {alert["case_no"] for alert in embedded.queries.alerts(rule="R14", limit=10_000)}
    assert late == _late_by_the_file()


def _late_by_the_file() -> set[str]:
    with gzip.open(LOGS / "receipt.csv.gz", "rt", encoding="utf-8") as stream:
        cases = {row["case:concept:name"]: row for row in csv.DictReader(stream)}
    ends = {
        number: datetime.fromisoformat(row["case:enddate"]) if row["case:enddate"] else LAST_EVENT
        for number, row in cases.items()
    }
    return {number for number, row in cases.items() if ends[number] > datetime.fromisoformat(row["case:deadline"])}


def test_a_second_import_adds_only_duplicates(embedded: Hub) -> None:
    before = picture(embedded)
    with an_import(embedded, XES, LOGS / "receipt.xes.gz") as figures:
        assert figures["events"]["new"] == 12_774
        assert figures["events"]["duplicate"] == 12_774
    assert picture(embedded) == before
    assert_accounts_balance(embedded)


def test_the_csv_form_shuffled_and_in_two_halves_gives_the_same_cases_clocks_and_alerts(
    embedded: Hub, tmp_path: Path
) -> None:
    with contextlib.closing(hub_at(tmp_path / "hub", now=LAST_EVENT)) as hub:
        for half in _shuffled_halves(tmp_path):
            with an_import(hub, CSV, half):
                assert_accounts_balance(hub)
        assert picture(hub) == picture(embedded)
        assert hub.queries.summary()["events"]["new"] == 12_774


def _shuffled_halves(folder: Path) -> list[Path]:
    with gzip.open(LOGS / "receipt.csv.gz", "rt", encoding="utf-8", newline="") as stream:
        header, *lines = stream.read().splitlines(keepends=True)
    random.Random(20_120_123).shuffle(lines)  # noqa: S311 - a shuffle, no secret
    middle = len(lines) // 2
    halves = []
    for number, part in enumerate((lines[:middle], lines[middle:])):
        path = folder / f"half{number}.csv"
        path.write_text(header + "".join(part), encoding="utf-8", newline="")
        halves.append(path)
    return halves


@pytest.mark.servers
def test_rabbitmq_and_postgresql_hold_the_same_as_the_embedded_default(
    embedded: Hub, tmp_path: Path, rabbitmq: RabbitMQ, postgres: Postgres
) -> None:
    opened = hub_at(tmp_path, now=LAST_EVENT, store_url=postgres.fresh_database(), bus_url=rabbitmq.vhost())
    with contextlib.closing(opened) as hub:
        with an_import(hub, XES, LOGS / "receipt.xes.gz") as figures:
            once = {"records": figures["records"], "events": {**figures["events"], "duplicate": 0}}
            assert figures == {**embedded.queries.summary(), **once}, "whether the other was imported to once or twice"
        assert (figures["records"]["mapped"], figures["events"]["new"]) == (1434, 12_774)
        assert_accounts_balance(hub)
        assert picture(hub) == picture(embedded)
        assert events_of(hub) == events_of(embedded)
        assert feed_order(hub) == feed_order(embedded)


@pytest.mark.parametrize("servers", [False, pytest.param(True, marks=pytest.mark.servers)])
def test_the_number_of_partitions_changes_between_two_halves_and_nothing_else_does(
    embedded: Hub, tmp_path: Path, request: pytest.FixtureRequest, *, servers: bool
) -> None:
    urls = _servers(request) if servers else {}
    first, second = _shuffled_halves(tmp_path)
    with contextlib.closing(hub_at(tmp_path / "hub", now=LAST_EVENT, **urls)) as hub, an_import(hub, CSV, first):
        pass
    with contextlib.closing(unprepared_hub_at(tmp_path / "hub", now=LAST_EVENT, partitions=3, **urls)) as hub:
        settle_partitions(hub.settings)
        with an_import(hub, CSV, second):
            assert_accounts_balance(hub)
        assert len(hub.partitions) == 3
        assert picture(hub) == picture(embedded)
        assert events_of(hub) == events_of(embedded)
        report = ledger.verify(hub.settings.store_url)
        assert report.sound
        assert {row[0] for row in _rows(hub, sa.select(tables.ledger.c.generation))} == {1, 2}
        numbers = [row["sequence"] for row in hub.queries.feed("intranet", after=0, limit=1_000_000)]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _servers(request: pytest.FixtureRequest) -> dict[str, str]:
    postgres, rabbitmq = request.getfixturevalue("postgres"), request.getfixturevalue("rabbitmq")
    return {"store_url": postgres.fresh_database(), "bus_url": rabbitmq.vhost()}


def picture(hub: Hub) -> dict[str, Any]:
    """Return case states, clocks and unrevoked alerts, by what identifies them."""
    cases = tables.cases.c
    clocks = tables.clocks.c
    alerts = tables.alerts.c
    return {
        "cases": _rows(hub, sa.select(cases.case_id, cases.case_no, cases.state, cases.opened_at, cases.closed_at)),
        "clocks": _rows(hub, sa.select(clocks.clock_id, clocks.state, clocks.due_at, clocks.stopped_at)),
        "alerts": _rows(hub, sa.select(alerts.alert_id, alerts.state).where(alerts.state != "revoked")),
    }


def events_of(hub: Hub) -> set[tuple[Any, ...]]:
    """Return the (event id, digest) pairs of the inbox."""
    return _rows(hub, sa.select(tables.inbox.c.event_id, tables.inbox.c.digest))


def feed_order(hub: Hub) -> dict[str, list[str]]:
    """Return by case the documents of the feed in order: event ids, and alerts by rule and state."""
    order: dict[str, list[str]] = defaultdict(list)
    for row in hub.queries.feed("intranet", after=0, limit=1_000_000):
        document = orjson.loads(row["body"])
        name = document["id"] if row["kind"] == "case" else "{rule_id} {state}".format(**document["data"])
        order[document["subject"]].append(name)
    return order


def assert_accounts_balance(hub: Hub) -> None:
    """Assert that every record and every event is accounted for, and that nothing is in flight after a drain."""
    for account in hub.queries.accounting().values():
        assert account["read"] == account["mapped"] + account["empty"] + account["quarantined"]
        assert account["published"] + account["surplus"] == sum(account["outcomes"].values()) + account["in_flight"]
        assert (account["in_flight"], account["surplus"]) == (0, 0)


def _rows(hub: Hub, query: sa.Select[Any]) -> set[tuple[Any, ...]]:
    engine = open_engine(hub.settings.store_url)
    with engine.connect().execution_options(reading=True) as connection:
        found = {tuple(row) for row in connection.execute(query)}
    engine.dispose()
    return found
