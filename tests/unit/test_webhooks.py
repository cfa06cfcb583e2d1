"""Posting to receivers that fail in every way there is: in order, once by its name, nothing lost, nobody held up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from hub.clock import ManualClock
from hub.errors import Unavailable
from hub.subscription import Subscription
from hub.webhook_signing import key_of, secret_of, signed, webhook_key
from hub.webhooks import PARK_AFTER, PAUSES_S, Answer, Poster, Progress, Webhooks
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

NOW = datetime(2026, 3, 2, tzinfo=UTC)
CENTRE = Subscription(
    name="centre", view="intranet", kinds=frozenset({"alert"}), regions=("321281",), max_length=100, created_at=NOW,
    webhook="https://centre.example/in",
)  # fmt: skip


@dataclass
class Shelf:
    """A feed, a store and a receiver in one: what is on it, what was kept, what arrived."""

    documents: int = 0
    answers: Callable[[int], Answer] = lambda _: Answer(status=204, said="204")
    kept: dict[str, Progress] = field(default_factory=dict)
    parked: dict[int, str] = field(default_factory=dict)
    arrived: list[int] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    held: set[str] = field(default_factory=set)

    def feed(
        self,
        view: str,
        *,
        after: int,
        limit: int,
        kinds: Collection[str] | None = None,
        regions: Collection[str] | None = None,
    ) -> Sequence[Mapping[str, Any]]:
        assert (view, kinds, regions) == ("intranet", ["alert"], ("321281",))
        odd = [number for number in range(1, self.documents + 1) if number % 2]
        rows = ({"sequence": n, "message_id": f"1:0:{n}", "body": b'{"n":%d}' % n} for n in odd if n > after)
        return list(rows)[:limit]

    def last_sequence(self) -> int:
        return self.documents

    def progress(self, name: str) -> Progress | None:
        return self.kept.get(name)

    def save(self, progress: Progress) -> None:
        self.kept[progress.name] = progress

    def advance(self, known: Progress, now: Progress) -> bool:
        is_same = self.kept.get(known.name) == known
        if is_same:
            self.kept[known.name] = now
        return is_same

    def park(self, name: str, sequence: int, said: str, at: datetime) -> None:
        assert name
        assert at
        self.parked[sequence] = said

    def claim(self, role: str, *, owner: str, lease_s: float) -> int | None:
        assert owner
        assert lease_s
        return None if role in self.held else 1

    def release(self, role: str, *, epoch: int) -> None:
        assert role
        assert epoch == 1

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        assert url == CENTRE.webhook
        number = int(body.decode().split(":")[1].rstrip("}"))
        self.headers.append(headers)
        answer = self.answers(number)
        if answer.status in range(200, 300):
            self.arrived.append(number)
        return answer


def poster(shelf: Shelf, clock: ManualClock) -> Poster:
    return Poster(
        keeping=shelf, feed=shelf, leases=shelf, post=shelf.post, secret_of=lambda each: secret_of(b"k", each),
        clock=clock, owner="me",
    )  # fmt: skip


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


def begun(shelf: Shelf, clock: ManualClock) -> Poster:
    """Begin a webhook before anything is on the shelf."""
    made = poster(shelf, clock)
    assert not made.deliver(CENTRE)
    return made


def test_a_new_webhook_begins_with_what_comes_from_now_on_and_goes_in_order(clock: ManualClock) -> None:
    shelf = Shelf(documents=10)
    made = begun(shelf, clock)
    shelf.documents = 16
    assert made.deliver(CENTRE)
    assert not made.deliver(CENTRE)
    assert shelf.arrived == [11, 13, 15]
    assert shelf.kept["centre"].sequence == 16, "what is not its own is passed by for good"


def test_a_receiver_that_is_away_is_asked_again_ever_later_and_loses_nothing(clock: ManualClock) -> None:
    shelf = Shelf(answers=lambda _: Answer(status=503, said="503"))
    made = begun(shelf, clock)
    shelf.documents = 5
    for pause in PAUSES_S:
        assert not made.deliver(CENTRE)
        tried = len(shelf.headers)
        clock.move_to(clock.now() + timedelta(seconds=pause - 1))
        made.deliver(CENTRE)
        assert len(shelf.headers) == tried, "it is not asked before its time"
        clock.move_to(clock.now() + timedelta(seconds=1))
    made.deliver(CENTRE)
    assert shelf.kept["centre"].state == "stopped"
    shelf.answers = lambda _: Answer(status=200, said="200")
    clock.move_to(clock.now() + timedelta(days=9))
    assert not made.deliver(CENTRE), "a stopped one waits for the operator"
    made.restart("centre")
    assert made.deliver(CENTRE)
    assert shelf.arrived == [1, 3, 5]


def test_what_was_stored_and_answered_with_500_comes_again_under_the_same_name(clock: ManualClock) -> None:
    stored: list[str] = []
    shelf = Shelf()
    made = begun(shelf, clock)
    shelf.documents = 1
    shelf.answers = lambda _: stored.append("") or Answer(status=500 if len(stored) < 2 else 200, said="")
    made.deliver(CENTRE)
    clock.move_to(NOW + timedelta(minutes=1))
    made.deliver(CENTRE)
    assert [headers["webhook-id"] for headers in shelf.headers] == ["1:0:1", "1:0:1"]
    assert shelf.arrived == [1]


def test_a_document_that_is_refused_for_good_is_parked_and_the_next_arrive(clock: ManualClock) -> None:
    shelf = Shelf(answers=lambda number: Answer(status=422 if number == 3 else 200, said=f"{number}"))
    made = begun(shelf, clock)
    shelf.documents = 7
    for _ in range(PARK_AFTER):
        made.deliver(CENTRE)
        clock.move_to(clock.now() + timedelta(hours=1))
    assert shelf.arrived == [1, 5, 7]
    assert shelf.parked == {3: "3"}


def test_a_receiver_that_wants_nothing_any_more_is_stopped_at_once(clock: ManualClock) -> None:
    shelf = Shelf(answers=lambda _: Answer(status=410, said="410"))
    made = begun(shelf, clock)
    shelf.documents = 1
    made.deliver(CENTRE)
    assert (shelf.kept["centre"].state, shelf.parked) == ("stopped", {})


def test_a_receiver_that_names_a_time_is_not_asked_before_it(clock: ManualClock) -> None:
    shelf = Shelf(answers=lambda _: Answer(status=429, said="429", wait_s=600))
    made = begun(shelf, clock)
    shelf.documents = 1
    made.deliver(CENTRE)
    assert shelf.kept["centre"].next_at == NOW + timedelta(seconds=600)


def test_two_processes_never_post_to_one_receiver_at_once(clock: ManualClock) -> None:
    shelf = Shelf(documents=1, held={"webhook/centre"})
    assert not poster(shelf, clock).deliver(CENTRE)
    assert not shelf.headers


def test_a_process_that_stood_still_posts_nothing_more_once_another_has_its_turn(clock: ManualClock) -> None:
    shelf = Shelf()
    made = begun(shelf, clock)
    shelf.documents = 5

    def overtaken(_: int) -> Answer:
        shelf.held.add("webhook/centre")
        return Answer(status=200, said="200")

    shelf.answers = overtaken
    assert not made.deliver(CENTRE)
    assert (shelf.arrived, shelf.kept["centre"].sequence) == ([1], 1)


def test_a_webhook_is_not_set_back_under_the_hands_of_who_posts(clock: ManualClock) -> None:
    shelf = Shelf(documents=5)
    made = begun(shelf, clock)
    shelf.held.add("webhook/centre")
    with pytest.raises(Unavailable, match="being posted to"):
        made.restart("centre", after=0)
    assert shelf.kept["centre"].sequence == 5
    shelf.held.clear()
    made.restart("centre", after=0)
    assert made.deliver(CENTRE)
    assert shelf.arrived == [1, 3, 5]


def test_a_subscriber_removed_while_a_document_is_being_posted_leaves_nothing_behind(clock: ManualClock) -> None:
    def removed(_number: int) -> Answer:
        shelf.kept.clear()
        return Answer(status=200, said="200")

    shelf = Shelf(answers=removed)
    made = begun(shelf, clock)
    shelf.documents = 9
    made.deliver(CENTRE)
    assert shelf.arrived == [1]
    assert shelf.kept == {}, "another may take its name"


def test_what_is_suspended_between_two_documents_gets_no_further_one(clock: ManualClock) -> None:
    shelf = Shelf()
    begun(shelf, clock)
    made = replace(poster(shelf, clock), is_present=lambda _: len(shelf.arrived) < 2)
    shelf.documents = 9
    assert not made.deliver(CENTRE)
    assert shelf.arrived == [1, 3]
    assert shelf.kept["centre"].sequence == 3


def test_one_receiver_that_fails_in_an_unheard_of_way_stops_no_other(clock: ManualClock) -> None:
    shelf = Shelf()
    broken = replace(CENTRE, name="broken")
    made = begun(shelf, clock)
    shelf.documents = 1

    def secret(each: Subscription) -> str:
        if each.name == "broken":
            raise ZeroDivisionError
        return secret_of(b"k", each)

    shelf.save(Progress(name="broken", sequence=0))
    desk = Webhooks(poster=replace(made, secret_of=secret), wanting=lambda: [broken, CENTRE])
    desk.step()
    eventually(lambda: shelf.arrived == [1])
    desk.close()


def test_a_library_nobody_here_wrote_verifies_what_is_signed(tmp_path: Any) -> None:
    key = webhook_key(tmp_path / "keys")
    assert key == webhook_key(tmp_path / "keys")
    secret, body = secret_of(key, CENTRE), '{"title":"许可"}'.encode()
    headers = signed(key_of(secret), message_id="1:0:7", at=datetime.now(UTC), body=body)
    assert Webhook(secret).verify(body, dict(headers)) == {"title": "许可"}
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", dict(headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(secret_of(key, replace(CENTRE, secret_no=2))).verify(body, dict(headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(secret_of(key, replace(CENTRE, name="other"))).verify(body, dict(headers))


def test_what_is_withheld_while_a_slow_receiver_is_posted_to_is_not_posted_any_more(clock: ManualClock) -> None:
    posted: list[bytes] = []

    class Slow(Shelf):
        def feed(self, view: str, **wanted: Any) -> Sequence[Mapping[str, Any]]:
            rows = super().feed(view, **wanted)
            return rows if not posted else [{**row, "body": b"tombstone"} for row in rows]

        def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
            assert url
            assert headers
            posted.append(body)
            clock.move_to(clock.now() + timedelta(seconds=20))
            return Answer(status=204, said="204")

    shelf = Slow()
    made = begun(shelf, clock)
    shelf.documents = 7
    while made.deliver(CENTRE):
        pass
    assert posted == [b'{"n":1}', *[b"tombstone"] * 3]
