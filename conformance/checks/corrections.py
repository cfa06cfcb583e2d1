"""Corrections: a revision that shows what it corrects; what was entered in error leaves the figures, not the audit."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from conformance.checks.common import awaited, shown, wrong
from conformance.finding import Finding, passed, skipped

if TYPE_CHECKING:
    from conformance.lab import Lab


def correction_is_a_revision(lab: Lab) -> Finding:
    """COR-01: the scripted correction came as one: the old content and the new are both there, with who and when."""
    waiting = awaited(lab)
    if waiting is not None:
        return waiting
    scripted, events = lab.script.get(7), lab.scripted_events().get(7, ())
    if scripted is None or not events:
        return skipped("含更正的脚本办件没有到达", "the scripted case with a correction did not come")
    case_no = scripted.case_no(lab.session)
    case = lab.pilot.case(case_no)
    accepted = [each["data"] for each in events if each["data"]["type"] == "case.accepted"]
    corrected = [each["data"] for each in events if each["data"]["type"] == "case.corrected"]
    outcomes = sorted(str(entry.outcome) for entry in case["entries"] if entry.kind == "event")
    marked = sorted(row.rule_id for row in case["alerts"])
    lab.keep("STT", "correction.json", {"outcomes": outcomes, "alerts": marked, "accepted": len(accepted)})
    if not corrected or "conflicting" in outcomes:
        return wrong(
            "department",
            "静默改写，没有更正记录",
            "a time was rewritten without a correction",
            expected="case.corrected, revised",
            got=f"{len(corrected)} corrections, {shown(outcomes)}",
            pointer=f"{case_no} case.accepted",
            fix=("改动时报送 case.corrected", "report case.corrected with the change"),
        )
    if len({each["occurred_at"] for each in accepted}) < 2:  # noqa: PLR2004 - the old and the new
        return wrong(
            "department",
            "更正前后内容缺一",
            "the old or the new content is missing",
            expected="both",
            got=[each["occurred_at"] for each in accepted],
            pointer=f"{case_no} case.accepted",
            fix=("更正后重报新内容，勿覆盖旧行", "report the new content as a row of its own, and leave the old one"),
        )
    if not corrected[0].get("operator"):
        return wrong(
            "department",
            "更正没有经办人",
            "the correction names nobody",
            expected="operator",
            got="none",
            pointer="/data/operator",
            fix=("更正须填经办人", "map operator of case.corrected"),
        )
    return passed("更正成为修订，新旧可见", "the correction is a revision, old and new are visible")


def voided_leaves_the_figures(lab: Lab) -> Finding:
    """COR-02: a case entered in error is voided: no alert, nothing on the public side, all of it in the ledger."""
    stand = lab.stand()
    telling, start = lab.telling(stand), stand.hub.clock.now() - timedelta(days=60)
    kept = [telling.event(kind, start, "kept") for kind in ("case.received", "case.accepted")]
    error = [telling.event(kind, start, "error") for kind in ("case.received", "case.accepted")]
    stand.tell(*kept, *error, telling.report(stand.hub.clock.now()))
    before = sorted(rule for no, rule in stand.alerts() if no == "error")
    telling = lab.telling(stand)
    stand.tell(telling.event("case.voided", start + timedelta(days=1), "error"), telling.report(stand.hub.clock.now()))
    standing = {rule: row["state"] for (no, rule), row in stand.alerts().items() if no == "error"}
    public = [each for each in stand.public() if b'"error"' in each["body"]]
    content = [each for each in public if b'"matter_code"' in each["body"]]
    entries = [entry for entry in stand.case("error")["entries"] if entry.kind == "event"]
    lab.keep("STT", "voided.json", {"before": before, "after": standing, "entries": len(entries)})
    lab.keep("PUB", "public.json", [each["body"].decode() for each in public])
    active = [rule for rule, state in standing.items() if state not in {"revoked", "cleared"}]
    if stand.cases()["error"]["state"] != "voided" or active:
        return wrong(
            "hub",
            "误录件仍在统计中",
            "a voided case still counts",
            expected="voided, alerts revoked",
            got=f"{stand.cases()['error']['state']}, {active}",
        )
    if content:
        return wrong(
            "hub",
            "误录件仍在公开侧",
            "a voided case still stands on the public side",
            expected="a tombstone",
            got=f"{len(content)} documents",
        )
    if len(entries) != 3:  # noqa: PLR2004 - received, accepted, voided
        return wrong(
            "hub", "误录件从审计中消失", "a voided case left the audit", expected="3 entries", got=len(entries)
        )
    return passed("误录件退出统计与公开，仍在账中", "a voided case leaves figures and feed, and stays in the ledger")
