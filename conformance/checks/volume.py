"""Volume: three times the declared peak, scaled to what a test can play, without loss, and drained in time."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Final

from conformance.checks.common import with_texts, wrong
from conformance.finding import Finding, passed, skipped
from hub.errors import Refused
from hub.model.queues import intake_queue
from hub.model.values import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.lab import Lab

MINUTES: Final = 30
TIMES: Final = 3
MOST: Final = 400
"""Records that are played at most: the rest of the declared volume is scaled down, and the result says so."""

DRAIN_MINUTES: Final = 15
"""Minutes within which the queue is to be empty after the peak (conformance specification, VOL-01)."""


def peak_is_carried(lab: Lab) -> Finding:
    """VOL-01: as many new cases as come in half an hour at three times the peak are all there, and drained in time.

    Each record is played under numbers of its own: what only comes again is no volume.
    """
    wanted = int(lab.declared.document["volume"]["peak_per_minute"]) * MINUTES * TIMES
    records = _renumbered(lab, min(wanted, MOST))
    if not records:
        return skipped("没有可改编号重放的记录", "no record can be played again under another number")
    stand, begun = lab.stand(), monotonic()
    totals = stand.take(records)
    took_s = monotonic() - begun
    account = stand.account()
    queued = sum(stand.bus.depth(intake_queue(partition)) for partition in stand.hub.partitions)
    figures = {"declared": wanted, "played": len(records), "read": totals.read, "queued": queued, "took_s": took_s}
    lab.keep("MET", "volume.json", figures)
    lab.keep("REC", "account.json", account)
    lost = len(records) - account.get("mapped", 0) - account.get("empty", 0) - account.get("quarantined", 0)
    again = account["outcomes"].get("duplicate", 0)
    missing = totals.events - sum(account["outcomes"].values()) + again
    if lost or queued or account["in_flight"] or missing:
        return wrong(
            "connector",
            "峰值下有丢失或积压",
            "at the peak something was lost or is left",
            expected=f"{len(records)}, none left",
            got=f"{lost} records lost, {missing} events, {queued} queued, {account['in_flight']} in flight",
        )
    return drained_in_time(len(records), wanted, took_s)


def drained_in_time(count: int, wanted: int, took_s: float) -> Finding:
    """Judge how long so many records took, by the pace at which all that is declared would be drained."""
    allowed_s = (MINUTES + DRAIN_MINUTES) * 60
    whole_s = took_s * wanted / count
    if whole_s > allowed_s:
        return wrong(
            "hub",
            "峰值后积压未按时消化",
            "after the peak the queue is not empty in time",
            expected=f"{wanted} records within {MINUTES} + {DRAIN_MINUTES} min",
            got=f"{count} in {took_s:.1f} s: {whole_s / 60:.0f} min for all",
            fix=("增加分区或工作进程", "give it more partitions or workers"),
        )
    return passed(
        f"{count} 件无丢失（申报 {wanted} 条），按此速度 {whole_s / 60:.1f} 分钟消化",
        f"{count} cases without loss (of {wanted} declared), at a pace that drains all in {whole_s / 60:.1f} min",
        simulated=True,
    )


def _renumbered(lab: Lab, count: int) -> Sequence[Record]:
    """Return so many records, each of a case of its own: those given again and again, their numbers changed."""
    given, found = lab.given(), list[Record]()
    numbers = {place: _numbers(lab, record) for place, record in enumerate(given)}
    usable = [place for place, own in numbers.items() if own]
    for turn in range(count if usable else 0):
        place = usable[turn % len(usable)]
        changed = _under(given[place], numbers[place], f"v{turn}")
        if not set(_numbers(lab, changed)) & set(numbers[place]):
            found.append(replace(changed, place=f"peak {turn}"))
    return found


def _numbers(lab: Lab, record: Record) -> Sequence[str]:
    """Return the numbers of the cases that a record is about, none where it is refused."""
    try:
        return sorted({str(each.plain()["case"]["case_no"]) for each in lab.mapping.map_record(record.tree)})
    except Refused:
        return ()


def _under(record: Record, numbers: Sequence[str], suffix: str) -> Record:
    """Return a record with another number wherever one of these stands."""

    def changed(text: str) -> str:
        for number in numbers:
            text = text.replace(number, f"{number}{suffix}")
        return text

    return with_texts(record, changed)
