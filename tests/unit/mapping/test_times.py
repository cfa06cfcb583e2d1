"""How times are read and in what one spelling they are written."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Refused
from hub.mapping.times import Times

if TYPE_CHECKING:
    from collections.abc import Callable

SHANGHAI = ZoneInfo("Asia/Shanghai")
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
HERE = Times(SHANGHAI, SHANGHAI)
ABROAD = Times(AMSTERDAM, SHANGHAI)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2011-10-11T13:42:22.688+02:00", "2011-10-11T19:42:22.688000+08:00"),
        ("2011-10-11 13:42:22.688000+02:00", "2011-10-11T19:42:22.688000+08:00"),
        ("2011-10-11T11:42:22Z", "2011-10-11T19:42:22+08:00"),
        ("2011-10-11 19:42:22 +0800", "2011-10-11T19:42:22+08:00"),
        ("2011-10-11 19:42:22", "2011-10-11T19:42:22+08:00"),
        ("2011-10-11 19:42", "2011-10-11T19:42:00+08:00"),
        ("2011-10-11 19:42:22.0", "2011-10-11T19:42:22+08:00"),
        ("20111011194222", "2011-10-11T19:42:22+08:00"),
        ("20111011T194222", "2011-10-11T19:42:22+08:00"),
        ("2011101119:42:22", "2011-10-11T19:42:22+08:00"),
        ("2011/1/5 9:05:00", "2011-01-05T09:05:00+08:00"),
        ("2011年1月5日 9时05分", "2011-01-05T09:05:00+08:00"),
        ("2011-10-11", "2011-10-11"),
        ("20111011", "2011-10-11"),
        ("2011/1/5", "2011-01-05"),
        ("2011年1月5日", "2011-01-05"),
        (" 2011-10-11 ", "2011-10-11"),
    ],
)
def test_a_time_is_read_in_every_known_spelling(written: str, read: str) -> None:
    assert HERE.time(written) == read


@pytest.mark.parametrize(
    "written",
    [
        "2011-13-01", "2011-02-29", "2011-10-11 24:00:00", "2011-10-11 19:60:00", "11.10.2011", "2011-W41-2", "2011",
        "201110", "1318333342", "now", "&nbsp;", "-", "2011-10-11X19:42:22", "1900-01-01 00:00:00", "０００１-01-01",
        "9999-12-31 23:59:59-12:00", "0001-01-01 00:00:00", "2011-10-11 19:42:22+99:00", "9" * 70, "2011-10-111",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(written: str) -> None:
    with pytest.raises(Refused) as refused:
        HERE.time(written)
    assert refused.value.rejection.code == "map.bad-time"


def test_a_naive_time_takes_the_declared_zone_and_keeps_its_text() -> None:
    assert ABROAD.time("2011-10-11 13:42:22") == "2011-10-11T19:42:22+08:00"
    assert ABROAD.time("2011-12-11 13:42:22") == "2011-12-11T20:42:22+08:00"
    assert ABROAD.original("2011-10-11 13:42:22") == "2011-10-11 13:42:22"
    assert ABROAD.original("2011-10-11T13:42:22+02:00") is None
    assert ABROAD.original("2011-10-11") is None


def test_given_formats_are_the_only_ones() -> None:
    formats = (("%m/%d/%Y %I:%M:%S %p", True), ("%m/%d/%Y", False))
    assert HERE.time_by("10/31/2013 02:08:41 AM", formats) == "2013-10-31T02:08:41+08:00"
    assert HERE.time_by("10/31/2013", formats) == "2013-10-31"
    with pytest.raises(Refused):
        HERE.time_by("2013-10-31", formats)


def test_a_version_grows_with_the_time() -> None:
    earlier, later = HERE.as_version("2011-10-11 19:42:22"), HERE.as_version("2011-10-11T19:42:23+08:00")
    assert earlier is not None
    assert later == earlier + 1_000_000
    assert HERE.as_version("17") == 17


@given(st.datetimes(min_value=datetime(1992, 1, 1), timezones=st.just(SHANGHAI)))  # noqa: DTZ001
def test_each_instant_has_one_spelling(instant: datetime) -> None:
    written = instant.isoformat()
    assert HERE.time(written) == written
    assert HERE.time(instant.astimezone(AMSTERDAM).isoformat(" ")) == written
    assert HERE.time(instant.replace(tzinfo=None).isoformat(" ")) == written


@given(st.text() | st.text(alphabet="0123456789-/:. TZ年月日+", max_size=30))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    try:
        read = HERE.time(text)
    except Refused:
        return
    assert read is None or read[4] == "-"


def test_a_time_read_by_a_format_of_its_own_keeps_what_the_source_wrote(compiled: Callable[..., Any]) -> None:
    events = "events:\n  - {type: case.received, occurred_at: \"time(at, '%m/%d/%Y %I:%M:%S %p')\"}\n"
    (event,) = compiled(events=events).map_record({"no": "1", "at": "03/01/2011 02:27:57 PM"})
    assert event.data["occurred_at"] == "2011-03-01T14:27:57+08:00"
    assert event.data["original"] == {"occurred_at": "03/01/2011 02:27:57 PM"}


@pytest.mark.parametrize(
    "text",
    ["2021-12", "2021-1", "2021/12", "2021.12", "2021年12月", "202112", "2021121", "2021-0105", "2021/1/112:30", "5年"],
)
def test_a_month_alone_and_what_could_be_two_days_are_no_time(value_of: Callable[..., Any], text: str) -> None:
    with pytest.raises(Refused) as refused:
        value_of("time(a)", a=text)
    assert refused.value.rejection.code == "map.bad-time"
