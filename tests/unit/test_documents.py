"""Every document that is built has its shape, for the fast validator and for the talkative one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Refused, Rejection
from hub.model import documents, ids
from hub.model.shapes import shape
from hub.supervision.alerts import reconcile
from tests.support.casework import CONNECTION, READ, a_case, a_fact, an_event, judged, ordinary

if TYPE_CHECKING:
    from collections.abc import Mapping

ZONE = ZoneInfo("Asia/Shanghai")
NOW = "2026-03-02T09:00:00+08:00"
ORIGIN = {
    "connection_id": CONNECTION,
    "read_id": READ,
    "portion": 0,
    "ordinal": 3,
    "backfill": False,
    "mapping_fingerprint": "a" * 64,
}


def has_shape(document: Mapping[str, Any], name: str) -> bool:
    expected = shape(name)
    assert expected.problems(document) == []
    return expected.holds(document)


def event(occurred_at: str) -> dict[str, Any]:
    data = an_event("case.received", occurred_at)
    said = data.pop("provenance")
    name = ids.event_id(CONNECTION, "1", "case.received")
    return documents.event_document(name, data, provenance=said, received_at=NOW, fingerprint="a" * 64, zone=ZONE)


@pytest.mark.parametrize("occurred_at", ["2026-03-02", "2026-03-02T09:00:00+08:00", "2026-03-02T09:00:00.000001+08:00"])
def test_an_event_has_the_shape_of_a_case_event_whatever_its_precision(occurred_at: str) -> None:
    assert has_shape(event(occurred_at), "case-event.v1")


def test_a_day_that_does_not_exist_is_left_for_the_validator() -> None:
    document = event("2026-02-30")
    assert document["time"] == "2026-02-30"
    assert not shape("case-event.v1").holds(document)


@given(
    st.builds(
        Rejection,
        stage=st.just("map"),
        code=st.just("map.no-such"),
        problem=st.text(),
        hint=st.text(),
        path=st.text(),
        place=st.text(),
        value=st.text(),
    ),
    st.binary(max_size=10),
    st.text(max_size=5),
)
def test_a_rejection_has_its_shape_whatever_it_says(rejection: Rejection, sealed: bytes, spool: str) -> None:
    evidence = documents.Evidence(record_digest="b" * 64, size_bytes=7, sealed=sealed, spool=spool)
    document = documents.rejection_document(rejection, evidence, origin=ORIGIN, received_at=NOW)
    assert has_shape(document, "rejection.v1")
    assert document["id"] == ids.rejection_id(CONNECTION, READ, 3)


def test_a_report_has_its_shape() -> None:
    data = {name: value for name, value in ORIGIN.items() if name != "ordinal"} | {
        "final": True,
        "records": {"read": 1, "mapped": 1, "empty": 0, "quarantined": 0},
        "events": 1,
        "buckets": {"7": 1},
        "digests_xor": "0" * 64,
        "checkpoint": {"at": 1},
        "watermark": NOW,
        "started_at": NOW,
        "ended_at": NOW,
    }
    assert has_shape(documents.report_document(data), "read-report.v1")


def test_every_move_of_an_alert_has_its_shape_and_a_name_of_its_own() -> None:
    late = [
        a_fact("case.received", "2026-03-02T09:00:00+08:00", position=1),
        a_fact("case.accepted", "2026-03-03T09:00:00+08:00", position=2),
    ]
    raised = reconcile(judged(*late), [], now=datetime(2026, 12, 31, tzinfo=UTC))
    revoked = reconcile(judged(*ordinary()), raised, now=datetime(2026, 12, 31, 1, tzinfo=UTC))
    made = [documents.alert_document(alert.document) for alert in [*raised, *revoked]]
    assert {document["data"]["state"] for document in made} > {"raised"}
    assert all(has_shape(document, "alert.v1") for document in made)
    assert len({document["id"] for document in made}) == len(made)
    assert [documents.alert_document(alert.document)["id"] for alert in raised] == [
        document["id"] for document in made[: len(raised)]
    ]


def test_a_document_is_one_json_object() -> None:
    assert documents.parse(b'{"a": 1}') == {"a": 1}
    for body in (b"", b"{", b"[]", b'{"a": "\xff"}'):
        with pytest.raises(Refused) as refused:
            documents.parse(body)
        assert refused.value.rejection.code == "validate.json"


def test_a_case_of_the_builders_is_a_case() -> None:
    assert has_shape(event("2026-03-02") | {"subject": a_case()["case_id"]}, "case-event.v1")
