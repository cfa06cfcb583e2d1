"""What a REST source owes beyond the common contract: complete pages, patience, logins, and no harm by odd answers."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import trustme

from connectors import open_source, window
from connectors.http import client
from connectors.http.auth import signed_text
from hub.errors import Misconfigured, Unavailable
from tests.support.rest_shelf import PAGE, RestShelf
from tests.support.shelves import Declared
from tests.support.web import Answer, Asked, Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hub.model.values import Portion, Record

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def serve() -> Iterator[Callable[..., Service]]:
    """Return a function that starts a service; all of them are stopped at the end."""
    services: list[Service] = []

    def start(answers: Callable[[Asked], Answer], **options: Any) -> Service:
        services.append(Service(answers, **options))
        return services[-1]

    yield start
    for service in services:
        service.close()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let no pause take time; return the pauses that were asked for."""
    pauses: list[float] = []
    monkeypatch.setattr(client.time, "sleep", pauses.append)
    original = client.HttpClient.__init__

    def init(self: client.HttpClient, options: client.HttpOptions, **_: Any) -> None:
        original(self, options, sleep=pauses.append)

    monkeypatch.setattr(client.HttpClient, "__init__", init)
    return pauses


def read(
    url: str, checkpoint: Any = None, environment: Mapping[str, str] | None = None, **connect: Any
) -> list[Portion]:
    options = {"url": url, "key": "no", "rate": {"requests": 10_000}, **connect}
    source = open_source(Declared(kind="rest", connect=options), environment or {})
    try:
        return list(source.read(orjson.loads(orjson.dumps(checkpoint))))
    finally:
        source.close()


def unread(url: str, **connect: Any) -> list[Portion]:
    """Read what ends in trouble because the answer is none; return what came before that."""
    source = open_source(Declared(kind="rest", connect={"url": url, "key": "no", **connect}), {})
    found: list[Portion] = []
    with contextlib.closing(source), pytest.raises(Unavailable):
        found.extend(source.read(None))
    return found


def records(portions: list[Portion]) -> list[Record]:
    return [record for portion in portions for record in portion.records]


def numbers(portions: list[Portion]) -> list[str]:
    return [record.tree["no"] for record in records(portions)]


def listed(*rows: Any, **headers: str) -> Answer:
    return Answer(
        body=orjson.dumps(list(rows)), headers={name.replace("_", "-"): text for name, text in headers.items()}
    )


@pytest.mark.parametrize("by", ["page", "offset"])
@pytest.mark.parametrize("change", ["insert before", "remove before", "both"])
def test_rows_that_come_and_go_between_pages_hide_no_other(by: str, change: str) -> None:
    shelf = RestShelf(by)
    shelf.put(*[(f"{number:03}", "x") for number in range(10)])
    meant = {row["no"] for row in shelf.rows[1:]}
    plain, calls = shelf.answer, []

    def moving(asked: Asked) -> Answer:
        answer = plain(asked)
        calls.append(asked)
        if len(calls) == 1 and change != "insert before":
            shelf.rows.pop(0)
        if len(calls) == 2 and change != "remove before":
            early = (shelf.clock - timedelta(minutes=30)).isoformat()
            shelf.rows.insert(0, {"no": "new", "name": "x", "changed": early})
        return answer

    shelf.service.answers = moving
    source = shelf.source()
    found = [record.tree["no"] for portion in source.read(None) for record in portion.records]
    source.close()
    shelf.close()
    assert meant <= set(found)
    assert len(found) == len(set(found))
    assert len(calls) > 10 / PAGE


def test_a_service_is_asked_for_the_window_alone_and_never_past_its_own_clock(serve: Callable[..., Service]) -> None:
    rows = [{"no": str(n), "at": (NOW - timedelta(minutes=n)).isoformat()} for n in range(0, 40, 10)]
    service = serve(lambda _: listed(*rows, Date=format_datetime(NOW, usegmt=True)))
    options = {
        "cursor": {"column": "at", "settle": "5m", "overlap": "0s"},
        "since": {"parameter": "since", "until": "until", "format": "%Y-%m-%d %H:%M:%S"},
    }
    first = read(service.url, **options)
    assert numbers(first) == ["10", "20", "30"]
    assert first[-1].watermark == NOW - timedelta(minutes=5)
    rows.append({"no": "late", "at": (NOW - timedelta(minutes=4)).isoformat()})
    service.answers = lambda _: listed(*rows, Date=format_datetime(NOW + timedelta(hours=1), usegmt=True))
    assert numbers(read(service.url, first[-1].checkpoint, **options)) == ["0", "late"]
    assert service.asked[-1].query["since"] == "2026-03-02 08:55:00"


def test_a_row_that_changes_within_the_overlap_comes_again_and_one_that_does_not_does_not(
    serve: Callable[..., Service],
) -> None:
    rows = [{"no": str(n), "at": (NOW - timedelta(minutes=n)).isoformat()} for n in (10, 20)]
    service = serve(lambda _: listed(*rows, Date=format_datetime(NOW, usegmt=True)))
    options = {"cursor": {"column": "at", "settle": "0s", "overlap": "1h"}}
    first = read(service.url, **options)
    rows[0]["state"] = "changed in place"
    assert numbers(read(service.url, first[-1].checkpoint, **options)) == ["10"]


def test_a_list_that_is_as_it_was_is_not_sent_again(serve: Callable[..., Service]) -> None:
    def answers(asked: Asked) -> Answer:
        if asked.headers.get("if-none-match") == '"1"':
            return Answer(status=304)
        return listed({"no": "1"}, {"no": "2"}, ETag='"1"')

    service = serve(answers)
    first = read(service.url)
    second = read(service.url, first[-1].checkpoint)
    assert (numbers(first), numbers(second)) == (["1", "2"], [])
    assert service.asked[-1].headers["if-none-match"] == '"1"'
    service.answers = lambda _: listed({"no": "1"}, {"no": "3"}, ETag='"2"')
    assert numbers(read(service.url, second[-1].checkpoint)) == ["3"]


def test_a_long_list_whose_rows_do_not_say_when_they_changed_does_not_come_again_and_again(
    serve: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "REMEMBERED", 3)
    service = serve(lambda _: listed(*({"no": str(n), "at": "2026-03-01"} for n in range(5))))
    with pytest.raises(Misconfigured, match=r"cursor\.column"):
        read(service.url)
    assert len(numbers(read(service.url, cursor={"column": "at"}))) == 5
    service.answers = lambda _: listed({"no": "1"}, {"no": "2"}, {"no": "3"})
    assert len(numbers(read(service.url))) == 3


def test_a_busy_service_is_asked_again_when_it_says_so(serve: Callable[..., Service], hasty: list[float]) -> None:
    busy = [Answer(status=429, headers={"Retry-After": "7"}), Answer(status=503), listed({"no": "1"})]
    service = serve(lambda _: busy.pop(0))
    assert numbers(read(service.url)) == ["1"]
    assert max(hasty) >= 7


def test_a_service_that_stays_broken_is_unavailable_after_a_few_attempts(
    serve: Callable[..., Service], hasty: list[float]
) -> None:
    service = serve(lambda _: Answer(status=500))
    with pytest.raises(Unavailable, match="500"):
        read(service.url)
    assert len(service.asked) == client.ATTEMPTS
    assert hasty


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404])
def test_what_time_does_not_mend_is_the_operators(serve: Callable[..., Service], status: int) -> None:
    service = serve(lambda _: Answer(status=status, headers={"Location": "https://elsewhere.example/"}))
    with pytest.raises(Misconfigured, match=str(status)):
        read(service.url)
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(body=b"<html><body>login</body></html>", headers={"Content-Type": "text/html"}), "decode.no-json"),
        (Answer(), "decode.no-json"),
        (Answer(body=b"[" * 100_000), "decode.no-json"),
        (Answer(body='[{"no":"囧"}]'.encode("gb18030")), "decode.bad-encoding"),
        (Answer(body=b"[]", headers={"Content-Type": "application/json; charset=GBK"}), "decode.encoding-conflict"),
        (
            Answer(body=b"[]", headers={"Content-Type": "application/json; charset=none-such"}),
            "decode.encoding-conflict",
        ),
        (Answer(body=b'{"other": []}'), "decode.no-rows"),
    ],
)
def test_an_answer_that_cannot_be_read_is_kept_and_the_place_in_the_list_too(
    serve: Callable[..., Service], answer: Answer, code: str
) -> None:
    service = serve(lambda _: answer)
    rows = {"rows": "data"} if code == "decode.no-rows" else {}
    (only,) = unread(service.url, **rows)
    (record,) = only.records
    assert record.refused is not None
    assert (record.refused.code, record.raw) == (code, answer.body)
    assert (only.final, only.checkpoint) == (True, None)


def test_one_row_without_a_key_or_that_is_none_is_refused_alone_and_once(serve: Callable[..., Service]) -> None:
    service = serve(lambda _: listed({"no": "1"}, {"name": "x"}, 9, {"no": "2"}))
    first = read(service.url)
    codes = [record.refused.code if record.refused else "" for record in records(first)]
    assert codes == ["", "decode.no-key", "decode.no-object", ""]
    assert records(read(service.url, first[-1].checkpoint)) == []


@pytest.mark.parametrize("by", ["page", "offset", "cursor", "link"])
def test_a_service_that_ignores_the_page_is_told_from_one_with_many(serve: Callable[..., Service], by: str) -> None:
    body = orjson.dumps({"rows": [{"no": "1"}], "next": "/again" if by == "link" else "same"})
    service = serve(lambda _: Answer(body=body))
    with pytest.raises(Misconfigured, match=r"connect\.paging|page after page"):
        read(service.url, rows="rows", paging={"by": by})


def test_a_link_to_another_host_is_not_followed_with_our_login(serve: Callable[..., Service]) -> None:
    other = serve(lambda _: listed({"no": "2"}))
    service = serve(lambda _: listed({"no": "1"}, Link=f'<{other.url}/>; rel="next"'))
    with pytest.raises(Misconfigured, match="sends us on"):
        read(service.url, paging={"by": "link"}, auth={"kind": "bearer", "token": "secret"})
    assert other.asked == []


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ({"kind": "bearer", "token": "${TOKEN}"}, "authorization", "Bearer t-1"),
        ({"kind": "basic", "user": "hub", "password": "${TOKEN}"}, "authorization",
         "Basic " + base64.b64encode(b"hub:t-1").decode()),
        ({"kind": "api-key", "name": "X-Key", "key": "${TOKEN}"}, "x-key", "t-1"),
    ],
)  # fmt: skip
def test_logins_are_sent_as_declared(serve: Callable[..., Service], auth: Any, header: str, value: str) -> None:
    service = serve(lambda _: listed())
    read(service.url, environment={"TOKEN": "t-1"}, auth=auth)
    assert service.asked[0].headers[header] == value


def test_a_key_goes_into_the_query_where_the_service_wants_it_there(serve: Callable[..., Service]) -> None:
    service = serve(lambda _: listed())
    read(service.url, auth={"kind": "api-key", "in": "query", "name": "key", "key": "k"}, parameters={"a": "b"})
    assert service.asked[0].query == {"key": "k", "a": "b"}


def test_a_signature_covers_method_path_query_date_nonce_and_body(serve: Callable[..., Service]) -> None:
    service = serve(lambda _: listed())
    read(f"{service.url}/list", auth={"kind": "hmac", "key_id": "hub", "key": "s3"}, parameters={"a": "b c"})
    asked = service.asked[0]
    digest = base64.b64encode(hashlib.sha256(b"").digest()).decode()
    text = signed_text("GET", "/list?a=b+c", asked.headers["date"], asked.headers["x-nonce"], digest)
    signature = hmac.new(b"s3", text.encode(), hashlib.sha256).hexdigest()
    assert asked.headers["authorization"] == f'HMAC-SHA256 keyId="hub", signature="{signature}"'
    assert asked.headers["digest"] == f"SHA-256={digest}"


def test_a_token_is_fetched_once_kept_and_fetched_anew_when_refused(serve: Callable[..., Service]) -> None:
    tokens = iter(["one", "two"])

    def answers(asked: Asked) -> Answer:
        if asked.path == "/token":
            assert asked.body == b"grant_type=client_credentials&scope=read"
            return Answer(body=orjson.dumps({"access_token": next(tokens), "expires_in": 3600}))
        return listed({"no": "1"}) if asked.headers.get("authorization") == "Bearer two" else Answer(status=401)

    service = serve(answers)
    auth = {
        "kind": "oauth2",
        "token_url": f"{service.url}/token",
        "client_id": "a",
        "client_secret": "b",
        "scope": "read",
    }
    assert numbers(read(service.url, auth=auth)) == ["1"]
    assert [asked.path for asked in service.asked] == ["/token", "/", "/token", "/"]


def test_a_token_service_without_token_is_the_operators_and_shows_no_secret(serve: Callable[..., Service]) -> None:
    service = serve(lambda _: Answer(status=400, body=b'{"error":"invalid_client"}'))
    auth = {"kind": "oauth2", "token_url": f"{service.url}/token", "client_id": "a", "client_secret": "hunter2"}
    with pytest.raises(Misconfigured, match="without a token") as caught:
        read(service.url, auth=auth)
    assert "hunter2" not in str(caught.value)


def test_a_certificate_of_another_name_or_an_unknown_authority_is_refused_and_said(
    serve: Callable[..., Service], tmp_path: Any
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    def secured(name: str) -> Service:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        return serve(lambda _: listed({"no": "1"}), tls=context)

    right, wrong = secured("127.0.0.1"), secured("other.example")
    assert numbers(read(right.url, verify=str(tmp_path / "ca.pem"))) == ["1"]
    with pytest.raises(Misconfigured, match=r"not accepted.*mismatch"):
        read(wrong.url, verify=str(tmp_path / "ca.pem"))
    with pytest.raises(Misconfigured, match="not accepted"):
        read(right.url)


def test_a_service_that_drips_is_given_up_in_time(serve: Callable[..., Service], hasty: list[float]) -> None:
    waiting = threading.Event()
    service = serve(lambda _: Answer(body=b"[" + b" " * 10_000 + b"]", drip=lambda: waiting.wait(0.01) and None))
    with pytest.raises(Unavailable, match="drips"):
        read(service.url, timeout="100ms")
    assert hasty


def test_an_answer_without_end_is_not_read_to_it(serve: Callable[..., Service]) -> None:
    service = serve(lambda _: Answer(body=b" " * 200_000))
    asking = client.HttpClient(client.HttpOptions(url=service.url, place="t", body_bytes=100_000))
    with pytest.raises(Misconfigured, match="over 100,000 bytes"):
        asking.ask("GET", service.url)
    asking.close()


def test_requests_keep_to_the_declared_rate(serve: Callable[..., Service]) -> None:
    now, pauses = [0.0], list[float]()

    def sleep(pause_s: float) -> None:
        pauses.append(pause_s)
        now[0] += pause_s

    service = serve(lambda _: listed())
    polite = client.HttpClient(
        client.HttpOptions(url=service.url, place="t", rate_per_s=4), sleep=sleep, now=lambda: now[0]
    )
    for _ in range(5):
        polite.ask("GET", service.url)
    polite.close()
    assert pauses == [0.25] * 4


def test_every_fault_of_a_declaration_is_told_at_once() -> None:
    connect = {"url": "ftp://x", "paging": {"by": "pages"}, "auth": {"kind": "bearer", "tokens": "x"}, "extra": 1}
    with pytest.raises(Misconfigured) as caught:
        open_source(Declared(kind="rest", connect=connect), {})
    assert {fault.target_path for fault in caught.value.faults} == {
        "connect.url", "connect.paging.by", "connect.auth.token", "connect.auth.tokens", "connect.key", "connect.extra",
    }  # fmt: skip


def test_an_error_told_in_a_body_with_status_200_moves_no_window(serve: Callable[..., Service]) -> None:
    answers = [b'{"code": -1, "msg": "session expired", "data": []}', b'{"code": 0, "data": [{"id": 1}]}']
    service = serve(lambda _: Answer(body=answers[0]))
    connect = {
        "url": service.url, "rows": "data", "key": "id", "rate": {"requests": 10_000},
        "success": {"at": "code", "is": ["0"], "message": "msg"},
    }  # fmt: skip
    source = open_source(Declared(kind="rest", connect=connect), {})
    with pytest.raises(Unavailable, match="-1: session expired"):
        list(source.read(None))
    service.answers = lambda _: Answer(body=answers[1])
    assert [record.tree for portion in source.read(None) for record in portion.records] == [{"id": 1}]
    source.close()


def test_a_service_that_drips_its_head_is_given_up_in_time(hasty: list[float]) -> None:
    """Each byte comes well within the time that a pause may take; all of them never come."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ended = threading.Event()

        def drip() -> None:
            with contextlib.suppress(OSError):
                while not ended.is_set():
                    connection, _ = listening.accept()
                    with connection, contextlib.suppress(OSError):
                        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                        while not ended.wait(0.02):
                            connection.sendall(b"x")

        dripping = threading.Thread(target=drip, daemon=True)
        dripping.start()
        with pytest.raises(Unavailable, match=r"timed out|drips too slowly"):
            read(f"http://127.0.0.1:{listening.getsockname()[1]}/", timeout="300ms")
        ended.set()
        listening.close()
    assert len(hasty) == client.ATTEMPTS - 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_token_service_that_is_away_is_waited_for(
    serve: Callable[..., Service], hasty: list[float], status: int
) -> None:
    service = serve(lambda asked: Answer(status=status) if asked.path == "/token" else listed())
    auth = {"kind": "oauth2", "token_url": f"{service.url}/token", "client_id": "c", "client_secret": "s"}
    with pytest.raises(Unavailable, match=f"the token service answers {status}"):
        read(service.url, auth=auth)
    assert hasty


def test_a_login_page_at_every_poll_is_named_as_trouble_with_what_it_is(serve: Callable[..., Service]) -> None:
    service = serve(lambda _: Answer(body=b"<html>login</html>", headers={"Content-Type": "text/html"}))
    with pytest.raises(Unavailable, match="no JSON but a web page"):
        read(service.url)
