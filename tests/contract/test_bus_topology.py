"""What topology.py promises: every bucket has one queue, patterns match whole words, URLs name one bus each."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.bus import open_bus
from hub.bus.amqp_topology import arguments_of
from hub.bus.topology import PARKED, Queue, Subscriber, matches, topology
from hub.errors import Misconfigured
from hub.model.values import EVERY_PARTITION

WORDS = st.lists(st.sampled_from(["alert", "321200", "321281", "raised"]), max_size=5)
PATTERNS = st.lists(st.sampled_from(["alert", "321200", "*", "#"]), min_size=1, max_size=5)


def _oracle(pattern: list[str], words: list[str]) -> bool:
    """Match as a regular expression over words that each end in a dot."""
    parts = {"*": r"[^.]+\.", "#": r"([^.]+\.)*"}
    expression = "".join(parts.get(word, re.escape(word) + r"\.") for word in pattern)
    return re.fullmatch(expression, "".join(f"{word}." for word in words)) is not None


@given(pattern=PATTERNS, words=WORDS.filter(bool))
def test_patterns_match_whole_words(pattern: list[str], words: list[str]) -> None:
    assert matches(".".join(pattern), ".".join(words)) == _oracle(pattern, words)


@given(partitions=st.integers(min_value=1, max_value=64))
def test_every_bucket_is_bound_to_one_queue_and_reports_to_all(partitions: int) -> None:
    bindings = [each for each in topology(partitions, ["public"]).bindings if each.exchange == "sunlight.intake"]
    buckets = [each.key for each in bindings if each.key != EVERY_PARTITION]
    assert sorted(buckets, key=int) == [str(bucket) for bucket in range(256)]
    assert len({each.queue for each in bindings if each.key == EVERY_PARTITION}) == partitions


def test_intake_queues_lose_nothing() -> None:
    intake = next(queue for queue in topology(1, []).queues if queue.name == "sunlight.intake.0")
    arguments = arguments_of(intake)
    assert arguments["x-queue-type"] == "quorum"
    assert arguments["x-overflow"] == "reject-publish"
    assert (arguments["x-dead-letter-exchange"], arguments["x-dead-letter-strategy"]) == (PARKED, "at-least-once")
    assert arguments["x-delivery-limit"] >= 100


def test_parked_messages_are_never_dropped() -> None:
    assert arguments_of(Queue(name=PARKED)) == {"x-queue-type": "quorum"}


def test_subscribers_queues_are_bounded_and_hold_nobody_up() -> None:
    queue = topology(1, ["public"], subscribers=[Subscriber(name="s", view="public", patterns=("#",))]).queues[-1]
    arguments = arguments_of(queue)
    assert arguments["x-max-length"] > 0
    assert arguments["x-overflow"] == "drop-head"
    assert "x-dead-letter-exchange" not in arguments


@pytest.mark.parametrize(
    "url",
    ["", "bus.db", "http://x/y", "embedded:", "embedded:///", "amqp://user:secret@host:port/x", "amqp://u:p@h/?no=1"],
)
def test_a_url_that_names_no_bus_is_the_operators_to_mend(url: str) -> None:
    with pytest.raises(Misconfigured, match=r"bus\.url") as caught:
        open_bus(url, topology(1, ["public"]))
    assert "secret" not in str(caught.value)
