"""What a department's month is worth, by the set that is shipped."""

from __future__ import annotations

import copy
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import Misconfigured
from hub.supervision.rules import ALL_RULES
from hub.supervision.scoring.formulas import FORMULAS
from hub.supervision.scoring.indicators import in_force, indicator_set
from hub.supervision.scoring.papers import digest, read, written
from hub.supervision.scoring.score import ranks, score
from hub.supervision.scoring.values import Cell, Obligation
from tests.support.scoring import MONTH, OURS, SET, THEIRS, a_card, a_mark, a_month

if TYPE_CHECKING:
    from hub.supervision.scoring.values import Inputs


def scored(inputs: Inputs) -> Decimal:
    return score(MONTH, inputs, SET).score


def test_a_month_without_fault_is_worth_the_base() -> None:
    assert scored(a_month()) == 100


@pytest.mark.parametrize(
    ("rule", "level", "left"),
    [("R13", "notice", 100), ("R14", "yellow", 95), ("R15", "red", 90), ("R72", "yellow", 97), ("R72", "red", 90)],
)
def test_a_card_costs_what_its_level_costs_and_three_notices_in_a_row_cost_three(
    rule: str, level: str, left: int
) -> None:
    assert scored(a_month(a_card(rule, level))) == left


def test_a_breach_that_touches_two_heads_is_deducted_in_both() -> None:
    statement = score(MONTH, a_month(a_card("R43")), SET)
    hit = [(line.head, line.points) for line in statement.lines if line.kind == "deduction"]
    assert hit == [("fees", -5), ("integrity", -5)]
    assert statement.score == 90


def test_a_head_is_not_worth_less_than_nothing() -> None:
    cards = [a_card("R15", "red", alert_id=str(n)) for n in range(5)]
    statement = score(MONTH, a_month(*cards), SET)
    assert statement.score == 100 - 14
    assert [line.points for line in statement.lines if line.kind == "floor"] == [36]


@pytest.mark.parametrize("state", ["revoked", "cleared"])
def test_an_alert_that_was_taken_back_costs_nothing_and_is_still_told(state: str) -> None:
    statement = score(MONTH, a_month(a_card(state=state)), SET)
    assert statement.score == 100
    assert [(line.about["alert_id"], line.points) for line in statement.lines if line.about] == [("R14-1", 0)]


@pytest.mark.parametrize("state", ["pending", "shadow"])
def test_an_alert_that_was_not_issued_is_not_told(state: str) -> None:
    assert not [line for line in score(MONTH, a_month(a_card(state=state)), SET).lines if line.about]


@pytest.mark.parametrize("culprit", ["connector", "hub", "joint"])
def test_what_connector_or_hub_did_lowers_no_departments_score(culprit: str) -> None:
    assert scored(a_month(a_card(charged_to=culprit))) == 100


@pytest.mark.parametrize(("incomplete", "left"), [(0, 100), (1, 99), (3, 97), (5, 95), (40, 95)])
def test_incomplete_data_costs_a_point_a_per_cent_and_at_most_five(incomplete: int, left: int) -> None:
    assert scored(a_month(incomplete=incomplete)) == left


@pytest.mark.parametrize(("early", "worth"), [(9, 100), (10, 101), (29, 102), (100, 110)])
def test_every_ten_per_cent_closed_early_add_a_point(early: int, worth: int) -> None:
    assert scored(a_month(early=early)) == worth


@pytest.mark.parametrize(("percent", "worth"), [("29", 100), ("30", 103), ("39", 103), ("40", 104)])
def test_limits_cut_in_public_by_thirty_per_cent_add_three(percent: str, worth: int) -> None:
    assert scored(a_month(marks=[a_mark("limits_cut", percent)])) == worth


def test_upheld_liability_takes_the_head_and_is_marked_as_entered_by_a_person() -> None:
    statement = score(MONTH, a_month(marks=[a_mark("upheld_liability", "15")]), SET)
    (line,) = [line for line in statement.lines if line.kind == "deduction"]
    assert (line.points, line.source, line.about) == (-15, "manual", {"mark_id": "upheld_liability-1"})
    assert statement.score == 90


def test_a_survey_leaves_its_share_of_the_head() -> None:
    assert scored(a_month(marks=[a_mark("satisfaction_survey", "87.55")])) == Decimal("98.75")  # 10 x 12.45 % = 1.245


@pytest.mark.parametrize(("rated", "bad", "left"), [(9, 9, 100), (10, 0, 100), (10, 1, Decimal("97.5")), (30, 1, None)])
def test_bad_ratings_cost_in_proportion_once_there_are_enough(rated: int, bad: int, left: Decimal | None) -> None:
    expected = Decimal("99.17") if left is None else left  # 5 x (1/30) / 20 % = 0.8333
    assert scored(a_month(rated=rated, rated_bad=bad)) == expected


def test_the_conversion_factor_changes_the_sum_by_a_line_of_its_own() -> None:
    chosen = replace(SET, conversion={"default": Decimal(1), OURS: Decimal("1.05")})
    statement = score(MONTH, a_month(a_card()), chosen)
    assert statement.score == Decimal("99.75")
    assert statement.lines[-1].points == Decimal("4.75")


def test_past_its_day_a_connection_below_its_level_is_scored_on_what_is_missing() -> None:
    owed = Obligation(due_on="2026-10-31", required="C3", reached="C2")
    statement = score(MONTH, a_month(closed=0, obligation=owed), SET)
    assert statement.score == 100 - 46
    assert statement.is_ranked


@pytest.mark.parametrize(("due", "reached"), [("2026-11-01", ""), ("2026-10-01", "C3"), ("2026-10-01", "C4")])
def test_an_obligation_that_is_kept_or_not_due_costs_nothing(due: str, reached: str) -> None:
    assert scored(a_month(obligation=Obligation(due_on=due, required="C3", reached=reached))) == 100


def test_a_department_with_too_few_cases_is_scored_and_not_ranked() -> None:
    small = score(MONTH, a_month(closed=19), SET)
    large = score(MONTH, a_month(a_card(), closed=20, department=THEIRS), SET)
    assert small.score == 100
    assert ranks([small, large]) == {THEIRS: 1}


def test_equal_scores_share_a_rank() -> None:
    scores = [score(MONTH, a_month(*cards, department=name), SET)
              for name, cards in (("a", []), ("b", []), ("c", [a_card()]))]  # fmt: skip
    assert ranks(scores) == {"a": 1, "b": 1, "c": 3}


@pytest.mark.parametrize(("cards", "grade"), [(2, "优秀"), (3, "良好")])
def test_the_grade_follows_from_the_score(cards: int, grade: str) -> None:
    heads = ("R14", "R12", "R03")
    statement = score(MONTH, a_month(*(a_card(rule) for rule in heads[:cards])), SET)
    assert statement.grade.startswith(grade)


def test_an_indicator_of_too_small_a_sample_has_no_value() -> None:
    shown = {each.indicator_id: each for each in score(MONTH, a_month(on_time=9, promised=9), SET).shown}
    assert (shown["on_time"].value, shown["on_time"].sample) == (None, 9)
    shown = {each.indicator_id: each for each in score(MONTH, a_month(on_time=9, promised=10), SET).shown}
    assert shown["on_time"].value == 90


def test_every_rule_costs_something_somewhere() -> None:
    assert set(SET.charges) == set(ALL_RULES)


def test_what_is_frozen_is_read_back_to_the_same_figure_and_the_same_digest() -> None:
    owed = Obligation(due_on="2026-10-31", required="C3", reached="C2")
    inputs = a_month(a_card(), a_card("R15", "red"), marks=[a_mark("limits_cut", "33.5")], obligation=owed, early=31)
    again = read(written(inputs))
    assert score(MONTH, again, SET) == score(MONTH, read(written(again)), SET)
    assert scored(again) == scored(inputs)
    assert digest(written(again)) == digest(written(inputs))


def test_a_part_of_the_inputs_is_one_matter() -> None:
    cells = [Cell(region_code="321281", matter_code=name, counts={"closed": 30}) for name in ("m", "n")]
    inputs = a_month(a_card(matter_code="n"), cells=cells)
    assert [scored(inputs.only(lambda part, n=name: part.matter_code == n)) for name in ("m", "n")] == [100, 95]


amounts = st.decimals(min_value=0, max_value=100, places=2)


@settings(max_examples=60, deadline=None)
@given(
    rules=st.lists(st.tuples(st.sampled_from(sorted(ALL_RULES)), st.sampled_from(["notice", "yellow", "red"]))),
    counts=st.tuples(*[st.integers(0, 50)] * 4),
    survey=amounts,
    factor=st.sampled_from(["1", "0.95", "1.0333"]),
)
def test_the_lines_add_up_to_the_score_and_no_head_falls_below_nothing(
    rules: list[tuple[str, str]], counts: tuple[int, ...], survey: Decimal, factor: str
) -> None:
    cards = [a_card(rule, level, alert_id=str(n)) for n, (rule, level) in enumerate(rules)]
    early, bad, good, incomplete = counts
    inputs = a_month(*cards, early=early, rated=bad + good, rated_bad=bad, incomplete=incomplete,
                     marks=[a_mark("satisfaction_survey", str(survey))])  # fmt: skip
    statement = score(MONTH, inputs, replace(SET, conversion={"default": Decimal(factor)}))
    assert sum(line.points for line in statement.lines) == statement.score
    assert all(line.points == line.points.quantize(Decimal("0.01")) for line in statement.lines)
    for head in SET.heads:
        assert 0 <= sum(line.points for line in statement.lines if line.head == head.head_id) <= head.weight


def changed(**fields: Any) -> dict[str, Any]:
    return {**copy.deepcopy(dict(SET.document)), **fields}


def test_a_set_is_refused_with_everything_that_is_wrong_with_it() -> None:
    wrong = changed()
    wrong["heads"][0]["weight"] = "11"
    wrong["indicators"][0]["head"] = "opennes"
    wrong["indicators"][1]["formula_id"] = "cards.v9"
    wrong["cards"]["rules"]["R01"]["heads"] = ["floow"]
    wrong["grades"][-1]["from"] = "1"
    with pytest.raises(Misconfigured) as refused:
        indicator_set(wrong, formulas=FORMULAS, file="own.yaml")
    said = str(refused.value)
    assert all(text in said for text in ("101", "opennes", "cards.v9", "floow", "begins at 0", "own.yaml"))


def test_points_that_are_no_exact_text_are_refused() -> None:
    wrong = changed(base=100)
    wrong["heads"][0]["weight"] = 10.0
    with pytest.raises(Misconfigured, match="/heads/0/weight"):
        indicator_set(wrong, formulas=FORMULAS)


def test_the_set_that_began_last_is_in_force() -> None:
    from datetime import date  # noqa: PLC0415

    newer = indicator_set(changed(version=2, valid_from="2026-11-01"), formulas=FORMULAS)
    assert in_force([newer, SET], date(2026, 10, 31)) is SET
    assert in_force([newer, SET], date(2026, 11, 1)) is newer
    with pytest.raises(Misconfigured, match="no indicator set"):
        in_force([newer], date(2026, 10, 31))
