"""On real servers a complaint goes round, though the broker dies on the way: every status once, in order."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

import pytest

from connectors.http import client
from hub.errors import Fenced, Unavailable
from tests.support.complaint_bodies import HOTLINE, HOUSING, MAILBOX, MARKET, Who
from tests.support.complaint_town import a_town, at
from tests.support.servers import MortalRabbitMQ

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.support.complaint_town import Town
    from tests.support.servers import Postgres

pytestmark = pytest.mark.servers

PATIENCE_S: Final = 300.0
"""Seconds that a process goes on trying, as `sunlight serve` does: the broker needs some ten to come back,
and many more where the machine is busy."""


def patiently(act: Callable[[], None]) -> None:
    """Do something again until the broker lets it be done."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return act()
        except (Unavailable, Fenced, AssertionError):
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


class Day:
    """A town at work over a broker that may die at any of its moments."""

    def __init__(self, town: Town, broker: MortalRabbitMQ) -> None:
        self.town, self.broker = town, broker
        self.bus = town.hub.bus()
        self.line = town.hub.line(self.bus)
        self.deaths: list[threading.Thread] = []

    def loses_power(self) -> None:
        """Kill the broker; it is back some seconds later, with what its disc holds.

        One that takes connections is not all back yet: until it is, another death would be none.
        """
        for each in self.deaths:
            each.join()
        self.broker.kill()
        reviving = threading.Thread(target=self.broker.revive)
        reviving.start()
        self.deaths.append(reviving)

    def say(self, who: Who, move: str, no: str, day: int, hour: int, **more: str) -> None:
        """Let an office say a move; what it sends by itself it sends until it is answered."""
        office = self.town.offices[who.name]
        push = office.push
        office.push = lambda body: patiently(lambda: push(body))
        office.say(move, no, at(day, hour), **more)
        office.push = push

    def reads(self) -> None:
        for reader in self.town.readers:
            patiently(reader.read)

    def judges(self) -> None:
        """Take in all that was published, until nothing is on its way."""
        patiently(self._judged)

    def _judged(self) -> None:
        self.line.hold()
        self.line.settle()
        accounts = self.town.hub.queries.accounting()
        assert not any(each["in_flight"] for each in accounts.values())
        assert sum(each["published"] for each in accounts.values()) == self.said()
        self.line.relay.drain()

    def said(self) -> int:
        """Count what offices have said and the hub must know."""
        return sum(len(office.rows) for office in self.town.offices.values())

    def tells(self) -> None:
        for name in self.town.senders:
            patiently(lambda name=name: self.town.send_out(name))  # type: ignore[misc]

    def goes_on(self) -> None:
        self.reads()
        self.judges()
        self.tells()

    def close(self) -> None:
        for each in self.deaths:
            each.join()
        self.line.release()
        self.bus.close()


@pytest.fixture
def day(postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Day]:
    """Open a town of two centres and two departments, of four kinds of connections, on a broker of its own."""
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    servers = tmp_path / "servers"
    broker = MortalRabbitMQ(servers)
    try:
        urls = {"store_url": postgres.fresh_database(), "bus_url": broker.vhost()}
        town = a_town(tmp_path, (HOTLINE, MAILBOX, HOUSING, MARKET), postgres.fresh_database(), **urls)
        opened = Day(town, broker)
        yield opened
        opened.close()
        town.close()
    finally:
        broker.stop()


Turn = tuple[Who, str, int, int, dict[str, str]]

NO: Final = {"T-hotline": HOTLINE, "T-mailbox": MAILBOX}


def turns(centre: Who) -> Sequence[Sequence[Turn]]:
    """Return a complaint's life: returned, sent on, answered, not solved, done again, closed."""
    first, second = HOUSING.department, MARKET.department
    return (
        ((centre, "registered", 2, 9, {}), (centre, "accepted", 2, 10, {}),
         (centre, "dispatched", 2, 11, {"dept": first})),
        ((HOUSING, "returned", 2, 12, {"dept": first, "reason": "非本单位职责", "basis": "三定规定"}),),
        ((centre, "redispatched", 2, 13, {"dept": second}),),
        ((MARKET, "signed", 2, 14, {"dept": second}), (MARKET, "replied", 2, 16, {"dept": second, "reply": "已处理"})),
        ((centre, "followed_up", 3, 9, {"solved": "no"}),
         (centre, "reworked", 3, 10, {"dept": second, "reason": "仍未解决"})),
        ((MARKET, "replied", 3, 15, {"dept": second, "n": "2", "reply": "已重新处理"}),),
        ((centre, "followed_up", 3, 16, {"n": "2", "solved": "yes"}), (centre, "closed", 3, 17, {})),
    )  # fmt: skip


RETURN, REPLY = 1, 3
"""The turns at which the broker dies: with answers on its queues, and while statuses go out."""


def test_a_complaint_goes_round_though_the_broker_dies_twice_on_the_way(day: Day) -> None:
    lives = {no: turns(centre) for no, centre in NO.items()}
    for number, together in enumerate(zip(*lives.values(), strict=True)):
        for no, turn in zip(lives, together, strict=True):
            for who, move, on, hour, more in turn:
                day.say(who, move, no, on, hour, **more)
        if number == RETURN:
            day.reads()
            day.loses_power()
        if number == REPLY:
            dies_when_told(day, MAILBOX)
        day.goes_on()
    for no, centre in NO.items():
        told = day.town.offices[centre.name].told()
        assert told == [(no, move, told[0][2]) for move in ("returned", "signed", "replied", "replied")]
    ordered = [(no, move) for no, move, _ in day.town.offices[MARKET.name].told()]
    for no in NO:
        assert [move for named, move in ordered if named == no] == ["redispatched", "reworked", "closed"]
    assert [move for _, move, _ in day.town.offices[HOUSING.name].told()] == ["dispatched", "dispatched"]
    assert len(day.deaths) == 2
    summary = day.town.hub.queries.summary()
    assert summary["cases"]["by_state"] == {"closed": 2}
    assert {name: count for name, count in summary["events"].items() if count} == {"new": day.said()}


def dies_when_told(day: Day, centre: Who) -> None:
    """Let the broker die while a status is with its centre, which has stored it and not answered yet."""
    taker = day.town.offices[centre.name].taker
    assert taker is not None
    store = taker._store

    def stored(asked: object) -> None:
        store(asked)  # type: ignore[arg-type]
        taker._store = store  # type: ignore[method-assign]
        day.loses_power()

    taker._store = stored  # type: ignore[method-assign]
