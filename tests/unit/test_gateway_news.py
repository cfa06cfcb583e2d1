"""Whoever waits for the feed shares one look at how far it has come."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gateway import feeding
from gateway.feeding import News

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
