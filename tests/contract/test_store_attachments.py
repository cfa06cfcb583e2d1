"""What every store holds of attachments: learned from the ledger once, in force alone, tried when they are due."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from hub.model.chain import Chain
from hub.store.attachments import StoredAttachments
from tests.support.attached import NOW, an_attachment
from tests.support.stores import DATABASES, StorePlace, a_case, empty_place, held, written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.model.attachments import Attachment


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StorePlace]:
    with empty_place(request, tmp_path) as place:
        yield place.prepare(partitions=2)


@pytest.fixture
def kept(place: StorePlace) -> Iterator[StoredAttachments]:
    store = StoredAttachments(place.url)
    yield store
    store.close()


def a_body(*files: Attachment, mark: str = "") -> bytes:
    """Return an event that names files, as the ledger holds it."""
    case: dict[str, Any] = {"case_id": an_attachment().case_id, "title": mark}
    if files:
        case["attachments"] = [
            {
                "name": each.name,
                "media_type": each.media_type,
                "size": each.size_bytes,
                "sha256": each.sha256,
                "uri": each.uri,
            }
            for each in files
        ]
    return orjson.dumps({"data": {"connection_id": an_attachment().connection_id, "case": case}})


def ledgered(place: StorePlace, body: bytes, *, partition: int = 0, outcome: str = "new", kind: str = "event") -> None:
    """Append an entry to a chain."""
    store = place.open()
    with store.unit(partition, epoch=held(store, f"partition/{partition}")) as unit:
        chain = Chain(unit.head, NOW)
        chain.append(kind=kind, subject="c", outcome=outcome, body=body)
        written(unit, chain)


def test_files_are_learned_once_from_every_chain(place: StorePlace, kept: StoredAttachments) -> None:
    first, second = an_attachment(b"a"), an_attachment(b"b", name="照片.png", media_type="image/png")
    ledgered(place, a_body(first))
    ledgered(place, a_body(), partition=1)
    ledgered(place, a_body(second), partition=1)
    while kept.learn(NOW, 1):
        pass
    assert {each.sha256 for each in kept.due(NOW, 10)} == {first.sha256, second.sha256}
    assert kept.of_case(first.case_id) == sorted([first, second], key=lambda each: each.name)
    kept.settle(replace(first, state="available", next_at=None))
    ledgered(place, a_body(first))
    assert kept.learn(NOW + timedelta(days=1), 100) > 0
    assert [each.state for each in kept.listed(states=("available",))] == ["available"], "what is there stays"


@pytest.mark.parametrize(("outcome", "kind"), [("duplicate", "event"), ("conflicting", "event"), ("new", "act")])
def test_what_is_not_in_force_names_no_files(
    outcome: str, kind: str, place: StorePlace, kept: StoredAttachments
) -> None:
    ledgered(place, a_body(an_attachment()), outcome=outcome, kind=kind)
    assert kept.learn(NOW, 100) > 0
    assert kept.due(NOW, 10) == []


def test_a_file_that_could_not_be_had_is_tried_anew_when_another_address_is_told(
    place: StorePlace, kept: StoredAttachments
) -> None:
    ledgered(place, a_body(an_attachment()))
    kept.learn(NOW, 100)
    kept.settle(replace(an_attachment(), state="unavailable", attempts=8, next_at=None, problem="attachment.gone"))
    ledgered(place, a_body(an_attachment()))
    kept.learn(NOW, 100)
    assert kept.due(NOW, 10) == [], "the same again is no reason"
    ledgered(place, a_body(an_attachment(uri="b.pdf")))
    kept.learn(NOW, 100)
    assert kept.due(NOW, 10) == [an_attachment(uri="b.pdf")]


def test_a_file_is_over_once_its_case_ended_long_ago_and_shared_while_another_has_it(
    place: StorePlace, kept: StoredAttachments
) -> None:
    file, store = an_attachment(), place.open()
    other = replace(file, case_id="another")
    ledgered(place, a_body(file))
    ledgered(place, orjson.dumps({"data": {**_data(a_body(file)), "case": {**_data(a_body(file))["case"],
                                           "case_id": "another"}}}))  # fmt: skip
    kept.learn(NOW, 100)
    with store.unit(0, epoch=held(store, "partition/0")) as unit:
        cases = [a_case(file.case_id, closed_at=NOW), a_case("another", case_no="2", closed_at=None)]
        written(unit, cases=cases)
    assert kept.over(NOW + timedelta(days=1), 10) == [], "what is not there cannot go"
    for each in (file, other):
        kept.settle(replace(each, state="available", next_at=None))
    assert kept.over(NOW, 10) == []
    assert [each.case_id for each in kept.over(NOW + timedelta(seconds=1), 10)] == [file.case_id]
    assert kept.is_shared(file)
    kept.settle(replace(other, state="blocked", next_at=None))
    assert not kept.is_shared(file)


def _data(body: bytes) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(body)["data"]
    return found


def test_only_what_is_due_is_tried_and_the_operator_can_have_it_tried_again(
    place: StorePlace, kept: StoredAttachments
) -> None:
    ledgered(place, a_body(an_attachment()))
    kept.learn(NOW, 100)
    later = NOW + timedelta(minutes=5)
    kept.settle(replace(an_attachment(), state="unavailable", attempts=2, next_at=later))
    assert kept.due(NOW, 10) == []
    assert [each.attempts for each in kept.due(later, 10)] == [2]
    assert kept.again(NOW, connection="another") == 0
    assert kept.again(NOW) == 1
    assert [each.attempts for each in kept.due(NOW, 10)] == [0]
    assert kept.counts() == {an_attachment().connection_id: {"unavailable": 1}}
