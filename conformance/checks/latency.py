"""Latency: from keying in to the hub, over the shadow window."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from conformance.checks.common import instant, wrong
from conformance.checks.completeness import shadowed, unheard_days
from conformance.finding import Finding, passed, skipped

if TYPE_CHECKING:
    from datetime import datetime

    from conformance.lab import Lab

DAYS: Final = 10
SHARE: Final = 0.95
AHEAD_MIN: Final = 2
"""Minutes by which a department's clock may be ahead (TIM-02's 99th percentile)."""


def events_arrive_in_time(lab: Lab) -> Finding:
    """LTC-01: over ten working days 95 % of events came within the declared time of being keyed in.

    Where nobody read on a working day, being late is the connector's.
    """
    waiting = shadowed(lab, DAYS)
    if waiting is not None:
        return waiting
    waits_min = sorted(
        (instant(each["receivedat"]) - _keyed(lab, each["data"])).total_seconds() / 60
        for each in lab.events()
        if not each["data"]["provenance"]["backfill"] and "recorded_at" in each["data"]
    )
    if not waits_min:
        return skipped("影子期内没有可计时的事件", "no event of the window can be timed")
    if waits_min[0] < -AHEAD_MIN:
        return wrong(
            "department",
            "录入时间晚于到达时间",
            "something came before it was entered, by its own time: nothing can be timed by that clock",
            expected="recorded_at before it came",
            got=f"{-waits_min[0]:.0f} min ahead",
            pointer="/data/recorded_at",
            fix=("服务器对时（NTP），核对时区", "let the server follow a time service (NTP), and look at its zone"),
        )
    p95 = waits_min[math.ceil(SHARE * len(waits_min)) - 1]
    declared = lab.declared.document["latency_minutes"]
    lab.keep("MET", "latency.json", {"events": len(waits_min), "p95_min": p95, "declared_min": declared})
    if p95 > declared:
        is_ours = bool(unheard_days(lab)) and lab.mapping.declaration.kind != "push"
        return wrong(
            "connector" if is_ours else "department",
            "到达枢纽过晚",
            "events come later than declared",
            expected=f"p95 <= {declared} min",
            got=f"p95 {p95:.0f} min",
            pointer="/latency_minutes",
            fix=("提高导出频率，或改申报", "hand over more often, or declare it"),
        )
    return passed(f"p95 {p95:.0f} 分钟", f"p95 {p95:.0f} min of {declared} declared")


def _keyed(lab: Lab, data: dict[str, Any]) -> datetime:
    """Return when something was entered: a revision by the last entry before it that says so, else its own."""
    if data.get("source_version"):
        later = [
            each["data"]["recorded_at"]
            for each in lab.events()
            if each["data"]["type"] == "case.corrected" and each["data"]["case"]["case_no"] == data["case"]["case_no"]
        ]
        return instant(max(later, default=str(data["recorded_at"])))
    return instant(str(data["recorded_at"]))
