"""Completeness: counts and keys of the department against the hub's, and silence that is not taken for zero."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from conformance.checks.common import instant, shown, window, wrong
from conformance.finding import Finding, passed, skipped, waits

if TYPE_CHECKING:
    from conformance.lab import Lab
    from conformance.model import Subject

FIX = (
    "补送缺少的办件；多出的如系以前试接所留，请清空沙箱：conformance reset",
    "send the missing cases; empty the sandbox (conformance reset) where what is too much is of an earlier trial",
)


def shadowed(lab: Lab, days: int) -> Finding | None:
    """Wait until the pilot has run for so many working days; None where it has."""
    seen = window(lab)
    if len(seen) >= days:
        return None
    return waits(
        f"影子期第 {len(seen)} 个工作日，共需 {days} 个", f"working day {len(seen)} of {days} of the shadow window"
    )


def unheard_days(lab: Lab) -> list[str]:
    """Return the working days since the first report on which no read and no push was reported.

    Of the days after the last report the latest does not count yet: who sends may say today what yesterday was.
    """
    heard = {instant(each["time"]).astimezone(lab.calendar.zone).date() for each in lab.reports()}
    if not heard:
        return []
    until = lab.clock.now().astimezone(lab.calendar.zone).date()
    days = (min(heard) + timedelta(days=number) for number in range((until - min(heard)).days))
    silent = [day for day in days if lab.calendar.is_workday(day) and day not in heard]
    latest = lab.calendar.back_workdays(until, 1)
    return [day.isoformat() for day in silent if day < max(heard) or day < latest]


def counts_match(lab: Lab) -> Finding:
    """CMP-01: the department's count by matter, state and day of receipt is the hub's."""
    theirs = lab.department.counts() if lab.department else None
    if theirs is None:
        return waits("等待部门报送分项计数", "waiting for the department's own counts")
    waiting = shadowed(lab, 10)
    if waiting is not None:
        return waiting
    ours: Counter[str] = Counter()
    for row in lab.cases().values():
        day = row["opened_at"].astimezone(lab.calendar.zone).date().isoformat() if row["opened_at"] else ""
        ours[f"{row['matter_code']}|{row['state']}|{day}"] += 1
    lab.keep("REC", "counts.json", {"department": dict(theirs), "hub": dict(ours)})
    if not theirs and not ours:
        return skipped("没有可核对的办件", "there was no case to compare")
    off = sorted(name for name in {*theirs, *ours} if theirs.get(name, 0) != ours.get(name, 0))
    if off:
        return wrong(
            "department",
            "分项计数不一致",
            "counts do not match",
            expected=f"{off[0]}: {theirs.get(off[0], 0)}",
            got=f"{ours.get(off[0], 0)} ({len(off)} differ)",
            pointer=off[0],
            fix=FIX,
        )
    return passed(f"{len(theirs)} 项计数一致", f"all {len(theirs)} counts match")


def keys_match(lab: Lab) -> Finding:
    """CMP-02: the digest of the department's sorted case numbers is the hub's."""
    theirs = lab.department.keys() if lab.department else None
    if theirs is None:
        return waits("等待部门报送键集", "waiting for the department's own keys")
    waiting = shadowed(lab, 10)
    if waiting is not None:
        return waiting
    ours = sorted(lab.cases())
    digests = [hashlib.sha256("\n".join(sorted(keys)).encode()).hexdigest() for keys in (theirs, ours)]
    missing, extra = sorted(set(theirs) - set(ours)), sorted(set(ours) - set(theirs))
    lab.keep("REC", "keys.json", {"digests": digests, "missing": missing, "extra": extra})
    if not theirs and not ours:
        return skipped("没有可核对的办件", "there was no case to compare")
    if digests[0] != digests[1]:
        return wrong(
            "department",
            "键集不一致",
            "key sets do not match",
            expected=f"{len(theirs)} keys",
            got=f"missing {shown(missing[:5])}; extra {shown(extra[:5])}",
            pointer=(missing or extra)[0],
            fix=FIX,
        )
    return passed(f"{len(ours)} 个键一致", f"all {len(ours)} keys match")


def silence_is_no_zero(lab: Lab) -> Finding:
    """CMP-04: every working day of the window has a read or a push, an empty one too; and a connection that falls
    silent raises R46.
    """
    waiting = shadowed(lab, 1)
    if waiting is not None:
        return waiting
    is_sender = lab.mapping.declaration.kind == "push"
    silent = unheard_days(lab)
    days = [day.isoformat() for day in window(lab)]
    lab.keep("LOG", "days.json", {"working days": days, "silent": silent})
    if silent:
        blames: Subject = "department" if is_sender else "connector"
        return wrong(
            blames,
            "有工作日没有任何报告",
            "a working day passed without any report",
            expected="a report each working day",
            got=silent[:5],
            fix=("无业务也报零", "report zero on a day without cases"),
            pointer=silent[0],
        )
    if is_sender:
        return passed("每个工作日都有报告", "each working day has its report")
    return _silence_is_told(lab)


def _silence_is_told(lab: Lab) -> Finding:
    stand = lab.stand()
    stand.take(lab.given()[:1], watermark=stand.hub.clock.now())
    stand.move_to(stand.hub.clock.now() + timedelta(hours=3))
    stand.line.owner.watch_city()
    alerts: list[dict[str, Any]] = [row for row in stand.hub.queries.alerts(limit=100) if row["rule_id"] == "R46"]
    lab.keep("MET", "alerts.json", [row["state"] for row in alerts])
    if not alerts:
        return wrong(
            "hub", "连接沉默未告警", "a connection fell silent and no alert was raised", expected="R46", got="none"
        )
    return passed("每日有报告，沉默即告警", "each day has its report, and silence raises R46")
