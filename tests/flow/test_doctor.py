"""The doctor tries a connection step by step, consumes nothing, and names the cause and the cure of what fails."""

from __future__ import annotations

import socket
import sqlite3
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import trustme
from typer.testing import CliRunner

from connectors.http import client
from hub.cli.main import app
from tests.support.web import Answer, Asked, Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MAPPING = """
connection: test.one
department: "11321200014000028L"
kind: {kind}
connect: {connect}
read: {{encoding: utf-8}}
case:
  source_case_no: no
  region_code: "'321200'"
events:
  - {{type: case.received, occurred_at: time(at)}}
"""


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Service]]:
    """Return a function that starts a service."""
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    services: list[Service] = []

    def start(answers: Callable[[Asked], Answer], **options: Any) -> Service:
        services.append(Service(answers, **options))
        return services[-1]

    yield start
    for service in services:
        service.close()


@pytest.fixture
def examined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, dict[str, str]]]:
    """Return a function that has a connection examined; it returns the steps by name."""
    monkeypatch.setenv("SUNLIGHT_DATA_DIR", str(tmp_path / "var"))

    def examine(connect: Any, kind: str = "rest", fails: str = "") -> dict[str, dict[str, str]]:
        path = tmp_path / "one.yaml"
        path.write_text(MAPPING.format(kind=kind, connect=orjson.dumps(connect).decode()), encoding="utf-8")
        found = CliRunner().invoke(app, ["doctor", str(path), "--json"])
        steps = {step["name"]: step for step in orjson.loads(found.stdout)}
        assert [name for name, step in steps.items() if step["verdict"] == "fail"] == ([fails] if fails else [])
        assert found.exit_code == (2 if fails else 0)
        assert not fails or steps[fails]["cure"]
        return steps

    return examine


def listed(*rows: Any, clock: datetime | None = None, **headers: str) -> Answer:
    shown = {"Date": format_datetime(clock, usegmt=True)} if clock else {}
    return Answer(body=orjson.dumps(list(rows)), headers={**shown, **headers})


Examined = "Callable[..., dict[str, dict[str, str]]]"
ROW = {"no": "1", "at": "2026-03-02"}


def test_a_sound_connection_is_ok_in_every_step(serve: Callable[..., Service], examined: Examined) -> None:
    service = serve(lambda _: listed(ROW, {"no": "2"}, clock=datetime.now(UTC)))
    steps = examined({"url": service.url, "key": "no"})
    assert list(steps) == ["mapping", "declaration", "name", "port", "login and contract", "clock", "dry read"]
    assert steps["dry read"]["found"] == "1 mapped, 1 refused: map.missing at case.received/occurred_at"
    assert steps["dry read"]["verdict"] == "warn"
    assert {step["verdict"] for name, step in steps.items() if name != "dry read"} == {"ok"}


def test_a_name_nobody_knows(examined: Examined) -> None:
    steps = examined({"url": "http://no-such-host.invalid/", "key": "no"}, fails="name")
    assert "port" not in steps


def test_a_port_that_takes_no_connections(examined: Examined) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        steps = examined({"url": f"http://127.0.0.1:{taken.getsockname()[1]}/", "key": "no"}, fails="port")
    assert "firewalls" in steps["port"]["cure"]


def secured(serve: Callable[..., Service], authority: trustme.CA, name: str, **options: Any) -> Service:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, **options).configure_cert(context)
    return serve(lambda _: listed(ROW), tls=context)


def test_a_certificate_of_another_name_of_an_unknown_authority_and_one_that_ends_soon(
    serve: Callable[..., Service], examined: Examined, tmp_path: Path
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    known = {"key": "no", "verify": str(tmp_path / "ca.pem")}
    right = secured(serve, authority, "127.0.0.1")
    assert examined({**known, "url": right.url})["certificate"]["verdict"] == "ok"
    wrong = examined({**known, "url": secured(serve, authority, "other.example").url}, fails="certificate")
    assert "mismatch" in wrong["certificate"]["found"]
    unknown = examined({"key": "no", "url": right.url}, fails="certificate")
    assert "verify" in unknown["certificate"]["cure"]
    soon = datetime.now(UTC) + timedelta(days=5)
    ending = examined({**known, "url": secured(serve, authority, "127.0.0.1", not_after=soon).url})
    assert ending["certificate"]["verdict"] == "warn"


def test_a_login_that_is_refused(serve: Callable[..., Service], examined: Examined) -> None:
    service = serve(lambda _: Answer(status=401))
    steps = examined({"url": service.url, "key": "no"}, fails="login and contract")
    assert "check the login" in steps["login and contract"]["cure"]


def test_a_clock_that_is_wrong(serve: Callable[..., Service], examined: Examined) -> None:
    service = serve(lambda _: listed(ROW, clock=datetime.now(UTC) - timedelta(hours=8)))
    steps = examined({"url": service.url, "key": "no"})
    assert steps["clock"]["verdict"] == "warn"
    assert "behind" in steps["clock"]["found"]
    assert "NTP" in steps["clock"]["cure"]


def test_another_encoding_than_declared(serve: Callable[..., Service], examined: Examined) -> None:
    service = serve(lambda _: listed(ROW, **{"Content-Type": "application/json; charset=GBK"}))
    steps = examined({"url": service.url, "key": "no"}, fails="dry read")
    assert "the service says GBK" in steps["login and contract"]["found"]
    assert "the service says GBK" in steps["dry read"]["found"]


def test_a_secret_that_is_not_set(serve: Callable[..., Service], examined: Examined) -> None:
    connect = {
        "url": serve(lambda _: listed()).url,
        "key": "no",
        "auth": {"kind": "bearer", "token": "${NOT_SET_HERE}"},
    }
    assert "NOT_SET_HERE" in examined(connect, fails="secrets")["secrets"]["cure"]


def test_a_declaration_that_is_wrong(examined: Examined) -> None:
    steps = examined({"url": "ftp://x"}, fails="declaration")
    assert "connect.url" in steps["declaration"]["found"]
    assert "connect.key" in steps["declaration"]["found"]


def test_a_wsdl_that_cannot_be_loaded_is_told_with_its_cause(examined: Examined, tmp_path: Path) -> None:
    (tmp_path / "bad.wsdl").write_text("<definitions", encoding="utf-8")
    wsdl = {"wsdl": str(tmp_path / "bad.wsdl"), "operation": "x", "rows": "row"}
    steps = examined({"url": "http://127.0.0.1:1/", "key": "no", **wsdl}, kind="soap", fails="declaration")
    assert "no well-formed XML" in steps["declaration"]["found"]
    assert "write the request out" in steps["declaration"]["cure"]


def test_a_table_is_tried_without_a_row_being_signed_or_a_checkpoint_moved(examined: Examined, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "d.db") as database:
        database.execute("create table t (no text primary key, at text, sync_sign text)")
        database.execute("insert into t values ('1', '2026-03-02 09:00:00', '0')")
    connect = {
        "url": f"sqlite:///{tmp_path}/d.db", "table": "t", "key": "no", "cursor": {"column": "at"},
        "acknowledge": {"sign": "sync_sign"},
    }  # fmt: skip
    for _ in range(2):
        steps = examined(connect, kind="database")
        assert steps["name"]["verdict"] == "skipped"
        assert steps["dry read"]["found"] == "1 mapped"
    assert database.execute("select sync_sign from t").fetchone() == ("0",)
    database.close()
    assert not list((tmp_path / "var").rglob("checkpoints/*"))
    examined({**connect, "table": "none"}, kind="database", fails="login and contract")


def test_a_mapping_that_is_wrong_and_a_connection_nobody_declares(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    path.write_text("connection: x\n", encoding="utf-8")
    for named in (str(path), "no.such.connection"):
        found = CliRunner().invoke(app, ["doctor", named, "--json"])
        (only,) = orjson.loads(found.stdout)
        assert (only["name"], only["verdict"], found.exit_code) == ("mapping", "fail", 2)


def test_a_connection_is_found_by_its_name_and_shown_as_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUNLIGHT_TOKEN_KEY", "a key of tests, no secret")
    monkeypatch.delenv("MARKET_INBOX", raising=False)
    found = CliRunner().invoke(app, ["doctor", "taizhou.market.licences"])
    assert "secrets" in found.output
    assert "MARKET_INBOX" in found.output
