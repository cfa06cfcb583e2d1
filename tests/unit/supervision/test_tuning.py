"""What an operator changes in the rules: off, on trial, and numbers by day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import orjson
import pytest

from hub.errors import Misconfigured
from hub.feed import places_in
from hub.model.documents import alert_document
from hub.model.shapes import shape
from hub.model.values import Entry
from hub.settings import Settings
from hub.supervision.alerts import reconcile
from hub.supervision.rules import ALL_RULES, RULES
from hub.supervision.rules.tuning import Override, Tuning, check, tuned
from tests.support.casework import a_fact, at, judged

LATE = "2026-03-18T00:00:00"
ACCEPTED = a_fact("case.accepted", "2026-03-02T09:00:00+08:00")


def test_a_rule_that_is_off_does_not_look() -> None:
    left = tuned(RULES, Tuning(off=["R14"]))
    assert "R14" not in left
    assert len(left) == len(RULES) - 1


def test_an_override_holds_on_its_days_and_the_shipped_number_on_the_others() -> None:
    first = Override(rule="R44", name="tolerated_days", value=3, source="x", valid_from=date(2027, 1, 1))
    rule = tuned(RULES, Tuning(overrides=[first]))["R44"]
    assert [rule.value("tolerated_days", date(year, 1, 1)) for year in (2026, 2027)] == [1, 3]


@pytest.mark.parametrize(
    ("tuning", "problem"),
    [
        (Tuning(off=["R99"]), "there is no rule 'R99'"),
        (Tuning(shadow=["r14"]), "there is no rule 'r14'"),
        (Tuning(overrides=[Override(rule="R44", name="days", value=1, source="x")]), "R44 has no parameter 'days'"),
        (Tuning(overrides=[Override(rule="R44", name="tolerated_days", value="two", source="x")]), "'two' is no"),
    ],
)
def test_what_names_nothing_is_told(tuning: Tuning, problem: str) -> None:
    with pytest.raises(Misconfigured, match=problem):
        check(ALL_RULES, tuning)


def test_the_settings_file_tunes_the_rules() -> None:
    settings = Settings.model_validate(
        {
            "rules": {
                "shadow": ["R29"],
                "parameter": [{"rule": "R44", "name": "tolerated_days", "value": 2, "source": "x"}],
            }
        }
    )
    tuning = settings.rules.tuning
    check(ALL_RULES, tuning)
    rules = tuned(ALL_RULES, tuning)
    assert (rules["R29"].is_shadow, rules["R44"].value("tolerated_days", date(2026, 1, 1))) == (True, 2)


def test_what_a_rule_on_trial_finds_is_kept_and_told_to_nobody_until_it_is_in_force() -> None:
    trial = {**RULES, "R14": replace(RULES["R14"], is_shadow=True)}
    judgement = judged(ACCEPTED, horizon=LATE)
    (tried,) = reconcile(judgement, (), now=at(LATE), rules=trial)
    assert tried.state == "shadow"
    assert shape("alert.v1").problems(alert_document(tried.document)) == []
    assert told(tried.document) == 0
    assert reconcile(judgement, [tried], now=at(LATE), rules=trial) == []
    (raised,) = reconcile(judgement, [tried], now=at(LATE), rules=RULES)
    assert (raised.state, told(raised.document)) == ("raised", 1)
    decided = judged(ACCEPTED, a_fact("case.decided", "2026-03-03T09:00:00+08:00"), horizon=LATE)
    (gone,) = reconcile(decided, [tried], now=at(LATE), rules=trial)
    assert (gone.state, told(gone.document)) == ("revoked", 0)


def told(data: object) -> int:
    """Count the places on the intranet feed where an alert is told."""
    body = orjson.dumps(alert_document(data))  # type: ignore[arg-type]  # a document
    entry = Entry(generation=1, partition=0, position=1, kind="alert", subject="s", outcome="", body=body, hash=b"",
                  ledgered_at=datetime(2026, 3, 18, tzinfo=UTC))  # fmt: skip
    return len(places_in(["intranet"])(entry))
