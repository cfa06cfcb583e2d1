"""Silence is evidence, but never beyond the present, never while something is still coming in, and not for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.horizon import BACKFILL, READ, horizon
from hub.model.values import Watermark

NOW = datetime(2026, 3, 3, tzinfo=UTC)
SECOND = timedelta(seconds=1)
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - aware by timezones
DELAYS = st.integers(min_value=0, max_value=90 * 86_400)


@st.composite
def marks(draw: st.DrawFn) -> Watermark | None:
    reading = draw(st.sampled_from(["", "r"]))
    return draw(
        st.one_of(
            st.none(),
            st.builds(
                Watermark,
                connection_id=st.just("a"),
                delivered_to=st.none() | INSTANTS,
                importing=st.just(past := draw(st.sampled_from(["", "past"]))),
                importing_since=INSTANTS if past else st.none(),
                reading=st.just(reading),
                reading_since=INSTANTS if reading else st.none(),
            ),
        )
    )


@given(marks(), DELAYS, INSTANTS)
def test_nothing_is_judged_beyond_the_present(mark: Watermark | None, delay_s: int, now: datetime) -> None:
    found = horizon(mark, allowed_delay_s=delay_s, now=now)
    assert found is None or found <= now


@given(marks(), DELAYS, INSTANTS, st.timedeltas(timedelta(0), timedelta(days=30)))
def test_as_time_passes_a_horizon_never_goes_back(
    mark: Watermark | None, delay_s: int, now: datetime, later: timedelta
) -> None:
    before = horizon(mark, allowed_delay_s=delay_s, now=now)
    after = horizon(mark, allowed_delay_s=delay_s, now=now + later)
    assert before is None or (after is not None and after >= before)


@given(marks(), DELAYS, INSTANTS)
def test_no_clock_is_stopped_for_ever(mark: Watermark | None, delay_s: int, now: datetime) -> None:
    since = [each for each in (mark.reading_since, mark.importing_since) if each] if mark else []
    longest = max(timedelta(seconds=delay_s), BACKFILL)
    later = max([now, *since]) + longest + SECOND
    found = horizon(mark, allowed_delay_s=delay_s, now=later)
    assert found is not None
    assert found >= later - timedelta(seconds=delay_s)


@pytest.mark.parametrize(("importing", "patience"), [("", READ), ("r", BACKFILL)])
@pytest.mark.parametrize("delay_s", [0, 1, 3 * 86_400])
def test_a_read_coming_in_is_waited_for_however_short_the_allowed_delay(
    importing: str, patience: timedelta, delay_s: int
) -> None:
    longest = max(patience, timedelta(seconds=delay_s))
    since = NOW if importing else None
    mark = Watermark(
        connection_id="a",
        delivered_to=None,
        importing=importing,
        importing_since=since,
        reading="r",
        reading_since=NOW,
    )
    assert horizon(mark, allowed_delay_s=delay_s, now=NOW + longest) is None
    given_up = horizon(mark, allowed_delay_s=delay_s, now=NOW + longest + SECOND)
    assert given_up == NOW + longest + SECOND - timedelta(seconds=delay_s)


def test_what_was_delivered_before_holds_while_more_comes_in_but_not_while_a_past_is_imported() -> None:
    mark = Watermark(connection_id="a", delivered_to=NOW, reading="r", reading_since=NOW)
    assert horizon(mark, allowed_delay_s=0, now=NOW + SECOND) == NOW
    past = Watermark(connection_id="a", delivered_to=NOW, importing="r", importing_since=NOW)
    assert horizon(past, allowed_delay_s=0, now=NOW + SECOND) is None
