"""What the hub knows of itself: what it declared last stands, and whatever is in public is seen, however much of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from hub.canaries import Canary
from hub.model.certified import CertificateChange
from hub.model.digest import canary_name
from hub.store.bulk import insert
from hub.store.certification import Certification
from hub.store.own_health import PAGE, OwnHealth
from hub.store.tables import feed
from tests.support.stores import DATABASES, StorePlace, empty_place, held

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 4, 2, 4, tzinfo=UTC)
DAY = date(2026, 4, 2)
NEXT = DAY + timedelta(days=1)
TOKEN = "c-0123456789abcdef"  # noqa: S105 - a canary, no secret
NAME = "taizhou.desk.cases"


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StorePlace]:
    with empty_place(request, tmp_path) as place:
        yield place.prepare(partitions=2)


@pytest.fixture
def health(place: StorePlace) -> Iterator[OwnHealth]:
    made = OwnHealth(place.url, ZONE)
    yield made
    made.close()


def change(name: str) -> CertificateChange:
    return CertificateChange(change_id=name, certificate_id="", connection_id="", at=NOON, what=name, body=b"{}")


def publish(place: StorePlace, first: int, count: int, title: str = "", view: str = "public") -> None:
    body = f'{{"source":"/connections/{NAME}","title":"{title}"}}'.encode()
    rows = [(view, n, n, "case", "321281", "k", f"m{n}", body) for n in range(first, first + count)]
    with place.tampering() as connection:
        insert(connection, feed, rows)


def test_the_last_word_on_a_day_stands_and_goes_to_the_ledger_with_it(place: StorePlace, health: OwnHealth) -> None:
    health.declare([DAY, NEXT], change("a"), stands=True, by="孙七", why="断电")
    health.declare([DAY], change("b"), stands=False, by="王五", why="未影响")
    assert health.incidents() == {NEXT: ("孙七", "断电")}
    health.declare([DAY], change("c"), stands=True, by="孙七", why="确有影响")
    assert health.incidents() == {DAY: ("孙七", "确有影响"), NEXT: ("孙七", "断电")}
    kept = Certification(place.url)
    assert [each.what for each in kept.untold()] == ["a", "b", "c"]
    kept.close()


def test_the_hub_takes_in_while_every_partition_has_an_owner(place: StorePlace, health: OwnHealth) -> None:
    store = place.open()
    assert not health.is_taking_in(2)
    held(store)
    assert not health.is_taking_in(2), "one of two"
    held(store, "partition/1")
    assert health.is_taking_in(2)


def test_a_day_is_up_where_the_hub_took_in_for_half_of_its_working_hours(health: OwnHealth) -> None:
    begins = datetime(2026, 4, 2, 8, tzinfo=ZONE)
    for n in range(9):
        health.took_in(begins + n * timedelta(minutes=30))
        health.took_in(begins + n * timedelta(minutes=30, seconds=7))
    for hour in (0, 5, 19, 23):
        health.took_in(datetime(2026, 4, 2, hour, tzinfo=ZONE))
    assert not health.is_ingest_up(DAY)
    health.took_in(begins + timedelta(hours=9))
    assert health.is_ingest_up(DAY)
    assert not health.is_ingest_up(NEXT)


def test_the_public_side_was_looked_at_on_a_day_or_within_the_hour(health: OwnHealth) -> None:
    assert not health.is_crawled(DAY, NOON)
    health.crawled(NOON)
    assert health.is_crawled(DAY, NOON + timedelta(minutes=59))
    assert not health.is_crawled(DAY, NOON + timedelta(minutes=61)), "while the day lasts an hour without a look counts"
    assert health.is_crawled(DAY, NOON + timedelta(days=1)), "that day was looked at"
    assert not health.is_crawled(NEXT, NOON + timedelta(days=1))


def test_a_leak_is_found_behind_any_number_of_documents_and_counted_once(place: StorePlace, health: OwnHealth) -> None:
    publish(place, 1, 1, TOKEN.upper())
    publish(place, 2, 6 * PAGE)
    assert health.leaks(NAME, DAY, [TOKEN]) == 1
    assert health.leaks(NAME, DAY, [TOKEN]) == 1
    assert health.leaks(NAME, NEXT, [TOKEN]) == 0, "it was first seen the day before"
    publish(place, 6 * PAGE + 2, 1, TOKEN)
    publish(place, 6 * PAGE + 3, 1, TOKEN, view="intranet")
    assert health.leaks("somebody.else", NEXT, [TOKEN]) == 0
    assert health.leaks(NAME, NEXT, [TOKEN]) == 1


def test_a_new_canary_is_looked_for_from_the_beginning(place: StorePlace, health: OwnHealth) -> None:
    publish(place, 1, 1, "c-fedcba9876543210")
    assert health.leaks(NAME, DAY, [TOKEN]) == 0
    assert health.leaks(NAME, DAY, [TOKEN, "c-fedcba9876543210"]) == 1


def test_what_a_crawl_saw_counts_against_its_connection(health: OwnHealth) -> None:
    canary = Canary(token=TOKEN, connection=NAME)
    assert canary.digest == canary_name(TOKEN)
    health.crawled(NOON, [(NAME, canary.digest, "page /x")])
    health.crawled(NOON + timedelta(days=1), [(NAME, canary.digest, "page /x")])
    assert (health.leaks(NAME, DAY, [TOKEN]), health.leaks(NAME, NEXT, [TOKEN])) == (1, 0)
