"""Both identities of the accounting hold after every batch, whatever comes, however often, and whoever dies between."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from hub.owner import Owner, Pace
from hub.store import ledger
from tests.support.casework import CONNECTION
from tests.support.spine import OTHER, OTHER_DEPARTMENT, Read, Spine, a_spine, assert_identities

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.model.values import Message

DAYS = [f"2026-03-{day:02}T09:00:00+08:00" for day in range(2, 9)]


@pytest.fixture
def spine(tmp_path: Path) -> Iterator[Spine]:
    with a_spine(tmp_path, partitions=2) as spine:
        yield spine


class Unacking:
    """A bus whose acks are lost, as when a process dies between its commit and its ack."""

    def __init__(self, bus: Any) -> None:
        self._bus = bus

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bus, name)

    def ack(self, deliveries: Any) -> None:
        """Lose it."""


def an_owner(spine: Spine, bus: Any, *, batch: int) -> Owner:
    pace = Pace(batch=batch, lease_s=60, patrol_s=3600)
    terms = spine.hub._terms()
    return Owner(store=spine.hub.store, bus=bus, clock=spine.clock, terms=terms, owner="one", pace=pace)


class Department:
    """Publishes whatever a department may: sound, again, changed, mapped anew, forbidden, refused, nothing."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - a story, no secret
        self.expected: Counter[str] = Counter()
        self.records: Counter[str] = Counter()
        self.cases = 0

    def portion(self, read: Read, *, final: bool) -> list[Message]:
        """Return the messages of one portion and its report."""
        made: list[Message] = []
        for _ in range(self.dice.randint(0, 8)):
            what = self.dice.choice([self.sound, self.again, self.changed, self.remapped, self.forbidden, self.refused])
            made += what(read)
        read.records["empty"] += self.dice.randint(0, 2)
        self.records.update(read.records)
        return [*made, read.report(final=final)]

    def _event(self, read: Read, **fields: Any) -> Message:
        return read.event("case.received", fields.pop("on", DAYS[0]), case_no=str(self.cases), **fields)

    def sound(self, read: Read) -> list[Message]:
        self.cases += 1
        self.expected["new"] += 1
        return [self._event(read)]

    def again(self, read: Read) -> list[Message]:
        self.expected["duplicate"] += 1
        return [*self.sound(read), self._event(read)]

    def changed(self, read: Read) -> list[Message]:
        version = self.dice.choice([0, 1])
        self.expected["revised" if version else "conflicting"] += 1
        return [*self.sound(read), self._event(read, on=DAYS[1], source_version=version, raw="another record")]

    def remapped(self, read: Read) -> list[Message]:
        self.expected["remapped"] += 1
        return [*self.sound(read), self._event(read, on=DAYS[2], mapping_version=2)]

    def forbidden(self, read: Read) -> list[Message]:
        self.expected["parked"] += 1
        return [self._event(read, case={"department_id": OTHER_DEPARTMENT})]

    def refused(self, read: Read) -> list[Message]:
        return [read.rejection()]


def assert_as_published(spine: Spine, department: Department) -> None:
    account = spine.accounts()[CONNECTION]
    assert {name: n for name, n in account["outcomes"].items() if n} == dict(department.expected)
    assert account["published"] == department.expected.total()
    assert {name: account[name] for name in ("mapped", "empty", "quarantined")} == {
        name: department.records[name] for name in ("mapped", "empty", "quarantined")
    }
    assert account["read"] == department.records.total()
    times = sum(row["seen"] for row in spine.quarantined())
    assert times == department.records["quarantined"] + department.expected["parked"]
    assert spine.rows("SELECT DISTINCT awaited, reading FROM watermarks") in ([("[]", "")], [])
    assert ledger.verify(spine.hub.settings.store_url).sound


@pytest.mark.parametrize("seed", range(4))
def test_both_identities_hold_after_every_portion_and_every_batch(spine: Spine, seed: int) -> None:
    department = Department(seed)
    owner = an_owner(spine, spine.bus, batch=3)
    for _ in range(3):
        read = Read()
        for number in range(3):
            spine.bus.publish(department.portion(read, final=number == 2))
            while owner.step(department.dice.randrange(2), wait_s=0):
                assert_identities(spine.hub.queries.accounting())
    while sum(owner.step(partition, wait_s=0) for partition in (0, 1)):
        assert_identities(spine.hub.queries.accounting())
    assert_as_published(spine, department)


@pytest.mark.parametrize("seed", range(4, 7))
def test_messages_redelivered_after_the_commit_and_before_the_ack_change_nothing(spine: Spine, seed: int) -> None:
    department, read = Department(seed), Read()
    for number in range(3):
        spine.bus.publish(department.portion(read, final=number == 2))
    dying = spine.opened(spine.hub.settings.bus_url)
    owner = an_owner(spine, Unacking(dying), batch=5)
    for _ in range(3):
        for partition in (0, 1):
            owner.step(partition, wait_s=0)
    before = spine.rows("SELECT partition, position, hash FROM ledger ORDER BY 1, 2")
    dying.close()
    survivor = an_owner(spine, spine.bus, batch=4)
    while sum(survivor.step(partition, wait_s=0) for partition in (0, 1)):
        assert_identities(spine.hub.queries.accounting())
    after = spine.rows("SELECT partition, position, hash FROM ledger ORDER BY 1, 2")
    assert set(before) <= set(after)
    assert_as_published(spine, department)


def test_a_whole_drained_queue_delivered_again_changes_not_one_row(spine: Spine) -> None:
    department, read = Department(11), Read()
    messages = [*department.portion(read, final=False), *department.portion(read, final=True)]
    spine.tell(*messages)
    tables = ("ledger", "inbox", "tallies", "cases", "clocks", "alerts", "reads", "watermarks", "quarantine", "feed")
    before = {name: sorted(map(repr, spine.rows(f"SELECT * FROM {name}"))) for name in tables}  # noqa: S608 - our own
    spine.bus.publish(messages)
    taken = [
        replace(delivery, redelivered=True)
        for partition in (0, 1)
        for delivery in spine.bus.consume(f"sunlight.intake.{partition}", limit=100, wait_s=0)
    ]
    spine.bus.give_back(taken)
    spine.line.settle()
    assert {name: sorted(map(repr, spine.rows(f"SELECT * FROM {name}"))) for name in tables} == before  # noqa: S608 - ditto


def test_a_message_in_anothers_name_that_says_something_else_is_put_aside_and_accounted_for(spine: Spine) -> None:
    first = Read()
    again = Read(read_id=first.read_id)
    said = first.event("case.received", DAYS[0])
    spine.tell(said, said, again.event("case.received", DAYS[1]), first.report())
    (row,) = spine.quarantined()
    assert row["code"] == "authorise.message-name"
    assert spine.hub.queries.accounting()[CONNECTION]["outcomes"]["new"] == 1


def test_no_persons_words_reach_the_ledger_by_a_shape_that_does_not_hold(spine: Spine) -> None:
    read, name = Read(), "张三 321281198001011234 " * 400
    spine.tell(read.event("case.received", DAYS[0], case={"title": name}), read.report())
    (row,) = spine.quarantined()
    assert row["path"] == "/data/case/title"
    assert "张三" not in row["problem"]
    assert not any("张三" in str(entry) for entry in spine.entries("rejection"))


def test_one_connections_messages_are_never_in_anothers_accounts(spine: Spine) -> None:
    own, other = Department(21), Read(connection=OTHER)
    spine.tell(*own.portion(Read(), final=True), other.event("case.received", DAYS[0]), other.report())
    assert_as_published(spine, own)
    assert spine.outcomes(OTHER) == {"new": 1}


def test_a_report_that_overtakes_its_events_leaves_them_in_flight_until_they_come(spine: Spine) -> None:
    read = Read()
    events = [read.event("case.received", DAYS[0], case_no=str(number)) for number in range(5)]
    spine.tell(read.report())
    account = spine.hub.queries.accounting()[CONNECTION]
    assert (account["published"], account["in_flight"]) == (5, 5)
    spine.tell(*events[:2])
    assert spine.hub.queries.accounting()[CONNECTION]["in_flight"] == 3
    spine.tell(*events[2:])
    assert spine.outcomes() == {"new": 5}
