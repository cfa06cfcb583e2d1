"""Lateness: what comes late is kept and marked; a declared backfill is judged once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from conformance.checks.common import instant, wrong
from conformance.finding import Finding, passed

if TYPE_CHECKING:
    from conformance.lab import Lab


def late_events_are_kept_and_marked(lab: Lab) -> Finding:
    """LTE-01: a closing in time that is told late keeps its time; the alert raised meanwhile stays, revoked."""
    stand = lab.stand()
    start = stand.hub.clock.now()
    telling = lab.telling(stand)
    first = [
        telling.event(kind, start, "late", recorded_at=start.isoformat()) for kind in ("case.received", "case.accepted")
    ]
    stand.tell(*first, telling.report(start))
    stand.move_to(start + timedelta(days=60))
    telling = lab.telling(stand)
    stand.tell(telling.report(stand.hub.clock.now()))
    raised = {rule: row["state"] for (no, rule), row in stand.alerts().items() if no == "late"}
    in_time, now = start + timedelta(hours=2), stand.hub.clock.now()
    telling = lab.telling(stand)
    told = [
        telling.event(kind, in_time, "late", recorded_at=now.isoformat()) for kind in ("case.decided", "case.closed")
    ]
    stand.tell(*told, telling.report(now))
    after = {rule: row["state"] for (no, rule), row in stand.alerts().items() if no == "late"}
    closing = next(each for each in stand.events() if each["data"]["type"] == "case.closed")
    lab.keep("STT", "alerts.json", {"raised": raised, "after": after})
    lab.keep("CAN", "closing.json", closing)
    overdue = {rule for rule in raised if rule in {"R14", "R15"}}
    if not overdue:
        return wrong("hub", "超期未告警", "being overdue raised no alert", expected="R14, R15", got=raised)
    kept = instant(closing["data"]["occurred_at"]) == in_time and instant(closing["receivedat"]) == now
    if not kept or "R44" not in after:
        return wrong(
            "hub",
            "迟到事件未留存或未标记",
            "the late event is not kept or not marked",
            expected="times kept, R44",
            got=after,
        )
    if any(after.get(rule) != "revoked" for rule in overdue):
        return wrong(
            "hub", "已有告警被抹去或未批注", "an alert was erased, or not annotated", expected="revoked", got=after
        )
    return passed(
        "迟到事件留存、标记，告警批注而不抹去", "a late event is kept and marked, alerts are revoked and stay"
    )


def backfill_is_judged_once(lab: Lab) -> Finding:
    """LTE-02: a declared backfill of cases closed in time raises no alert, though it is read piece by piece."""
    stand = lab.stand()
    start = stand.hub.clock.now() - timedelta(days=90)
    telling = lab.telling(stand, backfill=True)
    for kind, day in (
        ("case.received", 0),
        ("case.accepted", 1),
        ("case.decided", 2),
        ("case.closed", 2),
        ("case.delivered", 3),
    ):
        stand.tell(*[telling.event(kind, start + timedelta(days=day), f"old-{number}") for number in range(20)])
    stand.tell(telling.report(stand.hub.clock.now()))
    alerts = sorted({rule for _, rule in stand.alerts()})
    lab.keep("MET", "alerts.json", alerts)
    storm = [rule for rule in alerts if rule in {"R10", "R11", "R13", "R14", "R15", "R44"}]
    if storm:
        return wrong("hub", "补录引发告警", "a backfill raised alerts", expected="none on time", got=storm)
    return passed("补录只在结束时判断一次", "a backfill is judged once, at its end")
