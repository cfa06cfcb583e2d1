"""The content digest sees what supervision judges and nothing else; digests of many are the same in any order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model.digest import CONTENT_FIELDS, LATER_FIELDS, content_digest, record_digest, xor_digests
from hub.model.shapes import load_schema
from tests.support.casework import an_event

if TYPE_CHECKING:
    import random

DAY = "2026-03-02T09:00:00+08:00"
SHA256 = st.binary(max_size=8).map(record_digest)
CONTENT: dict[str, Any] = {
    "type": "case.accepted",
    "occurred_at": "2026-03-03",
    "recorded_at": DAY,
    "stage_code": "x",
    "promised_due_at": "2026-03-12",
    "statutory_due_at": "2026-03-12",
    "result": {"code": "granted"},
    "special": {"kind": "hearing"},
    "extension": {"n": 1, "unit": "working_day"},
    "fee": {"item_code": "1", "amount": "1.00"},
    "discretion": {"amount": "1.00"},
    "correction_of": "11111111-1111-4111-8111-111111111111",
    "supplement": {"items": ["x"]},
    "joint": {"department_id": "11321200014000028L"},
    "payment": {"amount": "1.00"},
    "refers_to": "x",
    "handling": {"solved": True},
}
BESIDE: dict[str, Any] = {
    "sent_at": DAY,
    "precision": "observed",
    "original": {"a": "b"},
    "source_sequence": 7,
    "operator": {"staff_code": "x"},
    "stage_name": "x",
    "opinion": "x",
    "evaluation": {"score_code": "1"},
    "new_case_no": "x",
    "source_version": 9,
    "mapping_version": 9,
    "on_change": "revise",
    "source_event_key": "x",
    "occurrence": "x",
    "connection_id": "x",
    "provenance": {},
}


def event(**fields: Any) -> dict[str, Any]:
    return an_event("case.received", DAY) | fields


@pytest.mark.parametrize("field", [*CONTENT_FIELDS, *LATER_FIELDS])
def test_a_change_of_content_is_seen(field: str) -> None:
    assert content_digest(event(**{field: CONTENT[field]})) != content_digest(event())


@pytest.mark.parametrize("field", BESIDE)
def test_what_stands_beside_the_content_is_not(field: str) -> None:
    assert content_digest(event(**{field: BESIDE[field]})) == content_digest(event())


def test_every_field_of_an_event_is_either_content_or_beside_it() -> None:
    known = set(load_schema("case-event.v1")["$defs"]["data"]["properties"])
    assert known == {*CONTENT, *BESIDE, "case"}


def test_an_event_without_the_later_fields_keeps_the_digest_it_always_had() -> None:
    assert content_digest(event()) == "0aadfee7c9eee024a13c7f10bc5f62bc133b84f2541a7a0d5a039ec5efa63faf"


def test_of_the_case_its_identity_and_materials_are_content() -> None:
    case = event()["case"]
    assert content_digest(event(case={**case, "materials": [{"name": "x"}]})) != content_digest(event())
    assert content_digest(event(case={**case, "title": "x", "applicant": {}})) == content_digest(event())
    assert content_digest(event(case={**case, "case_id": "x"})) != content_digest(event())


def test_a_field_left_out_and_one_that_is_null_are_one_content() -> None:
    assert content_digest(event(result=None)) == content_digest(event())


def test_a_value_is_not_taken_for_its_neighbours() -> None:
    assert content_digest(event(promised_due_at="2026-03-12")) != content_digest(event(statutory_due_at="2026-03-12"))


@given(st.permutations(list(CONTENT)))
def test_the_order_of_fields_says_nothing(names: list[str]) -> None:
    shuffled = {name: CONTENT[name] for name in names}
    assert content_digest({**shuffled, "case": event()["case"]}) == content_digest({"case": event()["case"], **CONTENT})


@given(st.lists(SHA256), st.randoms(use_true_random=False))
def test_digests_of_many_are_the_same_in_any_order_and_in_any_portions(digests: list[str], dice: random.Random) -> None:
    whole = xor_digests(digests)
    dice.shuffle(digests)
    cut = dice.randint(0, len(digests))
    assert xor_digests(digests) == whole == xor_digests([xor_digests(digests[:cut]), xor_digests(digests[cut:])])
    assert len(whole) == 64


def test_nothing_has_a_digest_too() -> None:
    assert xor_digests([]) == "0" * 64
    assert record_digest(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
