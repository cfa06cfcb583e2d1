"""What a check did not see it does not pass: real connections whose times nobody else knows, exports that shrink."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from conformance.checks.completeness import unheard_days
from conformance.checks.duplicates import re_export_is_nothing_new
from conformance.checks.encoding import conflicts_are_refused
from conformance.checks.latency import events_arrive_in_time
from conformance.checks.times import clocks_agree, offsets_are_explicit
from conformance.checks.volume import drained_in_time, peak_is_carried
from hub.errors import Unavailable
from hub.supervision.calendar import WorkCalendar

ZONE = ZoneInfo("Asia/Shanghai")
CAME = datetime(2026, 3, 4, 18, 5, tzinfo=ZONE)
"""A Wednesday, after the day's export."""


def an_event(occurred: str, *, recorded: str = "2026-03-04T18:04:00+08:00", came: datetime = CAME) -> dict[str, Any]:
    data = {
        "type": "case.received", "occurrence": "", "occurred_at": occurred, "recorded_at": recorded,
        "case": {"case_no": "TST-s-01"}, "provenance": {"backfill": False},
    }  # fmt: skip
    return {"id": occurred, "time": occurred, "receivedat": came.astimezone(UTC).isoformat(), "data": data}


def a_lab(*events: dict[str, Any], **changes: Any) -> Any:
    """A lab of a real connection: nobody but the department knows when something happened, or was keyed in."""
    knows_nothing = SimpleNamespace(occurred_at=lambda *_: None, keyed_at=lambda *_: None)
    values: dict[str, Any] = {
        "refused": lambda: [{"code": "x"}],
        "events": lambda: events,
        "scripted_events": lambda: {1: events},
        "department": knows_nothing,
        "taken_at": None,
        "calendar": SimpleNamespace(zone=ZONE),
        "mapping": SimpleNamespace(declaration=SimpleNamespace(timezone="Asia/Shanghai", kind="files")),
        "keep": lambda *_: None,
    }
    return SimpleNamespace(**{**values, **changes})


@pytest.mark.parametrize(
    ("occurred", "verdict", "said"),
    [
        ("2026-03-04T10:00:00+08:00", "pass", ""),
        ("2026-03-04T10:00:00Z", "pass", ""),
        ("2026-03-04T02:00:00+08:00", "fail", "at night"),
        ("2026-03-05T02:00:00+08:00", "fail", "7.9 hours after it came"),
        ("2026-03-09", "fail", "hours after it came"),
        ("2026-03-04", "pass", ""),
    ],
    ids=["by day", "by day, elsewhere", "at night", "in the future", "a day to come", "a day"],
)
def test_a_zone_that_is_not_the_declared_one_shows_on_a_connection_whose_times_nobody_else_knows(
    occurred: str, verdict: str, said: str
) -> None:
    events = [
        an_event(occurred),
        an_event(occurred, recorded=occurred if "T" in occurred else "2026-03-04T17:00:00+08:00"),
    ]
    found = offsets_are_explicit(a_lab(*events))
    assert found.verdict == verdict, found
    assert said in found.got
    assert "off by 0 hours" not in found.got


def test_acts_that_tell_days_alone_show_no_zone() -> None:
    event = an_event("2026-03-04")
    del event["data"]["recorded_at"]
    assert offsets_are_explicit(a_lab(event)).verdict == "skip"


@pytest.mark.parametrize(
    ("recorded", "verdict"),
    [("18:04:00", "pass"), ("17:00:00", "warn"), ("18:20:00", "fail")],
    ids=["read at once", "read an hour later", "ahead"],
)
def test_a_clock_is_judged_by_what_is_read_soon_after_its_entry(recorded: str, verdict: str) -> None:
    event = an_event("2026-03-04T10:00:00+08:00", recorded=f"2026-03-04T{recorded}+08:00")
    assert clocks_agree(a_lab(event)).verdict == verdict


def test_what_an_edge_pulled_soon_was_read_soon_whenever_it_was_shipped() -> None:
    event = an_event("2026-03-04T10:00:00+08:00", recorded="2026-03-04T10:00:00+08:00")
    assert clocks_agree(a_lab(event)).verdict == "warn"
    pulled = datetime(2026, 3, 4, 10, 1, tzinfo=ZONE)
    assert clocks_agree(a_lab(event, taken_at=pulled)).verdict == "pass"
    assert clocks_agree(a_lab(event, taken_at=pulled - timedelta(minutes=10))).verdict == "fail", "ahead of the edge"


def test_days_after_the_last_report_are_silent_too() -> None:
    reports = [{"time": "2026-03-02T10:00:00+08:00"}, {"time": "2026-03-03T10:00:00+08:00"}]
    silent = {}
    for day in (3, 4, 6):
        clock = SimpleNamespace(now=lambda day=day: datetime(2026, 3, day, 18, tzinfo=ZONE))
        silent[day] = unheard_days(a_lab(reports=lambda: reports, calendar=WorkCalendar(), clock=clock))
    assert silent == {3: [], 4: [], 6: ["2026-03-04"]}, "what yesterday was may be said today"


def test_an_event_that_came_before_its_own_entry_is_not_early() -> None:
    reports = [{"time": (CAME - timedelta(days=20)).isoformat()}, {"time": CAME.isoformat()}]
    calendar = WorkCalendar()
    event = an_event("2026-03-04T10:00:00+08:00", recorded="2026-03-05T10:00:00+08:00")
    lab = a_lab(event, reports=lambda: reports, calendar=calendar)
    lab.declared = SimpleNamespace(document={"latency_minutes": 60})
    found = events_arrive_in_time(lab)
    assert (found.verdict, found.pointer) == ("fail", "/data/recorded_at")


class Stand:
    """A stand on which every record is one event, new or not."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.hub = SimpleNamespace(partitions=[0])
        self.bus = SimpleNamespace(depth=lambda _: 0)

    def take(self, records: Any) -> Any:
        self.taken += records
        return SimpleNamespace(read=len(records), events=len(records))

    def account(self) -> dict[str, Any]:
        contents = [str(each.tree) for each in self.taken]
        fresh = len(set(contents))
        outcomes = {"applied": fresh, "duplicate": len(contents) - fresh}
        return {"outcomes": outcomes, "mapped": len(contents), "in_flight": 0}


def records(count: int) -> list[Any]:
    return [SimpleNamespace(tree={"no": f"甲-{number}"}, refused=None) for number in range(count)]


@pytest.mark.parametrize(("again", "verdict"), [(3, "pass"), (2, "skip"), (0, "skip")])
def test_an_export_that_holds_less_than_the_last_repeats_nothing(again: int, verdict: str) -> None:
    stand = Stand()
    lab = a_lab(given=lambda: records(3), records=lambda: records(again), stand=lambda: stand)
    assert re_export_is_nothing_new(lab).verdict == verdict


@pytest.mark.parametrize(("took_s", "verdict"), [(1.0, "pass"), (100.0, "fail")])
def test_a_peak_that_is_not_drained_in_time_is_not_carried(took_s: float, verdict: str) -> None:
    assert drained_in_time(400, 18_000, took_s).verdict == verdict, "45 minutes for 18000 are a minute for 400"


def test_what_only_comes_again_is_no_volume(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.checks.volume.intake_queue", lambda _: "")
    monkeypatch.setattr("conformance.checks.volume._renumbered", lambda *_: records(3) * 100)
    lab = a_lab(stand=Stand)
    lab.declared = SimpleNamespace(document={"volume": {"peak_per_minute": 10}})
    found = peak_is_carried(lab)
    assert (found.verdict, "297 events" in found.got) == ("fail", True)


def test_a_source_that_goes_away_has_refused_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def reread(_: Any, change: Any) -> list[Any]:
        asked.append(1)
        if len(asked) > 1:
            raise Unavailable("the source is away")
        change("甲".encode())
        return records(1)

    monkeypatch.setattr("conformance.checks.encoding._reread", reread)
    lab = a_lab(given=lambda: records(1))
    lab.declared = SimpleNamespace(document={"encoding": "utf-8"})
    with pytest.raises(Unavailable):
        conflicts_are_refused(lab)


def test_a_conflict_that_is_read_as_if_nothing_were_odd_is_a_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    def reread(_: Any, change: Any) -> list[Any]:
        change("甲-0".encode())
        return records(1)

    monkeypatch.setattr("conformance.checks.encoding._reread", reread)
    lab = a_lab(given=lambda: records(1))
    lab.declared = SimpleNamespace(document={"encoding": "utf-8"})
    assert conflicts_are_refused(lab).verdict == "fail"
