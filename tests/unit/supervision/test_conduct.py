"""How a case was reported: what each flag says of it, and what it does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from hub.supervision.caselog import Fact, merge
from hub.supervision.conduct import conduct_of, is_placeholder, serial_of
from hub.supervision.judge import judge
from tests.support.casework import CALENDAR, CATALOGUE, a_fact, a_log

if TYPE_CHECKING:
    from hub.model.conduct import Conduct

LATER = datetime(2026, 6, 1, tzinfo=UTC)


def seen(fact: Fact, at: str) -> Fact:
    """Return a fact that reached the hub at an instant."""
    return replace(fact, ledgered_at=datetime.fromisoformat(at).astimezone(UTC))


def told(*facts: Fact, offers: frozenset[str] | None = None) -> Conduct:
    log = a_log(*facts)
    judged = judge(log, catalogue=CATALOGUE, calendar=CALENDAR, horizon=LATER)
    return conduct_of(judged, log, CALENDAR, offers)


def a_case(closed: str = "2026-03-16T10:00:00+08:00", arrived: str = "", **fields: Any) -> list[Fact]:
    """Return a case accepted on Monday 2 March, whose promise of ten working days ends with Monday the 16th."""
    opened = "2026-03-02T09:00:00+08:00"
    about = {"case": {"title": "许可"} | fields.pop("case", {})}
    return [
        seen(a_fact("case.received", opened, **about), opened),
        seen(a_fact("case.accepted", opened, **about), opened),
        seen(a_fact("case.closed", closed, **about, **fields), arrived or closed),
    ]


def test_a_deadline_met_by_what_came_more_than_a_day_after_it_is_back_dated() -> None:
    assert told(*a_case(arrived="2026-03-18T09:00:00+08:00")).backdated == 1


@pytest.mark.parametrize(
    ("closed", "arrived"),
    [
        ("2026-03-16T10:00:00+08:00", "2026-03-17T23:00:00+08:00"),  # within the reporting cycle
        ("2026-03-17T10:00:00+08:00", "2026-03-25T09:00:00+08:00"),  # late, and says so
        ("2026-03-10T10:00:00+08:00", "2026-03-16T09:00:00+08:00"),  # reported late, before the deadline
    ],
)
def test_what_is_reported_in_its_cycle_or_admits_the_breach_is_not_back_dated(closed: str, arrived: str) -> None:
    assert told(*a_case(closed, arrived)).backdated == 0


def test_a_backfill_is_old_on_purpose() -> None:
    facts = [replace(fact, backfill=True) for fact in a_case(arrived="2026-04-18T09:00:00+08:00")]
    said = told(*facts)
    assert (said.backdated, said.is_late, said.is_backfill) == (0, 0, 1)


def changed(**how: Any) -> list[Fact]:
    """Return a case first reported as closed a day late, and then as closed in time."""
    *before, late = a_case("2026-03-17T10:00:00+08:00")
    moved = a_fact("case.closed", "2026-03-16T10:00:00+08:00", case={"title": "许可"}, source_version=1, raw="again")
    return [*before, late, seen(moved, "2026-03-18T09:00:00+08:00"), *how.get("more", ())]


def test_a_breach_that_went_away_by_another_time_vanished() -> None:
    assert told(*changed()).vanished == 1


def test_a_correction_by_name_is_no_tampering() -> None:
    event = changed()[2].event_id
    named = a_fact("case.corrected", "2026-03-18T08:00:00+08:00", correction_of=event, case={"title": "许可"})
    assert told(*changed(more=[seen(named, "2026-03-18T09:00:00+08:00")])).vanished == 0


def test_a_change_that_makes_no_breach_vanish_is_none() -> None:
    *before, closed = a_case("2026-03-13T10:00:00+08:00")
    moved = a_fact("case.closed", "2026-03-12T10:00:00+08:00", case={"title": "许可"}, source_version=1, raw="again")
    assert told(*before, closed, seen(moved, "2026-03-18T09:00:00+08:00")).vanished == 0


@pytest.mark.parametrize(("closed", "at_limit"), [("16", 1), ("13", 0), ("17", 0)])
def test_closing_in_time_on_the_last_day_is_told(closed: str, at_limit: int) -> None:
    assert told(*a_case(f"2026-03-{closed}T10:00:00+08:00")).at_limit == at_limit


def test_what_comes_more_than_a_day_after_it_happened_is_late() -> None:
    assert told(*a_case(arrived="2026-03-17T10:00:01+08:00")).is_late == 1
    assert told(*a_case(arrived="2026-03-17T10:00:00+08:00")).is_late == 0


def test_of_a_day_alone_the_end_counts() -> None:
    facts = [
        *a_case()[:2],
        seen(a_fact("case.closed", "2026-03-10", case={"title": "许可"}), "2026-03-11T23:00:00+08:00"),
    ]
    assert told(*facts).is_late == 0


@pytest.mark.parametrize("title", ["无", " / ", "TEST", "N/A"])
def test_placeholders_are_counted_and_leave_a_closed_case_incomplete(title: str) -> None:
    said = told(*a_case(case={"title": title}))
    assert (said.placeholders, said.is_incomplete) == (1, 1)


@pytest.mark.parametrize("value", ["无锡市建筑许可", "10", "a/b", "测试仪器检定"])
def test_a_value_that_holds_a_placeholder_is_none(value: str) -> None:
    assert not is_placeholder(value)


def test_a_closed_case_lacks_only_what_its_connection_reports() -> None:
    facts = a_case(case={"title": ""})
    assert told(*facts).is_incomplete == 1
    assert told(*facts, offers=frozenset({"case.accepted", "case.matter_code"})).is_incomplete == 0
    assert told(*facts[:2]).is_incomplete == 0


def test_a_closing_without_acceptance_is_incomplete_unless_it_was_given_up() -> None:
    received, _, closed = a_case()
    assert told(received, closed).is_incomplete == 1
    gone = seen(
        a_fact("case.withdrawn", "2026-03-05T09:00:00+08:00", case={"title": "许可"}), "2026-03-05T09:00:00+08:00"
    )
    assert told(received, gone).is_incomplete == 0


def test_who_handled_it_last_and_how_long_it_took() -> None:
    said = told(*a_case("2026-03-02T10:30:00+08:00", operator={"staff_code": "7"}))
    assert (said.handler, said.used_minutes) == ("7", 90)
    assert told(*a_case()[:2]).used_minutes == -1


@pytest.mark.parametrize(
    ("number", "split"),
    [("ZJ2026-00013", ("ZJ2026-", 13)), ("2026", ("", 2026)), ("甲", ("甲", 0)), ("A1-9" + "0" * 15, ("A1-9", 0))],
)
def test_a_number_is_split_before_its_last_figures(number: str, split: tuple[str, int]) -> None:
    assert serial_of(number) == split


def test_the_order_of_arrival_of_one_record_does_not_matter() -> None:
    facts = changed()
    log = a_log(*facts)
    assert merge(a_log(*reversed(facts)), ()) == log
    assert told(*reversed(facts)) == told(*facts)
