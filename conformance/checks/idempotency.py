"""Idempotency: what comes again changes nothing, and what contradicts itself is kept as such."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING

import orjson

from conformance.checks.common import pushed, shown, wrong
from conformance.door import Door
from conformance.finding import Finding, passed
from hub.model.queues import intake_queue

if TYPE_CHECKING:
    from conformance.lab import Lab
    from conformance.stand import Stand


def redelivery_changes_nothing(lab: Lab) -> Finding:
    """IDM-01: a consumer that dies between its transaction and its ack leaves nothing doubled behind."""
    stand = lab.stand()
    telling, start = lab.telling(stand), stand.hub.clock.now() - timedelta(days=60)
    messages = [
        telling.event(kind, start + timedelta(days=place), "redelivered")
        for place, kind in enumerate(("case.received", "case.accepted"))
    ]
    stand.bus.publish([*messages, telling.report(stand.hub.clock.now())])
    acks, stand.bus.ack = [], lambda deliveries: acks.append(len(deliveries))  # type: ignore[method-assign]  # it dies before
    for partition in stand.hub.partitions:
        stand.line.owner.step(partition, wait_s=0)
    before = _effects(stand)
    stand.line.release()
    stand.bus.close()
    stand.settle_again(stand.hub.bus())
    after = _effects(stand)
    lab.keep("STT", "effects.json", {"before": before, "after": after, "acks lost": sum(acks)})
    if before != after or not before["alerts"]:
        return wrong("hub", "重投改变了结果", "a redelivery changed something", expected=before, got=after)
    queued = sum(stand.bus.depth(intake_queue(partition)) for partition in stand.hub.partitions)
    if queued:
        return wrong("hub", "重投未被消化", "what was redelivered is still queued", expected=0, got=queued)
    return passed("确认丢失后的重投毫无效果", "a redelivery after a lost ack has no effect")


def _effects(stand: Stand) -> dict[str, object]:
    account = stand.account()
    return {
        "events": len(stand.entries("event")),
        "alerts": sorted(f"{no} {rule} {row['state']}" for (no, rule), row in stand.alerts().items()),
        "outcomes": account["outcomes"],
    }


def same_key_same_receipt(lab: Lab) -> Finding:
    """IDM-02: a body sent again under its key gets the same receipt, and is counted once."""
    stand = lab.stand()
    body = pushed(lab, lab.given()[:1])
    headers = {"Content-Type": "application/json", "Idempotency-Key": "conformance-1"}
    with contextlib.closing(Door(stand, lab.parts)) as door:
        token = door.key().token
        answers = []
        for _ in range(2):
            status, _, told = door.post(body, headers, token)
            stand.line.settle()
            answers.append((status, _receipt(told)))
    read = stand.account().get("read")
    lab.keep("RCP", "answers.json", {"answers": answers, "read": read})
    if answers[0][1] != answers[1][1] or read != 1 or not answers[0][1]:
        return wrong(
            "hub",
            "同一幂等键得到不同回执或计了两次",
            "one key got two receipts, or was counted twice",
            expected="one receipt, one record",
            got=f"{answers}, {read} records",
        )
    return passed("同键同回执，只计一次", "one key, one receipt, counted once")


def _receipt(told: bytes) -> str:
    return str(orjson.loads(told).get("receipt_id", ""))


def conflicts_are_kept(lab: Lab) -> Finding:
    """IDM-03: an event that says otherwise without a correction is kept as conflicting; what was said first stands or
    the order does not matter, and R45 is raised.
    """
    states = []
    for order in ((0, 1), (1, 0)):
        stand = lab.stand()
        telling, start = lab.telling(stand), stand.hub.clock.now() - timedelta(days=20)
        stand.tell(telling.event("case.received", start, "conflict"))
        times = [start + timedelta(days=1), start + timedelta(days=3)]
        for place in order:
            stand.tell(telling.event("case.accepted", times[place], "conflict"))
        stand.tell(telling.report(stand.hub.clock.now()))
        outcomes = stand.account()["outcomes"]
        states.append(sorted(str(row.started_at) for row in stand.case("conflict")["clocks"]))
        marked = any(rule == "R45" for _, rule in stand.alerts())
        lab.keep("QUA", f"outcomes-{order[0]}.json", {"outcomes": outcomes, "R45": marked})
        if outcomes.get("conflicting") != 1 or not marked:
            return wrong(
                "hub",
                "矛盾内容未留为 conflicting 或未报告",
                "a contradiction is not kept as conflicting and reported",
                expected="conflicting 1, R45",
                got=f"{shown(outcomes)}, R45 {marked}",
            )
    if states[0] != states[1]:
        return wrong("hub", "后写为准", "the last to come wins", expected="the same in any order", got=states)
    return passed("矛盾内容留存并报告，与次序无关", "a contradiction is kept and reported, whatever the order")
