"""Order: whatever order events come in, the same case comes of them."""

from __future__ import annotations

import hashlib
import itertools
import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson

from conformance.checks.common import wrong
from conformance.finding import Finding, passed

if TYPE_CHECKING:
    from conformance.lab import Lab
    from conformance.stand import Stand
    from hub.model.values import Message

LIFE: Final = ("case.received", "case.accepted", "stage.completed", "case.decided", "case.closed", "case.delivered")
SHUFFLES: Final = 40
"""Permutations tried on a stand, each as a case of its own; seeded, so that they are always the same."""


def any_order_converges(lab: Lab) -> Finding:
    """ORD-01: permutations of one case's events end in the same state, times, clocks and alerts."""
    stand = lab.stand()
    telling, start = lab.telling(stand), stand.hub.clock.now() - timedelta(days=20)
    every = list(itertools.permutations(range(len(LIFE) + 1)))
    chosen = [tuple(range(len(LIFE) + 1)), *random.Random(1).sample(every, SHUFFLES)]  # noqa: S311 - no secret
    messages: list[Message] = []
    for number, order in enumerate(chosen):
        own = [
            telling.document(kind, start + timedelta(days=place), f"order-{number}") for place, kind in enumerate(LIFE)
        ]
        own.append(
            telling.document("case.decided", start + timedelta(days=4, hours=1), f"order-{number}", source_version=1)
        )
        messages += [telling.message(own[place]) for place in order]
    for message in messages:
        stand.bus.publish([message])
    stand.tell(telling.report(stand.hub.clock.now()))
    digests = {digest_of(stand, f"order-{number}") for number in range(len(chosen))}
    lab.keep("STT", "digests.json", {"permutations": len(chosen), "states": sorted(digests)})
    if len(digests) != 1:
        return wrong(
            "hub",
            "乱序后终态不一",
            "another order ends in another state",
            expected="1 state",
            got=f"{len(digests)} states",
        )
    return passed(f"{len(chosen)} 种次序终态相同", f"{len(chosen)} orders end in the same state")


def derived(stand: Stand, case_no: str) -> dict[str, Any]:
    """Return what is derived of a case from its events alone, whatever read brought them, but for its names."""
    case = stand.case(case_no)
    return {
        "state": case["state"],
        "opened_at": case["opened_at"],
        "closed_at": case["closed_at"],
        "clocks": sorted([row.kind, row.state, str(row.started_at), str(row.due_at)] for row in case["clocks"]),
    }


def digest_of(stand: Stand, case_no: str) -> str:
    """Return the digest of all that is derived of a case, its alerts included."""
    alerts = sorted([row.rule_id, row.state] for row in stand.case(case_no)["alerts"])
    said = {**derived(stand, case_no), "alerts": alerts}
    return hashlib.sha256(orjson.dumps(said, default=str)).hexdigest()


def interleaving_is_harmless(lab: Lab) -> Finding:
    """ORD-03: many cases interleaved over several partitions equal the same cases one after the other."""
    digests = []
    for is_mixed in (False, True):
        stand = lab.stand()
        telling, start = lab.telling(stand), stand.hub.clock.now() - timedelta(days=20)
        documents = [
            telling.document(kind, start + timedelta(days=place), f"mix-{number}")
            for number in range(100)
            for place, kind in enumerate(LIFE)
        ]
        if is_mixed:
            random.Random(2).shuffle(documents)  # noqa: S311 - no secret
        stand.tell(*[telling.message(document) for document in documents], telling.report(stand.hub.clock.now()))
        digests.append([digest_of(stand, f"mix-{number}") for number in range(0, 100, 7)])
    lab.keep("STT", "digests.json", digests)
    if digests[0] != digests[1]:
        return wrong(
            "hub", "交错处理结果不同", "interleaved cases end otherwise", expected=digests[0][:1], got=digests[1][:1]
        )
    return passed("交错处理与依次处理相同", "interleaved cases equal serial ones", simulated=True)
