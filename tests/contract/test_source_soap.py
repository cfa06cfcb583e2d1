"""What a SOAP source owes beyond the common contract: what answers is told apart, and WSDLs that zeep cannot load."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree
from zeep import xsd

from connectors import open_source
from connectors.http import client
from connectors.soap_envelope import ENVELOPES
from connectors.soap_wsdl import WsdlRequest, cause_of, loaded
from hub.errors import Misconfigured, Unavailable
from tests.support.shelves import Declared
from tests.support.web import Answer, Asked, Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hub.model.values import Portion, Record

DATA = Path(__file__).parents[3] / "shared" / "data" / "soap"
ANSWERED = 32
"""Operations of the 40 descriptions that zeep loads, but for one that has no message."""

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the WSDLs (../shared/data/soap) are not here")
REQUEST = '<q:query xmlns:q="urn:cases"><q:from>{since}</q:from></q:query>'


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[Asked], Answer]], Service]]:
    """Return a function that starts a service."""
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    services: list[Service] = []

    def start(answers: Callable[[Asked], Answer]) -> Service:
        services.append(Service(answers))
        return services[-1]

    yield start
    for service in services:
        service.close()


def read(url: str, encoding: str = "utf-8", **connect: Any) -> list[Portion]:
    options = {"url": url, "key": "no", "rows": "row", "rate": {"requests": 10_000}, **connect}
    if "wsdl" not in options:
        options.setdefault("request", REQUEST)
    source = open_source(Declared(kind="soap", connect=options, read={"encoding": encoding}), {})
    try:
        return list(source.read(None))
    finally:
        source.close()


def unread(url: str, **connect: Any) -> list[Portion]:
    """Read what ends in trouble because the answer is none; return what came before that."""
    options = {"url": url, "key": "no", "rows": "row", "request": REQUEST, **connect}
    source = open_source(Declared(kind="soap", connect=options), {})
    found: list[Portion] = []
    with contextlib.closing(source), pytest.raises(Unavailable):
        found.extend(source.read(None))
    return found


def records(portions: list[Portion]) -> list[Record]:
    return [record for portion in portions for record in portion.records]


def enveloped(content: str, version: str = "1.1", status: int = 200, **headers: str) -> Answer:
    text = f'<s:Envelope xmlns:s="{ENVELOPES[version]}"><s:Body>{content}</s:Body></s:Envelope>'
    kind = {"Content-Type": "text/xml"}
    return Answer(status=status, body=text.encode(), headers={**kind, **headers})


ROWS = "<answer><row><no>1</no><name>囧</name></row><row><no>2</no></row></answer>"


def test_the_message_is_sent_with_its_action_and_what_is_filled_in_is_escaped(serve: Callable[..., Service]) -> None:
    service = serve(lambda _: enveloped(ROWS))
    found = read(service.url, action="urn:q", first="<2004> & on")
    asked = service.asked[0]
    assert [record.tree["no"] for record in records(found)] == ["1", "2"]
    assert (asked.headers["soapaction"], asked.headers["content-type"]) == ('"urn:q"', "text/xml; charset=utf-8")
    assert etree.fromstring(asked.body).findtext(".//{urn:cases}from") == "<2004> & on"


def test_soap_1_2_says_its_action_in_the_type_and_a_whole_envelope_is_sent_as_it_is(
    serve: Callable[..., Service],
) -> None:
    service = serve(lambda _: enveloped(ROWS, "1.2"))
    space = ENVELOPES["1.2"]
    request = f'<e:Envelope xmlns:e="{space}"><e:Header><t>x</t></e:Header><e:Body><q/></e:Body></e:Envelope>'
    assert records(read(service.url, version="1.2", action="urn:q", request=request))
    assert service.asked[0].headers["content-type"] == 'application/soap+xml; charset=utf-8; action="urn:q"'
    assert etree.fromstring(service.asked[0].body).findtext(".//t") == "x"


@pytest.mark.parametrize("digest", ["yes", "no"])
def test_a_username_token_is_sent_in_the_header(serve: Callable[..., Service], digest: str) -> None:
    service = serve(lambda _: enveloped(ROWS))
    read(service.url, security={"user": "hub", "password": "s3", "digest": digest})
    token = next(
        each for each in etree.fromstring(service.asked[0].body).iter() if str(each.tag).endswith("UsernameToken")
    )
    said = {etree.QName(each).localname: each.text or "" for each in token}
    wanted = "s3"
    if digest == "yes":
        text = base64.b64decode(said["Nonce"]) + said["Created"].encode() + b"s3"
        wanted = base64.b64encode(hashlib.sha1(text).digest()).decode()  # noqa: S324 - the profile's own algorithm
    assert (said["Username"], said["Password"]) == ("hub", wanted)


@pytest.mark.parametrize(
    ("fault", "version", "kind"),
    [
        ("<s:Fault><faultcode>s:Client</faultcode><faultstring>wrong</faultstring></s:Fault>", "1.1", Misconfigured),
        ("<s:Fault><faultcode>s:Server</faultcode><faultstring>busy</faultstring></s:Fault>", "1.1", Unavailable),
        ("<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text>wrong</s:Text></s:Reason></s:Fault>",
         "1.2", Misconfigured),
        ("<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text>busy</s:Text></s:Reason></s:Fault>",
         "1.2", Unavailable),
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", [200, 500])
def test_a_fault_says_who_must_act(
    serve: Callable[..., Service], fault: str, version: str, kind: type[Exception], status: int
) -> None:
    service = serve(lambda _: enveloped(fault, version, status))
    with pytest.raises(kind, match="the service answers with a fault"):
        read(service.url)


DTD = '<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
BOMB = '<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(body=b"<html><body>login</body></html>", headers={"Content-Type": "text/html"}), "no-soap"),
        (Answer(body=b"<html><body>login<br></body>", headers={"Content-Type": "text/html"}), "no-soap"),
        (Answer(), "no-soap"),
        (Answer(body=b"{}", headers={"Content-Type": "application/json"}), "no-soap"),
        (Answer(body=b'<Envelope xmlns="urn:other"><Body/></Envelope>'), "no-soap"),
        (Answer(body=f'<e:Envelope xmlns:e="{ENVELOPES["1.1"]}"/>'.encode()), "no-soap"),
        (Answer(body=b"--x", headers={"Content-Type": 'multipart/related; boundary="x"'}), "no-soap"),
        (Answer(body=f"{DTD}<s>&x;</s>".encode()), "dtd"),
        (Answer(body=f"{BOMB}<s>&b;</s>".encode()), "dtd"),
        (enveloped(ROWS, **{"Content-Type": "text/xml; charset=GBK"}), "encoding-conflict"),
        (Answer(body=b'<?xml version="1.0" encoding="gb2312"?><s/>'), "encoding-conflict"),
        (Answer(body=b"<s>\xff\xfe</s>"), "bad-encoding"),
    ],
)  # fmt: skip
def test_what_is_no_soap_message_is_kept_and_named(serve: Callable[..., Service], answer: Answer, code: str) -> None:
    service = serve(lambda _: answer)
    (only,) = unread(service.url)
    (record,) = only.records
    assert record.refused is not None
    assert (record.refused.code, record.raw) == (f"decode.{code}", answer.body)
    assert (only.final, only.checkpoint) == (True, None)


def test_an_error_page_with_an_error_status_is_a_service_that_is_away(serve: Callable[..., Service]) -> None:
    service = serve(lambda _: Answer(status=500, body=b"<html>oops</html>"))
    with pytest.raises(Unavailable, match="500"):
        read(service.url)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("no XML", "bad-xml"),
        ("&lt;!DOCTYPE a [&lt;!ENTITY x 'y'&gt;]&gt;&lt;a&gt;&amp;x;&lt;/a&gt;", "dtd"),
        ("&lt;a&gt;", "bad-xml"),
    ],
)
def test_a_document_within_the_answer_that_is_none_is_kept_too(
    serve: Callable[..., Service], text: str, code: str
) -> None:
    service = serve(lambda _: enveloped(f"<r><return>{text}</return></r>"))
    (only,) = unread(service.url, embedded="return")
    assert only.records[0].refused is not None
    assert only.records[0].refused.code == f"decode.{code}"


@pytest.mark.parametrize("content", ["", "<answer/>", "<answer><row/></answer>", "<answer><other/></answer>"])
def test_an_answer_without_rows_is_an_answer(serve: Callable[..., Service], content: str) -> None:
    service = serve(lambda _: enveloped(content))
    assert records(read(service.url)) == []


def test_every_fault_of_a_declaration_is_told_at_once() -> None:
    with pytest.raises(Misconfigured) as caught:
        read(
            "http://127.0.0.1:1/", request="<q>{sinse}</q>", paging={"by": "page"}, security={"user": "a", "pass": "b"}
        )
    assert {fault.target_path for fault in caught.value.faults} == {
        "connect.request", "connect.paging.parameter", "connect.security.pass",
    }  # fmt: skip


# WSDLs nobody here wrote ----------------------------------------------------------------------------------------------


def fates(folder: str) -> Counter[str]:
    """Load every WSDL below a folder; count those that load, and the causes of the others."""
    found: Counter[str] = Counter()
    asking = client.HttpClient(client.HttpOptions(url="http://127.0.0.1:1/", place="t"))
    for path in sorted((DATA / folder).rglob("*.wsdl")):
        try:
            loaded(str(path), asking)
            found["loads"] += 1
        except Exception as failed:  # noqa: BLE001 - whatever zeep lets through
            found[cause_of(failed).partition(" (")[0]] += 1
    asking.close()
    return found


def nameless(found: Counter[str]) -> list[str]:
    """Return the causes that say no more than the name of an exception."""
    return [cause for cause in found if re.match(r"\w+(Error|Exception)\b", cause)]


@needs_data
def test_of_the_services_in_the_wild_forty_load_and_each_other_has_a_named_cause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    found = fates("node-soap")
    assert (found["loads"], found.total()) == (40, 78)
    assert nameless(found) == []


@needs_data
def test_of_the_municipal_case_standard_one_loads_and_each_other_has_a_named_cause() -> None:
    found = fates("stuf")
    assert found["its schema uses what is defined later, which zeep resolves in order only"] == 14
    assert found["a file that it takes parts from is not there"] == 2
    assert nameless(found) == []


def anything(kind: Any, depth: int = 0) -> Any:
    """Return a value of a schema's type: what it must have, and no more."""
    if not isinstance(kind, xsd.ComplexType):
        return next((value for known, value in VALUES if isinstance(kind, known)), "x")
    found: dict[str, Any] = {}
    for name, element in kind.elements if depth < 6 else ():
        if isinstance(element, xsd.Element) and not element.is_optional:
            value = anything(element.type, depth + 1)
            found[name] = [value] if element.accepts_multiple else value
    return found


VALUES = (
    (xsd.Boolean, True), (xsd.DateTime, datetime(2026, 3, 2, tzinfo=UTC)), (xsd.Date, date(2026, 3, 2)),
    (xsd.Base64Binary, b"x"), (xsd.Float, 1.0), (xsd.Double, 1.0), (xsd.Decimal, Decimal(1)), (xsd.Integer, 1),
)  # fmt: skip


@needs_data
def test_every_operation_of_the_forty_that_load_is_asked_or_has_a_named_cause(
    serve: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each message is written by zeep, sent, and answered; what cannot be is counted by its cause."""
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    service, found = serve(lambda _: enveloped("<a><row><no>1</no></row></a>")), Counter[str]()
    asking = client.HttpClient(client.HttpOptions(url=service.url, place="t", rate_per_s=10_000))
    for described in those_that_load(asking):
        try:
            operations = list(described.service._binding._operations)
        except ValueError as none:
            found[cause_of(none).partition(" (")[0]] += 1
            continue
        for operation in operations:
            found[asked(described, operation, asking, service.url)] += 1
    asking.close()
    assert found.pop("answered") == len(service.asked) == ANSWERED
    assert found == {"it declares no service": 4, "the operation has no message": 1}
    assert all(request.headers["content-type"] for request in service.asked)


def those_that_load(asking: client.HttpClient) -> Iterator[Any]:
    for path in sorted((DATA / "node-soap").rglob("*.wsdl")):
        try:
            described = loaded(str(path), asking)
        except Exception:  # noqa: BLE001, S112 - the other test names the causes
            continue
        yield described


def asked(described: Any, operation: str, asking: client.HttpClient, url: str) -> str:
    """Ask one operation; return what came of it."""
    message = described.service._binding.get(operation).input
    if message is None:
        return "the operation has no message"
    arguments = anything(message.body.type) if hasattr(message.body, "type") else {}
    request = WsdlRequest(described, operation, arguments, "utf-8")
    content = etree.tostring(request.envelope({}))
    assert etree.QName(etree.fromstring(content)).localname == "Envelope"
    return "answered" if asking.ask("POST", url, content=content, headers=request.headers()).status == 200 else "no"


@needs_data
def test_a_service_that_zeep_loads_is_asked_through_it(serve: Callable[..., Service]) -> None:
    wsdl = DATA / "node-soap" / "test" / "wsdl" / "hello.wsdl"
    service = serve(lambda _: enveloped("<sayHelloResponse><row><no>1</no></row></sayHelloResponse>"))
    found = read(
        service.url, wsdl=str(wsdl), operation="sayHello", arguments={"firstName": "{since}"}, first="Anna & <Bo>"
    )
    assert [record.tree for record in records(found)] == [{"no": "1"}]
    sent = etree.fromstring(service.asked[0].body)
    assert [each.text for each in sent.iter() if str(each.tag).endswith("firstName")] == ["Anna & <Bo>"]
    assert service.asked[0].headers["soapaction"] == '"sayHello"'


@needs_data
def test_a_wsdl_that_zeep_cannot_load_is_told_with_the_cure(serve: Callable[..., Service]) -> None:
    wsdl = next((DATA / "stuf").rglob("zkn0310_beantwoordVraag.wsdl"))
    with pytest.raises(Misconfigured, match=r"defined later.*write the request out"):
        read(serve(lambda _: Answer()).url, wsdl=str(wsdl), operation="x")


@needs_data
def test_a_case_message_of_the_municipal_standard_is_exchanged_by_an_envelope_written_out(
    serve: Callable[..., Service],
) -> None:
    """Zeep loads none of the standard's services; the message is composed from its schema (zkn0310, zakLv01)."""
    stuf, zkn = "http://www.egem.nl/StUF/StUF0301", "http://www.egem.nl/StUF/sector/zkn/0310"
    wsdl = next((DATA / "stuf").rglob("zkn0310_beantwoordVraag.wsdl"))
    assert zkn in wsdl.read_text(encoding="utf-8")
    request = (
        f'<z:zakLv01 xmlns:z="{zkn}" xmlns:s="{stuf}"><z:stuurgegevens><s:berichtcode>Lv01</s:berichtcode>'
        "<s:tijdstipBericht>{until}</s:tijdstipBericht><s:entiteittype>ZAK</s:entiteittype></z:stuurgegevens>"
        "<z:parameters><s:sortering>1</s:sortering></z:parameters></z:zakLv01>"
    )
    answer = (
        f'<z:zakLa01 xmlns:z="{zkn}" xmlns:s="{stuf}"><z:antwoord>'
        '<z:object s:entiteittype="ZAK"><z:identificatie>0363-1</z:identificatie><z:startdatum>20260302</z:startdatum>'
        '</z:object><z:object s:entiteittype="ZAK"><z:identificatie>0363-2</z:identificatie></z:object>'
        "</z:antwoord></z:zakLa01>"
    )
    service = serve(lambda _: enveloped(answer))
    found = read(
        service.url, request=request, rows="antwoord/object", key="identificatie", time_format="%Y%m%d%H%M%S",
        action="http://www.egem.nl/StUF/sector/zkn/0310/zakLv01",
    )  # fmt: skip
    assert [record.tree["identificatie"] for record in records(found)] == ["0363-1", "0363-2"]
    sent = etree.fromstring(service.asked[0].body).find(f".//{{{zkn}}}zakLv01")
    assert sent is not None
    assert len(sent.findtext(f".//{{{stuf}}}tijdstipBericht") or "") == 14
