"""Two hundred days with known faults: what the criteria do is what a plain recomputation says, day by day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest

from conformance.criteria.machine import Move, Observation, Row, Seen, step
from conformance.criteria.observe import DayFacts, observe
from conformance.criteria.policy import CRITERIA, policies_on
from hub.supervision.calendar import WorkCalendar

if TYPE_CHECKING:
    from collections.abc import Callable

CALENDAR: Final = WorkCalendar()
BEGIN: Final = date(2026, 1, 5)
"""A Monday; Spring Festival, Qingming, Labour Day and Dragon Boat lie within the trace."""
DAYS: Final = [BEGIN + timedelta(days=n) for n in range(200)]

FINE: Final = {
    "units": 1000, "signs_of_life": 5, "latency_p95_s": 60.0, "source_count": 50, "hub_count": 50, "orders": 4,
    "orders_in_time": 4, "drifted": (), "skew_p99_s": 2.0, "skew_units": 100, "anomaly_share": 0.01,
    "peers_share": 0.01, "sample": 200,
}  # fmt: skip

FAULTS: Final[list[tuple[int, int, dict[str, Any]]]] = [
    (10, 12, {"invalid": 90}),  # K1 mended in grace
    (30, 41, {"invalid": 90}),  # K1 over Spring Festival: confirmed
    (45, 60, {"invalid": 90}),  # K1 again, in probation: the next one is twice as long
    (48, 50, {"invalid": None}),  # validator down meanwhile: frozen
    (140, 150, {"invalid": 90}),  # K1, third time: review
    (20, 29, {"unknown_codes": 40}),
    (70, 72, {"illegal_moves": 9}),
    (90, 96, {"closed_edits": 1}),
    (15, 17, {"signs_of_life": 0}),
    (100, 101, {"signs_of_life": 0}),
    (102, 104, {"signs_of_life": 0, "is_ingest_up": False}),
    (60, 75, {"latency_p95_s": 2000.0}),
    (120, 122, {"latency_p95_s": 2000.0, "is_backfill": True}),
    (50, 55, {"hub_count": 49}),
    (110, 119, {"source_count": None}),
    (160, 160, {"key_differences": 2}),
    (25, 25, {"conflicting": 1}),
    (33, 36, {"conflicting": 1}),
    (80, 95, {"orders_in_time": 0}),
    (85, 85, {"leaks": 1}),
    (86, 88, {"is_crawler_up": False}),
    (64, 66, {"drifted": ("mapping.parts.codes",), "drift_level": "C2"}),
    (130, 130, {"drifted": ("connector.version",), "drift_level": "C1"}),
    (105, 112, {"skew_p99_s": 400.0}),
    (77, 79, {"anomaly_share": 0.2}),
    (170, 180, {"invalid": 200, "charged_to": {"K1": "connector"}}),  # ours
    (98, 98, {"incident": True, "invalid": 1000, "conflicting": 7}),  # ours
]

LIFTED: Final = {"K9": DAYS[95]}
"""The day on which a person lifted what only a person lifts."""


def facts_of(number: int) -> DayFacts:
    """The facts of one day: what is fine, with the faults of that day on top."""
    day, facts = DAYS[number], dict(FINE)
    for first, last, fault in FAULTS:
        if first <= number <= last:
            facts |= fault
    facts["days_left"] = 150 - number if number < 155 else 365
    return DayFacts(day=day, is_workday=CALENDAR.is_workday(day), **facts)


FACTS: Final = [facts_of(number) for number in range(len(DAYS))]


def driven() -> tuple[dict[str, list[Row]], list[Move]]:
    """Drive the machine day by day, as the role does: observe the day's end, step every criterion, keep its rows."""
    rows = {name: Row(criterion=name) for name in CRITERIA}
    kept: dict[str, list[Row]] = {name: [] for name in CRITERIA}
    moves: list[Move] = []
    for number, day in enumerate(DAYS):
        policies = policies_on(day)
        for seen in observe(FACTS[max(0, number - 60) : number + 1], policies):
            name = seen.criterion
            is_workday = CALENDAR.is_workday(day)
            rows[name], made = step(rows[name], seen, policies[name], is_workday=is_workday)
            moves += made
            if LIFTED.get(name) == day:
                vouched = Observation(criterion=name, day=day, seen=Seen.PASS, by="李四")
                rows[name], made = step(rows[name], vouched, policies[name], is_workday=is_workday)
                moves += made
            kept[name].append(rows[name])
    return kept, moves


KEPT, MOVES = driven()


# --- the plain recomputation: no windows but where the criterion is one, no states, only runs of days ----------------


def plain_verdict(name: str, number: int) -> str:
    """What a person would write beside a day: pass, fail, or ? where the day does not count."""
    return "?" if FACTS[number].incident and name not in ("K9", "K10") else PLAIN[name](number)


def plain_valid(number: int) -> str:
    invalid = FACTS[number].invalid
    return "?" if invalid is None or FACTS[number].charged_to else failing(invalid > 5)


def plain_life(number: int) -> str:
    day = FACTS[number]
    return failing(not day.signs_of_life) if day.is_workday and day.is_ingest_up else "?"


def plain_secret(number: int) -> str:
    day = FACTS[number]
    return "fail" if day.leaks else "pass" if day.is_crawler_up else "?"


def failing(is_failing: bool) -> str:  # noqa: FBT001 - a predicate
    return "fail" if is_failing else "pass"


def before(number: int) -> list[DayFacts]:
    """The days up to this one that nobody blanks out."""
    return [day for day in FACTS[: number + 1] if not day.incident]


def plain_latency(number: int) -> str:
    if FACTS[number].is_backfill:
        return "?"
    ten = [day for day in before(number) if day.is_workday and not day.is_backfill][-10:]
    slow = sum(day.latency_p95_s > 900 for day in ten)  # type: ignore[operator]
    return "fail" if slow > 2 else "pass" if len(ten) - slow >= 8 else "?"


def plain_counts(number: int) -> str:
    day = FACTS[number]
    if day.source_count is not None:
        return "pass" if day.source_count == day.hub_count and not day.key_differences else "fail"
    silent = 0
    for other in [each for each in before(number) if each.is_workday][::-1]:
        if other.source_count is not None:
            break
        silent += 1
    return "fail" if silent > 2 else "?"


def plain_orders(number: int) -> str:
    days = [day for day in before(number) if day.is_workday][-20:]
    orders, kept = sum(day.orders or 0 for day in days), sum(day.orders_in_time for day in days)
    return "?" if orders < 5 else "pass" if kept * 100 >= 95 * orders else "fail"


PLAIN: Final[dict[str, Callable[[int], str]]] = {
    "K1": plain_valid,
    "K2": lambda number: failing(FACTS[number].unknown_codes > 1),
    "K3": lambda number: failing(FACTS[number].illegal_moves > 1 or FACTS[number].closed_edits > 0),
    "K4": plain_life,
    "K5": plain_latency,
    "K6": plain_counts,
    "K7": lambda number: failing(FACTS[number].conflicting > 0),
    "K8": plain_orders,
    "K9": plain_secret,
    "K10": lambda number: failing(bool(FACTS[number].drifted)),
    "K11": lambda number: failing((FACTS[number].skew_p99_s or 0) > 120),
}

PERIODS: Final = {"K1": (3, 20), "K2": (5, 20), "K3": (3, 20), "K4": (1, 10), "K5": (5, 20), "K6": (2, 30),
                  "K7": (1, 20), "K8": (5, 20), "K9": (0, 60), "K10": (0, 0), "K11": (3, 10)}  # fmt: skip


def plain_story(name: str) -> list[tuple[date, str]]:
    """Tell the days of suspension, reinstatement and return to steady from runs of counted days alone."""
    grace, probation = PERIODS[name]
    days = [n for n in range(len(DAYS)) if plain_verdict(name, n) != "?"]
    fails = {n for n in days if plain_verdict(name, n) == "fail"}
    story: list[tuple[date, str]] = []
    at, left, length = 0, 0, probation
    while at < len(days):
        if days[at] not in fails:
            if left and CALENDAR.is_workday(DAYS[days[at]]):
                left -= 1
                if left == 0:
                    story.append((DAYS[days[at]], "steady"))
                    length = probation
            at += 1
            continue
        run = at
        while run < len(days) and days[run] in fails:
            run += 1
        worked = [n for n in days[at + 1 : run] if CALENDAR.is_workday(DAYS[n])]
        if grace and len(worked) < grace:
            at = run + (1 if left else 0)  # the day on which it is mended is no day of probation
            continue
        suspended = worked[grace - 1] if grace else days[at]
        story.append((DAYS[suspended], "suspended"))
        while run < len(days) and (days[run] in fails or DAYS[days[run]] < LIFTED.get(name, BEGIN)):
            run += 1
        if run < len(days):
            story.append((DAYS[days[run]], "reinstated"))
        length = length * 2 if left else probation
        left, at = length, run + 1
    return story


def told(name: str) -> list[tuple[date, str]]:
    words = ("suspended", "reinstated", "steady")
    return [(move.day, move.what) for move in MOVES if move.criterion == name and move.what in words]


@pytest.mark.parametrize("name", list(PERIODS))
def test_suspension_probation_and_reinstatement_fall_on_the_days_a_plain_recomputation_says(name: str) -> None:
    assert told(name) == plain_story(name)
    assert any(what == "suspended" for _, what in told(name)), "a trace that suspends nothing shows nothing"


def test_the_days_told_are_those_counted_by_hand() -> None:
    assert told("K10") == [
        (date(2026, 3, 10), "suspended"), (date(2026, 3, 13), "reinstated"),
        (date(2026, 5, 15), "suspended"), (date(2026, 5, 16), "reinstated"),
    ]  # fmt: skip
    assert told("K7")[0] == (date(2026, 2, 9), "suspended")  # Saturday 7th first, Monday 9th the day of grace
    assert told("K4")[0] == (date(2026, 1, 21), "suspended")  # Tuesday 20th first, grace of one day
    assert told("K9") == [(date(2026, 3, 31), "suspended"), (date(2026, 4, 10), "reinstated"),
                          (date(2026, 7, 8), "steady")]  # fmt: skip


def test_what_is_mended_in_grace_leaves_only_a_private_notice() -> None:
    first = [move.what for move in MOVES if move.criterion == "K1" and move.day < DAYS[30]]
    assert first == ["observed", "recovered"]


def test_a_second_confirmed_failure_in_probation_doubled_it_and_the_third_asks_for_review() -> None:
    assert max(row.probation_wd for row in KEPT["K1"]) == 40
    reviews = [move.day for move in MOVES if move.what == "revocation_review"]
    assert len(reviews) == 1
    third = [day for day, what in told("K1") if what == "suspended"][2]
    assert reviews == [third]


def test_our_own_faults_suspended_nobody() -> None:
    ours = [DAYS[98], *DAYS[170:181]]
    assert not [move for move in MOVES if move.day in ours and move.what in ("observed", "suspended")]


def test_the_life_warned_and_expired_on_its_days_and_was_renewed() -> None:
    life = {move.what: move.day for move in MOVES if move.criterion == "K12"}
    assert life == {"warn_60": DAYS[90], "warn_30": DAYS[120], "warn_7": DAYS[143], "expired": DAYS[150]}
    assert KEPT["K12"][-1].phase == "steady"


def test_the_anomaly_only_asked_for_a_person() -> None:
    assert [move.what for move in MOVES if move.criterion == "K13"] == ["review"]
    assert {row.phase for row in KEPT["K13"]} == {"steady"}


def test_half_of_the_grace_is_told_before_the_suspension() -> None:
    order = [move.what for move in MOVES if move.criterion == "K2"]
    assert order[:3] == ["observed", "half_grace", "suspended"]


def test_a_row_rebuilt_from_all_observations_is_the_row_kept() -> None:
    row = Row(criterion="K2")
    for number, day in enumerate(DAYS):
        seen = next(each for each in observe(FACTS[max(0, number - 60) : number + 1], policies_on(day))
                    if each.criterion == "K2")  # fmt: skip
        row, _ = step(replace(row), seen, policies_on(day)["K2"], is_workday=CALENDAR.is_workday(day))
    assert row == KEPT["K2"][-1]
