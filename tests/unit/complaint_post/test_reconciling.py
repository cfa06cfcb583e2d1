"""A centre's list and the hub's complaints are held against each other by number and state."""

from __future__ import annotations

import pytest

from hub.complaint_post.reconciling import Held, compared, digest_of

HERE = (Held("T-1", "c1", "replied"), Held("T-2", "c2", "signed_for"))
WORDS = {"40": "replied", "20": "signed_for", "99": None}


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        ({"T-1": "40", "T-2": "20"}, []),
        ({"T-1": "20", "T-2": "20"}, [("T-1", "differs", "replied", "signed_for", "c1")]),
        ({"T-1": "40"}, [("T-2", "not there", "signed_for", "", "c2")]),
        ({"T-1": "40", "T-2": "20", "T-3": "20"}, [("T-3", "not here", "", "signed_for", "")]),
        (
            {"T-1": "7", "T-2": "99"},
            [("T-1", "not read", "replied", "7", "c1"), ("T-2", "not read", "signed_for", "99", "c2")],
        ),
    ],
)
def test_what_differs_is_told_by_number_with_both_states(listed: dict[str, str], found: list[tuple[str, ...]]) -> None:
    rows = [
        (each.complaint_no, each.kind, each.here, each.there, each.case_id) for each in compared(listed, HERE, WORDS)
    ]
    assert rows == found


def test_without_a_list_of_codes_the_words_are_the_states_and_a_default_stands_for_any_other() -> None:
    assert compared({"T-1": "replied", "T-2": "signed_for"}, HERE, None) == []
    (only,) = compared({"T-1": "40", "T-2": "?"}, HERE, {**WORDS, "*": "returned"})
    assert (only.complaint_no, only.there) == ("T-2", "returned")


def test_the_digest_of_a_list_is_that_of_any_order() -> None:
    assert digest_of([("a", "1"), ("b", "2")]) == digest_of([("b", "2"), ("a", "1")]) != digest_of([("a", "2")])
