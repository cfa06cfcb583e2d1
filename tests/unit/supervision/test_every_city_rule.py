"""Every rule beyond one case: planted it is raised once with evidence, a near miss is not, late word excuses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hub.model.documents import alert_document
from hub.model.shapes import shape
from hub.supervision.catalogue import Catalogue
from hub.supervision.city_alerts import look, reconcile_city
from hub.supervision.rules import ALL_RULES, CITY_RULES
from tests.support.town import TRIALS
from tests.support.town_city import CITY_TRIALS, NOW, CityTrial, Look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.model.values import AlertRow

EACH = pytest.mark.parametrize("trial", CITY_TRIALS, ids=lambda trial: trial.rule)


def moved(trial: CityTrial, seen: Look, standing: Sequence[AlertRow] = ()) -> list[AlertRow]:
    rule = {trial.rule: CITY_RULES[trial.rule]}
    found = look(seen.view, Catalogue(seen.documents), rule)
    return [*reconcile_city(found, {each.alert_id: each for each in standing}, now=NOW)]


def test_every_one_of_the_fifty_three_rules_has_its_trial() -> None:
    assert len(ALL_RULES) == 53
    assert {each.rule for each in (*TRIALS, *CITY_TRIALS)} == set(ALL_RULES)
    assert sorted(trial.rule for trial in CITY_TRIALS) == sorted(CITY_RULES)


@EACH
def test_a_breach_is_raised_once_with_its_evidence(trial: CityTrial) -> None:
    (raised,) = moved(trial, trial.planted)
    assert raised.level == trial.level
    said = [(item["field"], item["value"], item.get("expected", "")) for item in raised.document["evidence"]]
    assert trial.evidence in said
    assert shape("alert.v1").problems(alert_document(raised.document)) == []
    waits = trial.level == "red" and CITY_RULES[trial.rule].mode == "manual"
    assert raised.state == ("pending" if waits else "raised")
    assert moved(trial, trial.planted, [raised]) == []


@EACH
def test_a_near_miss_is_left_alone(trial: CityTrial) -> None:
    assert moved(trial, trial.near) == []


@EACH
def test_late_word_takes_the_alert_back_where_it_can(trial: CityTrial) -> None:
    (raised,) = moved(trial, trial.planted)
    after = moved(trial, trial.late, [raised])
    assert [each.state for each in after] == ([] if trial.ends == "kept" else [trial.ends])
    assert bool(trial.why) == (trial.ends == "kept")


@EACH
def test_a_window_that_shows_nothing_any_more_excuses_nothing_but_a_reference(trial: CityTrial) -> None:
    (raised,) = moved(trial, trial.planted)
    after = [each for each in moved(trial, Look(), [raised]) if each.state == "revoked"]
    assert bool(after) == (trial.rule == "R49")


@EACH
def test_where_nothing_of_its_inputs_is_known_nothing_is_found(trial: CityTrial) -> None:
    assert moved(trial, Look()) == []
