"""Each view of the feed gets what it may see and not a word more; alerts are never public, what is secret nowhere."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import combinations
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from hub.bus.topology import matches
from hub.feed import places_in
from hub.model.documents import alert_document
from hub.model.shapes import load_schema, shape
from hub.model.values import Entry
from hub.supervision.alerts import reconcile
from hub.views import PUBLIC_CASE, PUBLIC_EVENT, VIEWS
from tests.support.casework import DEPARTMENT, a_case, a_fact, judged
from tests.support.spine import Read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NOW = datetime(2026, 12, 31, tzinfo=UTC)
CLASSES = ("public", "intranet", "restricted", "secret")
WIDE: dict[str, Any] = {
    "recorded_at": "2026-03-02T09:00:00+08:00",
    "stage_code": "shencha",
    "stage_name": "审查",
    "opinion": "private opinion",
    "operator": {"staff_code": "private-staff"},
    "promised_due_at": "2026-03-12",
    "statutory_due_at": "2026-03-22",
    "result": {"code": "granted", "reason": "private reason"},
}
PERSONAL: dict[str, Any] = {
    "title": "private title",
    "applicant": {"name_masked": "private name", "id_token": "a" * 64},
    "agent": {"name_masked": "private agent"},
    "attributes": {"note": "private note"},
    "handling_office": "private office",
    "materials": [{"name": "private material"}],
}


def an_entry(kind: str, document: Mapping[str, Any]) -> Entry:
    return Entry(
        generation=0,
        partition=0,
        position=1,
        kind=kind,
        subject="",
        outcome="",
        ledgered_at=NOW,
        body=orjson.dumps(document),
        hash=bytes(32),
    )


def an_event_entry(disclosure: str = "public", **case: Any) -> Entry:
    case = {"disclosure": {"class": disclosure}, **PERSONAL, **case}
    return an_entry("event", Read().document("stage.completed", "2026-03-02T09:00:00+08:00", case=case, **WIDE))


def an_alert_entry(disclosure: str | None = "public") -> Entry:
    case = {"disclosure": {"class": disclosure}} if disclosure else {}
    late = [
        a_fact("case.received", "2026-03-02T09:00:00+08:00", position=1, case=case),
        a_fact("case.accepted", "2026-03-03T09:00:00+08:00", position=2, case=case),
    ]
    document = alert_document(reconcile(judged(*late), [], now=NOW)[0].document)
    if disclosure is None:
        document["data"]["case"].pop("disclosure", None)
    return an_entry("alert", document)


def placed(entry: Entry, views: Sequence[str] = VIEWS) -> dict[str, Mapping[str, Any]]:
    return {place.view: place.document for place in places_in(views)(entry)}


@pytest.mark.parametrize("disclosure", CLASSES)
def test_an_event_appears_in_the_views_that_may_see_its_class(disclosure: str) -> None:
    seen = {"public": {*VIEWS}, "intranet": {"intranet", "restricted"}, "restricted": {"restricted"}, "secret": set()}
    assert set(placed(an_event_entry(disclosure))) == seen[disclosure]


class Stopped:
    """A connection that leaked."""

    def mark(self, *_: Any) -> str:
        return "suspended:C2"

    def is_public_stopped(self, _: str) -> bool:
        return True


def test_a_connection_that_leaked_shows_the_public_nothing_more_and_the_authorities_everything() -> None:
    places = places_in(VIEWS, Stopped())(an_event_entry("public"))
    assert [(place.view, place.document["conformance"]) for place in places] == [
        ("intranet", "suspended:C2"),
        ("restricted", "suspended:C2"),
    ]


@pytest.mark.parametrize("disclosure", [*CLASSES, None])
def test_an_alert_is_never_public(disclosure: str | None) -> None:
    seen: dict[str | None, set[str]] = {
        "public": {"intranet", "restricted"},
        "intranet": {"intranet", "restricted"},
        "restricted": {"restricted"},
        "secret": set(),
        None: {"restricted"},
    }
    assert set(placed(an_alert_entry(disclosure))) == seen[disclosure]


@pytest.mark.parametrize("count", range(4))
def test_a_view_that_is_not_kept_gets_nothing(count: int) -> None:
    for kept in combinations(VIEWS, count):
        assert set(placed(an_event_entry("public"), kept)) == set(kept)


def test_the_public_view_is_built_from_what_is_allowed_and_nothing_else() -> None:
    document = placed(an_event_entry())["public"]
    assert shape("public-case-event.v1").problems(document) == []
    assert set(document["data"]) <= {*PUBLIC_EVENT, "case"}
    assert set(document["data"]["case"]) <= {*PUBLIC_CASE}
    assert document["data"]["stage_name"] == "审查"
    assert b"private" not in orjson.dumps(document)
    assert "provenance" not in document["data"]


def test_a_field_invented_tomorrow_is_not_public() -> None:
    entry = an_event_entry(invented="private invention")
    assert b"private" not in orjson.dumps(placed(entry)["public"])


def test_the_lists_of_what_is_public_are_those_of_the_schema() -> None:
    data = load_schema("public-case-event.v1")["properties"]["data"]
    assert set(data["properties"]) == {*PUBLIC_EVENT, "case"}
    assert set(data["properties"]["case"]["properties"]) == set(PUBLIC_CASE)


def test_what_the_intranet_and_the_restricted_view_get_has_the_shape_of_a_case_event() -> None:
    for view in ("intranet", "restricted"):
        assert shape("case-event.v1").problems(placed(an_event_entry())[view]) == []


@pytest.mark.parametrize("kind", ["report", "rejection", "act", "genesis"])
def test_only_events_and_alerts_are_on_the_feed(kind: str) -> None:
    assert placed(an_entry(kind, {})) == {}


@pytest.mark.parametrize(
    ("region", "city", "county"),
    [
        ("321281", "321200", "321281"),
        ("321200", "321200", "321200"),
        ("321281001", "321200", "321281"),
        ("321281001002", "321200", "321281"),
    ],
)
def test_the_routing_key_names_where_the_case_is_down_to_its_county(region: str, city: str, county: str) -> None:
    (place,) = places_in(("intranet",))(an_event_entry(region_code=region))
    assert place.key == f"case.{city}.{county}.{DEPARTMENT}.stage.completed"
    assert place.county == county


def test_the_key_of_an_alert_is_what_centres_bind_to() -> None:
    (place,) = places_in(("intranet",))(an_alert_entry())
    region = a_case()["region_code"]
    assert place.key == f"alert.321200.{region}.{DEPARTMENT}.raised"
    assert matches("alert.321200.#", place.key)
    assert matches("alert.*.321281.#", place.key)
    assert not matches("alert.*.321202.#", place.key)
    assert not matches("case.#", place.key)
