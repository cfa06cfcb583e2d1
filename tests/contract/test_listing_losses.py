"""Lists of services as they are: capped pages, rows that move between pages, changes told by the day, deep rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from connectors import open_source
from connectors.http.paging import Paging
from connectors.listing import Answer, ListSource
from connectors.success import Success
from connectors.window import WindowOptions
from hub.clock import ManualClock
from hub.errors import Misconfigured, Refused, Unavailable
from hub.mapping.values import as_number, children
from tests.support.shelves import Declared

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


def test_a_service_that_answers_with_its_last_page_for_ever_is_read_to_its_end() -> None:
    rows = [row(number) for number in range(6)]

    def reasonable(asked: dict[str, str]) -> list[Any]:
        page = min(int(asked["page"]), 3)
        return rows[(page - 1) * 2 : page * 2]

    listed = Listed(reasonable, PAGES)
    assert sorted(listed.poll()) == list(range(6))
    assert listed.checkpoint["finished"] is True
    assert listed.poll(timedelta(hours=1)) == []


@pytest.mark.parametrize(
    ("document", "is_well"),
    [
        ({"code": 0, "data": []}, True),
        ({"code": "200", "data": []}, True),
        ({"code": -1, "msg": "session expired", "data": []}, False),
        ({"data": []}, False),
        ({"ok": True}, False),
        ("ERROR", False),
    ],
)
def test_an_answer_says_itself_whether_all_went_well(document: Any, is_well: bool) -> None:  # noqa: FBT001 - a table's column
    success = Success(("code",), ("0", "200"), ("msg",))
    if is_well:
        success.check(document, "place")
        return
    with pytest.raises(Unavailable, match="the service answers"):
        success.check(document, "place")


def test_success_is_declared_with_the_words_that_mean_it() -> None:
    connect = {"url": "http://127.0.0.1:1/", "key": "id", "success": {"at": "code"}}
    with pytest.raises(Misconfigured, match="names no word"):
        open_source(Declared(kind="rest", connect=connect), {})


@pytest.mark.parametrize("text", ["1E3000000", "1E5000", "1E99999999999", "NaN", "Infinity", "-1E-5000"])
def test_a_number_beyond_all_numbers_is_refused_at_once(text: str) -> None:
    with pytest.raises(Refused):
        as_number(text)


def test_a_record_with_records_without_end_is_refused() -> None:
    with pytest.raises(Refused, match="10,000 records within one"):
        children({"rows": [{}] * 10_001}, ("rows",))
    assert len(children({"rows": [{}] * 10_000}, ("rows",))) == 10_000


def test_a_cursor_that_comes_to_rest_ends_the_list() -> None:
    marks = {"": "a", "a": "b", "b": "b"}
    rows = {"": [row(1)], "a": [row(2)], "b": []}
    paging = Paging(by="cursor", place="p", parameter="c", next_path=("next",))
    listed = Listed(lambda _: [], paging)

    def fetch(parameters: dict[str, str], _url: str, _window: Any) -> Answer:
        mark = parameters.get("c", "")
        return Answer(rows=rows[mark], document={"next": marks[mark]})

    listed.fetch = fetch  # type: ignore[method-assign]
    assert listed.poll() == [1, 2]
