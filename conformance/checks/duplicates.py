"""Duplicates: one case through two channels counts once, and an export sent again says nothing new."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from conformance.checks.common import wrong
from conformance.finding import Finding, passed, skipped

if TYPE_CHECKING:
    from conformance.lab import Lab


def one_case_two_channels(lab: Lab) -> Finding:
    """DUP-01: two connections that number their cases together report one case: it is one, with what both said."""
    stand = lab.stand()
    county = f"{lab.connection}.county"
    registered = stand.hub.store.connections()[lab.connection]
    stand.hub.store.register([replace(registered, connection_id=county, user=county)])
    start = stand.hub.clock.now() - timedelta(days=5)
    bureau, other = lab.telling(stand), lab.telling(stand, connection=county)
    one = [bureau.event("case.received", start, "shared", numbering="shared")]
    two = [other.event("case.accepted", start + timedelta(days=1), "shared", numbering="shared")]
    stand.tell(*one, bureau.report(), *two, other.report())
    cases = stand.cases()
    case = stand.case("shared")
    speakers = {str(entry.subject) for entry in case.get("entries", ())}
    total = stand.hub.queries.summary()["cases"]["total"]
    refused = [row["code"] for row in stand.hub.queries.quarantine(limit=10)]
    lab.keep(
        "STT",
        "shared.json",
        {"cases": sorted(cases), "state": case.get("state"), "entries": len(case["entries"]), "refused": refused},
    )
    if total != 1 or len(speakers) != 1 or case["state"] != "accepted":
        return wrong(
            "hub",
            "两渠道的同一办件未关联或计了两次",
            "one case by two channels is not linked, or counted twice",
            expected="1 case, accepted",
            got=f"{total} cases, {case.get('state')}, refused {refused}",
        )
    return passed("两渠道同一办件关联，只计一次", "one case by two channels is linked and counted once")


def re_export_is_nothing_new(lab: Lab) -> Finding:
    """DUP-02: everything the department holds, read once more from the beginning, brings no new event.

    A second export that holds less than the first says nothing of what it leaves out.
    """
    stand, first = lab.stand(), lab.given()
    stand.take(first)
    before = stand.account()["outcomes"]
    records = [each for each in lab.records() if each.refused is None]
    lab.keep("REC", "exports.json", {"first": len(first), "again": len(records), "events": sum(before.values())})
    if len(records) < len(first) or not any(before.values()):
        return skipped(
            f"重导 {len(records)} 条，首次 {len(first)} 条，事件 {sum(before.values())} 个",
            f"the re-export held {len(records)} of {len(first)} records; {sum(before.values())} events came of them",
        )
    stand.take(records)
    after = stand.account()["outcomes"]
    lab.keep("MET", "outcomes.json", {"before": before, "after": after})
    fresh = {name: after[name] - before.get(name, 0) for name in after if name != "duplicate"}
    if any(fresh.values()):
        return wrong(
            "department",
            "重导产生了新内容",
            "a re-export says something new",
            expected="duplicates alone",
            got=fresh,
            fix=("重导时保持主键、时间与内容不变", "keep key, times and content as they were"),
            pointer=records[0].place,
        )
    return passed("重导全为重复", "a re-export is duplicates alone")
