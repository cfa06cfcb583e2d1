"""Outage: the hub away, the broker away amid a batch, one bad unit; and the same state after all of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from conformance.checks.common import shown, wrong
from conformance.checks.order import derived
from conformance.finding import Finding, passed, skipped
from conformance.stand import Given
from hub.errors import Unavailable
from hub.model.queues import intake_queue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.lab import Lab
    from hub.model.values import Message

AWAY_DAYS: Final = 3
"""Handings-over that pass while the hub is away: two hours, stretched so that something is sure to be waiting."""


def hub_down_loses_nothing(lab: Lab) -> Finding:
    """OUT-01: while the hub is away the department keeps what it has; after the return all of it comes."""
    if lab.outage is None:
        return skipped(
            "需安排停机窗口并有人见证：conformance attest", "needs a window and a witness: conformance attest"
        )
    office = lab.outage()
    if not office.keys:
        return skipped("部门没有任何办件", "the department has no case that could be lost")
    stand = lab.stand(now=office.days[0])
    timeline = []
    for number, day in enumerate(office.days):
        office.advance(day)
        stand.hub.clock.move_to(day + timedelta(minutes=5))  # type: ignore[attr-defined]  # a clock moved by hand
        is_away = 1 <= number <= AWAY_DAYS
        timeline.append([day.isoformat(), "away" if is_away else "up"])
        if not is_away:
            office.read(stand)
    lab.keep("FLT", "timeline.json", timeline)
    seen = set(stand.cases())
    events, whole = len({each["id"] for each in stand.events()}), len({each["id"] for each in lab.events()})
    missing = sorted(set(office.keys) - seen)
    lab.keep("REC", "keys.json", {"missing": missing, "events": events, "whole": whole})
    if missing or events < whole:
        return wrong(
            "department",
            "停机期间的数据丢失",
            "what was handed over while the hub was away is lost",
            expected=f"{len(office.keys)} cases, {whole} events",
            got=f"missing {shown(missing[:5])}; {events} events",
            fix=("未被读取或未得回执的数据不得删除", "keep what nobody has read or receipted"),
            pointer=missing[0] if missing else lab.connection,
        )
    return passed("恢复后零丢失", "nothing is lost after the return", simulated=True)


class _Breaking:
    """A bus that is away once, amid a batch; see hub.ports.Bus."""

    def __init__(self, bus: Any, after: int) -> None:
        self._bus, self._left, self.broke = bus, after, False

    def publish(self, messages: Sequence[Message]) -> None:
        """Publish some, and break."""
        self._left -= 1
        if self._left < 0 and not self.broke:
            self.broke = True
            self._bus.publish(list(messages)[: len(messages) // 2])
            raise Unavailable("the broker was restarted")
        self._bus.publish(messages)


def broker_restart_loses_nothing(lab: Lab) -> Finding:
    """OUT-03: the broker goes away amid a batch; what is read again is whole, and nothing counts twice."""
    given = lab.given()
    plain, broken = lab.stand(), lab.stand()
    source = Given(records=given, portion=max(1, len(given) // 4), resumes=True)
    plain.read(source)
    bus = _Breaking(broken.bus, after=2)
    intake = broken.hub.intake(lab.mapping, bus)  # type: ignore[arg-type]  # it only publishes
    try:
        intake.run_once(source)
    except Unavailable:
        broken.line.settle()
    totals = broken.hub.intake(lab.mapping, broken.bus).run_once(source)
    broken.line.settle()
    lab.keep("RCP", "reads.json", {"broke": bus.broke, "read again": totals.read})
    numbers = sorted(plain.cases())
    same = [derived(plain, no) for no in numbers] == [derived(broken, no) for no in sorted(broken.cases())]
    events = [len(plain.events()), len(broken.events())]
    lab.keep("REC", "events.json", events)
    if not bus.broke or not events[0]:
        return skipped("批次太小，无法中断", "the batch is too small to be broken")
    if not same or events[0] != events[1]:
        return wrong(
            "connector",
            "代理重启后有丢失或重复",
            "after the broker's restart something is lost or doubled",
            expected=f"{events[0]} events",
            got=f"{events[1]} events, {'same' if same else 'other'} cases",
        )
    return passed("重启后一条不丢、不重", "nothing is lost or doubled", simulated=True)


def poison_is_set_aside(lab: Lab) -> Finding:
    """OUT-04: a unit that nobody can read goes to quarantine, its neighbours flow, nothing is requeued for ever."""
    stand = lab.stand()
    telling, now = lab.telling(stand), stand.hub.clock.now()
    sound = [telling.event("case.received", now, f"sound-{number}") for number in range(6)]
    poison = telling.message(telling.document("case.received", now, "poison"), body=b"\x80 no document")
    try:
        stand.tell(*sound[:3], poison, *sound[3:], telling.report(now))
    except Exception as stuck:  # noqa: BLE001 - that it ends the line is what is looked for
        return wrong(
            "hub", "毒消息使主线停止", "a poison message ends the line", expected="set aside", got=type(stuck).__name__
        )
    queued = sum(stand.bus.depth(intake_queue(partition)) for partition in stand.hub.partitions)
    refused = [row["code"] for row in stand.hub.queries.quarantine(limit=10)]
    lab.keep("QUA", "refused.json", refused)
    lab.keep("MET", "queues.json", {"queued": queued, "cases": len(stand.cases())})
    if len(stand.cases()) != len(sound) or not refused or queued:
        return wrong(
            "hub",
            "毒消息影响了其他消息",
            "a poison message affects others",
            expected="6 cases, 1 refused, none queued",
            got=f"{len(stand.cases())} cases, {refused}, {queued} queued",
        )
    return passed("毒消息单独隔离", "the poison message alone is set aside")


def resync_equals_original(lab: Lab) -> Finding:
    """OUT-05: a hub that is filled anew from the beginning comes to the state of the one that watched it happen.

    What it watched is compared: cases of which something came in this session.
    """
    original = {no: row["state"] for no, row in lab.watched().items()}
    if not original:
        return skipped("本会话没有看到任何办件", "no case was watched in this session")
    stand, known = lab.stand(), lab.cases()
    stand.take(lab.given(), watermark=lab.clock.now())
    states = {no: row["state"] for no, row in stand.cases().items() if no in original or no not in known}
    lab.keep("STT", "states.json", {"original": original, "again": states})
    if states != original:
        off = sorted(no for no in {*states, *original} if states.get(no) != original.get(no))
        return wrong(
            "hub",
            "重同步后状态不同",
            "after a re-sync states differ",
            expected=original.get(off[0], "no such case"),
            got=[f"{no}: {states.get(no, 'not there')}" for no in off[:5]],
        )
    return passed(f"重同步后 {len(original)} 件状态相同", f"a re-sync brings {len(original)} cases to where they were")
