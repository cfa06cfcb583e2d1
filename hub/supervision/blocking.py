"""Decides whether something stands against publishing a case: a finding of R42 that nobody has taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hub.model import ids
from hub.supervision.alerts import GONE, SIGHTED, may_rise_again
from hub.supervision.rules.rule import Finding
from hub.views import withheld

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hub.model.values import AlertRow
    from hub.supervision.judge import Judgement
    from hub.supervision.rules import Rule

EXPOSURE: Final = "R42"
"""The rule that blocks: what is secret or personal and has reached the public 涉密或个人信息误公开."""


CANARY_SEEN: Final = "canary.seen"
"""The act by which the hub's watch tells of a canary on the public side."""


def sighting(canary: str, where: str) -> Finding:
    """Return the finding that a canary 暗记, named by its digest, is seen where it must not be."""
    return Finding(
        rule_id=EXPOSURE, occurrence=f"{SIGHTED}{canary}", level="red", clock_id=None,
        zh=f"公开侧出现暗记{canary}。", en=f"the canary {canary} is seen on the public side.",
        evidence=({"field": where, "value": "(canary)", "expected": "not public"},),
    )  # fmt: skip


def blocked(judgement: Judgement, alerts: Iterable[AlertRow], rules: Mapping[str, Rule]) -> Judgement:
    """Return a judgement whose case nobody publishes while an alert of R42 stands, or is about to.

    It holds at once, in the transaction in which the finding is made, a backfill's too; a person who takes the alert
    back publishes the case again.
    """
    rule = rules.get(EXPOSURE)
    if rule is None or rule.is_shadow or not any(_against(judgement, alerts, rule)):
        return judgement
    return replace(judgement, row=replace(judgement.row, disclosure=withheld(judgement.row.disclosure)))


def _against(judgement: Judgement, alerts: Iterable[AlertRow], rule: Rule) -> Iterator[bool]:
    """Yield whether each alert of the rule, raised or to be raised, stands."""
    standing = {alert.alert_id: alert for alert in alerts if alert.rule_id == EXPOSURE}
    for alert in standing.values():
        yield alert.state not in GONE and alert.state != "shadow"
    for finding in judgement.findings:
        if finding.rule_id == EXPOSURE:
            known = standing.get(ids.alert_id(EXPOSURE, judgement.case.case_id, finding.occurrence))
            yield known is None or may_rise_again(known, rule)
