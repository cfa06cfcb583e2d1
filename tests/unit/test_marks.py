"""A watermark moves when the events before it are here, never when a report merely overtakes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub import marks
from hub.horizon import horizon
from hub.model.values import Awaited, Watermark

EARLIER = datetime(2026, 3, 2, tzinfo=UTC)
LATER = datetime(2026, 3, 3, tzinfo=UTC)
NOW = LATER
DAY = timedelta(days=1)


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


@pytest.mark.parametrize("backfill", [True, False])
def test_a_read_is_coming_in_until_its_own_report_is_settled(backfill: bool) -> None:  # noqa: FBT001 - a case
    mark = marks.begun(marks.fresh("a"), "r", backfill=backfill, now=EARLIER)
    other = marks.settled(marks.reported(mark, awaited("s", 0)), {})
    assert (other.reading, other.reading_since, bool(other.importing)) == ("r", EARLIER, backfill)
    done = marks.settled(marks.reported(other, awaited("r", 1)), {"r": 1})
    assert (done.reading, done.reading_since, done.importing) == ("", None, "")


def test_a_read_that_comes_and_goes_during_an_import_does_not_end_it() -> None:
    mark = marks.begun(marks.fresh("a"), "past", backfill=True, now=NOW)
    mark = marks.begun(mark, "live", backfill=False, now=NOW)
    mark = marks.settled(marks.reported(mark, awaited("live", 1, None)), {"live": 1})
    assert horizon(mark, allowed_delay_s=0, now=NOW) is None
    mark = marks.begun(mark, "past", backfill=True, now=LATER)
    assert (mark.importing, mark.importing_since) == ("past", NOW)
    done = marks.settled(marks.reported(mark, awaited("past", 2)), {"past": 2})
    assert (done.importing, done.importing_since) == ("", None)
    assert horizon(done, allowed_delay_s=0, now=NOW) == NOW


def test_an_event_that_was_lost_does_not_hold_a_mark_for_ever() -> None:
    mark = marks.reported(marks.fresh("a"), awaited("lost", 1, EARLIER))
    for number in range(marks.AWAITED_MOST):
        mark = marks.settled(marks.reported(mark, awaited(f"r{number}", 0)), {})
        assert len(mark.awaited) <= marks.AWAITED_MOST
    assert (mark.delivered_to, mark.awaited) == (LATER, ())


def test_hearing_more_of_a_read_does_not_prolong_it() -> None:
    mark = marks.begun(marks.fresh("a"), "r", backfill=False, now=EARLIER)
    assert marks.begun(mark, "r", backfill=False, now=LATER) == mark


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        (None, NOW - DAY),
        (Watermark(connection_id="a", delivered_to=None), NOW - DAY),
        (Watermark(connection_id="a", delivered_to=NOW - DAY / 2), NOW - DAY / 2),
        (Watermark(connection_id="a", delivered_to=NOW + DAY), NOW),
        (Watermark(connection_id="a", delivered_to=NOW - 9 * DAY), NOW - DAY),
        (Watermark(connection_id="a", delivered_to=None, reading="r", reading_since=NOW), None),
        (Watermark(connection_id="a", delivered_to=NOW - 9 * DAY, reading="r", reading_since=NOW), NOW - 9 * DAY),
        (Watermark(connection_id="a", delivered_to=NOW - 9 * DAY, reading="r", reading_since=NOW - 2 * DAY), NOW - DAY),
        (Watermark(connection_id="a", delivered_to=NOW, importing="r", importing_since=NOW), None),
    ],
)
def test_silence_is_evidence_up_to_the_horizon(mark: Watermark | None, expected: datetime | None) -> None:
    assert horizon(mark, allowed_delay_s=int(DAY.total_seconds()), now=NOW) == expected


def test_hearing_a_report_twice_changes_nothing() -> None:
    mark = marks.reported(marks.fresh("a"), awaited("r", 2))
    assert marks.reported(mark, awaited("r", 2)) == mark
