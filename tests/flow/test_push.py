"""What a department sends is taken in once, answered only when the bus has it, and told about by its receipt."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest

from connectors.push import push_format
from gateway import receiving, taking
from gateway.reading import Pushed
from hub import mapping
from hub.cli.gatewaying import parts_of
from hub.clock import SystemClock
from hub.errors import Unavailable
from hub.identity import issue
from hub.importing import registration
from hub.model import ids
from hub.pushing import Desk
from hub.store.queries import Queries
from tests.support.desks import a_client, bearer
from tests.support.hubs import drain, hub_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.wiring import Hub
    from tests.support.servers import Postgres, RabbitMQ

NOW = datetime(2026, 4, 1, 4, tzinfo=UTC)
NAME = "taizhou.press.permits"
MAPPING = f"""
connection: {NAME}
version: 1
department: "11321200014000028L"
kind: push
connect: {{format: json, rows: data}}
case:
  source_case_no: no
  region_code: "'321200'"
events:
  - {{type: case.received, occurred_at: time(at), on_change: revise, version: changed}}
"""


class Press:
    """A hub with one department that sends, its gateway, and the department's client."""

    def __init__(self, hub: Hub, folder: Path, text: str = MAPPING) -> None:
        self.hub = hub
        path = folder / "press.yaml"
        path.write_text(text, encoding="utf-8")
        self.mapping = mapping.load(path, environment={})
        hub.store.register([registration(self.mapping.declaration, self.mapping.fingerprint)])
        self.desk = hub.desk([self.mapping])
        pushed = {NAME: Pushed(format=push_format(self.mapping.declaration), desk=self.desk)}
        self.queries = Queries(hub.settings.store_url)
        self.parts = parts_of(hub, self.queries, pushing=pushed)
        self.token = self.key()

    def key(self, name: str = NAME, *scopes: str, kind: str = "connection") -> str:
        issued = issue(name, kind=kind, scopes=scopes or ("records:write",), now=SystemClock().now())
        self.hub.identities.add(issued)
        return issued.token

    def drain(self) -> None:
        """Let the hub take in all that was sent."""
        drain(self.hub)

    def close(self) -> None:
        self.desk.close()
        self.queries.close()
        self.hub.close()


@pytest.fixture
def press(tmp_path: Path) -> Iterator[Press]:
    opened = Press(hub_at(tmp_path, now=NOW), tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def client(press: Press) -> Iterator[httpx.Client]:
    with a_client(press.hub, parts=press.parts) as opened:
        opened.headers.update(bearer(press.token))
        yield opened


def rows(*numbers: int, **more: Any) -> bytes:
    return orjson.dumps({"data": [{"no": str(n), "at": "2026-03-02 09:00", "changed": 1, **more} for n in numbers]})


def send(
    client: httpx.Client, body: bytes, key: str = "", kind: str = "application/json", **headers: str
) -> httpx.Response:
    named = {"Idempotency-Key": key} if key else {}
    return client.post(f"/v1/records/{NAME}", content=body, headers={"Content-Type": kind, **named, **headers})


def receipt(client: httpx.Client, answer: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/v1/receipts/{answer.json()['receipt_id']}").json()
    return found


def test_records_are_taken_in_and_their_receipt_says_so_once_the_ledger_has_them(
    press: Press, client: httpx.Client
) -> None:
    answer = send(client, rows(1, 2), "a")
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/receipts/{ids.receipt_id(NAME, 'a')}"
    assert answer.json()["records"] == {"read": 2, "mapped": 2, "empty": 0, "quarantined": 0}
    assert receipt(client, answer)["state"] == "pending"
    press.drain()
    found = receipt(client, answer)
    assert (found["state"], found["events"], found["refused"]) == ("accepted", {"new": 2}, [])
    assert press.queries.summary()["events"]["new"] == 2


@pytest.mark.parametrize("is_ledgered", [True, False])
def test_the_same_push_sent_again_is_the_same_push(press: Press, client: httpx.Client, *, is_ledgered: bool) -> None:
    first = send(client, rows(1, 2), "a")
    if is_ledgered:
        press.drain()
    again = send(client, rows(1, 2), "a")
    press.drain()
    assert again.status_code == (200 if is_ledgered else 202)
    assert again.json()["receipt_id"] == first.json()["receipt_id"]
    assert receipt(client, first)["events"] == {"new": 2}
    (account,) = press.queries.accounting().values()
    assert (account["in_flight"], account["surplus"]) == (0, 0)


def test_without_a_key_the_same_body_is_the_same_push(press: Press, client: httpx.Client) -> None:
    first, again = send(client, rows(1)), send(client, rows(1))
    press.drain()
    assert first.json()["receipt_id"] == again.json()["receipt_id"]
    assert receipt(client, first)["events"] == {"new": 1}


def test_a_key_that_comes_with_another_body_is_refused_once_the_first_is_known(
    press: Press, client: httpx.Client
) -> None:
    send(client, rows(1), "a")
    press.drain()
    answer = send(client, rows(2), "a")
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:sunlight:problem:conflicting"
    press.drain()
    assert press.queries.summary()["events"]["new"] == 1


def test_two_bodies_under_one_key_before_either_is_ledgered_lose_nothing_and_show_as_conflicting(
    press: Press, client: httpx.Client
) -> None:
    first, second = send(client, rows(1), "a"), send(client, rows(2, 3), "a")
    assert (first.status_code, second.status_code) == (202, 202)
    press.drain()
    assert receipt(client, first)["state"] == "conflicting"
    assert press.queries.summary()["events"]["new"] == 3
    assert press.queries.summary()["records"]["read"] == 3


def test_what_the_hub_has_is_a_duplicate_and_what_changed_is_accepted(press: Press, client: httpx.Client) -> None:
    send(client, rows(1), "a")
    press.drain()
    same, changed = send(client, rows(1, changed=1), "b"), send(client, rows(1, changed=2, at="2026-03-03"), "c")
    press.drain()
    assert receipt(client, same)["state"] == "duplicate"
    assert (receipt(client, changed)["state"], receipt(client, changed)["events"]) == ("accepted", {"revised": 1})


def test_a_push_of_which_nothing_can_be_mapped_is_422_with_every_problem_and_nothing_is_kept(
    press: Press, client: httpx.Client
) -> None:
    answer = send(client, rows(1, 2, at="sometime"), "a")
    assert answer.status_code == 422
    assert [(each["record"], each["code"], each["path"]) for each in answer.json()["problems"]] == [
        (1, "map.bad-time", "case.received/occurred_at"),
        (2, "map.bad-time", "case.received/occurred_at"),
    ]
    press.drain()
    assert press.queries.summary()["records"]["read"] == 0
    assert send(client, rows(1, 2), "a").status_code == 202


def test_of_a_push_that_can_be_mapped_in_part_the_rest_is_kept_and_told(press: Press, client: httpx.Client) -> None:
    body = orjson.dumps(
        {"data": [{"no": "1", "at": "2026-03-02"}, {"no": "2"}, "text", {"no": "3", "at": "2026-03-02"}]}
    )
    answer = send(client, body, "a")
    assert answer.status_code == 202
    assert [(each["record"], each["code"]) for each in answer.json()["refused"]] == [
        (2, "map.missing"), (3, "decode.no-object"),
    ]  # fmt: skip
    press.drain()
    found = receipt(client, answer)
    assert found["state"] == "partly"
    assert [(each["record"], each["code"]) for each in found["refused"]] == [
        (2, "map.missing"),
        (3, "decode.no-object"),
    ]
    again = send(client, body, "a")
    press.drain()
    assert again.status_code == 200
    assert press.queries.summary()["records"] == {"read": 4, "mapped": 2, "empty": 0, "quarantined": 2}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "decode.bad-json"),
        (b"{", "decode.bad-json"),
        (b'{"data": "x"}', "decode.no-object"),
        (b'{"other": []}', "decode.no-rows"),
        (b"[" * 100_000, "decode.bad-json"),
        (b"\xff\xfe", "decode.bad-encoding"),
        (b'{"data": [{"no": 1e999}]}', "decode.bad-json"),
    ],
)
def test_a_body_that_is_none_is_422(client: httpx.Client, body: bytes, code: str) -> None:
    answer = send(client, body)
    assert answer.status_code == 422
    assert [each["code"] for each in answer.json()["problems"]] == [code]


def test_a_body_without_records_is_422(client: httpx.Client) -> None:
    assert send(client, b'{"data": []}').status_code == 422


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "text/csv", "application/json; charset=GBK", "application/json; charset=x"]
)
def test_another_type_than_the_connection_sends_is_415(client: httpx.Client, kind: str) -> None:
    assert send(client, rows(1), kind=kind).status_code == 415


def test_a_body_that_is_too_large_is_413_and_not_read_to_its_end(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "BODY_BYTES", 1000)
    assert send(client, b" " * 100_000).status_code == 413


def test_a_key_sends_for_its_own_connection_and_sees_its_own_receipts(press: Press, client: httpx.Client) -> None:
    answer = send(client, rows(1), "a")
    press.drain()
    other = bearer(press.key("taizhou.other", "records:write"))
    reader = bearer(press.key("desk", "cases:read", kind="person"))
    admin = bearer(press.key("boss", "admin", kind="person"))
    place = answer.headers["location"]
    assert send(client, rows(2), **other).status_code == 403
    assert send(client, rows(2), **reader).status_code == 403
    assert client.get(place, headers=other).json()["state"] == "pending"
    assert client.get(place, headers=reader).status_code == 403
    assert client.get(place, headers=admin).json()["state"] == "accepted"
    assert send(client, rows(2), **admin).status_code == 202
    assert client.post("/v1/records/none", content=b"{}").status_code == 404
    assert client.get("/v1/receipts/x").status_code == 404


class Away:
    """A bus that is away."""

    def publish(self, _messages: object) -> None:
        raise Unavailable("no broker at amqp://x")

    def close(self) -> None:
        """Give up nothing."""


def test_a_broker_that_is_away_is_503_with_a_time_and_nothing_is_counted_as_sent(press: Press) -> None:
    away: Any = Away
    desk = Desk(away, lambda _, bus: press.hub.intake(press.mapping, bus), frozenset({NAME}))
    pushed = {NAME: Pushed(format=push_format(press.mapping.declaration), desk=desk)}
    with a_client(press.hub, parts=dataclasses.replace(press.parts, pushed=pushed)) as client:
        client.headers.update(bearer(press.token))
        answer = send(client, rows(1), "a")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    desk.close()
    with a_client(press.hub, parts=press.parts) as client:
        client.headers.update(bearer(press.token))
        assert send(client, rows(1), "a").status_code == 202


def test_too_many_pushes_of_one_key_at_once_are_429(press: Press, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "AT_ONCE", 1)
    begun, go_on = threading.Event(), threading.Event()

    class Slow:
        def knows(self, _connection: str) -> bool:
            return True

        def take(self, push: Any) -> Any:
            begun.set()
            go_on.wait(30)
            return press.desk.take(push)

    slow: Any = Slow()
    pushed = {NAME: Pushed(format=push_format(press.mapping.declaration), desk=slow)}
    with (
        a_client(press.hub, parts=dataclasses.replace(press.parts, pushed=pushed)) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        client.headers.update(bearer(press.token))
        first = pool.submit(send, client, rows(1), "a")
        begun.wait(30)
        with httpx.Client(base_url=client.base_url, headers=client.headers, trust_env=False) as second:
            assert send(second, rows(2), "b").status_code == 429
        go_on.set()
        assert first.result().status_code == 202


@pytest.mark.servers
def test_many_senders_at_once_on_real_servers_lose_and_double_nothing(
    tmp_path: Path, postgres: Postgres, rabbitmq: RabbitMQ
) -> None:
    urls = {"store_url": postgres.fresh_database(), "bus_url": rabbitmq.vhost()}
    press = Press(hub_at(tmp_path, now=NOW, **urls), tmp_path)

    def sending(sender: int) -> set[int]:
        with httpx.Client(base_url=url, headers=bearer(press.token), trust_env=False, timeout=60) as own:
            sent = [
                send(own, rows(*range(sender * 100 + n, sender * 100 + n + 5)), f"{sender}-{n}")
                for n in range(0, 50, 5)
            ]
            again = send(own, rows(*range(sender * 100, sender * 100 + 5)), f"{sender}-0")
            return {answer.status_code for answer in [*sent, again]}

    with contextlib.closing(press), a_client(press.hub, parts=press.parts) as client:
        url = str(client.base_url)
        with ThreadPoolExecutor(6) as pool:
            assert set().union(*pool.map(sending, range(6))) <= {200, 202}
        press.drain()
        assert press.queries.summary()["events"]["new"] == 300
        (account,) = press.queries.accounting().values()
        assert (account["in_flight"], account["surplus"]) == (0, 0)


# case events ----------------------------------------------------------------------------------------------------------

CANONICAL = f"""
connection: {NAME}
version: 3
department: "11321200014000028L"
kind: push
connect: {{format: canonical}}
"""
EVENT: dict[str, Any] = {
    "type": "case.accepted",
    "occurred_at": "2026-03-02T09:00:00+08:00",
    "case": {"source_case_no": "A-17", "region_code": "321200"},
}


@pytest.fixture
def canonical(tmp_path: Path) -> Iterator[Press]:
    opened = Press(hub_at(tmp_path, now=NOW), tmp_path, CANONICAL)
    yield opened
    opened.close()


@pytest.fixture
def sender(canonical: Press) -> Iterator[httpx.Client]:
    with a_client(canonical.hub, parts=canonical.parts) as opened:
        opened.headers.update({**bearer(canonical.token), "Content-Type": "application/json"})
        yield opened


def sent(sender: httpx.Client, *events: Any) -> httpx.Response:
    return sender.post("/v1/events", content=orjson.dumps(events[0] if len(events) == 1 else list(events)))


def test_case_events_are_taken_as_they_are(canonical: Press, sender: httpx.Client) -> None:
    stage = {**EVENT, "type": "stage.completed", "occurrence": "s-1", "stage_code": "审核"}
    first = sent(sender, EVENT, stage)
    assert (first.status_code, first.json()["published"]) == (202, 2)
    canonical.drain()
    assert receipt(sender, first)["events"] == {"new": 2}
    (case,) = canonical.queries.cases(disclosures=None)
    assert (case["case_no"], case["department_id"], case["state"]) == ("A-17", "11321200014000028L", "in_progress")
    newer = sent(sender, {**EVENT, "on_change": "revise", "source_version": 2, "occurred_at": "2026-03-03"})
    canonical.drain()
    assert receipt(sender, newer)["events"] == {"revised": 1}


@pytest.mark.parametrize(
    ("event", "code", "path"),
    [
        ({**EVENT, "case": None}, "map.missing", "event"),
        ({**EVENT, "case": {"region_code": "321200"}}, "map.missing", "event"),
        ({**EVENT, "type": "stage.completed"}, "map.missing", "event"),
        ({**EVENT, "on_change": "revise"}, "map.missing", "event"),
        ({**EVENT, "connection_id": "taizhou.other"}, "map.owned", "event"),
        ({**EVENT, "provenance": {}}, "map.owned", "event"),
        ({**EVENT, "case": {**EVENT["case"], "case_id": "x"}}, "map.owned", "event"),
        (
            {**EVENT, "case": {**EVENT["case"], "department_id": "1132120001400001XL"}},
            "map.foreign-department",
            "event",
        ),
        ({**EVENT, "type": "case.invented"}, "validate.enum", "/data/type"),
        ({**EVENT, "occurred_at": "2026-03-02 09:00"}, None, "/"),
        ({**EVENT, "extra": 1}, "validate.additionalproperties", "/data"),
        ({**EVENT, "case": {**EVENT["case"], "applicant": {"name": "欧阳震华"}}}, None, "/data/case/applicant"),
        ([], "decode.no-object", ""),
    ],
)
def test_what_is_no_case_event_is_422_and_says_where(
    sender: httpx.Client, event: Any, code: str | None, path: str
) -> None:
    answer = sent(sender, EVENT, event) if event == [] else sent(sender, event)
    assert answer.status_code == (202 if event == [] else 422)
    (problem,) = answer.json()["refused" if event == [] else "problems"]
    assert problem["path"].startswith(path)
    assert code in {None, problem["code"]}
    assert "欧阳" not in answer.text


def test_events_are_for_connections_that_send_them(press: Press, client: httpx.Client) -> None:
    assert client.post("/v1/events", content=b"{}").status_code == 404
    admin = bearer(press.key("boss", "admin", kind="person"))
    assert client.post("/v1/events", content=b"{}", headers=admin).status_code == 403
