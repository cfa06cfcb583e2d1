"""What a source begins to send is told within the read it first comes in, and never what it always sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hub.drift import Drifts, Watched
from hub.mapping import load
from hub.mapping.drift import COLUMNS, LOOKED_AT, SHAPED, SURE, Seen, Tracker, type_of
from hub.model.values import Portion, Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MAPPING = """\
connection: test.one
department: "11321200014000028L"
kind: files
read: {names: {way: sb_way}}
codes:
  ways: {"1": window, "*": other}
case:
  source_case_no: no
  region_code: "'321200'"
  channel: code("ways", trim(way))
events:
  - {type: case.received, occurred_at: time(at)}
"""
USUAL = {"no": "1", "sb_way": "1", "at": "2026-01-05", "fee": "12.5"}


class Sourced:
    """A source that hands over the given records, and remembers what it was told."""

    def __init__(self, *records: Mapping[str, Any]) -> None:
        self.records = records

    def read(self, _checkpoint: Any) -> Iterator[Portion]:
        records = [Record(place=f"r:{n}", raw=b"", tree=tree) for n, tree in enumerate(self.records)]
        yield Portion(records=records, checkpoint={}, final=True)

    def acknowledge(self, records: Sequence[Record]) -> None:
        """Hear nothing."""


@pytest.fixture
def drifts(tmp_path: Path) -> Drifts:
    return Drifts(tmp_path / "drift")


@pytest.fixture
def mapping(tmp_path: Path) -> Any:
    path = tmp_path / "one.yaml"
    path.write_text(MAPPING, encoding="utf-8")
    return load(path, environment={})


def told(drifts: Drifts, mapping: Any, *records: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Read `records` once, as a process of its own would; return all that is known to be new."""
    source: Any = Sourced(*records)
    list(Watched(source, mapping, drifts).read(None))
    return [(each.kind, each.column) for each in drifts.load("test.one").findings]


def test_new_columns_codes_and_types_are_told_within_one_read(drifts: Drifts, mapping: Any) -> None:
    assert told(drifts, mapping, *[USUAL] * SURE) == []
    changed = {**USUAL, "sb_way": "9", "fee": "free", "at": "tomorrow", "remark": "x"}
    assert set(told(drifts, mapping, USUAL, changed)) == {
        ("new-column", "remark"),
        ("new-code", "sb_way"),
        ("changed-type", "at"),
        ("changed-type", "fee"),
    }


def test_a_code_that_falls_to_the_default_is_told_though_nothing_was_refused(drifts: Drifts, mapping: Any) -> None:
    assert mapping.map_record({**USUAL, "sb_way": "9"})
    assert told(drifts, mapping, {**USUAL, "sb_way": "9"}) == [("new-code", "sb_way")]


def test_what_is_told_is_told_once_and_shows_no_value(drifts: Drifts, mapping: Any) -> None:
    told(drifts, mapping, USUAL)
    for _ in range(2):
        assert told(drifts, mapping, {**USUAL, "sb_way": "张三丰"}) == [("new-code", "sb_way")]
    (finding,) = drifts.load("test.one").findings
    assert "张三丰" not in finding.detail
    drifts.forget("test.one")
    assert drifts.load("test.one") == Seen()


def test_a_file_without_its_header_row_gives_nobody_away(
    drifts: Drifts, mapping: Any, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    row = {"欧阳震华": "李四", "321281199003071234": "1", "13812345678": "2"}
    told(drifts, mapping, USUAL)
    assert len(told(drifts, mapping, row)) == 3
    kept = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "drift").glob("*.json"))
    logged = "".join(str(vars(record)) for record in caplog.records)
    assert "new-column" in logged
    assert not [name for name in (*row, "李四") if name in kept + logged]


def test_a_read_of_nothing_learns_nothing(drifts: Drifts, mapping: Any) -> None:
    assert told(drifts, mapping) == []
    assert drifts.load("test.one").is_learning


def test_a_few_values_of_one_type_make_no_rule(drifts: Drifts, mapping: Any) -> None:
    told(drifts, mapping, *[USUAL] * (SURE - 1))
    assert told(drifts, mapping, {**USUAL, "fee": "free"}) == []


def test_a_damaged_memory_stops_nothing(drifts: Drifts, mapping: Any, tmp_path: Path) -> None:
    told(drifts, mapping, USUAL)
    (path,) = Path(tmp_path / "drift").glob("*.json")
    path.write_bytes(b"{")
    assert told(drifts, mapping, {**USUAL, "new": "1"}) == []


def test_a_long_read_is_looked_at_closely_at_its_beginning_and_now_and_then_after() -> None:
    tracker = Tracker(Seen(is_learning=False), {})
    tracker.begin()
    for _ in range(LOOKED_AT + 640):
        tracker.look({"a": "1"})
    assert tracker.seen.types["a"] == {"number": LOOKED_AT + 10}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("12.50", "number"),
        (7, "number"),
        ("2026-01-05 09:00", "time"),
        ("2026年1月5日", "time"),
        ("x1", "text"),
        ([], "nested"),
    ],
)
def test_types_are_those_a_person_would_name(value: object, kind: str) -> None:
    assert type_of(value) == kind


def test_a_source_that_makes_up_names_does_not_fill_memory() -> None:
    tracker = Tracker(Seen(), {})
    for number in range(100):
        tracker.look({f"made-up-{number}-{place}": "1" for place in range(1000)})
    assert len(tracker.seen.columns) <= COLUMNS
    assert len(tracker.seen.types) <= COLUMNS
    assert sum(map(len, tracker._shapes)) <= SHAPED
