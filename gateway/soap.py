"""Takes in what departments send by SOAP, 1.1 and 1.2, document/literal: as over HTTP, with its WSDL served."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fastapi import APIRouter
from lxml import etree
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request  # noqa: TC002 - the framework reads it at run time
from starlette.responses import Response

from gateway.problems import RETRY_S, Problem, problem_of
from gateway.receiving import body_of
from gateway.rights import demand, token_of
from gateway.taking import SCOPE, Taking

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.reading import Parts
    from gateway.rights import Gate
    from hub.identity import Identity

NAMESPACE: Final = "urn:sunlight:push:v1"

ENVELOPES: Final[Mapping[str, str]] = {
    "http://schemas.xmlsoap.org/soap/envelope/": "text/xml; charset=utf-8",
    "http://www.w3.org/2003/05/soap-envelope": "application/soap+xml; charset=utf-8",
}
"""The media type that each version answers with, by its namespace (SOAP 1.1 §6; SOAP 1.2 part 2 §7)."""

SOAP_11: Final = next(iter(ENVELOPES))

_OWN: Final[Any] = {None: NAMESPACE}
"""Our namespace as that of names without a prefix."""

_WSSE: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_DIGEST: Final = "#PasswordDigest"
_LITERAL: Final = Path(__file__).with_suffix(".wsdl")
_DECLARATION: Final = re.compile(r"\A\s*<\?xml[^>]*\?>")
_PROBLEM: Final = ("record", "code", "path", "problem", "hint")
_BUSY: Final = (429, 503)
_SENDERS: Final = 500
"""Statuses below it are the sender's to mend."""


class Message(NamedTuple):
    """One message that came: its version's namespace, what it asks, and the password in its header."""

    envelope: str
    operation: str
    parts: Mapping[str, str]
    password: str


class SoapDesk:
    """The endpoint and its description."""

    def __init__(self, parts: Parts, gate: Gate, taking: Taking) -> None:
        """Let in by `gate`, take in by `taking`."""
        self._parts, self._gate, self._taking = parts, gate, taking

    def describe(self, request: Request) -> Response:
        """Return the WSDL, for everybody: it says nothing of any department."""
        location = str(request.url.replace(query=""))
        text = _LITERAL.read_text(encoding="utf-8").replace("LOCATION", location)
        return Response(text, media_type="text/xml")

    async def answer(self, request: Request) -> Response:
        """Answer one message; whatever goes wrong is a fault."""
        envelope = SOAP_11
        try:
            root = envelope_of(await body_of(request))
            envelope = etree.QName(root).namespace or SOAP_11
            message = message_of(root)
            return await run_in_threadpool(self._answered, request, message)
        except Exception as raised:  # noqa: BLE001 - told as the gateway tells it everywhere
            return fault(envelope, problem_of(raised))

    def _answered(self, request: Request, message: Message) -> Response:
        who = self._gate.admitted(message.password or token_of(request))
        request.state.who = who
        demand(request, SCOPE)
        if message.operation == "submitRecords":
            document = self._submitted(who, message.parts)
        elif message.operation == "getReceipt":
            document = self._taking.receipt(message.parts.get("receiptId", ""), who)
        else:
            raise Problem(404, "no-operation", "there is no such operation", hint="see the WSDL: GET …/v1/soap?wsdl")
        return written(message.envelope, f"{message.operation}Response", _receipt(document))

    def _submitted(self, who: Identity, parts: Mapping[str, str]) -> Mapping[str, Any]:
        connection = parts.get("connection", "")
        pushed = self._taking.of(who, connection)
        body = _content(parts, pushed.format.options.encoding)
        with self._taking.turn(who):
            found = self._taking.take(pushed, connection, parts.get("key", ""), body)
        if found.status == 422:  # noqa: PLR2004 - HTTP's number
            raise _Unmapped(found.document)
        return found.document


class _Unmapped(Problem):
    """None of the records can be mapped; says why of each."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        super().__init__(422, "unmapped", document["detail"], hint=document["hint"])
        self.refused = document["problems"]


def envelope_of(body: bytes) -> etree._Element:
    """Read an envelope; Problem 400 where it is none. Definitions of its own are refused unread."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as wrong:
        raise _no_message("the body is no XML") from wrong
    name = etree.QName(root)
    docinfo: Any = root.getroottree().docinfo
    if docinfo.doctype:
        raise _no_message("the body has definitions of its own (DOCTYPE)")
    if name.localname != "Envelope" or name.namespace not in ENVELOPES:
        raise _no_message("the body is no SOAP envelope, 1.1 or 1.2")
    return root


def message_of(root: etree._Element) -> Message:
    """Take a message apart; Problem 400 where it asks for nothing."""
    name = etree.QName(root)
    content = root.find(f"{{{name.namespace}}}Body")
    asked = next((each for each in content if isinstance(each.tag, str)), None) if content is not None else None
    if asked is None or etree.QName(asked).namespace != NAMESPACE:
        raise _no_message(f"the body holds no element of {NAMESPACE}")
    parts = {etree.QName(each).localname: each.text or "" for each in asked if isinstance(each.tag, str)}
    return Message(name.namespace or SOAP_11, etree.QName(asked).localname, parts, _password(root))


def _password(root: etree._Element) -> str:
    """Return the password of a UsernameToken (WS-Security UsernameToken Profile 1.1), empty where there is none."""
    for found in root.iter(f"{{{_WSSE}}}Password"):
        if (found.get("Type") or "").endswith(_DIGEST):
            hint = "send the key as PasswordText, over TLS"
            raise Problem(401, "key", "a digest of the key is no key: the hub keeps none to compare with", hint=hint)
        return (found.text or "").strip()
    return ""


def _content(parts: Mapping[str, str], encoding: str) -> bytes:
    """Return the bytes that a message bears: as such, or as a text, which is written in the declared encoding."""
    if "content" in parts:
        try:
            return base64.b64decode("".join(parts["content"].split()), validate=True)
        except (binascii.Error, ValueError) as wrong:
            raise Problem(400, "content", "content is no base64", hint="send bytes as base64, or text") from wrong
    text = _DECLARATION.sub("", parts.get("text", ""), count=1)
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as wrong:
        problem = f"the text has a character that {encoding} does not have"
        raise Problem(422, "encoding", problem, hint="send it as content, or change read.encoding") from wrong


def _no_message(problem: str) -> Problem:
    return Problem(400, "no-message", problem, hint="write it by the WSDL: GET …/v1/soap?wsdl")


def _receipt(document: Mapping[str, Any]) -> list[tuple[str, Any]]:
    records = document["records"]
    counts = [(name, records.get(name, 0)) for name in ("read", "mapped", "empty", "quarantined")]
    refused = [("refused", _told(each)) for each in document.get("refused", ())]
    return [("receiptId", document["receipt_id"]), ("state", document["state"]), *counts, *refused]


def _told(problem: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(name, problem[name]) for name in _PROBLEM if problem.get(name) not in (None, "")]


def written(envelope: str, name: str, parts: list[tuple[str, Any]], *, status: int = 200) -> Response:
    """Answer with one element of ours in an envelope of that version."""
    root, body = _enveloped(envelope)
    _fill(etree.SubElement(body, f"{{{NAMESPACE}}}{name}", nsmap=_OWN), parts)
    return Response(
        etree.tostring(root, xml_declaration=True, encoding="utf-8"), status, media_type=ENVELOPES[envelope]
    )


def fault(envelope: str, problem: Problem) -> Response:
    """Answer with a fault (SOAP 1.1 §4.4; SOAP 1.2 part 1 §5.4): whose it is, what, and what to do."""
    root, body = _enveloped(envelope)
    found = etree.SubElement(body, f"{{{envelope}}}Fault")
    is_ours = problem.status >= _SENDERS or problem.status in _BUSY
    if envelope == SOAP_11:
        etree.SubElement(found, "faultcode").text = "soap:Server" if is_ours else "soap:Client"
        etree.SubElement(found, "faultstring").text = problem.detail
        detail = etree.SubElement(found, "detail")
    else:
        code = etree.SubElement(found, f"{{{envelope}}}Code")
        etree.SubElement(code, f"{{{envelope}}}Value").text = "soap:Receiver" if is_ours else "soap:Sender"
        reason = etree.SubElement(etree.SubElement(found, f"{{{envelope}}}Reason"), f"{{{envelope}}}Text")
        reason.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
        reason.text = problem.detail
        detail = etree.SubElement(found, f"{{{envelope}}}Detail")
    said = [("status", problem.status), ("code", problem.code), ("detail", problem.detail), ("hint", problem.hint)]
    refused = [("refused", _told(each)) for each in getattr(problem, "refused", ())]
    _fill(etree.SubElement(detail, f"{{{NAMESPACE}}}problem", nsmap=_OWN), [*said, *refused])
    content = etree.tostring(root, xml_declaration=True, encoding="utf-8")
    status = 503 if problem.status in _BUSY else 500
    response = Response(content, status, media_type=ENVELOPES[envelope])
    if status == 503:  # noqa: PLR2004 - HTTP's number
        response.headers["Retry-After"] = str(RETRY_S)
    return response


def _enveloped(envelope: str) -> tuple[etree._Element, etree._Element]:
    root = etree.Element(f"{{{envelope}}}Envelope", nsmap={"soap": envelope})
    return root, etree.SubElement(root, f"{{{envelope}}}Body")


_UNWRITABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def _fill(element: etree._Element, parts: list[tuple[str, Any]]) -> None:
    for name, value in parts:
        child = etree.SubElement(element, f"{{{NAMESPACE}}}{name}")
        if isinstance(value, list):
            _fill(child, value)
        else:
            child.text = _UNWRITABLE.sub("\ufffd", str(value))


def router(parts: Parts, gate: Gate, taking: Taking) -> APIRouter:
    """Return the routes of the SOAP endpoint."""
    desk, routes = SoapDesk(parts, gate, taking), APIRouter(prefix="/v1")
    routes.add_api_route("/soap", desk.describe, methods=["GET"], include_in_schema=False)
    routes.add_api_route("/soap", desk.answer, methods=["POST"], include_in_schema=False)
    return routes
