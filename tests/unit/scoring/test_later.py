"""What changes after a month is frozen, what months and departments add up to, and the quality of the data."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.supervision.scoring.adjusting import adjustments
from hub.supervision.scoring.quality import quality
from hub.supervision.scoring.rollup import mean
from hub.supervision.scoring.score import score
from tests.support.scoring import MONTH, SET, a_card, a_month


def test_an_alert_revoked_later_gives_its_points_back_with_its_name() -> None:
    before = score(MONTH, a_month(a_card()), SET)
    after = score(MONTH, a_month(a_card(state="revoked")), SET)
    (found,) = adjustments(before, after)
    assert (found.points, found.line.about["alert_id"], found.line.about["state"]) == (5, "R14-1", "revoked")
    assert (found.before, found.after) == (-5, 0)


def test_an_alert_found_later_takes_its_points_then() -> None:
    (found,) = adjustments(score(MONTH, a_month(), SET), score(MONTH, a_month(a_card()), SET))
    assert found.points == -5


def test_nothing_changed_is_no_adjustment() -> None:
    same = score(MONTH, a_month(a_card()), SET)
    assert not adjustments(same, score(MONTH, a_month(a_card()), SET))


card = st.tuples(
    st.sampled_from(["R14", "R15", "R43"]), st.sampled_from(["yellow", "red"]), st.sampled_from(["raised", "revoked"])
)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.integers(0, 9), card), st.dictionaries(st.integers(0, 9), card))
def test_adjustments_add_up_to_the_difference_of_the_scores(
    before: dict[int, tuple[str, str, str]], after: dict[int, tuple[str, str, str]]
) -> None:
    first, second = (
        score(MONTH, a_month(*(a_card(r, level, state=s, alert_id=str(n)) for n, (r, level, s) in each.items())), SET)
        for each in (before, after)
    )
    total = sum((each.points for each in adjustments(first, second)), Decimal(0))
    assert total == second.score - first.score


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(), st.decimals(-100, 200, places=2), min_size=1))
def test_what_months_contribute_adds_up_to_their_mean(values: dict[str, Decimal]) -> None:
    found = mean(values)
    assert found is not None
    assert sum((part for _, _, part in found.parts), found.rounding) == found.value
    assert abs(found.value - sum(values.values()) / len(values)) <= Decimal("0.005")


def test_there_is_no_mean_of_nothing() -> None:
    assert mean({}) is None


def test_data_quality_is_the_mean_of_what_can_be_judged() -> None:
    found = quality(a_month(quality={"cases": 200, "incomplete": 10, "late": 50, "records": 1000, "quarantined": 1}))
    assert [each.value for each in found.parts] == [95, 75, Decimal("99.9"), None, None]
    assert found.value == Decimal("89.97")


def test_days_on_which_department_and_hub_differ_lower_the_data_quality() -> None:
    found = quality(a_month(quality={"cases": 200, "incomplete": 0, "late": 0, "days": 20, "differing": 5}))
    assert (found.parts[-1].value, found.value) == (75, Decimal("91.67"))


def test_data_quality_does_not_touch_the_score() -> None:
    bad = a_month(quality={"cases": 100, "incomplete": 100, "late": 100})
    assert quality(bad).value == 0
    assert score(MONTH, bad, SET).score == 100


@pytest.mark.parametrize("counts", [{}, {"late": 3}])
def test_without_anything_to_judge_by_there_is_no_quality(counts: dict[str, int]) -> None:
    assert quality(a_month(quality=counts)).value is None
