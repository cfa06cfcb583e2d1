from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from hub.model.values import Outcome
from hub.supervision.caselog import EMPTY, decode, encode, first_seen, in_force, merge, outcome_of
from tests.support.casework import a_fact, a_log, an_arrival, ordinary

if TYPE_CHECKING:
    from hub.supervision.caselog import Fact

RECEIVED = "2026-03-02T09:00:00+08:00"
LATER = "2026-03-03T09:00:00+08:00"


def test_a_date_only_event_stays_one_and_stands_at_its_local_midnight() -> None:
    fact = a_fact("case.received", "2026-03-02")
    assert fact.date_only
    assert fact.occurred_at == datetime(2026, 3, 1, 16, tzinfo=UTC)


def test_an_encoded_log_comes_back_whole() -> None:
    log = a_log(*ordinary(), a_fact("case.received", "2026-03-02", raw="other", recorded_at=LATER))
    assert decode(encode(log)) == log


@given(st.permutations(ordinary()))
def test_equal_logs_have_equal_bytes_whatever_came_first(facts: list[Fact]) -> None:
    assert encode(a_log(*facts)) == encode(a_log(*ordinary()))


def test_what_is_known_leaves_the_log_untouched() -> None:
    log = a_log(*ordinary())
    assert merge(log, ordinary()) is log


def test_the_first_sighting_of_a_content_is_kept_even_if_it_arrives_last() -> None:
    early, late = (a_fact("case.received", RECEIVED, position=n, read_id=f"read {n}") for n in (1, 2))
    assert a_log(late, early).facts == a_log(early, late).facts == (early,)


def test_a_duplicate_is_a_content_already_known() -> None:
    fact = a_fact("case.received", RECEIVED)
    assert outcome_of([], fact) is Outcome.NEW
    assert outcome_of([an_arrival(fact)], replace(fact, record_digest="f" * 64)) is Outcome.DUPLICATE


def test_a_parked_arrival_counts_as_none() -> None:
    fact = a_fact("case.received", RECEIVED)
    assert outcome_of([an_arrival(fact, Outcome.PARKED)], fact) is Outcome.NEW


def test_another_content_of_the_same_version_conflicts() -> None:
    before = an_arrival(a_fact("case.received", RECEIVED))
    assert outcome_of([before], a_fact("case.received", LATER, raw="other")) is Outcome.CONFLICTING


def test_a_declared_version_a_changeable_row_and_a_correction_are_lawful_reasons() -> None:
    before = an_arrival(a_fact("case.received", RECEIVED))
    other = a_fact("case.received", LATER, raw="other")
    assert outcome_of([before], replace(other, source_version=2)) is Outcome.REVISED
    assert outcome_of([before], replace(other, on_change="revise")) is Outcome.REVISED
    assert outcome_of([before], other, corrected={other.event_id}) is Outcome.REVISED


def test_an_older_version_arriving_late_is_no_conflict() -> None:
    before = an_arrival(replace(a_fact("case.received", RECEIVED), source_version=2))
    assert outcome_of([before], a_fact("case.received", LATER, raw="other")) is Outcome.REVISED


def test_the_same_raw_bytes_under_another_mapping_are_remapped_never_conflicting() -> None:
    before = an_arrival(a_fact("case.received", RECEIVED))
    remapped = a_fact("case.received", LATER, fingerprint="b" * 64, mapping_version=2)
    assert outcome_of([before], remapped) is Outcome.REMAPPED


def test_a_content_that_comes_back_in_a_higher_version_is_in_force_again() -> None:
    first = a_fact("case.received", RECEIVED, source_version=1)
    second = a_fact("case.received", LATER, source_version=2, raw="two")
    third = replace(first, source_version=3, record_digest="c" * 64)
    assert outcome_of([an_arrival(first), an_arrival(second)], third) is Outcome.REVISED
    assert in_force(a_log(first, second, third)) == (third,)


@given(st.permutations([(0, 1), (0, 2), (1, 1), (2, 1)]))
def test_the_greatest_version_is_in_force_whatever_arrives_last(order: list[tuple[int, int]]) -> None:
    facts = [
        a_fact("case.received", f"2026-03-0{source + 1}", source_version=source, mapping_version=mapping, raw=str(n))
        for n, (source, mapping) in enumerate(order)
    ]
    (force,) = in_force(a_log(*facts))
    assert (force.source_version, force.mapping_version) == (2, 1)


def test_among_equal_versions_the_greatest_digest_is_in_force() -> None:
    facts = [a_fact("case.received", f"2026-03-0{n}", raw=str(n)) for n in range(1, 9)]
    (force,) = in_force(a_log(*facts))
    assert force.digest == max(fact.digest for fact in facts)


def test_the_first_seen_is_the_one_ledgered_first() -> None:
    facts = [a_fact("case.received", RECEIVED, position=n, raw=str(n)) for n in (3, 1, 2)]
    assert first_seen(facts).position == 1


def test_an_empty_log_is_empty() -> None:
    assert merge(EMPTY, ()) is EMPTY
