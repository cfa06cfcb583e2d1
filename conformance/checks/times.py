"""Times: offsets, clocks, days that stay days, holidays."""

from __future__ import annotations

import statistics
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from conformance.checks.common import awaited, instant, wrong
from conformance.finding import Finding, passed, skipped

if TYPE_CHECKING:
    from conformance.lab import Lab
    from hub.supervision.calendar import WorkCalendar

MEDIAN_S: Final = 30.0
P99_S: Final = 120.0
"""Limits of a clock's skew (conformance specification, TIM-02)."""

WHOLE_HOURS: Final = 3600
DAY_CHARS: Final = 10
"""Characters of a day; an instant has more."""


def offsets_are_explicit(lab: Lab) -> Finding:
    """TIM-01: every canonical instant has an offset, and none is off by whole hours: the zone is the real one."""
    waiting = awaited(lab)
    if waiting is not None:
        return waiting
    naive = [
        each
        for each in lab.events()
        if len(each["data"]["occurred_at"]) > DAY_CHARS and instant(each["data"]["occurred_at"]).tzinfo is None
    ]
    if naive:
        return wrong(
            "hub",
            "规范时间没有时区",
            "a canonical time has no offset",
            expected="an offset",
            got=naive[0]["data"]["occurred_at"],
        )
    shifted = []
    for events in lab.scripted_events().values():
        for each in events:
            data = each["data"]
            truth = (
                lab.department.occurred_at(data["case"]["case_no"], data["type"], data["occurrence"])
                if lab.department
                else None
            )
            shift_s = (instant(data["occurred_at"]) - truth).total_seconds() if truth else 0.0
            if shift_s and shift_s % WHOLE_HOURS == 0 and abs(shift_s) > WHOLE_HOURS:
                shifted.append((data, shift_s / WHOLE_HOURS))
    future = [each for each in lab.events() if instant(each["data"]["occurred_at"]) > instant(each["receivedat"])]
    lab.keep("CAN", "times.json", [each["data"]["occurred_at"] for each in lab.events()][:20])
    if shifted or future:
        data, hours = shifted[0] if shifted else (future[0]["data"], 0.0)
        return wrong(
            "department",
            "源时间不在申报的时区",
            "the source's times are not of the declared zone",
            expected=lab.mapping.declaration.timezone,
            got=f"off by {hours:g} hours: {data['occurred_at']}",
            pointer="/data/occurred_at",
            fix=("改 read.timezone，或写本地时间", "mend read: {timezone: …}, or the times"),
        )
    return passed("时间都带时区，与申报一致", "every time has its offset, of the declared zone")


def clocks_agree(lab: Lab) -> Finding:
    """TIM-02: the department's clock, by its own record times against those when things were keyed in, is near ours."""
    waiting = awaited(lab)
    if waiting is not None:
        return waiting
    skews = []
    for each in lab.events():
        data = each["data"]
        if "recorded_at" not in data:
            continue
        recorded = instant(data["recorded_at"])
        known = (
            lab.department.keyed_at(data["case"]["case_no"], data["type"], data["occurrence"])
            if lab.department
            else None
        )
        ahead = max(0.0, (recorded - instant(each["receivedat"])).total_seconds())
        skews.append(abs((recorded - known).total_seconds()) if known else ahead)
    if not skews:
        return skipped("没有录入时间", "no time of entry is reported")
    ordered = sorted(skews)
    median, p99 = statistics.median(ordered), ordered[int(0.99 * (len(ordered) - 1))]
    lab.keep("MET", "skew.json", {"events": len(skews), "median_s": median, "p99_s": p99})
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
    return passed(f"偏差中位 {median:.0f} 秒", f"median skew {median:.0f} s, p99 {p99:.0f} s")


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
