"""Times: offsets, clocks, days that stay days, holidays."""

from __future__ import annotations

import statistics
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from conformance.checks.common import awaited, instant, unheard, wrong
from conformance.finding import Finding, passed, skipped, warned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.lab import Lab
    from hub.supervision.calendar import WorkCalendar

MEDIAN_S: Final = 30.0
P99_S: Final = 120.0
"""Limits of a clock's skew (conformance specification, TIM-02)."""

HOUR_S: Final = 3600
OPENS, CLOSES = time(6), time(22)
"""Between which nearly all work of an office is done and keyed in, evening duty too. Our own proposal."""

DAY_CHARS: Final = 10
"""Characters of a day; an instant has more."""


def offsets_are_explicit(lab: Lab) -> Finding:
    """TIM-01: every canonical instant has an offset, none lies in the future, and none is off by whole hours.

    Where only the department knows when something happened the scripted acts stand for it: staff key them in within
    working hours. Where no instant is told at all there is nothing to be seen.
    """
    waiting = awaited(lab) or unheard(lab)
    if waiting is not None:
        return waiting
    told = [(each, text) for each in lab.events() if _is_instant(text := each["data"]["occurred_at"])]
    naive = [text for _, text in told if instant(text).tzinfo is None]
    lab.keep("CAN", "times.json", [text for _, text in told][:20])
    if naive:
        return wrong("hub", "规范时间没有时区", "a canonical time has no offset", expected="an offset", got=naive[0])
    ahead = [(each["data"], _ahead_s(lab, each)) for each in lab.events()]
    future = max(ahead, key=lambda each: each[1])
    if future[1] > P99_S:
        return _of_another_zone(lab, future[0], f"{future[1] / HOUR_S:.1f} hours after it came")
    scripted = [each for events in lab.scripted_events().values() for each in events]
    truths = {each["id"]: truth for each in scripted if (truth := _truth(lab, each)) is not None}
    for each in scripted:
        shift_s = (
            (instant(each["data"]["occurred_at"]) - truths[each["id"]]).total_seconds() if each["id"] in truths else 0
        )
        if shift_s and shift_s % HOUR_S == 0 and abs(shift_s) > HOUR_S:
            return _of_another_zone(lab, each["data"], f"off by {shift_s / HOUR_S:g} hours")
    if truths:
        return passed("时间都带时区，与申报一致", "every time has its offset, of the declared zone")
    return _within_hours(lab, scripted)


def _within_hours(lab: Lab, scripted: Sequence[dict[str, Any]]) -> Finding:
    """Hold scripted acts against the hours in which people work: a zone that is off by eight hours shows there."""
    said = [(each["data"], each["data"].get(name, "")) for each in scripted for name in ("occurred_at", "recorded_at")]
    local = [(data, instant(text).astimezone(lab.calendar.zone)) for data, text in said if _is_instant(text)]
    if not local:
        return skipped(
            "脚本办件只报日期，没有时刻", "scripted acts tell days alone: there is no time to be held against"
        )
    night = [(data, at) for data, at in local if not OPENS <= at.time() < CLOSES]
    lab.keep("LOG", "hours.json", {"instants": len(local), "at night": len(night)})
    if len(night) * 2 > len(local):
        return _of_another_zone(lab, night[0][0], f"{len(night)} of {len(local)} scripted acts at night")
    return passed(
        f"{len(local)} 个时刻都带时区，在工作时段，无未来时间",
        f"{len(local)} instants have their offset, lie within working hours, and none in the future",
    )


def _of_another_zone(lab: Lab, data: dict[str, Any], off: str) -> Finding:
    return wrong(
        "department",
        "源时间不在申报的时区",
        "the source's times are not of the declared zone",
        expected=lab.mapping.declaration.timezone,
        got=f"{off}: {data['occurred_at']}",
        pointer="/data/occurred_at",
        fix=("改 read.timezone，或写本地时间", "mend read: {timezone: …}, or the times"),
    )


def _is_instant(text: str) -> bool:
    return len(text) > DAY_CHARS


def _truth(lab: Lab, event: dict[str, Any]) -> datetime | None:
    """Return when something really happened, where somebody else knows, and an instant of it is told."""
    data = event["data"]
    if lab.department is None or not _is_instant(data["occurred_at"]):
        return None
    return lab.department.occurred_at(data["case"]["case_no"], data["type"], data["occurrence"])


def _ahead_s(lab: Lab, event: dict[str, Any]) -> float:
    """Return by how much something happened, as it says, after the hub had it; of a day, after that day's end."""
    text, received = event["data"]["occurred_at"], instant(event["receivedat"])
    if _is_instant(text):
        return (instant(text) - received).total_seconds()
    return (datetime.combine(date.fromisoformat(text), time(), lab.calendar.zone) - received).total_seconds()


def clocks_agree(lab: Lab) -> Finding:
    """TIM-02: the department's clock, by its own record times against those when things were keyed in, is near ours.

    Where nobody else knows when something was keyed in, a clock that is ahead shows in what was entered after it came,
    and one that is behind in that nothing comes soon: so one entry has to be read within two minutes, by the hub or by
    an edge, whose shipment tells when. Of a department that exports by night alone, or of a kit, the one half that can
    be seen is said with a warning.
    """
    waiting = awaited(lab)
    if waiting is not None:
        return waiting
    skews, lags = [], []
    for each in lab.events():
        data = each["data"]
        if not _is_instant(data.get("recorded_at", "")):
            continue
        recorded, known = instant(data["recorded_at"]), _keyed(lab, data)
        seen = instant(each["receivedat"])
        lag_s = (min(seen, lab.taken_at or seen) - recorded).total_seconds()
        skews.append(abs((recorded - known).total_seconds()) if known else max(0.0, -lag_s))
        lags.append(0.0 if known else abs(lag_s))
    if not skews:
        return skipped("没有录入时间", "no time of entry is reported")
    ordered = sorted(skews)
    median, p99 = statistics.median(ordered), ordered[int(0.99 * (len(ordered) - 1))]
    lab.keep("MET", "skew.json", {"events": len(skews), "median_s": median, "p99_s": p99, "least_lag_s": min(lags)})
    if median > MEDIAN_S or p99 > P99_S:
        return wrong(
            "department",
            "部门时钟偏差过大",
            "the department's clock is off",
            expected="median <= 30 s, p99 <= 120 s",
            got=f"median {median:.0f} s, p99 {p99:.0f} s",
            pointer="/data/recorded_at",
            fix=("服务器对时（NTP）", "let the server follow a time service (NTP)"),
        )
    if min(lags) > P99_S:
        return warned(
            f"时钟不偏快；最快的一条也在录入 {min(lags):.0f} 秒后才到，看不出是否偏慢：可录入一件后两分钟内读取",
            f"the clock is not ahead; the soonest came {min(lags):.0f} s after its entry, so that whether it is behind "
            "cannot be seen: key something in and have it read within two minutes",
        )
    return passed(f"偏差中位 {median:.0f} 秒", f"median skew {median:.0f} s, p99 {p99:.0f} s")


def _keyed(lab: Lab, data: dict[str, Any]) -> datetime | None:
    """Return when something was really keyed in, where somebody else knows."""
    if lab.department is None:
        return None
    return lab.department.keyed_at(data["case"]["case_no"], data["type"], data["occurrence"])


def holidays_move_deadlines(lab: Lab) -> Finding:
    """TIM-04: a limit that runs over the National Day holidays of 2025, with its make-up days, ends when it should."""
    zone = lab.calendar.zone
    accepted = datetime(2025, 9, 26, 10, tzinfo=zone)
    stand = lab.stand(now=accepted.astimezone(UTC))
    telling = lab.telling(stand)
    stand.tell(telling.event("case.received", accepted, "holiday"), telling.event("case.accepted", accepted, "holiday"))
    _, matter = lab.matter()
    day = _counted(accepted.date(), matter["promised_limit"]["n"])
    clocks = {row.kind: row for row in stand.case("holiday")["clocks"]}
    expected, got = datetime.combine(day + timedelta(days=1), time(), zone), clocks["promised"].due_at
    lab.keep("STT", "holiday.json", {"expected": expected, "got": got})
    if expected != got:
        return wrong(
            "hub", "节假日未正确移动期限", "holidays do not move the deadline rightly", expected=expected, got=got
        )
    return passed("节假日与调休正确", "holidays and make-up days move the deadline rightly")


def _counted(day: date, n: int) -> date:
    """Return the nth working day after a day of that autumn, counted one by one."""
    for _ in range(n):
        day += timedelta(days=1)
        while not WORKED.get(day.isoformat(), day.weekday() < 5):  # noqa: PLR2004 - Saturday
            day += timedelta(days=1)
    return day


def counts_rightly(calendar: WorkCalendar) -> bool:
    """Tell whether a calendar counts over those holidays as they were: a wrong one is no department's fault."""
    begun = date(2025, 9, 26)
    return calendar.add_workdays(begun, 10)[0] == _counted(begun, 10)


WORKED: Final = {
    "2025-09-28": True,
    **{f"2025-10-{day:02d}": False for day in range(1, 9)},
    "2025-10-11": True,
}
"""Days of 2025 that are worked, or not, against the week (国办发明电〔2024〕12号)."""


def days_stay_days(lab: Lab) -> Finding:
    """TIM-05: an event of which only the day is known keeps the day, and no midnight is made of it."""
    stand = lab.stand()
    telling, now = lab.telling(stand), stand.hub.clock.now()
    day = (now - timedelta(days=3)).astimezone(lab.calendar.zone).date().isoformat()
    stand.tell(telling.event("case.received", day, "day"), telling.report(now))
    (event,) = stand.events()
    lab.keep("CAN", "event.json", event)
    if event["data"]["occurred_at"] != day:
        return wrong("hub", "日期被补成时刻", "a day became an instant", expected=day, got=event["data"]["occurred_at"])
    return passed("日期仍是日期", "a day stays a day")
