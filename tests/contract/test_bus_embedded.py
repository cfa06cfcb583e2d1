"""What the embedded bus owes its callers beyond the common contract: several processes on one file, honest failures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hub.errors import Unavailable
from tests.support.buses import QUEUE, BusPlace, kill, names, nothing_more, some_messages, take
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> Iterator[BusPlace]:
    place = BusPlace(f"embedded://{tmp_path}/bus.db")
    yield place
    place.close()


PUBLISH = """
from hub.model.values import Message
for batch in range(40):
    name = f"{sys.argv[2]}-{batch}"
    bus.publish([Message(exchange="intake", key="0", kind="event", message_id=name, body=b"x")])
"""


def test_processes_that_publish_at_once_lose_nothing_and_keep_their_order(place: BusPlace) -> None:
    victims = [place.victim(PUBLISH, stem) for stem in ("a", "b", "c")]
    for victim in victims:
        kill(victim)
    taken = names(take(place.open(), 120))
    for stem in ("a", "b", "c"):
        assert [name for name in taken if name.startswith(stem)] == [f"{stem}-{batch}" for batch in range(40)]


def test_two_consumers_share_a_queue_without_sharing_a_message(place: BusPlace) -> None:
    one, other = place.open(), place.open()
    one.publish(some_messages(10))
    mine, theirs = take(one, 5), take(other, 5)
    assert not set(names(mine)) & set(names(theirs))
    assert nothing_more(one)
    assert nothing_more(other)


def test_a_living_instance_is_never_taken_for_dead(place: BusPlace) -> None:
    place.open().publish(some_messages(2))
    holder = place.victim("assert len(bus.consume('sunlight.intake.0', limit=2, wait_s=30)) == 2")
    watcher = place.open()
    assert nothing_more(watcher)
    kill(holder)
    assert names(take(watcher, 2)) == ["m0", "m1"]


def test_what_a_dead_process_held_is_found_when_its_lock_file_is_gone_too(place: BusPlace, tmp_path: Path) -> None:
    place.open().publish(some_messages(1))
    victim = place.victim("assert bus.consume('sunlight.intake.0', limit=1, wait_s=30)")
    kill(victim)
    for file in (tmp_path / "bus.db.locks").glob("instance.*"):
        file.unlink()
    assert names(take(place.open(), 1)) == ["m0"]


def test_a_file_that_cannot_be_made_is_unavailable_and_says_where(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    bus = BusPlace(f"embedded://{tmp_path}/file/bus.db").open()
    with pytest.raises(Unavailable, match=str(tmp_path)):
        bus.publish(some_messages(1))


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "bus.db").write_bytes(b"no database" * 1000)
    bus = BusPlace(f"embedded://{tmp_path}/bus.db").open()
    with pytest.raises(Unavailable):
        bus.consume(QUEUE, limit=1, wait_s=0)


def test_messages_are_for_their_owners_eyes(place: BusPlace, tmp_path: Path) -> None:
    place.open().publish(some_messages(1))
    assert (tmp_path / "bus.db").stat().st_mode & 0o077 == 0


def test_a_user_named_in_the_url_is_who_publishes(tmp_path: Path) -> None:
    place = BusPlace(f"embedded://taizhou.housing@{tmp_path}/bus.db")
    place.open().publish(some_messages(1))
    (delivery,) = take(place.open(), 1)
    assert delivery.user == "taizhou.housing"
    place.close()


def test_depth_sees_what_others_hold(place: BusPlace) -> None:
    one, other = place.open(), place.open()
    one.publish(some_messages(3))
    take(one, 2)
    eventually(lambda: other.depth(QUEUE) == 3)
