from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from hub.supervision.rules import ALL_RULES
from tests.support.casework import UNLIMITED, a_fact, found, judged, ordinary

if TYPE_CHECKING:
    from hub.supervision.caselog import Fact

RECEIVED = "2026-03-02T09:00:00+08:00"
ELSEWHERE = {"matter_code": UNLIMITED, "power_type": "10"}
"""A case without limits, so that only the rule in question can find anything."""


def accepted(when: str = RECEIVED, **fields: Any) -> Fact:
    return a_fact("case.accepted", when, **fields)


def late(*facts: Fact, horizon: str = "2026-12-31T00:00:00") -> list[str]:
    return found(judged(*facts, horizon=horizon))


def test_the_table_holds_the_rules_by_their_ids() -> None:
    numbers = [*range(1, 8), *range(10, 35), *range(40, 50), *range(60, 68), *range(70, 73)]
    assert list(ALL_RULES) == [f"R{number:02}" for number in numbers]
    assert all(rule.rule_id == name for name, rule in ALL_RULES.items())


def test_a_red_alert_needs_a_person_except_for_the_statutory_limit() -> None:
    automatic = {name for name, rule in ALL_RULES.items() if rule.level == "red" and rule.mode == "auto"}
    assert automatic == {"R15", "R27", "R42", "R71"}


def test_a_case_handled_in_time_is_found_by_no_rule() -> None:
    assert late(*ordinary()) == []


@pytest.mark.parametrize(
    ("horizon", "expected"),
    [
        ("2026-03-06T00:00:00", []),
        ("2026-03-06T00:00:01", ["R10"]),
        ("2026-03-10T00:00:00", ["R10"]),
        ("2026-03-10T00:00:01", ["R11"]),
    ],
)
def test_r10_calls_an_acceptance_near_its_limit_until_the_limit_is_over(horizon: str, expected: list[str]) -> None:
    assert late(a_fact("case.received", RECEIVED), horizon=horizon) == expected


@pytest.mark.parametrize(
    ("horizon", "expected"),
    [
        ("2026-03-12T00:00:00", []),
        ("2026-03-12T00:00:01", ["R13"]),
        ("2026-03-17T00:00:00", ["R13"]),
        ("2026-03-17T00:00:01", ["R14"]),
        ("2026-03-31T00:00:00", ["R14"]),
        ("2026-03-31T00:00:01", ["R14", "R15"]),
    ],
)
def test_r13_gives_way_to_r14_and_r15_joins_it(horizon: str, expected: list[str]) -> None:
    assert late(accepted(), horizon=horizon) == expected


def test_r14_counts_a_case_closed_late_and_says_by_how_much() -> None:
    judgement = judged(accepted(), a_fact("case.closed", "2026-03-18"))
    (finding,) = judgement.findings
    assert finding.rule_id == "R14"
    assert finding.occurrence == "1+0"
    assert "超期2个工作日" in finding.zh
    assert "2 working days late" in finding.en
    assert [item["field"] for item in finding.evidence] == ["case.accepted", "due_at", "case.closed"]


def test_r14_after_an_extension_is_another_occurrence() -> None:
    extended = a_fact("case.extended", "2026-03-10", occurrence="1", extension={"n": 2, "unit": "working_day"})
    (finding,) = judged(accepted(), extended, horizon="2026-03-20T00:00:01").findings
    assert (finding.rule_id, finding.occurrence) == ("R14", "1+1")


def test_r40_finds_a_grant_not_delivered_in_ten_working_days() -> None:
    granted = a_fact("case.decided", "2026-03-09", result={"code": "granted"})
    assert late(accepted(), granted, horizon="2026-03-24T00:00:00") == []
    assert late(accepted(), granted, horizon="2026-03-24T00:00:01") == ["R40"]
    assert late(accepted(), granted, a_fact("case.delivered", "2026-03-23")) == []
    assert late(accepted(), granted, a_fact("case.delivered", "2026-03-24")) == ["R40"]


@pytest.mark.parametrize(
    ("occurred", "recorded", "expected"),
    [
        ("2026-03-02", "2026-03-03T23:59:59+08:00", []),
        ("2026-03-02", "2026-03-04T00:00:00+08:00", ["R44"]),
        ("2026-03-05T09:00:00+08:00", "2026-03-07T10:00:00+08:00", []),
        ("2026-03-05T09:00:00+08:00", "2026-03-09T00:00:00+08:00", ["R44"]),
        ("2026-03-06T09:00:00+08:00", "2026-03-09T18:00:00+08:00", []),
        ("2026-03-06T09:00:00+08:00", "2026-03-10T08:00:00+08:00", ["R44"]),
        ("2026-09-30", "2026-10-08T12:00:00+08:00", []),
        ("2026-09-30", "2026-10-09", ["R44"]),
        ("2026-12-31", "2027-03-01", []),
    ],
)
def test_r44_finds_entries_more_than_a_working_day_late(occurred: str, recorded: str, expected: list[str]) -> None:
    assert late(a_fact("case.received", occurred, recorded_at=recorded, case=ELSEWHERE)) == expected


def test_r44_is_one_notice_a_case_with_every_late_entry_in_evidence() -> None:
    facts = [
        a_fact("case.received", "2026-03-02", recorded_at="2026-03-20", case=ELSEWHERE),
        a_fact("case.accepted", "2026-03-03", recorded_at="2026-03-20", case=ELSEWHERE),
    ]
    (finding,) = judged(*facts).findings
    assert (finding.rule_id, len(finding.evidence)) == ("R44", 2)


def test_r44_exempts_what_first_came_with_a_backfill() -> None:
    old = a_fact("case.received", "2026-03-02", recorded_at="2026-03-20", case=ELSEWHERE, backfill=True)
    again = replace(old, backfill=False, position=9, record_digest="f" * 64, ledgered_at=old.ledgered_at.max)
    assert late(old) == []
    assert late(old, replace(again, ledgered_at=again.ledgered_at.replace(tzinfo=old.ledgered_at.tzinfo))) == []


@pytest.mark.parametrize(
    ("case_type", "closed_read", "backfill", "expected"),
    [("2", "one", False, ["R44"]), ("2", "two", False, []), ("1", "one", False, []), ("2", "one", True, [])],
)
def test_r44_finds_promised_cases_first_seen_complete(
    case_type: str, closed_read: str, *, backfill: bool, expected: list[str]
) -> None:
    about = ELSEWHERE | {"case_type": case_type}
    facts = [
        accepted(read_id="one", case=about, backfill=backfill),
        a_fact("case.closed", "2026-03-05", read_id=closed_read, case=about, backfill=backfill),
    ]
    assert late(*facts) == expected


def two_contents(**fields: Any) -> list[Fact]:
    return [
        a_fact("case.received", "2026-03-02", case=ELSEWHERE, raw="one"),
        a_fact("case.received", "2026-03-03", case=ELSEWHERE, raw="two", position=2, **fields),
    ]


def test_r45_finds_one_event_reported_with_two_contents_and_shows_both() -> None:
    first, second = two_contents()
    (finding,) = judged(first, second).findings
    assert (finding.rule_id, finding.level, finding.occurrence) == ("R45", "red", first.event_id)
    said = {(item["field"], item["value"], item["source_hash"]) for item in finding.evidence}
    assert ("occurred_at", "2026-03-02", first.record_digest) in said
    assert ("occurred_at", "2026-03-03", second.record_digest) in said
    assert {first.digest, second.digest} <= {item["value"] for item in finding.evidence}


def test_r45_leaves_lawful_changes_alone() -> None:
    first, second = two_contents()
    assert late(first, replace(second, source_version=1)) == []
    assert late(first, replace(second, on_change="revise")) == []
    assert late(first, replace(second, record_digest=first.record_digest, fingerprint="b" * 64)) == []
    assert late(first, replace(second, digest=first.digest)) == []


def test_r45_is_excused_by_a_correction_that_names_the_event_and_by_no_other() -> None:
    facts = two_contents()
    corrected = a_fact("case.corrected", "2026-03-05", occurrence="1", case=ELSEWHERE)
    named, other = ({"correction_of": event} for event in (facts[0].event_id, corrected.event_id))
    assert late(*facts, replace(corrected, detail=named)) == []
    assert late(*facts, replace(corrected, detail=other)) == ["R45"]


def test_r45_never_charges_contents_that_some_raw_record_joins() -> None:
    first, second = two_contents(fingerprint="b" * 64)
    remapped = replace(second, record_digest=first.record_digest)
    assert late(first, second) == ["R45"]
    assert late(first, second, remapped) == []
