"""Which alerts change: what a judgement expects against what stands, each move with its document."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from hub.model import ids
from hub.model.values import AlertRow
from hub.supervision.alert_cycle import is_settled
from hub.supervision.instants import instant, written
from hub.supervision.rules import RULES
from hub.supervision.rules.deadlines import DUE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, tzinfo

    from hub.supervision.clocks import Clock
    from hub.supervision.judge import Judgement
    from hub.supervision.rules import Finding, Rule

GONE: Final = frozenset({"cleared", "revoked"})
"""States of an alert that no longer stands; the same finding raises it again, under the same id."""

SIGHTED: Final = "canary:"
"""How the occurrence of an alert begins that somebody's eyes raised, not the case's events: people alone end it."""

JUDGED_TO: Final = "judged_to"
"""Name of the evidence that says up to when the case's events were surely known when the alert was raised."""

_CASE_FIELDS: Final = ("case_id", "department_id", "region_code", "matter_code", "disclosure")


def reconcile(
    judgement: Judgement, existing: Iterable[AlertRow], *, now: datetime, rules: Mapping[str, Rule] = RULES
) -> Sequence[AlertRow]:
    """Return the alerts that change, and nothing for those that stay as they are.

    A case without a horizon changes none: it is judged once, when there is one. Alerts of rules not in `rules` are
    somebody else's.
    """
    if judgement.horizon is None:
        return []
    standing = {alert.alert_id: alert for alert in existing}
    expected = {_alert_id(judgement, finding): finding for finding in judgement.findings}
    raised = [
        _raised(judgement, finding, rules[finding.rule_id], now, standing.get(alert_id))
        for alert_id, finding in expected.items()
        if alert_id not in standing or may_rise_again(standing[alert_id], rules[finding.rule_id])
    ]
    gone = [
        _gone(judgement, alert, now)
        for alert_id, alert in standing.items()
        if alert_id not in expected
        and alert.state not in GONE
        and alert.rule_id in rules
        and not alert.occurrence.startswith(SIGHTED)
    ]
    return [*raised, *(alert for alert in gone if alert is not None)]


def _alert_id(judgement: Judgement, finding: Finding) -> str:
    return ids.alert_id(finding.rule_id, judgement.case.case_id, finding.occurrence)


def may_rise_again(alert: AlertRow, rule: Rule) -> bool:
    """Tell whether a finding raises an alert that was there before: one that went by itself, or was only tried.

    What a person took back stays back.
    """
    if alert.state == "shadow":
        return not rule.is_shadow
    return alert.state in GONE and not is_settled(alert)


def _raised(judgement: Judgement, finding: Finding, rule: Rule, now: datetime, before: AlertRow | None) -> AlertRow:
    """Raise an alert, or raise again one whose evidence has come back, with the history that it had."""
    state = rule.state_of(finding.level)
    about, alert_id = judgement.case.attributes, _alert_id(judgement, finding)
    return AlertRow(
        alert_id=alert_id,
        subject=judgement.case.case_id,
        rule_id=rule.rule_id,
        occurrence=finding.occurrence,
        level=finding.level,
        state=state,
        department_id=finding.department_id or about["department_id"],
        region_code=about["region_code"],
        raised_at=now,
        changed_at=now,
        document=_document(judgement, finding, rule, now)
        | {"alert_id": alert_id, "state": state, **kept(before, state, written(now, judgement.zone))},
    )


def kept(before: AlertRow | None, state: str, when: str) -> Mapping[str, Any]:
    """Return what an alert keeps from the time before it went: its number and its history, which goes on."""
    known = before.document if before is not None else {}
    number = {"supervision_no": known["supervision_no"]} if "supervision_no" in known else {}
    return {**number, "history": [*known.get("history", ()), hub_move("raise", before, state, when)]}


def hub_move(move: str, alert: AlertRow | None, state: str, when: str) -> Mapping[str, str]:
    """Write one entry of an alert's history that the hub made by itself: raise, clear or excuse."""
    before = alert.state if alert is not None else ""
    return {"move": move, "by": "hub", "role": "hub", "at": when, "from": before, "to": state}


def _document(judgement: Judgement, finding: Finding, rule: Rule, now: datetime) -> dict[str, Any]:
    """Write the data of an alert document (schemas/alert.v1); never the applicant, never a title."""
    about, when = judgement.case.attributes, written(now, judgement.zone)
    return {
        **rule.described(finding.level),
        "responsible_department": finding.department_id or about["department_id"],
        "region_code": finding.region_code or about["region_code"],
        "case": {"case_no": judgement.case.case_no, **{name: about[name] for name in _CASE_FIELDS if name in about}},
        "clock_id": finding.clock_id,
        "occurrence": finding.occurrence,
        "raised_at": when,
        "changed_at": when,
        "finding": {"zh": finding.zh, "en": finding.en},
        "evidence": [*map(dict, finding.evidence), _judged_to(judgement)],
    }


def _judged_to(judgement: Judgement) -> Mapping[str, str]:
    horizon = judgement.horizon
    return {"field": JUDGED_TO, "value": written(horizon, judgement.zone) if horizon is not None else ""}


def _gone(judgement: Judgement, alert: AlertRow, now: datetime) -> AlertRow | None:
    """Clear or revoke an alert that nothing supports any more; None where only the horizon stands further back."""
    clock = next((each for each in judgement.clocks if each.row.clock_id == alert.document["clock_id"]), None)
    if clock is not None and _is_undecided(judgement, alert, clock):
        return None
    moved_on = alert.level == "notice" and clock is not None and _moved_on(alert, clock, judgement)
    state, reason = ("cleared", "case_progressed") if moved_on else ("revoked", "data_error")
    return gone(_reclassified(alert, judgement), state, reason, now, judgement.zone)


def _reclassified(alert: AlertRow, judgement: Judgement) -> AlertRow:
    """Return an alert that says of its case the class that it has now: whoever may not see it is told no more of it."""
    about = judgement.case.attributes
    if "disclosure" not in about:
        return alert
    case = {**alert.document["case"], "disclosure": about["disclosure"]}
    return replace(alert, document={**alert.document, "case": case})


def gone(alert: AlertRow, state: str, reason: str, now: datetime, zone: tzinfo) -> AlertRow:
    """Return an alert as the hub takes it back by itself, at `now`."""
    when = written(now, zone)
    entry = hub_move("clear" if state == "cleared" else "excuse", alert, state, when)
    said = {"state": state, "reason": reason, "changed_at": when}
    history = [*alert.document.get("history", ()), entry]
    return replace(alert, state=state, changed_at=now, document={**alert.document, **said, "history": history})


def _is_undecided(judgement: Judgement, alert: AlertRow, clock: Clock) -> bool:
    """Tell whether the clock still runs to the very due moment: an import set the horizon back, no evidence changed."""
    same_due = _said(alert, DUE) == written(clock.row.due_at, judgement.zone)
    return clock.row.state == "running" and same_due and not _is_ahead(alert, judgement)


def _is_ahead(alert: AlertRow, judgement: Judgement) -> bool:
    judged_to = _said(alert, JUDGED_TO)
    return bool(judged_to) and judgement.horizon is not None and instant(judged_to, judgement.zone) <= judgement.horizon


def _moved_on(alert: AlertRow, clock: Clock, judgement: Judgement) -> bool:
    """Tell whether the notice was right when given: the case moved, or its limit passed, only after what was known."""
    judged_to = _said(alert, JUDGED_TO)
    overrun = clock.row.state == "breached" and clock.stop is None
    return overrun or not judged_to or clock.changed_at >= instant(judged_to, judgement.zone)


def _said(alert: AlertRow, name: str) -> str:
    return next((item["value"] for item in alert.document["evidence"] if item["field"] == name), "")
