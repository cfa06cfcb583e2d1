"""On real servers: subscribers get what they bound to, redacted for their view, numbered; nobody has to listen."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from hub import wiring
from hub.bus import open_bus
from hub.bus.topology import Subscriber, subscriber_queue, topology
from hub.settings import FeedSection
from tests.support.buses import nothing_more, take
from tests.support.casework import DEPARTMENT, MATTER
from tests.support.hubs import hub_at
from tests.support.spine import NOW, Read, Spine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.servers import Postgres, RabbitMQ

pytestmark = pytest.mark.servers

DAY = "2026-03-02T09:00:00+08:00"
SUBSCRIBERS = (
    Subscriber(name="city", view="intranet", patterns=("alert.321200.#",)),
    Subscriber(name="county", view="intranet", patterns=("alert.*.321281.#", "case.*.321281.#")),
    Subscriber(name="people", view="public", patterns=("#",)),
    Subscriber(name="vault", view="restricted", patterns=("#",)),
)


@pytest.fixture
def spine(rabbitmq: RabbitMQ, postgres: Postgres, tmp_path: Path) -> Iterator[Spine]:
    """Open a hub that keeps all three views."""
    with contextlib.ExitStack() as stack:
        made = hub_at(tmp_path, now=NOW, store_url=postgres.fresh_database(), bus_url=rabbitmq.vhost())
        views = FeedSection(views=("public", "intranet", "restricted"))
        hub = wiring.build(made.settings.model_copy(update={"feed": views}), clock=made.clock)
        stack.callback(hub.close)
        yield Spine(hub, stack)


def subscribed(spine: Spine) -> Any:
    """Declare the subscribers' queues, and return a bus to consume them."""
    declared = topology(len(spine.hub.partitions), spine.hub.settings.feed.views, subscribers=SUBSCRIBERS)
    bus = open_bus(spine.hub.settings.bus_url, declared)
    spine.stack.callback(bus.close)
    bus.depth(subscriber_queue("city"))
    return bus


def told(spine: Spine) -> None:
    """Let one case of each county miss its promise, one of them restricted, and one be secret."""
    read = Read()
    places = {"taixing": ("321283", "public"), "xinghua": ("321281", "public")}
    places |= {"closed": ("321281", "restricted"), "hidden": ("321281", "secret")}
    for name, (region, disclosure) in places.items():
        case = {"region_code": region, "matter_code": MATTER, "disclosure": {"class": disclosure}, "title": "private"}
        spine.tell(*(read.event(kind, DAY, case_no=name, case=case) for kind in ("case.received", "case.accepted")))
    spine.tell(read.report())
    spine.clock.move_to(NOW + timedelta(days=15))
    spine.line.settle()


def received(bus: Any, name: str, count: int) -> list[Any]:
    """Return exactly what a subscriber got."""
    queue = subscriber_queue(name)
    documents = [orjson.loads(delivery.body) for delivery in take(bus, count, queue)]
    assert nothing_more(bus, queue)
    return documents


def cases(documents: list[Any]) -> list[tuple[str, str]]:
    """Return (kind, case number) of each document."""
    return sorted((each["type"].split(".")[1], each["data"]["case"]["case_no"]) for each in documents)


def test_subscribers_get_what_they_bound_to_and_may_see(spine: Spine) -> None:
    bus = subscribed(spine)
    told(spine)
    alerts = {name: len([1 for case, _ in spine.alerts() if case == name]) for name in ("taixing", "xinghua", "closed")}
    assert all(alerts.values())
    city = received(bus, "city", alerts["taixing"] + alerts["xinghua"])
    assert {case for _, case in cases(city)} == {"taixing", "xinghua"}
    county = received(bus, "county", alerts["xinghua"] + 2)
    assert {each for each in cases(county) if each[0] == "case"} == {("case", "xinghua")}
    people = received(bus, "people", 4)
    assert cases(people) == sorted([("case", "taixing"), ("case", "xinghua")] * 2)
    assert b"private" not in orjson.dumps(people)
    vault = received(bus, "vault", sum(alerts.values()) + 6)
    assert {case for _, case in cases(vault)} == {"taixing", "xinghua", "closed"}
    for documents in (city, county, people, vault):
        numbers = [each["sequence"] for each in documents]
        assert numbers == sorted(set(numbers))


def test_a_filtered_subscriber_sees_its_gaps_by_the_number_of_its_stream(spine: Spine) -> None:
    bus = subscribed(spine)
    told(spine)
    streams: dict[tuple[str, str], list[int]] = {}
    count = 6 + len(spine.alerts()) - len([1 for case, _ in spine.alerts() if case == "hidden"])
    for each in received(bus, "vault", count):
        county, kind = each["data"]["case"]["region_code"], each["type"].split(".")[1]
        streams.setdefault((kind, county), []).append(each["streamsequence"])
    assert len(streams) == 4
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in streams.values())


def test_what_was_published_is_what_the_store_keeps_for_catching_up(spine: Spine) -> None:
    bus = subscribed(spine)
    told(spine)
    kept = [orjson.loads(row["body"]) for row in spine.hub.queries.feed("public", after=0, limit=100)]
    assert received(bus, "people", 4) == kept


def test_a_feed_that_nobody_listens_to_is_no_error(spine: Spine) -> None:
    told(spine)
    assert spine.hub.queries.lag() == {"unnumbered": 0, "unconfirmed": 0}
    assert {row["key"].split(".")[3] for row in spine.hub.queries.feed("public", after=0, limit=9)} == {DEPARTMENT}
