"""On a real broker: a subscriber reads its own queue and can do nothing else; stopped for a day, it misses nothing."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import httpx
import orjson
import pika
import pytest
from pika.exceptions import AMQPConnectionError, ChannelClosedByBroker, ProbableAuthenticationError

from hub import wiring
from hub.cli.gatewaying import serving
from hub.errors import Misconfigured
from hub.model.queues import INTAKE, intake_queue, subscriber_queue
from hub.settings import FeedSection
from hub.subscription import subscription
from hub.views import VIEWS
from tests.support.canaries import CASES, leaks, planted
from tests.support.desks import bearer
from tests.support.hubs import hub_at
from tests.support.servers import alone
from tests.support.spine import NOW, Read, Spine
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pika.adapters.blocking_connection import BlockingChannel

    from hub.subscribing import HandedOver
    from tests.support.servers import Postgres, RabbitMQ

pytestmark = pytest.mark.servers

DAY = "2026-03-02T09:00:00+08:00"


@pytest.fixture
def spine(rabbitmq: RabbitMQ, postgres: Postgres, tmp_path: Path) -> Iterator[Spine]:
    """Open a hub that keeps all three views, and may make accounts at the broker: these are of every virtual host."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(alone("accounts"))
        made = hub_at(tmp_path, now=NOW, store_url=postgres.fresh_database(), bus_url=rabbitmq.vhost())
        bus = made.settings.bus.model_copy(update={"management": rabbitmq.api_url})
        views = FeedSection(views=("public", "intranet", "restricted"))
        settings = made.settings.model_copy(update={"feed": views, "bus": bus})
        hub = wiring.build(settings, clock=made.clock)
        stack.callback(hub.close)
        yield Spine(hub, stack)


def subscribe(spine: Spine, name: str, **wish: Any) -> HandedOver:
    """Take a subscriber in as the command does."""
    about: dict[str, Any] = {"view": "intranet", "kinds": ["case"], "regions": [], "max_length": 1000, "webhook": ""}
    return spine.hub.subscribing().add(subscription(name, **{**about, **wish}, now=spine.clock.now()))


def opened(spine: Spine, given: HandedOver) -> pika.BlockingConnection:
    """Connect with what a subscriber was handed over."""
    parts = urlsplit(spine.hub.settings.bus_url)
    login = f"{quote(given.account, safe='')}:{quote(given.password, safe='')}"
    connection = pika.BlockingConnection(
        pika.URLParameters(f"amqp://{login}@{parts.hostname}:{parts.port}{parts.path}")
    )
    spine.stack.callback(lambda: connection.close() if connection.is_open else None)
    return connection


def told(spine: Spine, *numbers: str, region: str = "321281", disclosure: str = "public") -> None:
    """Let cases be received in a county."""
    read = Read()
    case = {"region_code": region, "disclosure": {"class": disclosure}, "title": "private"}
    spine.tell(*(read.event("case.received", DAY, case_no=number, case=case) for number in numbers), read.report())
    spine.line.settle()


def waiting(connection: pika.BlockingConnection, queue: str) -> list[Any]:
    """Take and ack all that waits in a queue; return the documents."""
    channel, found = connection.channel(), list[Any]()
    while True:
        method, _, body = channel.basic_get(queue)
        if method is None or body is None:
            return found
        found.append(orjson.loads(body))
        channel.basic_ack(method.delivery_tag or 0)


def numbers_of(documents: list[Any]) -> list[str]:
    return [each["data"]["case"]["case_no"] for each in documents]


def test_a_subscriber_reads_what_it_subscribed_to(spine: Spine) -> None:
    county = subscribe(spine, "xinghua.centre", regions=["321281"])
    city = subscribe(spine, "city.centre", regions=["321200"])
    told(spine, "a", "b")
    told(spine, "c", region="321283")
    told(spine, "hidden", disclosure="restricted")
    assert numbers_of(waiting(opened(spine, county), county.queue)) == ["a", "b"]
    assert numbers_of(waiting(opened(spine, city), city.queue)) == ["a", "b", "c"]


def consume(queue: str) -> Callable[[BlockingChannel], object]:
    return lambda channel: channel.basic_consume(queue, lambda *_: None)


FORBIDDEN: dict[str, Callable[[BlockingChannel], object]] = {
    "read another's queue": consume(subscriber_queue("other")),
    "get from another's queue": lambda channel: channel.basic_get(subscriber_queue("other")),
    "read the intake": consume(intake_queue(0)),
    "read what was parked": consume("sunlight.parked"),
    "publish to the intake": lambda channel: channel.basic_publish(INTAKE, "0", b"x"),
    "publish to the feed": lambda channel: channel.basic_publish("sunlight.feed.intranet", "case.x", b"x"),
    "publish to a queue": lambda channel: channel.basic_publish("", subscriber_queue("own"), b"x"),
    "declare a queue": lambda channel: channel.queue_declare("mine"),
    "declare a queue of its own name": lambda channel: channel.queue_declare(subscriber_queue("own.2")),
    "declare its own queue otherwise": lambda channel: channel.queue_declare(subscriber_queue("own"), durable=True),
    "declare an exchange": lambda channel: channel.exchange_declare("mine"),
    "bind its queue to more": lambda channel: channel.queue_bind(
        subscriber_queue("own"), "sunlight.feed.restricted", routing_key="#"
    ),
    "unbind its queue": lambda channel: channel.queue_unbind(
        subscriber_queue("own"), "sunlight.feed.intranet", "case.#"
    ),
    "delete its queue": lambda channel: channel.queue_delete(subscriber_queue("own")),
    "delete another's queue": lambda channel: channel.queue_delete(subscriber_queue("other")),
    "purge another's queue": lambda channel: channel.queue_purge(subscriber_queue("other")),
    "delete the feed": lambda channel: channel.exchange_delete("sunlight.feed.intranet"),
}


def test_a_subscribers_account_can_do_nothing_but_read_its_queue(spine: Spine) -> None:
    own, _other = subscribe(spine, "own"), subscribe(spine, "other")
    told(spine, "a")
    for what, attempt in FORBIDDEN.items():
        channel = opened(spine, own).channel()
        channel.confirm_delivery()
        with pytest.raises(ChannelClosedByBroker) as refused:
            attempted(channel, attempt)
        assert refused.value.reply_code in {403, 406}, what
    assert numbers_of(waiting(opened(spine, own), own.queue)) == ["a"], "nothing of it was changed"


def attempted(channel: BlockingChannel, attempt: Callable[[BlockingChannel], object]) -> None:
    """Try, and wait for what the broker says to it."""
    attempt(channel)
    channel.queue_declare(subscriber_queue("own"), passive=True)


def test_no_queue_of_any_view_holds_a_field_beyond_it(spine: Spine) -> None:
    queues = {view: subscribe(spine, f"reader.{view}", view=view, kinds=["case", "alert"]) for view in VIEWS}
    for case in CASES:
        read = Read()
        spine.tell(read.message(planted(case, read)), read.report())
    spine.line.settle()
    for view, given in queues.items():
        bodies = [orjson.dumps(each) for each in waiting(opened(spine, given), given.queue)]
        assert bodies
        assert set().union(*(leaks(body, view) for body in bodies)) == set()


def test_whoever_has_a_document_is_told_when_its_case_is_shown_no_more(spine: Spine) -> None:
    people, office = (subscribe(spine, name, view=name) for name in ("public", "intranet"))
    told(spine, "a")
    read = Read()
    closed = read.event("case.accepted", DAY, case_no="a", case={"disclosure": {"class": "restricted"}})
    spine.tell(closed, read.report())
    for given in (people, office):
        first, stone = waiting(opened(spine, given), given.queue)
        assert stone["data"] == {"type": "case.withheld"}
        assert stone["subject"] == first["subject"]
        assert stone["streamsequence"] == first["streamsequence"] + 1, "no gap: the tombstone has a number of its own"
    again = Read()
    opened_again = again.event("case.decided", "2026-03-03", case_no="a", result={"code": "granted"})
    spine.tell(opened_again, again.report())
    for given, types in ((people, ["case.received", "case.decided"]), (office, ["case.received", "case.decided"])):
        told_again = waiting(opened(spine, given), given.queue)
        assert [each["data"]["type"] for each in told_again] == types, "what its own event kept back stays back"
        assert [each["streamsequence"] for each in told_again] == [3, 4]


def test_nothing_outside_its_view_is_in_a_document(spine: Spine) -> None:
    public = subscribe(spine, "people", view="public")
    told(spine, "a")
    told(spine, "b", disclosure="intranet")
    documents = waiting(opened(spine, public), public.queue)
    assert numbers_of(documents) == ["a"]
    assert b"private" not in orjson.dumps(documents)


def test_new_secrets_are_worth_something_and_the_old_ones_nothing(spine: Spine) -> None:
    first = subscribe(spine, "centre")
    told(spine, "a")
    second = spine.hub.subscribing().rotate("centre")
    with pytest.raises((ProbableAuthenticationError, AMQPConnectionError)):
        opened(spine, first)
    assert numbers_of(waiting(opened(spine, second), second.queue)) == ["a"], "what waited is there still"
    with serving(spine.hub) as url, httpx.Client(base_url=url) as client:
        assert client.get("/v1/feed", headers=bearer(first.token)).status_code == 401
        assert len(client.get("/v1/feed", headers=bearer(second.token)).json()) == 1


def test_a_suspended_subscriber_is_cut_off_and_its_queue_waits(spine: Spine) -> None:
    given = subscribe(spine, "centre")
    connection = opened(spine, given)
    connection.channel().basic_consume(given.queue, lambda *_: None)
    eventually(lambda: is_seen(spine, given.account))
    spine.hub.subscribing().suspend("centre")
    with pytest.raises(AMQPConnectionError):
        connection.process_data_events(10)
    told(spine, "a")
    with pytest.raises(ChannelClosedByBroker):
        waiting(opened(spine, given), given.queue)
    with serving(spine.hub) as url, httpx.Client(base_url=url) as client:
        assert client.get("/v1/feed", headers=bearer(given.token)).status_code == 403
    spine.hub.subscribing().resume("centre")
    assert numbers_of(waiting(opened(spine, given), given.queue)) == ["a"]


def is_seen(spine: Spine, account: str) -> bool:
    """Tell whether the broker's management API knows of a connection of `account` yet."""
    with httpx.Client() as client:
        return account in client.get(f"{spine.hub.settings.management_url}/api/connections").text


def test_of_a_removed_subscriber_nothing_is_left(spine: Spine) -> None:
    given = subscribe(spine, "centre")
    spine.hub.subscribing().remove("centre")
    with pytest.raises((ProbableAuthenticationError, AMQPConnectionError)):
        opened(spine, given)
    with pytest.raises(Misconfigured, match="no subscriber"):
        spine.hub.subscribing().rotate("centre")
    again = subscribe(spine, "centre")
    assert waiting(opened(spine, again), again.queue) == []


def test_a_subscriber_stopped_for_a_day_catches_up_without_gap_or_double_though_its_queue_ran_over(
    spine: Spine,
) -> None:
    stopped = subscribe(spine, "stopped", max_length=100, regions=["321281"])
    other = subscribe(spine, "other")
    told(spine, *(f"early-{n}" for n in range(3)))
    seen = waiting(opened(spine, stopped), stopped.queue)
    spine.clock.move_to(NOW + timedelta(days=1))
    told(spine, *(f"{n}" for n in range(150)))
    told(spine, "elsewhere", region="321283")
    assert len(waiting(opened(spine, other), other.queue)) == 154, "the others lack nothing"
    late = waiting(opened(spine, stopped), stopped.queue)
    assert len(late) == 100
    assert late[0]["streamsequence"] > seen[-1]["streamsequence"] + 1, "the gap is seen"
    with serving(spine.hub) as url, httpx.Client(base_url=url) as client:
        after, caught = seen[-1]["sequence"], list[Any]()
        while page := client.get("/v1/feed", params={"after": after}, headers=bearer(stopped.token)).json():
            caught += page
            after = page[-1]["sequence"]
    assert [each["sequence"] for each in caught[-100:]] == [each["sequence"] for each in late]
    assert sorted(numbers_of(caught)) == sorted(f"{n}" for n in range(150))
    assert [each["streamsequence"] for each in caught] == list(range(4, 154))


def test_a_subscribers_key_opens_its_own_part_of_the_feed_alone(spine: Spine) -> None:
    given = subscribe(spine, "xinghua.centre", regions=["321281"])
    told(spine, "a")
    told(spine, "b", region="321283")
    with serving(spine.hub) as url, httpx.Client(base_url=url, headers=bearer(given.token)) as client:
        assert numbers_of(client.get("/v1/feed").json()) == ["a"]
        for asked in ({"region": "321283"}, {"region": "3212"}, {"kind": "alert"}, {"view": "restricted"}):
            assert client.get("/v1/feed", params=asked).status_code == 403, asked
        for path in ("/v1/cases", "/v1/alerts", "/v1/summary", "/metrics"):
            assert client.get(path).status_code == 403, path


def test_a_queue_that_somebody_deleted_is_declared_again(spine: Spine) -> None:
    given = subscribe(spine, "centre")
    with contextlib.closing(pika.BlockingConnection(pika.URLParameters(spine.hub.settings.bus_url))) as hand:
        hand.channel().queue_delete(given.queue)
    assert spine.hub.subscribing().declare_all() == 1
    told(spine, "a")
    assert numbers_of(waiting(opened(spine, given), given.queue)) == ["a"]


def test_a_stream_goes_on_where_its_reader_left_off(spine: Spine) -> None:
    given = subscribe(spine, "centre")
    told(spine, "a", "b", "c")
    with serving(spine.hub) as url, httpx.Client(base_url=url, headers=bearer(given.token), timeout=30) as client:
        first = streamed(client, 2)
        assert numbers_of(first) == ["a", "b"]
        told(spine, "d")
        rest = streamed(client, 2, {"Last-Event-ID": str(first[-1]["sequence"])})
        assert numbers_of(rest) == ["c", "d"]
        for odd in ("x", "9" * 20):
            assert client.get("/v1/feed/stream", headers={"Last-Event-ID": odd}).status_code == 400


def streamed(client: httpx.Client, count: int, headers: dict[str, str] | None = None) -> list[Any]:
    """Return the first documents of a stream, each with the id it came under."""
    found: list[Any] = []
    with client.stream("GET", "/v1/feed/stream", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        name = ""
        for line in answer.iter_lines():
            name = line.removeprefix("id: ") if line.startswith("id: ") else name
            if line.startswith("data: "):
                found.append(orjson.loads(line.removeprefix("data: ")))
                assert found[-1]["sequence"] == int(name)
            if len(found) == count:
                return found
    return found


def test_an_account_that_may_make_no_accounts_is_told_what_it_lacks(spine: Spine) -> None:
    bus = spine.hub.settings.bus
    parts = urlsplit(bus.management)
    plain = bus.url.replace("amqp://", "http://").rpartition("@")[0]
    weak = bus.model_copy(update={"management": f"{plain}@{parts.hostname}:{parts.port}"})
    hub = wiring.build(spine.hub.settings.model_copy(update={"bus": weak}), clock=spine.clock)
    spine.stack.callback(hub.close)
    with pytest.raises(Misconfigured, match="administrator"):
        hub.subscribing().add(
            subscription("x.y", view="public", kinds=["case"], regions=[], max_length=100, webhook="", now=NOW)
        )
    assert spine.hub.subscribing().rotate("x.y").password, "once the account may, rotating mends it"


def test_a_view_that_the_hub_does_not_feed_is_refused(tmp_path: Path) -> None:
    hub = hub_at(tmp_path, now=NOW)
    with pytest.raises(Misconfigured, match="no feed of the view public"):
        hub.subscribing().add(
            subscription("x.y", view="public", kinds=["case"], regions=[], max_length=100, webhook="", now=NOW)
        )
    given = hub.subscribing().add(
        subscription("x.y", view="intranet", kinds=["case"], regions=[], max_length=100, webhook="", now=NOW)
    )
    assert (given.queue, given.password) == ("", ""), "the embedded bus has no accounts"
    hub.close()


def test_of_two_that_rotate_at_the_same_moment_one_key_is_left(spine: Spine) -> None:
    """The other would be a subscriber's key without a subscription: nobody could take it away."""
    subscribe(spine, "centre", regions=["321281"])
    desk = spine.hub.subscribing()
    given: list[HandedOver] = []

    class Late:
        """Let another rotation happen between the look and the change."""

        def put(self, changed: Any) -> None:
            if not given:
                given.append(spine.hub.subscribing().rotate("centre"))
            spine.hub.subscribers.put(changed)

        def __getattr__(self, name: str) -> Any:
            return getattr(spine.hub.subscribers, name)

    given.append(replace(desk, kept=Late()).rotate("centre"))
    now = spine.clock.now()
    valid = {who.key_id for who, _ in spine.hub.identities.list() if who.kind == "subscriber" and who.is_valid(now)}
    assert valid == {spine.hub.subscribers.find("centre").key_id}
