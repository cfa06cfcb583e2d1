"""The query API says what the store holds, page by page, and says clearly when it cannot."""

from __future__ import annotations

import dataclasses
import threading
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from hub.cli.gatewaying import parts_of
from hub.errors import Unavailable
from hub.store import ledger
from hub.store.queries import Queries
from tests.support.desks import DEPARTMENT, LATE, NOW, ROWS, a_client, a_desk, a_key, bearer, bring

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from hub.wiring import Hub
    from tests.support.servers import Postgres, RabbitMQ

VISIBLE = {"T-1", "T-2", "T-3", "T-4", "T-6"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    hub = a_desk(tmp_path_factory.mktemp("desk"))
    yield hub
    hub.close()


@pytest.fixture(scope="module")
def client(desk: Hub) -> Iterator[httpx.Client]:
    with a_client(desk) as opened:
        yield opened


def walked(client: httpx.Client, path: str, **params: Any) -> list[dict[str, Any]]:
    """Return all items of all pages."""
    items, after = [], None
    for _ in range(50):
        page = client.get(path, params={**params, **({"after": after} if after else {})}).json()
        items += page["items"]
        after = page["next"]
        if after is None:
            return items
    pytest.fail(f"{path} has no last page")


def test_the_process_answers(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_a_hub_whose_store_and_bus_answer_is_ready(client: httpx.Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "reasons": [], "notes": []}


def test_a_bus_that_is_away_makes_the_gateway_not_ready_and_says_so(desk: Hub) -> None:
    def away() -> None:
        raise Unavailable("no broker at amqp://x")

    parts = dataclasses.replace(parts_of(desk, Queries(desk.settings.store_url)), reach_bus=away)
    with a_client(desk, parts=parts) as client:
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["reasons"] == ["bus: no broker at amqp://x"]
        assert client.get("/healthz").status_code == 200


def test_a_store_that_is_away_is_503_with_a_problem_document(desk: Hub, tmp_path: Path) -> None:
    (tmp_path / "gone.db").mkdir()
    queries = Queries(f"sqlite:///{tmp_path}/gone.db")
    with a_client(desk, parts=dataclasses.replace(parts_of(desk, queries))) as client:
        answer = client.get("/v1/summary")
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["retry-after"] == "5"
        assert answer.json()["type"] == "urn:sunlight:problem:unavailable"
        assert client.get("/readyz").json()["reasons"][0].startswith("store: ")


def test_metrics_carry_the_names_that_are_api(client: httpx.Client) -> None:
    text = client.get("/metrics").text
    for line in (
        'sunlight_events_total{outcome="new"} 13.0',
        'sunlight_cases{state="accepted"} 5.0',
        'sunlight_alerts{rule="R14",state="raised"} 5.0',
        "sunlight_quarantine_open 1.0",
        'sunlight_in_flight{connection="taizhou.desk.cases"} 0.0',
        'sunlight_watermark_age_seconds{connection="taizhou.desk.cases"} 0.0',
    ):
        assert line in text
    assert "sunlight_feed_last_sequence " in text


def test_pages_of_cases_give_every_case_once(client: httpx.Client) -> None:
    numbers = [case["case_no"] for case in walked(client, "/v1/cases", limit=1)]
    assert sorted(numbers) == sorted(VISIBLE)


@pytest.mark.parametrize(
    ("params", "numbers"),
    [
        ({"region": "321281"}, {"T-1", "T-2"}),
        ({"state": "closed"}, {"T-3"}),
        ({"q": "预售"}, {"T-3"}),
        ({"q": "T-6"}, {"T-6"}),
        ({"q": "%"}, set()),
        ({"department": DEPARTMENT}, VISIBLE),
        ({"department": "113212000140010128"}, set()),
    ],
)
def test_cases_are_filtered(client: httpx.Client, params: dict[str, str], numbers: set[str]) -> None:
    assert {case["case_no"] for case in walked(client, "/v1/cases", **params)} == numbers


def of_number(client: httpx.Client, number: str) -> dict[str, Any]:
    found = client.get("/v1/cases", params={"q": number}).json()["items"][0]
    told: dict[str, Any] = client.get(f"/v1/cases/{found['case_id']}").json()
    return told


def test_a_case_tells_its_timeline_in_both_languages_with_ledger_positions(client: httpx.Client) -> None:
    case = of_number(client, "T-3")
    assert [event["type"] for event in case["timeline"]] == ["case.received", "case.accepted", "case.closed"]
    assert case["timeline"][1]["label"] == {"zh": "受理", "en": "accepted"}
    assert case["timeline"][0]["occurred_at"] == "2026-03-04T09:00:00+08:00"
    assert case["department_name"] == "泰州市住房和城乡建设局"
    assert case["region_label"]["zh"] == "泰兴市"


def test_every_hash_told_is_the_ledgers(desk: Hub, client: httpx.Client) -> None:
    case = of_number(client, "T-3")
    told = {(entry["partition"], entry["position"]): entry["hash"] for entry in case["ledger"]}
    for event in case["timeline"]:
        assert told[event["partition"], event["position"]] == event["hash"]
    assert ledger.verify(desk.settings.store_url).sound


def test_every_clock_gives_the_reason_for_its_due_date(client: httpx.Client) -> None:
    clocks = {clock["kind"]: clock for clock in of_number(client, "T-1")["clocks"]}
    assert clocks["promised"]["due_at"] == "2026-03-20T17:00:00+08:00"
    assert clocks["promised"]["state"] == "breached"
    assert any("2026-03-20 17:00:00" in sentence for sentence in clocks["promised"]["derivation"])
    for clock in clocks.values():
        assert clock["derivation"]
        assert clock["calendar_version"]


def test_an_event_out_of_order_is_marked(client: httpx.Client) -> None:
    marked = [event["type"] for event in of_number(client, "T-6")["timeline"] if event["anomaly"]]
    assert "case.accepted" in marked


def test_alerts_that_changed_at_one_instant_are_paged_without_a_gap(client: httpx.Client) -> None:
    alerts = walked(client, "/v1/alerts", limit=1, rule="R14")
    assert {datetime.fromisoformat(alert["changed_at"]) for alert in alerts} == {NOW}
    assert sorted(alert["case"]["case_no"] for alert in alerts) == sorted(LATE & VISIBLE)


def test_the_feed_gives_what_follows_a_sequence_in_order(client: httpx.Client) -> None:
    everything = client.get("/v1/feed", params={"limit": 500}).json()
    sequences = [document["sequence"] for document in everything]
    assert sequences == sorted(sequences)
    later = client.get("/v1/feed", params={"after": sequences[3], "limit": 2}).json()
    assert later == everything[4:6]
    assert {document["streamsequence"] for document in everything} >= {1, 2}


def test_a_waiting_subscriber_is_woken_by_the_next_document(tmp_path: Path) -> None:
    hub = a_desk(tmp_path, ROWS[:1])
    with a_client(hub) as client:
        last = client.get("/v1/summary").json()["feed"]["last_sequence"]
        answers: list[list[dict[str, Any]]] = []

        def wait() -> None:
            answers.append(client.get("/v1/feed", params={"after": last, "wait": 25}).json())

        waiting = threading.Thread(target=wait)
        waiting.start()
        bring(hub, tmp_path, ROWS[2:3])
        waiting.join(timeout=25)
        assert answers[0][0]["sequence"] == last + 1
    hub.close()


def test_a_subscriber_that_waits_in_vain_gets_an_empty_list(client: httpx.Client) -> None:
    began = time.monotonic()
    assert client.get("/v1/feed", params={"after": 10**9, "wait": 0.3}).json() == []
    assert time.monotonic() - began >= 0.3


def test_the_summary_and_the_accounting_are_the_stores(desk: Hub, client: httpx.Client) -> None:
    assert client.get("/v1/summary").json() == desk.queries.summary()
    account = client.get("/v1/accounting").json()["taizhou.desk.cases"]
    assert account["read"] == account["mapped"] + account["quarantined"] == len(ROWS)


def test_schemas_are_served_with_their_code_lists(client: httpx.Client) -> None:
    schema = client.get("/v1/schemas/case-event.v1")
    assert schema.headers["content-type"] == "application/schema+json"
    assert "case.received" in schema.text
    assert client.get("/v1/schemas/..%2Fpyproject").status_code == 404


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/v1/nothing", 404, "http-404"),
        ("/v1/cases/none", 404, "no-case"),
        ("/v1/schemas/none", 404, "no-schema"),
        ("/v1/cases?limit=0", 400, "bad-parameter"),
        ("/v1/feed?after=-1", 400, "bad-parameter"),
        ("/v1/feed?wait=60", 400, "bad-parameter"),
        ("/v1/feed?view=all", 400, "view"),
        ("/v1/alerts?after=xyz", 400, "cursor"),
        ("/v1/cases?state=close", 400, "state"),
        ("/v1/cases?region=%E6%B3%B0%E5%B7%9E", 400, "region"),
        ("/v1/cases?region=321299", 400, "region"),
        ("/v1/alerts?region=320100", 400, "region"),
        ("/v1/feed?region=99", 400, "region"),
        ("/v1/cases?department=housing", 400, "department"),
        ("/v1/alerts?rule=R08", 400, "rule"),
        ("/v1/alerts?level=orange", 400, "level"),
        ("/v1/alerts?state=open", 400, "state"),
        ("/v1/feed?kind=event", 400, "kind"),
    ],
)
def test_what_cannot_be_answered_is_a_problem_document_with_a_hint(
    client: httpx.Client, path: str, status: int, kind: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == f"urn:sunlight:problem:{kind}"
    assert problem["status"] == status
    assert problem["hint"]
    assert problem["instance"] == path.partition("?")[0]


@pytest.mark.parametrize("region", ["32", "3212", "321281", "321281001", "321202"])
def test_a_known_region_is_answered_by_prefix_whether_or_not_it_has_cases(client: httpx.Client, region: str) -> None:
    assert all(client.get(f"/v1/{what}", params={"region": region}).status_code == 200 for what in ("cases", "feed"))


def test_a_region_that_holds_a_case_is_known_though_no_list_has_it(tmp_path: Path) -> None:
    hub = a_desk(tmp_path, [("S-1", "申请", "public", "320102", "2026-03-02 09:00", "", "", "")])
    with a_client(hub) as client:
        assert [case["case_no"] for case in walked(client, "/v1/cases", region="3201")] == ["S-1"]
    hub.close()


def test_what_fails_inside_is_told_without_its_secrets(desk: Hub) -> None:
    def broken() -> None:
        raise RuntimeError("password=hunter2")

    parts = dataclasses.replace(parts_of(desk, Queries(desk.settings.store_url)), now=broken)
    with a_client(desk, parts=parts) as client:
        answer = client.get("/metrics")
        assert answer.status_code == 500
        assert "hunter2" not in answer.text


def test_the_description_names_every_endpoint_of_the_api(client: httpx.Client) -> None:
    paths = client.get("/v1/openapi.json").json()["paths"]
    assert {"/v1/cases", "/v1/cases/{case_id}", "/v1/alerts", "/v1/feed", "/v1/summary"} <= set(paths)
    assert "/login" not in paths


def test_a_key_is_needed_for_the_description_too(tmp_path: Path) -> None:
    hub = a_desk(tmp_path, ROWS[:1])
    token = a_key(hub, "cases:read")
    with a_client(hub) as client:
        assert client.get("/v1/openapi.json").status_code == 401
        assert client.get("/v1/openapi.json", headers=bearer(token)).status_code == 200
    hub.close()


@pytest.mark.servers
def test_over_rabbitmq_and_postgresql_the_gateway_says_the_same(
    client: httpx.Client, tmp_path: Path, rabbitmq: RabbitMQ, postgres: Postgres
) -> None:
    hub = a_desk(tmp_path, store_url=postgres.fresh_database(), bus_url=rabbitmq.vhost())
    with a_client(hub) as other:
        assert other.get("/readyz").json() == {"status": "ready", "reasons": [], "notes": []}
        assert other.get("/v1/summary").json() == client.get("/v1/summary").json()
        for path in ("/v1/cases", "/v1/alerts"):
            assert len(walked(other, path, limit=1)) == len(walked(client, path, limit=1))
        for path in ("/", "/cases?q=T", "/alerts", "/quarantine", "/metrics"):
            assert other.get(path).status_code == 200
        for path in ("/v1/cases?q=%00", "/cases?q=%00"):
            assert other.get(path).status_code == 400, path
        for path in ("/v1/cases/%00", "/cases/%00"):
            assert other.get(path).status_code == 404, path
        token = a_key(hub, "cases:read")
        assert other.get("/v1/cases").status_code == 401
        assert other.get("/v1/cases", headers=bearer(token)).status_code == 200
    hub.close()
