"""One criterion moves as its grace and probation say, and no other way."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from conformance.criteria.machine import Observation, Row, Seen, fold, roll_up, step
from conformance.criteria.observe import DayFacts, observe
from conformance.criteria.policy import CRITERIA, Policy, policies_on
from hub.model.certified import CONFIDENTIALITY
from hub.supervision.calendar import WorkCalendar

CALENDAR = WorkCalendar()
MONDAY = date(2026, 3, 2)
POLICIES = policies_on(MONDAY)


def seen(criterion: str, days: str, *, begin: date = MONDAY, **measure: Any) -> list[Observation]:
    """One observation a working day: F fail, P pass, U unknown, N not applicable, R a pass a person vouches for."""
    words = {"F": Seen.FAIL, "P": Seen.PASS, "R": Seen.PASS, "U": Seen.UNKNOWN, "N": Seen.NOT_APPLICABLE}
    day, found = begin, []
    for letter in days:
        by = "李四" if letter == "R" else ""
        found.append(Observation(criterion=criterion, day=day, seen=words[letter], measure=measure, by=by))
        day, _ = CALENDAR.add_workdays(day, 1)
    return found


def folded(criterion: str, days: str, **measure: Any) -> tuple[Row, list[str]]:
    policy = POLICIES[criterion]
    row, moves = fold(seen(criterion, days, **measure), lambda _: policy, CALENDAR.is_workday, criterion=criterion)
    return row, [move.what for move in moves]


def test_every_criterion_has_a_policy_with_a_source_and_the_periods_of_the_design() -> None:
    periods = {name: (policy.grace_wd, policy.probation_wd) for name, policy in POLICIES.items()}
    assert periods == {
        "K1": (3, 20), "K2": (5, 20), "K3": (3, 20), "K4": (1, 10), "K5": (5, 20), "K6": (2, 30), "K7": (1, 20),
        "K8": (5, 20), "K9": (0, 60), "K10": (0, 0), "K11": (3, 10), "K12": (0, 0), "K13": (0, 0),
    }  # fmt: skip
    assert all(policy.source for policy in POLICIES.values())
    assert tuple(POLICIES) == CRITERIA


def test_a_failure_that_outlasts_its_grace_suspends_and_one_that_does_not_costs_nothing() -> None:
    assert folded("K1", "FFF")[0].phase == "in_grace"
    row, moves = folded("K1", "FFFF")
    assert (row.phase, row.level, row.since) == ("suspended", "C2", date(2026, 3, 5))
    assert moves == ["observed", "half_grace", "suspended"]
    assert folded("K1", "FFFP") == (folded("K1", "FFFP")[0], ["observed", "half_grace", "recovered"])
    assert folded("K1", "FFFP")[0].phase == "steady"


def test_a_weekend_uses_up_no_grace() -> None:
    days = [MONDAY + timedelta(days=n) for n in range(4, 9)]
    failing = [Observation(criterion="K1", day=day, seen=Seen.FAIL) for day in days]
    row, _ = fold(failing, lambda _: POLICIES["K1"], CALENDAR.is_workday, criterion="K1")
    assert (days[0].isoformat(), row.phase, row.used_wd) == ("2026-03-06", "in_grace", 2)


def test_looking_twice_on_one_day_counts_once() -> None:
    twice = [each for each in seen("K1", "FFF") for _ in range(2)]
    row, _ = fold(twice, lambda _: POLICIES["K1"], CALENDAR.is_workday, criterion="K1")
    assert row.phase == "in_grace"


def test_unknown_freezes_grace_and_probation() -> None:
    assert folded("K1", "FUUUUF")[0].used_wd == 1
    waiting, _ = folded("K4", "FFP" + "P" * 5 + "U" * 30)
    assert (waiting.phase, waiting.used_wd) == ("on_probation", 5)


def test_probation_ends_after_its_working_days_and_not_before() -> None:
    assert folded("K4", "FFP" + "P" * 9)[0].phase == "on_probation"
    row, moves = folded("K4", "FFP" + "P" * 10)
    assert (row.phase, moves[-1]) == ("steady", "steady")


def test_a_confirmed_failure_in_probation_doubles_it_and_a_mended_one_does_not() -> None:
    assert folded("K4", "FFP" + "PP" + "FF" + "P")[0].probation_wd == 20
    mended, _ = folded("K4", "FFP" + "PP" + "F" + "P")
    assert (mended.phase, mended.probation_wd, mended.used_wd) == ("on_probation", 10, 2)


def test_the_third_confirmed_failure_in_a_year_asks_for_a_review_of_revocation() -> None:
    twice = "FFP" + "P" * 10 + "FFP"
    row, moves = folded("K4", twice)
    assert "revocation_review" not in moves
    assert not row.needs_review
    row, moves = folded("K4", twice + "P" * 20 + "FF")
    assert moves[-1] == "revocation_review"
    assert row.needs_review


def test_failures_more_than_a_year_apart_are_not_added_up() -> None:
    old = replace(Row(criterion="K4"), strikes=(MONDAY - timedelta(days=366), MONDAY - timedelta(days=365)))
    row, _ = step(old, seen("K4", "F")[0], POLICIES["K4"], is_workday=True)
    row, moves = step(row, seen("K4", "PF")[1], POLICIES["K4"], is_workday=True)
    assert [move.what for move in moves] == ["suspended"]
    assert len(row.strikes) == 1


def test_a_leak_suspends_at_once_and_only_a_person_lifts_it() -> None:
    row, _ = folded("K9", "F")
    assert row.phase == "suspended"
    assert roll_up([row], POLICIES).stops_public
    other = replace(row, criterion="K4")
    assert roll_up([other, row], POLICIES).criteria == ["K9", "K4"]
    assert [name for name, policy in POLICIES.items() if policy.stops_public] == [CONFIDENTIALITY]
    assert folded("K9", "FPPPP")[0].phase == "suspended"
    assert folded("K9", "FPR")[0].phase == "on_probation"


def test_drift_suspends_what_it_touches_at_once_and_ends_with_the_rerun() -> None:
    row, moves = folded("K10", "F", level="C2")
    assert (row.phase, row.level, moves) == ("suspended", "C2", ["suspended"])
    assert folded("K10", "F")[0].level == "C1"
    assert folded("K10", "FFP", level="C2")[0].phase == "steady"


def test_a_life_warns_thrice_then_expires_and_begins_anew_when_renewed() -> None:
    policy = POLICIES["K12"]
    days = [(n, MONDAY + timedelta(days=90 - n)) for n in range(90, -3, -1)]
    aging = [
        Observation(criterion="K12", day=day, seen=Seen.PASS if n > 30 else Seen.FAIL, measure={"days_left": n})
        for n, day in days
    ]
    row, moves = fold(aging, lambda _: policy, CALENDAR.is_workday, criterion="K12")
    told = {move.what: (move.day - MONDAY).days for move in moves}
    assert told == {"warn_60": 30, "warn_30": 60, "warn_7": 83, "expired": 90}
    assert roll_up([row], POLICIES).state == "expired"
    fresh = Observation(criterion="K12", day=MONDAY, seen=Seen.PASS, measure={"days_left": 365})
    renewed, _ = step(row, fresh, policy, is_workday=True)
    assert (renewed.phase, renewed.warned) == ("steady", 0)


def test_an_anomaly_asks_for_a_person_and_takes_nothing_away() -> None:
    row, moves = folded("K13", "PFFPF")
    assert (row.phase, moves) == ("steady", ["review", "review"])
    assert roll_up([row], POLICIES).state == "active"


def test_a_criterion_that_does_not_apply_leaves_the_roll_up() -> None:
    suspended = folded("K1", "FFFF")[0]
    assert roll_up([suspended], POLICIES).state == "suspended"
    gone, _ = folded("K1", "FFFFN")
    assert roll_up([gone], POLICIES).state == "active"


def test_the_roll_up_is_the_worst_and_takes_away_the_lowest_level() -> None:
    rows = [folded("K1", "FFFF")[0], folded("K5", "FFFFFF")[0], folded("K3", "F")[0]]
    rolled = roll_up(rows, POLICIES)
    assert (rolled.state, rolled.level, list(rolled.criteria)) == ("suspended", "C2", ["K1", "K5"])
    assert roll_up([folded("K3", "F")[0]], POLICIES).state == "in_grace"
    assert roll_up([], POLICIES).state == "active"


def looked(criterion: str, *facts: DayFacts, policies: dict[str, Policy] | None = None) -> Seen:
    found = observe(facts, policies or POLICIES)
    return next(each.seen for each in found if each.criterion == criterion)


def a_day(offset: int = 0, **facts: Any) -> DayFacts:
    values = {"signs_of_life": 1, "units": 100, "source_count": 100, "hub_count": 100, "skew_p99_s": 1.0,
              "skew_units": 100}  # fmt: skip
    return DayFacts(day=MONDAY + timedelta(days=offset), **{**values, **facts})


@pytest.mark.parametrize(
    ("criterion", "facts", "expected"),
    [
        ("K1", {"units": 1000, "invalid": 5}, Seen.PASS),
        ("K1", {"units": 1000, "invalid": 6}, Seen.FAIL),
        ("K1", {"units": 19}, Seen.UNKNOWN),
        ("K1", {"invalid": None}, Seen.UNKNOWN),
        ("K2", {"units": 1000, "unknown_codes": 1}, Seen.PASS),
        ("K2", {"units": 1000, "unknown_codes": 2}, Seen.FAIL),
        ("K3", {"units": 1000, "illegal_moves": 2}, Seen.FAIL),
        ("K3", {"units": 3, "closed_edits": 1}, Seen.FAIL),
        ("K4", {"signs_of_life": 0}, Seen.FAIL),
        ("K4", {"signs_of_life": 0, "is_ingest_up": False}, Seen.UNKNOWN),
        ("K4", {"signs_of_life": 0, "is_workday": False}, Seen.UNKNOWN),
        ("K5", {"is_backfill": True}, Seen.UNKNOWN),
        ("K6", {"hub_count": 99}, Seen.FAIL),
        ("K6", {"key_differences": 1}, Seen.FAIL),
        ("K6", {"source_count": None}, Seen.UNKNOWN),
        ("K6", {"reconciles": False}, Seen.NOT_APPLICABLE),
        ("K7", {"conflicting": 1}, Seen.FAIL),
        ("K8", {}, Seen.NOT_APPLICABLE),
        ("K8", {"orders": 4, "orders_in_time": 0}, Seen.UNKNOWN),
        ("K8", {"orders": 20, "orders_in_time": 19}, Seen.PASS),
        ("K8", {"orders": 20, "orders_in_time": 18}, Seen.FAIL),
        ("K9", {"leaks": 1, "is_crawler_up": False}, Seen.FAIL),
        ("K9", {"is_crawler_up": False}, Seen.UNKNOWN),
        ("K10", {}, Seen.NOT_APPLICABLE),
        ("K10", {"drifted": ()}, Seen.PASS),
        ("K10", {"drifted": ("mapping.parts.codes",)}, Seen.FAIL),
        ("K11", {"skew_p99_s": 120.5}, Seen.FAIL),
        ("K11", {"skew_p99_s": 500.0, "skew_units": 19}, Seen.UNKNOWN),
        ("K12", {"days_left": 31}, Seen.PASS),
        ("K12", {"days_left": 30}, Seen.FAIL),
        ("K13", {"anomaly_share": 0.4, "peers_share": 0.1, "sample": 50}, Seen.FAIL),
        ("K13", {"anomaly_share": 0.4, "peers_share": 0.1, "sample": 49}, Seen.UNKNOWN),
    ],
)
def test_what_is_seen_on_a_day(criterion: str, facts: dict[str, Any], expected: Seen) -> None:
    assert looked(criterion, a_day(**facts)) is expected


def test_the_window_widens_until_it_holds_enough_units_and_not_beyond_its_end() -> None:
    small = [a_day(n, units=5, invalid=int(n == 0)) for n in range(4)]
    assert looked("K1", *small[:3]) is Seen.UNKNOWN
    assert looked("K1", *small) is Seen.FAIL
    assert looked("K1", *(a_day(n, units=0) for n in range(-30, -1)), a_day(units=19)) is Seen.UNKNOWN


def test_latency_holds_on_eight_days_of_ten() -> None:
    slow, fast = {"latency_p95_s": 901.0}, {"latency_p95_s": 900.0}
    for bad, expected in ((2, Seen.PASS), (3, Seen.FAIL)):
        days = [a_day(n, **(slow if n < bad else fast)) for n in range(10)]
        assert looked("K5", *days) is expected
    assert looked("K5", a_day(**fast)) is Seen.UNKNOWN


def test_two_days_without_a_count_are_unknown_and_the_third_is_a_failure() -> None:
    days = [a_day(n, source_count=None) for n in range(3)]
    assert looked("K6", *days[:2]) is Seen.UNKNOWN
    assert looked("K6", *days) is Seen.FAIL
    assert looked("K6", a_day(), *(replace(day, day=day.day + timedelta(days=1)) for day in days[:2])) is Seen.UNKNOWN


def test_a_failure_of_ours_is_nobody_s_and_is_blanked_out_of_later_windows() -> None:
    ours = a_day(units=10, invalid=10, charged_to={"K1": "connector"})
    assert looked("K1", replace(ours, units=100, invalid=100)) is Seen.UNKNOWN
    assert looked("K1", ours, a_day(1, units=15), a_day(2, units=5)) is Seen.PASS
    theirs = replace(ours, charged_to={"K1": "department"})
    assert looked("K1", theirs, a_day(1, units=8), a_day(2, units=5)) is Seen.FAIL


def test_an_incident_of_ours_excuses_everything_but_a_leak_a_drift_and_a_life_that_ends() -> None:
    bad = a_day(invalid=100, signs_of_life=0, conflicting=9, incident=True, leaks=3, drifted=("mapping",), days_left=0)
    found = {each.criterion: each.seen for each in observe([bad], POLICIES)}
    assert {name for name, seen in found.items() if seen is not Seen.UNKNOWN} == {"K9", "K10", "K12"}
    assert {found[name] for name in ("K9", "K10", "K12")} == {Seen.FAIL}


def test_a_silent_day_is_nobody_s_while_the_hub_took_nothing_in_and_a_spoken_one_counts() -> None:
    assert looked("K4", a_day(signs_of_life=0, is_ingest_up=False)) is Seen.UNKNOWN
    assert looked("K4", a_day(signs_of_life=0)) is Seen.FAIL
    assert looked("K4", a_day(signs_of_life=1, is_ingest_up=False)) is Seen.PASS


def test_a_third_strike_asks_for_a_review_until_somebody_looked_or_the_year_is_over() -> None:
    assert not folded("K4", "FFP" * 2)[0].needs_review
    third, _ = folded("K4", "FFP" * 2 + "FF")
    assert (len(third.strikes), third.needs_review) == (3, True)
    policy = POLICIES["K4"]
    looked_into = Observation(criterion="K4", day=date(2026, 6, 1), seen=Seen.UNKNOWN, by="王五")
    assert not step(third, looked_into, policy, is_workday=True)[0].needs_review
    passing = replace(looked_into, seen=Seen.PASS, by="")
    assert step(third, passing, policy, is_workday=True)[0].needs_review
    assert not step(third, replace(passing, day=date(2027, 6, 1)), policy, is_workday=True)[0].needs_review
