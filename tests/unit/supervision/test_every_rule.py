"""Every rule on one case: planted it is found once with evidence, a near miss is not, late word excuses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hub.model.documents import alert_document
from hub.model.shapes import shape
from hub.supervision.alerts import reconcile
from hub.supervision.evaluable import missing, not_evaluable
from hub.supervision.rules import ALL_RULES, RULES
from tests.support.casework import at, judged
from tests.support.town import TOWN, TRIALS, Trial, licence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.model.values import AlertRow
    from hub.supervision.caselog import Fact
    from hub.supervision.judge import Judgement
    from hub.supervision.rules import Finding

NOW = at("2026-06-01T09:00:00")
EACH = pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.rule)


def looked_at(trial: Trial, facts: Sequence[Fact], offers: frozenset[str] | None = None) -> Judgement:
    return judged(*facts, horizon=f"2026-{trial.horizon}T01:00:00", catalogue=TOWN, offers=offers)


def found(trial: Trial, facts: Sequence[Fact]) -> list[Finding]:
    return [each for each in looked_at(trial, facts).findings if each.rule_id == trial.rule]


def evidence_of(finding: Finding, facts: Sequence[Fact]) -> list[tuple[str, str, str, str]]:
    types = {fact.event_id: fact.type for fact in facts}
    return [
        (types[item["event_id"]] if "event_id" in item else "", item["field"], item["value"], item.get("expected", ""))
        for item in finding.evidence
    ]


def alerts(trial: Trial, facts: Sequence[Fact], existing: Sequence[AlertRow] = ()) -> list[AlertRow]:
    moved = reconcile(looked_at(trial, facts), existing, now=NOW)
    return [alert for alert in moved if alert.rule_id == trial.rule]


def test_every_rule_on_one_case_has_its_trial() -> None:
    assert sorted(trial.rule for trial in TRIALS) == sorted(RULES)


@EACH
def test_a_breach_is_found_once_with_its_evidence(trial: Trial) -> None:
    (finding,) = found(trial, trial.facts)
    assert finding.level == trial.level
    assert trial.evidence in evidence_of(finding, trial.facts)
    known = {(fact.event_id, fact.record_digest) for fact in trial.facts}
    said = {(item["event_id"], item["source_hash"]) for item in finding.evidence if "event_id" in item}
    assert said <= known
    assert finding.zh.startswith(RULES[trial.rule].zh)
    assert finding.en.startswith(RULES[trial.rule].en)


@EACH
def test_a_near_miss_is_left_alone(trial: Trial) -> None:
    assert found(trial, trial.near) == []


@EACH
def test_what_comes_late_and_excuses_it_takes_the_alert_back(trial: Trial) -> None:
    (raised,) = alerts(trial, trial.facts)
    (gone,) = alerts(trial, [*trial.facts, *trial.excuse], [raised])
    assert gone.alert_id == raised.alert_id
    assert gone.state in {"cleared", "revoked"}
    assert gone.document["reason"] in {"data_error", "case_progressed"}


@EACH
def test_its_alert_is_a_sound_document_and_waits_for_a_person_only_if_red(trial: Trial) -> None:
    (raised,) = alerts(trial, trial.facts)
    assert shape("alert.v1").problems(alert_document(raised.document)) == []
    waits = trial.level == "red" and RULES[trial.rule].mode == "manual"
    assert raised.state == ("pending" if waits else "raised")


@EACH
def test_in_any_order_of_arrival_the_same_is_found(trial: Trial) -> None:
    assert found(trial, list(reversed(trial.facts))) == found(trial, trial.facts)


@EACH
def test_where_its_inputs_are_not_reported_it_is_shown_so_and_finds_nothing(trial: Trial) -> None:
    rule, nothing = RULES[trial.rule], frozenset[str]()
    asked = missing(rule, nothing)
    assert list(not_evaluable(RULES, nothing).get(trial.rule, ())) == list(asked)
    silent = [each for each in looked_at(trial, trial.facts, nothing).findings if each.rule_id == trial.rule]
    assert bool(silent) == (not asked)


def test_a_case_entered_in_error_is_charged_with_nothing_but_tampering() -> None:
    for trial in TRIALS:
        voided = looked_at(trial, [*trial.facts, _voided(trial.facts[0])])
        assert {each.rule_id for each in voided.findings} <= {"R45"}


def _voided(fact: Fact) -> Fact:
    return licence("case.voided", "05-01", case=dict(fact.attributes))


def test_every_rule_says_what_it_is_in_both_languages_and_where_its_numbers_come_from() -> None:
    for rule in ALL_RULES.values():
        assert rule.zh
        assert rule.en
        assert rule.basis
        assert rule.level in {"notice", "yellow", "red"}
        assert all(parameter.source and parameter.unit for parameter in rule.parameters)
