"""The hash chain: every field of every entry counts, and a break is found where it is."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model.chain import GENESIS, Chain, first_break, link
from hub.model.values import Entry, Head

NOW = datetime(2026, 3, 1, 8, 30, 15, 123_456, tzinfo=UTC)
START = Head(generation=1, partition=0, position=0, hash=GENESIS)


def a_chain(count: int, start: Head = START) -> Chain:
    """Return a chain of so many events."""
    chain = Chain(start, NOW)
    for n in range(count):
        chain.append(kind="event", subject=f"case {n}", outcome="new", body=str(n).encode())
    return chain


def test_the_first_hash_is_what_the_page_says_it_is() -> None:
    (entry,) = a_chain(1).entries
    body = hashlib.sha256(b"0").hexdigest()
    header = f'[1,0,1,"event","case 0","new","2026-03-01T08:30:15.123456+00:00","{body}"]'
    assert entry.hash == hashlib.sha256(bytes(32) + header.encode()).digest()


def test_positions_follow_one_another_and_the_head_is_the_last_entry() -> None:
    chain = a_chain(3)
    assert [entry.position for entry in chain.entries] == [1, 2, 3]
    assert (chain.head.position, chain.head.hash) == (3, chain.entries[-1].hash)
    assert (chain.head.generation, chain.head.partition) == (1, 0)


def test_a_chain_goes_on_from_its_head() -> None:
    whole, first = a_chain(4), a_chain(2)
    second = Chain(first.head, NOW)
    for entry in whole.entries[2:]:
        second.append(kind=entry.kind, subject=entry.subject, outcome=entry.outcome, body=entry.body)
    assert [*first.entries, *second.entries] == whole.entries


def test_a_chain_without_entries_stands_where_it_began() -> None:
    assert a_chain(0).head == START
    assert first_break(GENESIS, []) is None


@given(st.integers(0, 4), st.sampled_from([field.name for field in dataclasses.fields(Entry)]))
def test_no_field_can_change_unseen(index: int, name: str) -> None:
    entries = list(a_chain(5).entries)
    other: dict[type, Any] = {int: 99, str: "x", bytes: b"x", datetime: NOW + timedelta(microseconds=1)}
    changed = other[type(getattr(entries[index], name))]
    entries[index] = dataclasses.replace(entries[index], **{name: changed})
    assert first_break(GENESIS, entries) == index


@given(st.data())
def test_no_entry_can_go_or_change_places_unseen(data: st.DataObject) -> None:
    entries = list(a_chain(6).entries)
    kept = data.draw(st.lists(st.sampled_from(entries), unique_by=lambda entry: entry.position, max_size=6))
    assert (first_break(GENESIS, kept) is None) == (kept == entries[: len(kept)])


@given(st.text(), st.text(), st.text(), st.text())
def test_no_two_headers_are_spelt_alike(subject: str, outcome: str, other_subject: str, other_outcome: str) -> None:
    entry = a_chain(1).entries[0]
    one = dataclasses.replace(entry, subject=subject, outcome=outcome)
    two = dataclasses.replace(entry, subject=other_subject, outcome=other_outcome)
    assert (link(GENESIS, one) == link(GENESIS, two)) == ((subject, outcome) == (other_subject, other_outcome))


@pytest.mark.parametrize("hours", [0, 8, -5])
def test_an_instant_counts_the_same_in_whatever_zone_it_is_written(hours: int) -> None:
    entry = a_chain(1).entries[0]
    elsewhere = dataclasses.replace(entry, ledgered_at=NOW.astimezone(timezone(timedelta(hours=hours))))
    assert link(GENESIS, elsewhere) == entry.hash
