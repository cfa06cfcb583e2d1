"""Nobody sees what their key does not open, and nothing opens by accident."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import orjson
import pytest
from typer.testing import CliRunner

from hub.cli.gatewaying import binding_allowed, serve_in_thread, serving, task
from hub.cli.main import app as command
from hub.clock import SystemClock
from hub.errors import HubError, Misconfigured
from hub.identity import issue
from tests.support.citizens import DOCUMENTS
from tests.support.desks import NOW, ROWS, a_client, a_desk, a_key, bearer
from tests.support.hubs import hub_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.wiring import Hub

PROTECTED = ("/v1/cases", "/v1/alerts", "/v1/feed", "/v1/summary", "/v1/accounting", "/v1/schemas/alert.v1", "/metrics")
PAGES = ("/", "/cases", "/alerts", "/quarantine", "/conformance", "/docs", "/cases/x")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    hub = a_desk(tmp_path_factory.mktemp("desk"))
    a_key(hub, "quarantine:read")
    yield hub
    hub.close()


@pytest.fixture
def client(desk: Hub) -> Iterator[httpx.Client]:
    with a_client(desk) as opened:
        yield opened


def numbers(client: httpx.Client, token: str) -> set[str]:
    items = client.get("/v1/cases", headers=bearer(token)).json()["items"]
    return {case["case_no"] for case in items}


def test_once_keys_exist_every_query_needs_one(client: httpx.Client) -> None:
    for path in PROTECTED:
        answer = client.get(path)
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"].startswith("Bearer"), path
        assert "sunlight key add" in answer.json()["hint"], path


def test_once_keys_exist_every_page_leads_to_the_way_in(client: httpx.Client) -> None:
    for path in PAGES:
        answer = client.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["location"] == "/login?next=" + path


def test_health_needs_no_key(client: httpx.Client) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200


def test_a_key_shows_cases_of_its_classes_alone(desk: Hub, client: httpx.Client) -> None:
    ordinary = {"T-1", "T-2", "T-3", "T-6"}
    assert numbers(client, a_key(desk, "cases:read")) == ordinary
    assert numbers(client, a_key(desk, "cases:read", "cases:read:restricted")) == ordinary | {"T-4"}
    assert numbers(client, a_key(desk, "admin")) == ordinary | {"T-4", "T-5"}


def test_a_case_that_one_may_not_see_is_not_found(desk: Hub, client: httpx.Client) -> None:
    items = client.get("/v1/cases?q=T-5", headers=bearer(a_key(desk, "admin"))).json()["items"]
    path = "/v1/cases/" + items[0]["case_id"]
    plain = bearer(a_key(desk, "cases:read"))
    hidden, absent = client.get(path, headers=plain), client.get("/v1/cases/absent", headers=plain)
    assert hidden.status_code == absent.status_code == 404
    assert hidden.json()["type"] == absent.json()["type"]
    assert client.get(path[3:], headers=plain).status_code == 404


def test_an_alert_on_a_case_that_one_may_not_see_is_not_listed(desk: Hub, client: httpx.Client) -> None:
    token = a_key(desk, "alerts:read", "cases:read")
    items = client.get("/v1/alerts?rule=R14", headers=bearer(token)).json()["items"]
    assert {alert["case"]["case_no"] for alert in items} == {"T-1", "T-2", "T-6"}


def test_secret_cases_are_not_on_any_page_for_who_may_not_see_them(desk: Hub, client: httpx.Client) -> None:
    headers = bearer(a_key(desk, "cases:read", "alerts:read", "quarantine:read"))
    for path in ("/", "/cases", "/cases?q=T-5", "/alerts", "/quarantine"):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200
        assert "涉密" not in answer.text
        assert "T-4<" not in answer.text
        assert "T-5<" not in answer.text


@pytest.mark.parametrize(
    ("scope", "opened"),
    [
        ("cases:read", {"/v1/cases", "/v1/summary", "/v1/accounting", "/v1/schemas/alert.v1"}),
        ("alerts:read", {"/v1/alerts", "/v1/schemas/alert.v1"}),
        ("feed:read:intranet", {"/v1/feed", "/v1/schemas/alert.v1"}),
        ("feed:read:public", {"/v1/schemas/alert.v1"}),
        ("metrics:read", {"/metrics", "/v1/schemas/alert.v1"}),
        ("admin", set(PROTECTED)),
    ],
)
def test_a_scope_opens_its_paths_and_no_other(desk: Hub, client: httpx.Client, scope: str, opened: set[str]) -> None:
    headers = bearer(a_key(desk, scope))
    answers = {path: client.get(path, headers=headers).status_code for path in PROTECTED}
    assert answers == {path: 200 if path in opened else 403 for path in PROTECTED}


def test_a_missing_scope_is_named(desk: Hub, client: httpx.Client) -> None:
    problem = client.get("/v1/alerts", headers=bearer(a_key(desk, "cases:read"))).json()
    assert problem["type"] == "urn:sunlight:problem:scope"
    assert "alerts:read" in problem["detail"]


def test_wrong_expired_and_revoked_keys_open_nothing(desk: Hub, client: httpx.Client) -> None:
    now = SystemClock().now()
    old = issue("old", kind="person", scopes=["admin"], now=now - timedelta(days=2), expires_at=now - timedelta(days=1))
    desk.identities.add(old)
    revoked = a_key(desk, "admin")
    desk.identities.revoke(revoked.split("_")[1], now)
    for token in (old.token, revoked, "slk_" + "0" * 12 + "_" + "A" * 43, "nonsense"):
        assert client.get("/v1/summary", headers=bearer(token)).status_code == 401


def test_a_key_revoked_between_two_requests_opens_nothing_any_more(desk: Hub, client: httpx.Client) -> None:
    token = a_key(desk, "cases:read")
    assert client.get("/v1/summary", headers=bearer(token)).status_code == 200
    desk.identities.revoke(token.split("_")[1], SystemClock().now())
    assert client.get("/v1/summary", headers=bearer(token)).status_code == 401


def test_the_use_of_a_key_is_seen_in_the_list(desk: Hub, client: httpx.Client) -> None:
    token = a_key(desk, "cases:read")
    client.get("/v1/summary", headers=bearer(token))
    used = {who.key_id: seen for who, seen in desk.identities.list()}
    assert used[token.split("_")[1]] is not None


def test_logging_in_stores_the_key_where_scripts_and_other_sites_cannot_reach_it(
    desk: Hub, client: httpx.Client
) -> None:
    token = a_key(desk, "cases:read")
    answer = client.post("/login", data={"key": token, "next": "/cases?state=closed"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/cases?state=closed"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert client.get("/cases").status_code == 200
    assert client.post("/logout").status_code == 303
    assert client.get("/cases").status_code == 303


def test_a_wrong_key_logs_nobody_in(client: httpx.Client) -> None:
    answer = client.post("/login", data={"key": "slk_wrong"})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert "密钥无效" in answer.text


@pytest.mark.parametrize("target", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:x", ""])
def test_logging_in_never_leads_elsewhere(desk: Hub, client: httpx.Client, target: str) -> None:
    answer = client.post("/login", data={"key": a_key(desk, "cases:read"), "next": target})
    assert answer.headers["location"] == "/"


def test_a_huge_login_form_is_refused(client: httpx.Client) -> None:
    assert client.post("/login", data={"key": "x" * 100_000}).status_code == 400


def test_every_answer_forbids_what_comes_from_elsewhere(client: httpx.Client) -> None:
    for path in ("/login", "/v1/cases", "/healthz", "/static/console.css", "/nowhere"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["x-frame-options"] == "DENY", path
        assert "server" not in headers, path


def test_without_keys_a_page_elsewhere_cannot_read_the_console_by_its_own_name(tmp_path: Path) -> None:
    hub = a_desk(tmp_path, ROWS[:1])
    with a_client(hub) as client:
        assert client.get("/v1/summary").status_code == 200
        assert client.get("/v1/summary", headers={"Host": "evil.example:8321"}).status_code == 421
        a_key(hub, "cases:read")
        assert client.get("/v1/summary", headers={"Host": "hub.example"}).status_code == 401
    hub.close()


def on(hub: Hub, host: str, port: int = 0) -> Hub:
    """Return the same hub with another address for its gateway."""
    gateway = hub.settings.gateway.model_copy(update={"host": host, "port": port})
    return type(hub)(settings=hub.settings.model_copy(update={"gateway": gateway}), clock=hub.clock)


def test_nothing_binds_beyond_loopback_while_nobody_needs_a_key(tmp_path: Path) -> None:
    hub = hub_at(tmp_path, now=NOW)
    for host in ("0.0.0.0", "::", "192.0.2.7", "hub.example"):  # noqa: S104 - refused, never bound
        with pytest.raises(Misconfigured, match="sunlight key add"):
            serve_in_thread(on(hub, host))
        binding_allowed(on(hub, host).settings, has_keys=True)
    for host in ("127.0.0.1", "::1", "localhost", "127.0.0.53"):
        binding_allowed(on(hub, host).settings, has_keys=False)
    hub.close()


def test_the_gateway_tells_the_port_it_was_given_and_gives_it_back(tmp_path: Path) -> None:
    hub = on(hub_at(tmp_path, now=NOW), "127.0.0.1")
    with serving(hub) as url:
        assert httpx.get(url + "healthz", trust_env=False).status_code == 200
        port = int(url.rpartition(":")[2].strip("/"))
        with pytest.raises(Misconfigured, match=r"SUNLIGHT_GATEWAY_PORT"):
            serve_in_thread(on(hub, "127.0.0.1", port))
    with pytest.raises(httpx.ConnectError):
        httpx.get(url + "healthz", trust_env=False)
    hub.close()


def test_the_role_gateway_listens_at_once_and_ends_when_it_is_closed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub = on(hub_at(tmp_path, now=NOW), "127.0.0.1")
    role = task(hub)
    url = capsys.readouterr().err.split()[-1]
    assert httpx.get(url + "readyz", trust_env=False).status_code == 200
    assert role.step() is False
    role.close()
    with pytest.raises(HubError, match="ended"):
        role.step()
    hub.close()


def test_keys_are_issued_listed_and_revoked_at_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = hub_at(tmp_path, now=NOW)
    monkeypatch.setenv("SUNLIGHT_DATA_DIR", str(tmp_path))
    run = CliRunner()
    added = run.invoke(command, ["key", "add", "duty desk", "--scope", "cases:read", "--expires", "12h"])
    assert added.exit_code == 0
    token = added.stdout.strip()
    listed = run.invoke(command, ["key", "list", "--json"])
    assert token not in listed.stdout
    (told,) = orjson.loads(listed.stdout)
    assert told["name"] == "duty desk"
    assert told["scopes"] == ["cases:read"]
    assert run.invoke(command, ["key", "revoke", told["key_id"]]).exit_code == 0
    assert isinstance(run.invoke(command, ["key", "revoke", told["key_id"]]).exception, Misconfigured)
    assert isinstance(run.invoke(command, ["key", "add", "x", "--expires", "soon"]).exception, Misconfigured)
    with a_client(hub) as client:
        assert client.get("/v1/summary", headers=bearer(token)).status_code == 401
    hub.close()


def test_matters_that_are_restricted_show_to_those_who_may_see_them_and_to_who_reviews(tmp_path: Path) -> None:
    hub = hub_at(tmp_path, now=NOW)
    hub.store.load_catalogue(DOCUMENTS)
    roles = {
        ("cases:read",): False, ("cases:read", "cases:read:restricted"): True, ("cases:read", "catalogue:review"): True,
    }  # fmt: skip
    with a_client(hub) as client:
        for scopes, may in roles.items():
            headers = bearer(a_key(hub, *scopes))
            listed = client.get("/v1/catalogue", headers=headers).json()["items"]
            assert ("X-2" in {each["matter_code"] for each in listed}) == may
            assert "X-1" in {each["matter_code"] for each in listed}
            assert client.get("/v1/catalogue/matters/X-2", headers=headers).status_code == (200 if may else 404)
    hub.close()
