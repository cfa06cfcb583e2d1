"""The SOAP endpoint by clients nobody here wrote, zeep and Node's `soap`; and by hand, for what they do not send."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import zeep
from lxml import etree
from requests import Session
from zeep.transports import Transport
from zeep.wsse.username import UsernameToken

from gateway import taking
from hub.errors import Unavailable
from tests.flow.test_push import MAPPING, NAME, NOW, Press, rows
from tests.support.desks import a_client, bearer
from tests.support.hubs import hub_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NODE = Path(__file__).parents[1] / "clients" / "soap"
ENVELOPES = {"1.1": "http://schemas.xmlsoap.org/soap/envelope/", "1.2": "http://www.w3.org/2003/05/soap-envelope"}
NS = "urn:sunlight:push:v1"
XML = MAPPING.replace("{format: json, rows: data}", "{format: xml, record: YW}").replace(
    "kind: push", "kind: push\nread: {encoding: gb2312}"
)


class World:
    """A hub with its gateway, reached over loopback."""

    def __init__(self, press: Press, client: httpx.Client) -> None:
        self.press, self.client = press, client
        self.url = f"{str(client.base_url).rstrip('/')}/v1/soap"

    def post(self, content: str, version: str = "1.1", **headers: str) -> tuple[int, etree._Element]:
        """Send an envelope by hand; return the status and what stands in the answer's body."""
        envelope = f'<s:Envelope xmlns:s="{ENVELOPES[version]}"><s:Body>{content}</s:Body></s:Envelope>'
        answer = self.client.post("/v1/soap", content=envelope.encode(), headers=headers)
        return answer.status_code, etree.fromstring(answer.content)


def opened(folder: Path, text: str) -> Iterator[World]:
    press = Press(hub_at(folder, now=NOW), folder, text)
    with a_client(press.hub, parts=press.parts) as client:
        client.headers.update(bearer(press.token))
        yield World(press, client)
    press.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    yield from opened(tmp_path, MAPPING)


@pytest.fixture
def xml_world(tmp_path: Path) -> Iterator[World]:
    yield from opened(tmp_path, XML)


def by_zeep(world: World, *, token: str = "", version: str = "1.1") -> Any:
    """Return a proxy that logs in by a header, or by a UsernameToken where a `token` is given."""
    session = Session()
    session.trust_env = False
    if not token:
        session.headers.update(bearer(world.press.token))
    login = UsernameToken(NAME, token) if token else None
    client = zeep.Client(f"{world.url}?wsdl", transport=Transport(session=session), wsse=login)
    return client.bind("SunlightHub", "PushSoap" if version == "1.1" else "PushSoap12")


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Callable[[dict[str, Any]], Any]:
    """Return what calls by Node's `soap`, installed once as its lock file says."""
    programs = shutil.which("node"), shutil.which("npm")
    if not all(programs):
        pytest.skip("needs node and npm")
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "package-lock.json", "client.mjs"):
        shutil.copy(NODE / name, folder / name)
    command = [str(programs[1]), "ci", "--loglevel=error", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"npm could not install the package soap: {done.stderr[-300:].strip()}")
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}

    def call(asked: dict[str, Any]) -> Any:
        command = [str(programs[0]), "client.mjs"]
        done = subprocess.run(
            command, cwd=folder, env=environment, input=json.dumps(asked), text=True, capture_output=True, check=True
        )
        return json.loads(done.stdout)

    return call


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("login", ["header", "token"])
def test_zeep_sends_and_asks_what_became_of_it(world: World, version: str, login: str) -> None:
    service = by_zeep(world, token=world.press.token if login == "token" else "", version=version)
    sent = service.submitRecords(connection=NAME, key="k-1", content=rows(1, 2))
    assert (sent.state, sent.read, sent.mapped, sent.refused) == ("pending", 2, 2, [])
    world.press.drain()
    assert service.getReceipt(receiptId=sent.receiptId).state == "accepted"
    again = service.submitRecords(connection=NAME, key="k-1", content=rows(1, 2))
    assert (again.receiptId, again.state) == (sent.receiptId, "accepted")


def test_what_is_refused_is_told_record_by_record(world: World) -> None:
    service = by_zeep(world)
    mixed = json.dumps({"data": [{"no": "1", "at": "2026-03-02", "changed": 1}, {"no": "2", "at": "soon"}]})
    sent = service.submitRecords(connection=NAME, text=mixed)
    assert (sent.mapped, sent.quarantined) == (1, 1)
    assert [(each.record, each.code) for each in sent.refused] == [(2, "map.bad-time")]
    with pytest.raises(zeep.exceptions.Fault) as caught:
        service.submitRecords(connection=NAME, text='{"data": [{"no": "2", "at": "soon"}]}')
    problem = caught.value.detail.find(f"{{{NS}}}problem")
    assert problem.findtext(f"{{{NS}}}status") == "422"
    assert problem.findtext(f"{{{NS}}}refused/{{{NS}}}code") == "map.bad-time"


def test_nodes_soap_sends_and_asks_what_became_of_it(world: World, node: Any) -> None:
    about = {"wsdl": f"{world.url}?wsdl", "endpoint": world.url, "token": world.press.token}
    arguments = {"connection": NAME, "key": "n-1", "text": rows(1).decode()}
    for login in ({}, {"username": NAME}, {"soap12": True}):
        asked = {**about, **login, "operation": "submitRecords", "arguments": arguments}
        answer = node(asked)["answer"]
        assert answer["mapped"] == 1
    world.press.drain()
    told = node({**about, "operation": "getReceipt", "arguments": {"receiptId": answer["receiptId"]}})["answer"]
    assert told["state"] == "accepted"
    fault = node({**about, "token": "wrong", "operation": "submitRecords", "arguments": arguments})["fault"]
    assert fault["faultcode"] == "soap:Client"
    assert fault["detail"]["problem"]["status"] in (401, "401")


def test_one_text_may_hold_a_whole_document_whatever_encoding_it_claims(xml_world: World) -> None:
    document = (
        '<?xml version="1.0" encoding="gb2312"?><D><YW><no>甲-1</no><at>2026-03-02</at><changed>1</changed></YW></D>'
    )
    sent = by_zeep(xml_world).submitRecords(connection=NAME, text=document)
    assert (sent.mapped, sent.quarantined) == (1, 0)
    sent = by_zeep(xml_world).submitRecords(connection=NAME, content=document.replace("甲", "囧").encode("gb18030"))
    assert (sent.mapped, sent.quarantined) == (1, 0)


RECORDS = f'<submitRecords xmlns="{NS}"><connection>{NAME}</connection>%s</submitRecords>'


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "no-message"),
        ("<other/>", "no-message"),
        (f'<other xmlns="{NS}"/>', "no-operation"),
        (f'<getReceipt xmlns="{NS}"><receiptId>x</receiptId></getReceipt>', "no-receipt"),
        (f'<submitRecords xmlns="{NS}"/>', "no-connection"),
        (RECORDS % "<content>!</content>", "content"),
        (RECORDS % "<content>A</content>", "content"),
        (RECORDS % "<text>[]</text>", "unmapped"),
    ],
)
def test_what_is_wrong_is_a_fault_of_the_sender_in_his_own_version(
    world: World, version: str, content: str, code: str
) -> None:
    status, root = world.post(content, version)
    assert status == 500
    assert root.tag == f"{{{ENVELOPES[version]}}}Envelope"
    assert root.findtext(f".//{{{NS}}}code") == code
    blamed = root.findtext(".//faultcode") or root.findtext(f".//{{{ENVELOPES[version]}}}Value")
    assert blamed in ("soap:Client", "soap:Sender")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        b'<!DOCTYPE a [<!ENTITY b "c">]><Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body>&b;</Body></Envelope>',
        b"<a>" * 100_000,
    ],
)
def test_what_is_no_message_is_a_fault(world: World, body: bytes) -> None:
    answer = world.client.post("/v1/soap", content=body)
    assert answer.status_code == 500
    assert b"no-message" in answer.content
    assert b"root:" not in answer.content


def test_a_key_of_another_and_a_digest_of_a_key_are_refused(world: World) -> None:
    world.client.headers.update(bearer(world.press.key("taizhou.other.cases")))
    assert world.post(RECORDS % "<text>[]</text>")[1].findtext(f".//{{{NS}}}code") == "connection"
    wsse = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
    header = f'<s:Header><w:Password xmlns:w="{wsse}" Type="x#PasswordDigest">x</w:Password></s:Header>'
    body = f'<s:Envelope xmlns:s="{ENVELOPES["1.1"]}">{header}<s:Body><a xmlns="{NS}"/></s:Body></s:Envelope>'
    assert b"PasswordText" in world.client.post("/v1/soap", content=body).content


def test_a_broker_that_is_away_is_told_with_when_to_come_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> Any:
        raise Unavailable("the broker is away")

    monkeypatch.setattr(taking.Taking, "take", away)
    answer = world.client.post(
        "/v1/soap",
        content=f'<s:Envelope xmlns:s="{ENVELOPES["1.1"]}"><s:Body>{RECORDS % ""}</s:Body></s:Envelope>',
    )
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert b"soap:Server" in answer.content


def test_the_description_is_for_everybody_and_names_where_it_was_asked_for(world: World) -> None:
    answer = httpx.get(f"{world.url}?wsdl", trust_env=False)
    assert answer.status_code == 200
    assert f'location="{world.url}"' in answer.text
