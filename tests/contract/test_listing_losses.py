"""Lists of services as they are: capped pages, rows that move between pages, changes told by the day, deep rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from connectors.http.paging import Paging
from connectors.listing import Answer, ListSource
from connectors.window import WindowOptions
from hub.clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable

BEGIN = datetime(2026, 3, 10, 7, tzinfo=UTC)
NONE = Paging(by="none", place="p")
PAGES = Paging(by="page", place="p", parameter="page", size_parameter="n", size=2, first=1)


class Listed:
    """A service whose list a function tells, polled as a reader does."""

    place = "service"

    def __init__(self, told: Callable[[dict[str, str]], list[Any]], paging: Paging, **options: Any) -> None:
        self.told, self.paging = told, paging
        self.clock = ManualClock(BEGIN)
        self.options = WindowOptions(key="id", place="p", column="m", zone=ZoneInfo("Asia/Shanghai"), **options)
        self.checkpoint: Any = None
        self.finals: list[Any] = []

    def fetch(self, parameters: dict[str, str], _url: str, _window: Any) -> Answer:
        return Answer(rows=self.told(parameters))

    def close(self) -> None:
        """Let go of nothing."""

    def poll(self, later: timedelta = timedelta(0)) -> list[Any]:
        self.clock.move_to(self.clock.now() + later)
        found = []
        source: Any = ListSource(self, self.paging, self.options, self.clock)  # type: ignore[arg-type]
        for portion in source.read(self.checkpoint):
            found += [record.refused.code if record.refused else record.tree["id"] for record in portion.records]
            self.checkpoint = portion.checkpoint or self.checkpoint
            if portion.final:
                self.finals.append(portion)
        return found


def row(number: int, changed: str = "") -> dict[str, Any]:
    return {"id": number, "m": changed or (BEGIN - timedelta(days=2)).isoformat()}


def test_a_service_that_gives_smaller_pages_than_asked_for_is_read_to_its_end() -> None:
    rows = [row(number) for number in range(450)]

    def capped(asked: dict[str, str]) -> list[Any]:
        size, page = min(int(asked["n"]), 100), int(asked["page"])
        return rows[(page - 1) * size : page * size]

    asked = Paging(by="page", place="p", parameter="page", size_parameter="n", size=200, first=1)
    assert sorted(Listed(capped, asked).poll()) == list(range(450))


def test_a_service_that_knows_one_page_alone_is_read_once() -> None:
    assert Listed(lambda _: [row(1)], PAGES).poll() == [1]


def test_a_new_row_that_moves_between_pages_is_found_by_a_second_walk() -> None:
    rows = [row(number) for number in range(1, 5)]
    listed = Listed(lambda asked: rows[(int(asked["page"]) - 1) * 2 :][:2], PAGES)
    assert sorted(listed.poll()) == [1, 2, 3, 4]
    rows.append(row(99, (BEGIN + timedelta(minutes=30)).isoformat()))
    whole = listed.told

    def moving(asked: dict[str, str]) -> list[Any]:
        found = whole(asked)
        if int(asked["page"]) == 2 and len(rows) == 5:
            rows.pop(0)
        return found

    listed.told = moving
    assert listed.poll(timedelta(hours=1)) == [99]


def test_a_list_that_never_rests_proves_nothing_and_is_read_on() -> None:
    count = 0

    def restless(asked: dict[str, str]) -> list[Any]:
        nonlocal count
        count += 1
        return [row(count * 10), row(count * 10 + 1)] if int(asked["page"]) < 3 else []

    listed = Listed(restless, PAGES)
    assert listed.poll()
    assert listed.finals[0].watermark is None
    assert listed.checkpoint["finished"] is False


@pytest.mark.parametrize("changed", ["2026-03-10", "2026-03-10 15:30"])
def test_a_change_told_by_the_day_or_the_minute_is_read(changed: str) -> None:
    rows: list[Any] = []
    listed = Listed(lambda _: list(rows), NONE, overlap_s=0)
    listed.poll()
    listed.poll(timedelta(minutes=31))
    rows.append(row(7, changed))
    found = [number for _ in range(4) for number in listed.poll(timedelta(seconds=20))]
    assert found == [7]


@pytest.mark.parametrize(
    ("form", "zone", "bound"),
    [
        ("%Y-%m-%d", "local", datetime(2026, 3, 9, 16, tzinfo=UTC)),
        ("%Y-%m-%d %H:%M", "local", datetime(2026, 3, 10, 6, 58, tzinfo=UTC)),
        ("%Y-%m-%dZ", "utc", datetime(2026, 3, 10, tzinfo=UTC)),
        ("%Y-%m-%d %H:%M:%S", "local", datetime(2026, 3, 10, 6, 58, 30, tzinfo=UTC)),
        ("", "", datetime(2026, 3, 10, 6, 58, 30, tzinfo=UTC)),
    ],
)
def test_a_window_ends_where_the_service_can_be_told_that_it_ends(form: str, zone: str, bound: datetime) -> None:
    listed = Listed(lambda _: [], NONE, form=form, settle_s=90)
    listed.poll()
    assert listed.finals[0].watermark == bound, zone


@pytest.mark.parametrize("depth", [101, 300, 900])
def test_a_row_nested_too_deep_is_refused_alone(depth: int) -> None:
    deep: Any = 1
    for _ in range(depth):
        deep = {"a": deep}
    listed = Listed(lambda _: [row(1), {**row(2), "x": deep}, row(3)], NONE)
    assert listed.poll() == [1, "decode.too-deep", 3]
