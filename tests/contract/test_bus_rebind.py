"""The contract of rebinding, held by both buses: nothing meets two numbers of partitions, and no step is fatal."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from hub.bus import rebind
from hub.bus.rebind import rebinding, settle
from hub.bus.topology import topology
from hub.errors import Misconfigured, Unavailable
from hub.model.ids import BUCKETS
from hub.model.queues import intake_queue
from hub.model.values import EVERY_PARTITION
from tests.support.buses import BusPlace, a_message, names, take
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.ports import Bus

TWO, THREE = topology(2, ["public"]), topology(3, ["public"])
STEPS = 5
"""Calls of a mover in one rebinding, whichever way it ends."""


class DiedError(Exception):
    """Stands for the process's death between two steps."""


@pytest.fixture(params=["embedded", pytest.param("rabbitmq", marks=pytest.mark.servers)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BusPlace]:
    embedded = request.param == "embedded"
    place = BusPlace(f"embedded://{tmp_path}/bus.db" if embedded else request.getfixturevalue("rabbitmq").vhost())
    yield place
    place.close()


def _at_two(place: BusPlace) -> Bus:
    bus = place.open(TWO)
    bus.publish([a_message("first")])
    bus.ack(take(bus, 1))
    bus.leave(intake_queue(0))
    eventually(lambda: bus.depth(intake_queue(0)) == 0)
    return bus


def _reached(bus: Bus, partitions: int, gone: int = 0) -> dict[int, list[str]]:
    """Publish to every bucket, then a report to all; return what each partition's queue got up to then."""
    bus.publish([a_message(str(bucket), key=str(bucket)) for bucket in range(BUCKETS)])
    bus.publish([a_message("report", key=EVERY_PARTITION, kind="report")])
    got = {}
    for partition in range(partitions):
        queue = intake_queue(partition)
        share = len(range(partition, BUCKETS, partitions))
        taken = take(bus, share + 1, queue)
        got[partition] = names(taken)
        bus.ack(taken)
        bus.leave(queue)
    for partition in range(partitions, partitions + gone):
        with pytest.raises(Unavailable):
            bus.consume(intake_queue(partition), limit=1, wait_s=0)
    return got


def _shares(partitions: int) -> dict[int, list[str]]:
    return {each: [str(b) for b in range(each, BUCKETS, partitions)] + ["report"] for each in range(partitions)}


def test_every_bucket_reaches_its_new_queue_alone(place: BusPlace) -> None:
    publisher = _at_two(place)
    with rebinding(place.url, TWO, THREE):
        pass
    assert _reached(place.open(THREE), 3) == _shares(3)
    publisher.publish([a_message("still connected", key="2")])
    assert names(take(place.open(THREE), 1, intake_queue(2))) == ["still connected"]


def test_fewer_partitions_leave_no_queue_behind(place: BusPlace) -> None:
    place.open(THREE).publish([])
    place.open(THREE).depth(intake_queue(2))
    with rebinding(place.url, THREE, TWO):
        pass
    assert _reached(place.open(TWO), 2, gone=1) == _shares(2)


def test_there_and_back_again(place: BusPlace) -> None:
    _at_two(place)
    with rebinding(place.url, TWO, THREE):
        pass
    with rebinding(place.url, THREE, TWO):
        pass
    assert _reached(place.open(TWO), 2, gone=1) == _shares(2)


def test_while_it_changes_publishers_wait_and_nothing_is_lost(place: BusPlace) -> None:
    publisher = _at_two(place)
    with rebinding(place.url, TWO, THREE), pytest.raises(Unavailable, match="no queue takes"):
        publisher.publish([a_message("meanwhile", key="5")])
    publisher.publish([a_message("meanwhile", key="5")])
    assert names(take(place.open(THREE), 1, intake_queue(2))) == ["meanwhile"]


def test_a_process_with_the_old_number_cannot_come_back(place: BusPlace) -> None:
    _at_two(place)
    with rebinding(place.url, TWO, THREE):
        pass
    with pytest.raises(Misconfigured, match="another number of partitions"):
        place.open(TWO).publish([a_message("stale", key="5")])
    assert _reached(place.open(THREE), 3) == _shares(3)


def test_messages_that_wait_refuse_the_change_and_stay(place: BusPlace) -> None:
    bus = place.open(TWO)
    bus.publish([a_message("waiting", key="1")])
    eventually(lambda: bus.depth(intake_queue(1)) == 1)
    with pytest.raises(Misconfigured, match=r"sunlight\.intake\.1 is still in use"), rebinding(place.url, TWO, THREE):
        pytest.fail("the ledger must not go over")
    bus.publish([a_message("more", key="3")])
    assert names(take(place.open(TWO), 2, intake_queue(1))) == ["waiting", "more"]


def test_messages_that_are_held_refuse_the_change(place: BusPlace) -> None:
    bus = place.open(TWO)
    bus.publish([a_message("held", key="1")])
    held = take(bus, 1, intake_queue(1))
    with pytest.raises(Misconfigured, match="still in use"), rebinding(place.url, TWO, THREE):
        pytest.fail("the ledger must not go over")
    bus.ack(held)


def test_a_ledger_that_refuses_leaves_the_bus_as_it_was(place: BusPlace) -> None:
    _at_two(place)
    with pytest.raises(DiedError), rebinding(place.url, TWO, THREE):
        raise DiedError
    assert _reached(place.open(TWO), 2, gone=1) == _shares(2)


@pytest.mark.parametrize("step", range(STEPS))
@pytest.mark.parametrize("ledger", ["goes over", "refuses", "goes over, and is not heard"])
def test_dying_before_any_step_is_mended_by_the_next_start(
    place: BusPlace, monkeypatch: pytest.MonkeyPatch, step: int, ledger: str
) -> None:
    """Which number holds is the ledger's to say, wherever the process died."""
    _at_two(place)
    holds = 2
    with monkeypatch.context() as patch:
        _die_before(patch, step)
        with pytest.raises(DiedError), rebinding(place.url, TWO, THREE):  # noqa: PT012 - the body is the ledger's turn
            holds = 2 if ledger == "refuses" else 3
            if ledger != "goes over":
                raise DiedError
    settle(place.url, topology(holds, ["public"]), widest=holds)
    assert _reached(place.open(topology(holds, ["public"])), holds) == _shares(holds)


def _die_before(patch: pytest.MonkeyPatch, step: int) -> None:
    """Let the process die before its mover's call number `step`: no later call reaches the bus."""
    make, calls = rebind._mover, count()

    class Dying:
        def __init__(self, url: str) -> None:
            self._mover = make(url)

        def __getattr__(self, name: str) -> object:
            if name != "close" and next(calls) >= step:
                raise DiedError(name)
            return getattr(self._mover, name)

    patch.setattr(rebind, "_mover", Dying)


def test_a_hub_that_has_not_begun_leaves_anothers_queues_alone(place: BusPlace) -> None:
    assert not rebind.is_used(place.url)
    _at_two(place)
    assert rebind.is_used(place.url)
    settle(place.url, TWO, widest=0)
    with pytest.raises(Misconfigured, match="another hub"):
        settle(place.url, THREE, widest=0)
    assert _reached(place.open(TWO), 2, gone=1) == _shares(2)


def test_settling_disturbs_nobody_at_work(place: BusPlace) -> None:
    bus = place.open(TWO)
    bus.publish([a_message("held", key="1"), a_message("waiting", key="3")])
    held = take(bus, 1, intake_queue(1))
    settle(place.url, TWO, widest=5)
    bus.ack(held)
    bus.publish([a_message("more", key="5")])
    assert names(take(bus, 2, intake_queue(1))) == ["waiting", "more"]
