"""Rules on the catalogue and on the city: a planted breach is found once, a near miss is not, what excuses it does."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from hub.supervision.calendar import WorkCalendar
from hub.supervision.catalogue import Catalogue
from hub.supervision.city import (
    Balance,
    CityView,
    Complained,
    Issued,
    LineState,
    Month,
    Penalty,
    Reference,
    Whose,
)
from hub.supervision.rules import ALL_RULES
from hub.supervision.rules.across import R44_RATE
from hub.supervision.rules.catalogue import MatterView
from tests.support.casework import DEPARTMENT, at
from tests.support.town import DOCUMENT, FINE, LICENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hub.supervision.rules import Finding

TODAY = date(2026, 3, 31)
WHOSE = Whose(department_id=DEPARTMENT, region_code="321200")


def entry(**changes: Any) -> dict[str, Any]:
    """Return the town's licence as an entry that no rule finds fault with, changed."""
    whole = deepcopy(DOCUMENT["matters"][0])
    whole |= {"legal_basis": [{"title": "建筑法"}], "published_at": "2020-01-03", "reviewed_by": "法制处"}
    return {name: value for name, value in (whole | changes).items() if value is not None}


def fine(*tiers: tuple[str, str, str], **changes: Any) -> dict[str, Any]:
    """Return the town's penalty with these tiers (name, least, most)."""
    whole = deepcopy(DOCUMENT["matters"][2]) | {"legal_basis": [{"title": "x"}], "published_at": "2020-01-03"}
    table = [{"violation_code": "V1", "tier": name, "min": least, "max": most} for name, least, most in tiers]
    return whole | {"flow": {"stages": [{"code": "x", "name": "x"}]}, "discretion_table": table} | changes


def at_fault(rule: str, *rows: dict[str, Any], today: date = TODAY, **department: Any) -> list[Finding]:
    about = {"department_id": DEPARTMENT, "name": "x", "region_code": "321200", **department}
    catalogue = Catalogue([{"department": about, "matters": list(rows)}])
    matters = catalogue.matters()
    views = [
        MatterView(matter=each, department=about, versions=matters, calendar=WorkCalendar(), today=today)
        for each in matters
    ]
    return [found for view in views for found in ALL_RULES[rule].find(ALL_RULES[rule], view)]


OLD_LAW = {"legal_basis": [{"title": "旧办法", "to": "2026-03-01"}]}
RENEWED = entry(version="2", valid_from="2026-03-02")


@pytest.mark.parametrize(
    ("rule", "planted", "near"),
    [
        ("R03", [entry(materials=None)], [entry()]),
        (
            "R03",
            [entry(valid_from="2026-03-23", published_at=None)],
            [entry(valid_from="2026-03-24", published_at=None)],
        ),
        ("R03", [entry(fee_items=[{"code": "F", "name": "x"}])], [entry(charged=False, fee_items=None)]),
        ("R04", [entry(promised_limit={"n": 21, "unit": "working_day"})],
                [entry(promised_limit={"n": 20, "unit": "working_day"})]),
        ("R04", [entry(promised_limit={"n": 21, "unit": "working_day"})],
                [entry(promised_limit={"n": 21, "unit": "calendar_day"})]),
        ("R05", [entry(promised_limit={"n": 7, "unit": "working_day"})],
                [entry(promised_limit={"n": 8, "unit": "working_day"})]),
        ("R06", [fine()], [fine(("轻", "1", "10"))]),
        ("R06", [fine(("轻", "1", "10"), ("重", "9", "20"))], [fine(("轻", "1", "10"), ("重", "10", "20"))]),
        ("R06", [fine(("轻", "1", "10"), ("重", "10.02", "20"))], [fine(("轻", "1", "10"), ("重", "10.01", "20"))]),
        ("R06", [fine(("轻", "10", "1"))], [fine(("轻", "1", "1"))]),
        ("R07", [entry(**OLD_LAW)], [entry(valid_to="2026-03-02", **OLD_LAW), RENEWED]),
        ("R07", [entry(reviewed_by=None, review_requested_at="2026-03-16")],
                [entry(reviewed_by=None, review_requested_at="2026-03-17")]),
    ],
)  # fmt: skip
def test_a_faulty_entry_is_found_once_and_one_on_the_line_is_not(
    rule: str, planted: list[dict[str, Any]], near: list[dict[str, Any]]
) -> None:
    (finding,) = at_fault(rule, *planted)
    assert finding.subject == f"matter:{DEPARTMENT}/{planted[0]['matter_code']}"
    assert finding.subject.endswith((LICENCE, FINE))
    assert (finding.department_id, finding.region_code) == (DEPARTMENT, "321200")
    assert at_fault(rule, *near) == []


@pytest.mark.parametrize("rule", ["R03", "R04", "R05", "R06"])
def test_an_entry_that_is_not_in_force_is_not_looked_at(rule: str) -> None:
    bad = entry(promised_limit={"n": 99, "unit": "working_day"}, materials=None)
    assert at_fault(rule, bad | {"status": "cancelled"}) == []
    assert at_fault(rule, bad | {"valid_to": "2026-03-31"}) == []


def test_a_reorganised_body_declares_its_powers_anew_within_twenty_days() -> None:
    assert len(at_fault("R07", entry(), reorganised_at="2026-03-10")) == 1
    assert at_fault("R07", entry(), reorganised_at="2026-03-11") == []


def test_the_longest_path_counts_and_not_every_branch() -> None:
    days = {"n": 5, "unit": "working_day"}
    stages = [{"code": name, "name": name, "limit": days} for name in "abc"]
    fork = [{"from": "a", "to": "b"}, {"from": "a", "to": "c"}]
    back = {"from": "c", "to": "a"}
    assert at_fault("R05", entry(flow={"stages": stages, "transitions": fork})) == []
    assert len(at_fault("R05", entry(flow={"stages": stages, "transitions": [*fork, back]}))) == 1
    assert len(at_fault("R05", entry(flow={"stages": stages}))) == 1


# --- the city --------------------------------------------------------------------------------------------------------


def city(**parts: Any) -> CityView:
    return CityView(now=at("2026-03-31T12:00:00"), today=TODAY, calendar=WorkCalendar(), **parts)


def found(rule: str, **parts: Any) -> list[Finding]:
    return list(ALL_RULES[rule].find(ALL_RULES[rule], city(**parts)))


def penalties(*amounts: int) -> list[Penalty]:
    common = {"whose": WHOSE, "violation": "V1", "tier": "轻", "decided_on": date(2026, 2, 1)}
    return [Penalty(case_id=f"c{n}", amount=Decimal(amount), **common) for n, amount in enumerate(amounts)]


PEERS = [*range(90, 111)]


def months(*cases: int, late: int = 0) -> list[Month]:
    return [
        Month(whose=WHOSE, month=f"2026-{n:02}", cases=count, entered_late=late, matters=3)
        for n, count in enumerate(cases, 1)
    ]


def line(minutes: int, backlog_hours: float | None) -> LineState:
    now = at("2026-03-31T12:00:00")
    since = None if backlog_hours is None else now - timedelta(hours=backlog_hours)
    return LineState(whose=WHOSE, connection_id="c", heartbeat_at=now - timedelta(minutes=minutes), backlog_since=since)


def balance(said: tuple[int, str], held: tuple[int, str], *, is_retried: bool = True) -> Balance:
    return Balance(whose=WHOSE, connection_id="c", day=date(2026, 3, 30), said=said, held=held, is_retried=is_retried)


def reference(*, is_known: bool) -> Reference:
    return Reference(whose=WHOSE, kind="certificate", number="X1", event_id="e", is_known=is_known)


def complaints(*days: int, matter: str = "m", case: str = "") -> list[Complained]:
    start = date(2026, 2, 1)
    return [
        Complained(whose=WHOSE, case_id=f"c{n}", matter_code=matter, related_case_no=case,
                   registered_on=start + timedelta(days=day))
        for n, day in enumerate(days)
    ]  # fmt: skip


def issued(*days: int, level: str, rule: str = "R14", **more: Any) -> list[Issued]:
    start = at("2026-03-02T09:00:00")
    fields = {"is_standing": True, "is_answered": True, **more}
    return [
        Issued(whose=WHOSE, alert_id=f"a{n}", rule_id=rule, level=level, about="m",
               raised_at=start + timedelta(days=day), **fields)
        for n, day in enumerate(days)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "planted", "near", "level"),
    [
        ("R29", {"penalties": penalties(*PEERS, 120)}, {"penalties": penalties(*PEERS, 115)}, "notice"),
        ("R29", {"penalties": penalties(*PEERS[:20], 999)}, {"penalties": penalties(*PEERS[:19], 999)}, "notice"),
        ("R46", {"lines": [line(31, None)]}, {"lines": [line(30, None)]}, "notice"),
        ("R46", {"lines": [line(1, 24.1)]}, {"lines": [line(1, 24)]}, "yellow"),
        ("R47", {"months": months(5, 0)}, {"months": months(5, 1)}, "notice"),
        ("R48", {"balances": [balance((9, ""), (8, ""))]}, {"balances": [balance((9, "h"), (9, "h"))]}, "yellow"),
        ("R48", {"balances": [balance((9, "h"), (9, "g"))]},
                {"balances": [balance((9, "h"), (8, "h"), is_retried=False)]}, "yellow"),
        ("R49", {"references": [reference(is_known=False)]}, {"references": [reference(is_known=True)]}, "yellow"),
        ("R64", {"complaints": complaints(0, 10, 30)}, {"complaints": complaints(0, 10, 31)}, "yellow"),
        ("R64", {"complaints": complaints(0, 1, 2, matter="", case="X")},
                {"complaints": complaints(0, 1, matter="", case="X")}, "yellow"),
        ("R71", {"alerts": issued(20, level="yellow", is_answered=False)},
                {"alerts": issued(22, level="yellow", is_answered=False)}, "yellow"),
        ("R72", {"alerts": issued(0, 5, 10, level="notice")}, {"alerts": issued(0, 5, level="notice")}, "yellow"),
        ("R72", {"alerts": issued(0, 5, 30, level="yellow")}, {"alerts": issued(0, 5, 31, level="yellow")}, "red"),
    ],
)  # fmt: skip
def test_what_goes_beyond_one_case_is_found_once_and_one_on_the_line_is_not(
    rule: str, planted: dict[str, Any], near: dict[str, Any], level: str
) -> None:
    (finding,) = found(rule, **planted)
    assert finding.level == level
    assert finding.subject
    assert finding.evidence
    assert (finding.department_id, finding.region_code) == (DEPARTMENT, "321200")
    assert found(rule, **near) == []


def test_more_than_a_twentieth_of_a_month_entered_late_is_more_than_notices() -> None:
    rate: Callable[[int], list[Finding]] = lambda late: list(  # noqa: E731 - one line, twice
        R44_RATE.find(R44_RATE, city(months=months(100, late=late)))
    )
    assert [each.level for each in rate(6)] == ["yellow"]
    assert rate(5) == []


def test_three_months_without_a_case_are_one_yellow_beside_their_notices() -> None:
    levels = [each.level for each in found("R47", months=months(0, 0, 0, 0))]
    assert (levels.count("notice"), levels.count("yellow")) == (4, 1)


def test_an_alert_that_waits_for_ten_days_goes_one_level_up_too() -> None:
    assert [each.level for each in found("R71", alerts=issued(10, level="red", is_answered=False))] == ["yellow", "red"]


@pytest.mark.parametrize("excuse", [{"is_answered": True}, {"is_standing": False}])
def test_an_answer_or_a_revocation_ends_the_waiting(excuse: dict[str, bool]) -> None:
    waiting = issued(0, level="yellow", is_answered=False)
    assert found("R71", alerts=[replace(each, **excuse) for each in waiting]) == []


def test_revoked_alerts_heap_up_to_nothing() -> None:
    alerts: Sequence[Issued] = issued(0, 5, 10, level="yellow")
    assert found("R72", alerts=[replace(alerts[0], is_standing=False), *alerts[1:]]) == []


def test_the_same_is_found_in_whatever_order_things_are_listed() -> None:
    alerts = issued(0, 5, 10, 12, 14, 15, level="yellow")
    assert found("R72", alerts=alerts) == found("R72", alerts=list(reversed(alerts)))
    amounts = penalties(*PEERS, 150)
    key: Callable[[Finding], str] = lambda each: each.occurrence  # noqa: E731 - a key
    assert sorted(found("R29", penalties=amounts), key=key) == sorted(
        found("R29", penalties=list(reversed(amounts))), key=key
    )


def test_what_is_not_open_to_the_intranet_is_a_peer_and_no_alert_of_the_city_speaks_of_it() -> None:
    odd = penalties(*PEERS, 100_000)
    assert [each.subject for each in found("R29", penalties=odd)] == [f"case:c{len(PEERS)}"]
    hidden = [*odd[:-1], replace(odd[-1], is_told=False)]
    assert found("R29", penalties=hidden) == []
    assert len(found("R49", references=[reference(is_known=False)])) == 1
    assert found("R49", references=[replace(reference(is_known=False), is_told=False)]) == []


def test_a_department_is_not_told_that_there_are_reports_of_it() -> None:
    """Petition Regulation 2022, art. 30: R64 would count them, and name them in an alert on the unit they are about."""
    every = complaints(0, 1, 2)
    assert found("R64", complaints=every) != []
    assert found("R64", complaints=[*every[:2], replace(every[2], is_told=False)]) == []
