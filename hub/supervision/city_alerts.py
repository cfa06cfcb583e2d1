"""Which alerts about no single case change: what the rules on the catalogue and the city find against what stands."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hub.model import ids
from hub.model.values import AlertRow
from hub.supervision.alerts import gone, kept, may_rise_again
from hub.supervision.instants import written
from hub.supervision.rules.catalogue import MatterView

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from hub.supervision.catalogue import Catalogue
    from hub.supervision.city import CityView
    from hub.supervision.matter import Matter
    from hub.supervision.rules import Finding, Rule

LIVE: Final = frozenset({"R46"})
"""Rules that are asked every minute: whether the lines are up. The others have time."""

_FINISHED: Final = frozenset({"cleared", "revoked", "closed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CityFindings:
    """What was found in one look at the city, and by which rules it was looked."""

    view: CityView
    asked: Mapping[str, Rule]
    findings: Sequence[Finding]

    def ids(self) -> Mapping[str, Finding]:
        """Return the findings by the alert that each of them is."""
        return {ids.alert_id(each.rule_id, each.subject, each.occurrence): each for each in self.findings}


def look(view: CityView, catalogue: Catalogue, rules: Mapping[str, Rule]) -> CityFindings:
    """Ask `rules`, which look at the catalogue or at many cases, of both."""
    matters = list(_matters(view, catalogue)) if any(rule.scope == "matter" for rule in rules.values()) else []
    found = [finding for rule in rules.values() for finding in _found(rule, view, matters)]
    return CityFindings(view=view, asked=rules, findings=found)


def _found(rule: Rule, view: CityView, matters: Sequence[MatterView]) -> Iterator[Finding]:
    if rule.scope == "matter":
        for each in matters:
            yield from rule.find(rule, each)
    else:
        yield from rule.find(rule, view)


def _matters(view: CityView, catalogue: Catalogue) -> Iterator[MatterView]:
    versions: dict[tuple[str, str], list[Matter]] = defaultdict(list)
    for matter in catalogue.matters():
        versions[matter.department_id, matter.matter_code].append(matter)
    for (department_id, _), own in versions.items():
        department = catalogue.department(department_id) or {}
        for matter in own:
            yield MatterView(
                matter=matter, department=department, versions=own, calendar=view.calendar, today=view.today
            )


def reconcile_city(found: CityFindings, standing: Mapping[str, AlertRow], *, now: datetime) -> Sequence[AlertRow]:
    """Return the alerts that change, out of what was `found`.

    `standing` are, by their ids, those about no case that are not finished, and all that were found again.
    """
    expected = found.ids()
    raised = [
        _raised(name, finding, found, now, standing.get(name))
        for name, finding in expected.items()
        if name not in standing or may_rise_again(standing[name], found.asked[finding.rule_id])
    ]
    ended = [
        _ended(alert, found, now)
        for name, alert in standing.items()
        if name not in expected and alert.rule_id in found.asked and alert.state not in _FINISHED
    ]
    return [*raised, *(alert for alert in ended if alert is not None)]


def _raised(name: str, finding: Finding, found: CityFindings, now: datetime, before: AlertRow | None) -> AlertRow:
    rule = found.asked[finding.rule_id]
    state = rule.state_of(finding.level)
    document = _document(name, finding, rule, state, written(now, found.view.calendar.zone))
    return AlertRow(
        alert_id=name,
        subject=finding.subject,
        rule_id=rule.rule_id,
        occurrence=finding.occurrence,
        level=finding.level,
        state=state,
        department_id=finding.department_id,
        region_code=finding.region_code,
        raised_at=now,
        changed_at=now,
        document={**document, **kept(before, state, document["raised_at"])},
    )


def _document(name: str, finding: Finding, rule: Rule, state: str, when: str) -> dict[str, Any]:
    return {
        "alert_id": name,
        **rule.described(finding.level),
        "state": state,
        "subject": finding.subject,
        "responsible_department": finding.department_id,
        "region_code": finding.region_code,
        "clock_id": None,
        "occurrence": finding.occurrence,
        "raised_at": when,
        "changed_at": when,
        "finding": {"zh": finding.zh, "en": finding.en},
        "evidence": [dict(item) for item in finding.evidence],
    }


def _ended(alert: AlertRow, found: CityFindings, now: datetime) -> AlertRow | None:
    """Clear a line's notice that is up again; excuse what later data excuses; leave the rest to be followed up.

    A window that moves on, an entry that is mended, an answer that comes late: those alerts were right.
    """
    if alert.rule_id == "R46" and alert.level == "notice":
        return gone(alert, "cleared", "remedied", now, found.view.calendar.zone)
    if _IS_EXCUSED.get(alert.rule_id, _never)(alert, found.view):
        return gone(alert, "revoked", "data_error", now, found.view.calendar.zone)
    return None


def _never(_alert: AlertRow, _view: CityView) -> bool:
    return False


def _of_month(alert: AlertRow, view: CityView) -> bool:
    """Tell whether the month of an alert is still looked at, so that what it said is not so any more."""
    return any(
        month.month in alert.occurrence and month.whose.department_id == alert.department_id for month in view.months
    )


def _of_day(alert: AlertRow, view: CityView) -> bool:
    return any(
        each.day.isoformat() == alert.occurrence and alert.subject.endswith(each.connection_id)
        for each in view.balances
    )


def _was_other_amount(alert: AlertRow, view: CityView) -> bool:
    """Tell whether the penalty that deviated has another amount by now: it was reported wrongly."""
    charged = {item["value"] for item in alert.document["evidence"] if item["field"] == "discretion.amount"}
    return any(f"case:{each.case_id}" == alert.subject and str(each.amount) not in charged for each in view.penalties)


def _stood_on_one_revoked(alert: AlertRow, view: CityView) -> bool:
    """Tell whether one of the alerts that it was raised on has been taken back. Notices are cleared in due course."""
    named = {item["value"] for item in alert.document["evidence"] if item["field"] == "alert_id"}
    return any(
        each.alert_id in named and each.level != "notice" and not each.is_standing for each in view.alerts
    )  # fmt: skip


_IS_EXCUSED: Final[Mapping[str, Callable[[AlertRow, CityView], bool]]] = {
    "R29": _was_other_amount,
    "R44": _of_month,
    "R47": _of_month,
    "R48": _of_day,
    "R49": lambda _alert, _view: True,
    "R71": _stood_on_one_revoked,
    "R72": _stood_on_one_revoked,
}
"""Rules whose findings later word excuses: what was not reported, reported wrongly, or judged on what was."""
