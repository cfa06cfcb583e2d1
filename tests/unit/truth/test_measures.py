"""An honest department does not stand out among its peers, a dishonest one does, and who is between is left alone."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from hub.supervision.truth.bands import FEWEST_PEERS, band_of, readings
from hub.supervision.truth.measures import MEASURES, longest_silence
from hub.supervision.truth.values import Numbers, Reported

BY_ID = {each.measure_id: each for each in MEASURES}
WORKDAYS = [date(2026, 3, 2) + timedelta(days=n) for n in range(5)] + [
    date(2026, 3, 9) + timedelta(days=n) for n in range(5)
]
HONEST: dict[str, Any] = {
    "counts": {"opened": 100, "limited": 100, "events": 1000, "backdated": 1, "entered_late": 2, "vanished": 0,
               "at_limit": 10, "placeholders": 1, "late": 3, "conflicting": 1},
    "durations": {"m": (100, 4)},
    "handlers": {"a": 40, "b": 60},
    "numbers": [Numbers(prefix="2026-", first=1, last=100, known=99, cases=99)],
    "days": WORKDAYS,
    "workdays": WORKDAYS,
}  # fmt: skip

PLANTED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "backdated": ({"backdated": 30}, {"backdated": 5}),
    "entered_late": ({"entered_late": 40}, {"entered_late": 6}),
    "vanished": ({"vanished": 3}, {"vanished": 1}),
    "at_limit": ({"at_limit": 90}, {"at_limit": 20}),
    "placeholders": ({"placeholders": 20}, {"placeholders": 5}),
    "late": ({"late": 60}, {"late": 12}),
    "contradicted": ({"conflicting": 50}, {"conflicting": 10}),
}
"""Counts of a dishonest department, and of one that is near it and is still usual."""

SHAPES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "missing_numbers": (
        {"numbers": [Numbers(prefix="2026-", first=1, last=100, known=60, cases=60)]},
        {"numbers": [Numbers(prefix="2026-", first=1, last=100, known=95, cases=95)]},
    ),
    "same_durations": ({"durations": {"m": (100, 95)}}, {"durations": {"m": (100, 18)}}),
    "one_handler": ({"handlers": {"a": 99, "b": 1}}, {"handlers": {"a": 80, "b": 20}}),
    "silence": ({"days": WORKDAYS[5:]}, {"days": WORKDAYS[1:]}),
}
"""The same of what is no count."""


def a_department(name: str, **fields: Any) -> Reported:
    counts = {**HONEST["counts"], **fields.pop("counts", {})}
    return Reported(department_id=name, group=fields.pop("group", "01"), **{**HONEST, **fields, "counts": counts})


def city(*more: Reported) -> list[Reported]:
    return [*(a_department(f"honest{n}") for n in range(6)), *more]


def standing_out(reported: list[Reported]) -> set[tuple[str, str]]:
    return {(each.measure_id, each.department_id)
            for measure in MEASURES for each in readings(measure, reported) if each.stands_out}  # fmt: skip


def test_nobody_stands_out_in_an_honest_city() -> None:
    assert not standing_out(city())


@pytest.mark.parametrize("measure", sorted(PLANTED))
def test_a_planted_count_stands_out_alone_and_its_near_miss_does_not(measure: str) -> None:
    dishonest, near = PLANTED[measure]
    assert standing_out(city(a_department("x", counts=dishonest))) == {(measure, "x")}
    assert not standing_out(city(a_department("x", counts=near)))


@pytest.mark.parametrize("measure", sorted(SHAPES))
def test_a_planted_pattern_stands_out_alone_and_its_near_miss_does_not(measure: str) -> None:
    dishonest, near = SHAPES[measure]
    assert standing_out(city(a_department("x", **dishonest))) == {(measure, "x")}
    assert not standing_out(city(a_department("x", **near)))


def test_every_measure_is_planted() -> None:
    assert PLANTED.keys() | SHAPES.keys() == BY_ID.keys()


def test_a_small_sample_is_told_and_never_stands_out() -> None:
    few = a_department("x", counts={"opened": 19, "placeholders": 19})
    found = {each.department_id: each for each in readings(BY_ID["placeholders"], city(few))}
    assert (found["x"].stands_out, found["x"].is_judged, found["x"].share.whole) == (False, False, 19)
    assert found["honest0"].band is not None
    assert found["honest0"].band.peers == 5


def test_with_too_few_peers_nothing_is_usual() -> None:
    reported = [a_department("x", counts={"placeholders": 90}), *(a_department(f"h{n}") for n in range(4))]
    assert all(each.band is None and not each.stands_out for each in readings(BY_ID["placeholders"], reported))


def test_a_department_is_compared_with_its_own_kind_where_there_are_enough() -> None:
    usual = [a_department(f"p{n}", group="02", counts={"at_limit": 70}) for n in range(6)]
    assert not standing_out(city(*usual))
    assert standing_out(city(a_department("x", group="02", counts={"at_limit": 70}))) == {("at_limit", "x")}


def test_a_band_is_three_deviations_wide_or_the_tolerance() -> None:
    values = [Fraction(n, 100) for n in (10, 12, 14, 16, 18)]
    band = band_of(values, Fraction(1, 100))
    assert band is not None
    assert (band.middle, band.high, band.peers) == (Fraction(14, 100), Fraction(20, 100), 5)
    even = band_of([Fraction(1, 10)] * FEWEST_PEERS, Fraction(5, 100))
    assert even is not None
    assert even.high == Fraction(15, 100)


def test_figures_that_are_no_running_numbers_have_no_gaps() -> None:
    times = Numbers(prefix="", first=20260302090000, last=20260331180000, known=50, cases=50)
    short = Numbers(prefix="A", first=1, last=9, known=4, cases=4)
    assert BY_ID["missing_numbers"].of(a_department("x", numbers=[times, short])).whole == 0


def test_matters_with_few_cases_say_nothing_of_durations() -> None:
    assert BY_ID["same_durations"].of(a_department("x", durations={"m": (9, 9)})).whole == 0
    assert BY_ID["same_durations"].of(a_department("x", durations={"m": (50, 1)})).part == 0


def test_a_department_with_less_than_a_case_a_day_is_not_called_silent() -> None:
    assert BY_ID["silence"].of(a_department("x", counts={"opened": 9}, days=[])).whole == 0


@pytest.mark.parametrize(("heard", "longest"), [([], 10), ([0, 9], 8), ([4], 5), (range(10), 0)])
def test_silence_is_the_longest_stretch_of_working_days(heard: Any, longest: int) -> None:
    assert longest_silence([WORKDAYS[n] for n in heard], WORKDAYS) == longest
