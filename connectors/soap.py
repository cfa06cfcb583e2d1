"""Asks a department's SOAP service for the pages of a list: by an envelope written out, or by its WSDL through zeep."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Protocol
from zoneinfo import ZoneInfo

from zeep.wsse.username import UsernameToken

from connectors.codecs.common import CodecOptions
from connectors.http.client import HttpClient, http_options
from connectors.http.paging import paging_of, value_at
from connectors.listing import Answer, ListSource
from connectors.options import READERS, Options, encoding_of, namespaces_of
from connectors.soap_envelope import ENVELOPES, FAULT_STATUSES, Request, UnreadAnswer, embedded, opened, written
from connectors.soap_wsdl import WsdlRequest, wsdl_request
from connectors.success import Success, success_of
from connectors.window import window_options, written_instant
from hub.clock import SystemClock
from hub.errors import Unavailable
from hub.mapping.paths import path_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lxml import etree

    from connectors.http.paging import Paging
    from connectors.options import Declaration
    from connectors.window import Window
    from hub.ports import Clock

FIRST: Final = "2000-01-01T00:00:00+08:00"
"""From when a service is asked that must be told something, where the mapping does not say."""

_BOUNDS: Final = frozenset({"since", "until"})


class Message(Protocol):
    """What is asked, page by page."""

    @property
    def encoding(self) -> str:
        """Return the encoding in which it is sent."""

    def names(self) -> frozenset[str]:
        """Return the names that are filled in."""

    def envelope(self, values: Mapping[str, str]) -> etree._Element:
        """Return the message with `values` filled in."""

    def headers(self) -> Mapping[str, str]:
        """Return what goes before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoapOptions:
    """What is asked, and where the rows stand in an answer."""

    url: str
    message: Message
    rows: tuple[str, ...]
    """Path of the rows below the first element of the body, or within the document that is embedded."""
    embedded: tuple[str, ...]
    """Path of the text that holds a whole document; empty where the answer is the document."""
    answer: CodecOptions
    zone: ZoneInfo
    form: str
    first: str
    security: UsernameToken | None = None
    success: Success = field(default_factory=Success)


class SoapService:
    """One list of a SOAP service; see connectors.listing.Service."""

    def __init__(self, client: HttpClient, options: SoapOptions, place: str) -> None:
        """Ask with `client` as `options` say."""
        self._client, self._options, self.place = client, options, place

    def fetch(self, parameters: Mapping[str, str], _url: str, window: Window) -> Answer:
        """See Service."""
        envelope = self._options.message.envelope({**self._bounds(window), **parameters})
        headers = dict(self._options.message.headers())
        if self._options.security is not None:
            envelope, headers = self._options.security.apply(envelope, headers)
        content = written(envelope, self._options.message.encoding)
        reply = self._client.ask("POST", self._options.url, content=content, headers=headers, also=FAULT_STATUSES)
        try:
            document = opened(reply, self._options.answer)
            if self._options.embedded:
                text = value_at(document, self._options.embedded)
                document = embedded(str(text or ""), reply, self._options.answer.namespaces)
        except UnreadAnswer as unread:
            if reply.status in FAULT_STATUSES:
                problem = f"the service answers {reply.status}: {unread}"
                raise Unavailable(problem, place=self.place, hint="try again later, or check the address") from unread
            return Answer(date=reply.date, refusal=unread.record)
        self._options.success.check(document, self.place)
        if isinstance(document, str) and document.strip():
            problem = f"the service answers with a text alone: {' '.join(document.split())}"[:200]
            raise Unavailable(problem, place=self.place, hint="compare connect.rows with an answer")
        return Answer(rows=_listed(document, self._options.rows), document=document, date=reply.date)

    def close(self) -> None:
        """See Service."""
        self._client.close()

    def _bounds(self, window: Window) -> Mapping[str, str]:
        options = self._options
        until = written_instant(window.bound, options.form, options.zone)
        since = written_instant(window.since, options.form, options.zone) if window.since else options.first
        return {"since": since, "until": until}


def _listed(document: Any, path: tuple[str, ...]) -> list[Any]:  # noqa: ANN401 - any tree
    """Return the rows at `path`: one alone stands for a list of one, and nothing for none."""
    rows = value_at(document, path)
    if rows is None or rows == "":
        return []
    return rows if isinstance(rows, list) else [rows]


def open_soap(declaration: Declaration, environment: Mapping[str, str], clock: Clock | None) -> ListSource:
    """Open what `declaration` says; raise Misconfigured with every fault. Nothing is connected yet.

    A WSDL that is a file of this machine is read at once.
    """
    place = declaration.connection
    connect = Options(declaration.connect, file=place, environment=environment)
    http = http_options(connect, place=place)
    zone = ZoneInfo(str(declaration.read.get("timezone") or "Asia/Shanghai"))
    paging, window = paging_of(connect, place=place), window_options(connect, zone=zone, place=place)
    client = HttpClient(http)
    options = SoapOptions(
        url=http.url,
        message=_message(connect, client, encoding_of(declaration)),
        rows=path_in(connect.text("rows")),
        embedded=path_in(connect.text("embedded", "")),
        answer=CodecOptions(place=place, encoding=encoding_of(declaration), namespaces=namespaces_of(declaration)),
        zone=zone,
        form=connect.text("time_format", "%Y-%m-%dT%H:%M:%S"),
        first=connect.text("first", FIRST),
        security=_security(connect),
        success=success_of(connect),
    )
    _check_names(connect, options.message, paging)
    connect.no_more(also=READERS)
    connect.done()
    window = replace(window, form=options.form if "until" in options.message.names() else "")
    return ListSource(SoapService(client, options, place), paging, window, clock or SystemClock())


def _message(connect: Options, client: HttpClient, encoding: str) -> Request | WsdlRequest:
    """Return the message that is written out, or that a WSDL's operation takes."""
    version = connect.choice("version", tuple(ENVELOPES), "1.1")
    if connect.text("wsdl", ""):
        return wsdl_request(connect, client, encoding)
    template, action = connect.text("request"), connect.text("action", "")
    return Request(template=template, version=version, action=action, encoding=encoding)


def _check_names(connect: Options, message: Message, paging: Paging) -> None:
    """Complain of names in the message that nothing fills in, and of a page that it does not ask for."""
    known = _BOUNDS | ({paging.parameter, paging.size_parameter} if paging.by != "none" else set()) - {""}
    for name in sorted(message.names() - known):
        connect.fault("request", f"nothing fills in {{{name}}}", f"known: {', '.join(sorted(known))}")
    if paging.by == "link":
        connect.fault("paging.by", "SOAP has no links", "write page, offset or cursor")
    elif paging.by != "none" and paging.parameter not in message.names():
        connect.fault("paging.parameter", "the message does not ask for a page", f"write {{{paging.parameter}}} in it")


def _security(connect: Options) -> UsernameToken | None:
    """Read `security: {user, password, digest}`: a UsernameToken (OASIS WS-Security UsernameToken Profile 1.1)."""
    section = connect.section("security")
    user, password = section.text("user", ""), section.text("password", "")
    digest = section.choice("digest", ("yes", "no"), "no")
    section.no_more()
    return UsernameToken(user, password, use_digest=digest == "yes") if user else None
