"""A message that breaks supervision is put aside alone, with its bytes; a broken store puts nothing aside."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from hub.bench import Bench
from hub.errors import Unavailable
from hub.model.digest import record_digest
from hub.model.queues import PARKED
from hub.model.values import EVERY_PARTITION, Message
from hub.store.unit import SqlUnit
from tests.support.buses import nothing_more, take
from tests.support.spine import CONNECTION, OTHER, Read, Spine, a_spine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.model.values import Changes

DAY = "2026-03-02T09:00:00+08:00"


@pytest.fixture(params=["embedded", pytest.param("servers", marks=pytest.mark.servers)])
def spine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Spine]:
    """Open a hub on the embedded default, and on real servers."""
    urls = {}
    if request.param == "servers":
        urls["store_url"] = request.getfixturevalue("postgres").fresh_database()
        urls["bus_url"] = request.getfixturevalue("rabbitmq").vhost()
    with a_spine(tmp_path, partitions=1, **urls) as spine:
        yield spine


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Spine]:
    """Open a hub on the embedded default alone."""
    with a_spine(tmp_path, partitions=1) as spine:
        yield spine


class Poison:
    """Makes the bench raise for the events named in `of`, as a fault of the hub would."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.of: set[str] = set()
        self.met: Counter[str] = Counter()
        sound = Bench.fact

        def fact(bench: Bench, admitted: Any, **how: Any) -> Any:
            if admitted.event_id in self.of:
                self.met[admitted.event_id] += 1
                raise ZeroDivisionError("a fault of the hub")
            return sound(bench, admitted, **how)

        monkeypatch.setattr(Bench, "fact", fact)


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Poison:
    return Poison(monkeypatch)


def cases(read: Read, count: int) -> list[Message]:
    return [read.event("case.received", DAY, case_no=str(number)) for number in range(count)]


def event_id(message: Message) -> str:
    return str(orjson.loads(message.body)["id"])


@pytest.mark.parametrize("positions", [{0}, {6}, {12}, {3, 4}, set(range(13))])
def test_only_the_poison_is_put_aside_and_everything_else_is_handled_once(
    spine: Spine, poison: Poison, positions: set[int]
) -> None:
    read = Read()
    messages = cases(read, 13)
    poison.of = {event_id(messages[position]) for position in positions}
    spine.tell(*messages, read.report("2026-03-02T11:00:00+08:00"))
    sound = 13 - len(positions)
    assert spine.outcomes() == {name: n for name, n in {"new": sound, "parked": len(positions)}.items() if n}
    assert [row["stage"] for row in spine.quarantined()] == ["supervise"] * len(positions)
    assert sorted(entry["id"] for entry in spine.entries("event")) == sorted(
        event_id(message) for position, message in enumerate(messages) if position not in positions
    )
    published = take(spine.bus, len(positions), PARKED)
    assert sorted(each.body for each in published) == sorted(messages[position].body for position in positions)
    assert nothing_more(spine.bus, PARKED)
    assert spine.rows("SELECT awaited, reading FROM watermarks") == [("[]", "")]


def test_the_quarantine_holds_the_bytes_of_the_poison_and_says_what_to_do(local: Spine, poison: Poison) -> None:
    read = Read()
    messages = cases(read, 3)
    poison.of = {event_id(messages[1])}
    local.tell(*messages, read.report())
    (row,) = local.quarantined()
    assert local.hub.vault.open(row["sealed"]) == messages[1].body
    assert (row["connection_id"], row["read_id"], row["ordinal"]) == (CONNECTION, read.read_id, 1)
    assert row["record_digest"] == record_digest(messages[1].body)
    assert row["problem"].startswith("ZeroDivisionError at test_poison.py:")
    assert "a fault of the hub" not in row["problem"], "a fault's text may quote the message"
    assert "replay" in row["hint"]
    (paper,) = local.entries("rejection")
    assert (paper["code"], paper["message_id"]) == ("supervise.fault", messages[1].message_id)


def test_poison_that_comes_again_is_one_poison(local: Spine, poison: Poison) -> None:
    read = Read()
    messages = cases(read, 3)
    poison.of = {event_id(messages[1])}
    local.tell(*messages, messages[1], read.report())
    local.tell(messages[1])
    assert local.outcomes() == {"new": 2, "parked": 1}
    assert len(local.quarantined()) == 1


def test_the_last_message_of_a_read_moves_the_watermark_though_it_is_poison(local: Spine, poison: Poison) -> None:
    read = Read()
    messages = cases(read, 2)
    poison.of = {event_id(messages[1])}
    local.tell(messages[0], read.report("2026-03-02T11:00:00+08:00"))
    assert local.rows("SELECT delivered_to FROM watermarks") == [(None,)]
    local.tell(messages[1])
    assert local.rows("SELECT delivered_to FROM watermarks") != [(None,)]


def test_a_parked_message_redelivered_after_the_fault_is_mended_stays_parked(local: Spine, poison: Poison) -> None:
    """Its bytes wait in quarantine for a person; taken in as well it would be accounted for twice."""
    read = Read()
    message = cases(read, 1)[0]
    poison.of = {event_id(message)}
    local.bus.publish([message, read.report()])
    dead = local.opened(local.hub.settings.bus_url)
    local.hub.owner(dead).release()
    owner, taken = local.hub.owner(Unacking(dead)), dead  # type: ignore[arg-type]
    owner.step(0, wait_s=0)
    owner.release()
    taken.close()
    poison.of = set()
    local.line.settle()
    assert local.outcomes() == {"parked": 1}
    assert local.entries("event") == []


class Unacking:
    """A bus whose acks are lost, as when a process dies right after its commit."""

    def __init__(self, bus: Any) -> None:
        self._bus = bus

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bus, name)

    def ack(self, deliveries: Any) -> None:
        """Lose it."""


def test_a_message_that_the_store_cannot_hold_is_put_aside(spine: Spine) -> None:
    read = Read()
    odd = read.event("case.received", DAY, source_version=2**63)
    spine.tell(*cases(read, 2), odd, *cases(read, 1), read.report())
    assert spine.outcomes() == {"new": 2, "duplicate": 1, "parked": 1}
    (row,) = spine.quarantined()
    assert "INSERT" not in row["problem"]
    assert "\n" not in row["problem"]


@pytest.mark.parametrize(
    "strange",
    [
        {"message_id": ""},
        {"message_id": "a\x00b"},
        {"message_id": "11111111-1111-4111-8111-111111111111:0:" + "9" * 60},
        {"kind": "nonsense"},
        {"kind": ""},
    ],
)
def test_no_message_can_stop_the_hub(spine: Spine, strange: dict[str, Any]) -> None:
    read = Read()
    bodies = [b"", b"\x00", b'{"data": {"connection_id": "a\\u0000"}}', b'{"data": 1}', b"[" * 2000]
    values = {"kind": "event", "message_id": "x", **strange}
    odd = [replace(read.event("case.received", DAY), body=body, **values) for body in bodies]
    read = Read()
    spine.tell(*odd, *cases(read, 2), read.report())
    assert spine.outcomes() == {"new": 2}
    assert len(spine.quarantined()) == len(bodies), "each is kept, though they share a message id"


def test_a_store_that_is_itself_broken_puts_nothing_aside(local: Spine, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Read()
    messages = [*cases(read, 5), read.report()]
    local.bus.publish(messages)

    def broken(_unit: SqlUnit, _changes: Changes) -> None:
        raise ValueError("every write fails")

    with monkeypatch.context() as patch:
        patch.setattr(SqlUnit, "write", broken)
        with pytest.raises(ValueError, match="every write fails"):
            local.line.work_off()
    assert nothing_more(local.bus, PARKED)
    assert local.quarantined() == []
    local.line.settle()
    assert local.outcomes() == {"new": 5}


def test_a_batch_waits_in_hand_while_the_store_is_away(local: Spine, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Read()
    local.bus.publish([*cases(read, 5), read.report()])
    asked: list[int] = []
    consume = type(local.bus).consume

    def counting(bus: Any, *args: Any, **how: Any) -> Any:
        found = consume(bus, *args, **how)
        asked.append(len(found))
        return found

    def away(*_: Any, **__: Any) -> None:
        raise Unavailable("the store is away")

    monkeypatch.setattr(type(local.bus), "consume", counting)
    owner = local.line.owner
    with monkeypatch.context() as patch:
        patch.setattr(SqlUnit, "write", away)
        for _ in range(3):
            with pytest.raises(Unavailable):
                owner.step(0, wait_s=0)
    assert asked == [6], "the batch is taken once, and never returned"
    assert owner.step(0, wait_s=0) == 6
    assert asked == [6]
    local.line.settle()
    assert local.outcomes() == {"new": 5}


def test_a_message_sent_to_every_partition_is_put_aside_in_each(tmp_path: Path) -> None:
    with a_spine(tmp_path, partitions=3) as spine:
        everywhere = Message(exchange="intake", key=EVERY_PARTITION, kind="event", message_id="twice", body=b"{")
        spine.bus.publish([everywhere])
        read = Read()
        spine.tell(*cases(read, 4), read.report())
        assert spine.outcomes() == {"new": 4}
        assert {row["code"] for row in spine.quarantined()} == {"validate.json"}
        spine.bus.publish([everywhere])
        spine.line.settle()
        assert sum(row["seen"] for row in spine.quarantined()) == 3, "what comes again by its own name is one message"


def test_a_message_that_cannot_even_be_accounted_for_ends_no_process(
    local: Spine, poison: Poison, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Read()
    messages = cases(read, 3)
    poison.of = {event_id(messages[1])}
    with monkeypatch.context() as patch:
        patch.setattr("hub.owner.keep_refused", lambda *_, **__: 1 / 0)
        local.tell(*messages, read.report())
    assert local.hub.queries.accounting()[CONNECTION]["in_flight"] == 1
    (parked,) = local.bus.consume("sunlight.parked", limit=5, wait_s=5)
    assert parked.body == messages[1].body


def test_a_forged_message_hurts_its_sender_alone(local: Spine) -> None:
    """Contract 8 on the embedded bus; tests/flow/test_broker_speaking.py has it on the real broker."""
    honest, liar = Read(), local.account(OTHER)
    message = cases(honest, 1)[0]
    liar.publish([message])
    local.tell(message, honest.report())
    assert local.outcomes() == {"new": 1}
    assert local.outcomes(OTHER) == {"parked": 1}
