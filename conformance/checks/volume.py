"""Volume: three times the declared peak, scaled to what a test can play, without loss."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from conformance.checks.common import wrong
from conformance.finding import Finding, passed
from hub.model.queues import intake_queue

if TYPE_CHECKING:
    from conformance.lab import Lab

MINUTES: Final = 30
TIMES: Final = 3
MOST: Final = 400
"""Records that are played at most: the rest of the declared volume is scaled down, and the result says so."""


def peak_is_carried(lab: Lab) -> Finding:
    """VOL-01: as many records as come in half an hour at three times the peak are all accounted for, none waits."""
    peak = lab.declared.document["volume"]["peak_per_minute"]
    wanted = peak * MINUTES * TIMES
    count = min(wanted, MOST)
    given = lab.given()
    records = [replace(given[number % len(given)], place=f"peak {number}") for number in range(count)]
    stand = lab.stand()
    totals = stand.take(records)
    account = stand.account()
    queued = sum(stand.bus.depth(intake_queue(partition)) for partition in stand.hub.partitions)
    lab.keep("MET", "volume.json", {"declared": wanted, "played": count, "read": totals.read, "queued": queued})
    lab.keep("REC", "account.json", account)
    lost = count - account.get("mapped", 0) - account.get("empty", 0) - account.get("quarantined", 0)
    if lost or queued or account["in_flight"]:
        return wrong(
            "connector",
            "峰值下有丢失或积压",
            "at the peak something was lost or is left",
            expected=f"{count}, none left",
            got=f"{lost} lost, {queued} queued, {account['in_flight']} in flight",
        )
    return passed(
        f"{count} 条无丢失（申报 {wanted} 条）", f"{count} records without loss (of {wanted} declared)", simulated=True
    )
