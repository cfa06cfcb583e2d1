"""A watermark moves when the events before it are here, never when a report merely overtakes them."""

from __future__ import annotations

from datetime import UTC, datetime

from hub import marks
from hub.model.values import Awaited

EARLIER = datetime(2026, 3, 2, tzinfo=UTC)
LATER = datetime(2026, 3, 3, tzinfo=UTC)


def awaited(read_id: str, events: int, watermark: datetime | None = LATER) -> Awaited:
    """Return a read reported with `events` events for this partition."""
    return Awaited(read_id=read_id, events=events, watermark=watermark)


def test_a_report_that_overtakes_its_events_moves_nothing() -> None:
    mark = marks.reported(marks.fresh("a"), awaited("r", 2))
    assert marks.settled(mark, {"r": 1}).delivered_to is None
    assert marks.settled(mark, {}).awaited == mark.awaited


def test_the_last_event_moves_the_mark() -> None:
    mark = marks.settled(marks.reported(marks.fresh("a"), awaited("r", 2)), {"r": 2})
    assert mark.delivered_to == LATER
    assert mark.awaited == ()


def test_a_later_read_waits_for_an_earlier_one() -> None:
    mark = marks.reported(marks.reported(marks.fresh("a"), awaited("r", 2, EARLIER)), awaited("s", 0))
    assert marks.settled(mark, {"r": 1}).delivered_to is None
    assert marks.settled(mark, {"r": 2}).delivered_to == LATER


def test_a_mark_never_goes_back() -> None:
    mark = marks.settled(marks.reported(marks.fresh("a"), awaited("r", 0, LATER)), {})
    assert marks.settled(marks.reported(mark, awaited("s", 0, EARLIER)), {}).delivered_to == LATER


def test_a_backfill_is_open_until_its_own_report_is_settled() -> None:
    mark = marks.importing(marks.fresh("a"), "r")
    other = marks.settled(marks.reported(mark, awaited("s", 0)), {})
    assert other.importing == "r"
    assert marks.settled(marks.reported(other, awaited("r", 1)), {"r": 1}).importing == ""


def test_hearing_a_report_twice_changes_nothing() -> None:
    mark = marks.reported(marks.fresh("a"), awaited("r", 2))
    assert marks.reported(mark, awaited("r", 2)) == mark
