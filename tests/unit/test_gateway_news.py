"""Whoever waits for the feed shares one look at how far it has come."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from gateway import feeding
from gateway.feeding import Feeding, News, Wanted
from gateway.problems import Problem

if TYPE_CHECKING:
    import pytest


def test_hundreds_who_wait_ask_the_store_once() -> None:
    asked: list[int] = []

    def last() -> int:
        asked.append(1)
        return 7

    async def waiting() -> list[int]:
        news = News(last)
        return list(await asyncio.gather(*(news.last() for _ in range(300))))

    assert set(asyncio.run(waiting())) == {7}
    assert len(asked) == 1


def test_what_is_new_is_seen_at_the_next_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "LOOK_S", 0.0)
    told = iter([3, 4])

    async def looking() -> list[int]:
        news = News(lambda: next(told))
        return [await news.last(), await news.last()]

    assert asyncio.run(looking()) == [3, 4]


def read_of(feed: Any, *, may: Any, most: int) -> list[bytes]:
    """Read at most so many parts of a stream of `feed`, whose reader `may` go on."""

    async def here() -> bool:
        return False

    async def reading() -> list[bytes]:
        parts = SimpleNamespace(reading=SimpleNamespace(feed=feed, last_sequence=lambda: 10**6))
        desk = Feeding(cast("Any", parts), cast("Any", SimpleNamespace(admit=may)))
        request = cast("Any", SimpleNamespace(is_disconnected=here, state=SimpleNamespace()))
        found: list[bytes] = []
        async for part in desk._events(request, Wanted(view="intranet", kinds=[], regions=[]), 0):
            found.append(part)
            if len(found) == most:
                break
        return found

    return asyncio.run(reading())


def a_row(sequence: int, body: bytes = b"{}") -> dict[str, Any]:
    return {"sequence": sequence, "kind": "case", "body": body}


def test_a_stream_ends_for_whoever_lost_the_right_however_much_there_is_to_tell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feeding, "BEAT_S", 0.0)

    def revoked(_: object) -> None:
        raise Problem(401, "key", "revoked", hint="")

    parts = read_of(lambda *_, after, **__: [a_row(after + 1)], may=revoked, most=50)
    assert len(parts) < 5


def test_what_is_withheld_while_a_slow_reader_reads_is_not_told_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "FRESH_S", 0.0)
    reads: list[int] = []

    def feed(*_: object, after: int, **__: object) -> list[dict[str, Any]]:
        reads.append(after)
        body = b"tombstone" if len(reads) > 1 else b"content"
        return [a_row(number, body) for number in range(after + 1, 4)]

    told = b"".join(read_of(feed, may=lambda _: None, most=4))
    assert (told.count(b"content"), told.count(b"tombstone")) == (1, 2)
