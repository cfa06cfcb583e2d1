"""Audit: from any canonical event to the bytes it came from, the mapping and the receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.checks.common import wrong
from conformance.finding import Finding, passed, skipped
from hub.model.digest import record_digest

if TYPE_CHECKING:
    from conformance.lab import Lab

SAMPLE: Final = 50


def lineage_is_whole(lab: Lab) -> Finding:
    """AUD-01: events of records taken in here name the digest of their bytes, the mapping's, and a filed report."""
    records = lab.given()[:SAMPLE]
    stand = lab.stand()
    stand.take(records)
    if not stand.events():
        return skipped("这些记录没有产生事件", "no event came of these records")
    digests = {record_digest(record.raw) for record in records}
    reports = {each["data"]["read_id"] for each in stand.entries("report")}
    for each in stand.events()[:SAMPLE]:
        provenance = each["data"]["provenance"]
        whole = (
            provenance["record_digest"] in digests,
            each["mappingfingerprint"] == lab.mapping.fingerprint,
            provenance["read_id"] in reports,
        )
        if not all(whole):
            names = [name for name, held in zip(("bytes", "mapping", "receipt"), whole, strict=True) if not held]
            lab.keep("CAN", "event.json", each)
            return wrong(
                "connector",
                "溯源链断裂",
                "the lineage of an event is broken",
                expected="bytes, mapping, receipt",
                got=f"without {', '.join(names)}",
                pointer="/data/provenance",
            )
    lab.keep("CAN", "sample.json", [each["data"]["provenance"] for each in stand.events()[:SAMPLE]])
    lab.keep("RAW", "record.bin", records[0].raw, "application/octet-stream")
    lab.keep("CFG", "mapping.json", {"fingerprint": lab.mapping.fingerprint})
    return passed("溯源完整", "every event's lineage is whole")
