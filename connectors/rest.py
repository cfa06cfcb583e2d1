"""Asks a department's REST service for the pages of a list in JSON (connectors/listing.py has the reading of it)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

import orjson

from connectors.codecs.common import refused
from connectors.encodings import canonical
from connectors.http.client import HttpClient, http_options
from connectors.http.paging import paging_of, value_at
from connectors.listing import Answer, ListSource
from connectors.manifests import asking_of
from connectors.options import READERS, Options, encoding_of
from connectors.rest_manifest import DaysOptions, RestStatement
from connectors.success import Success, success_of
from connectors.window import window_options, written_instant
from hub.clock import SystemClock
from hub.errors import Misconfigured
from hub.mapping.paths import path_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.http.client import HttpOptions, Reply
    from connectors.options import Declaration
    from connectors.window import Window
    from hub.model.values import Record
    from hub.ports import Clock

_NOT_MODIFIED: Final = 304


@dataclass(frozen=True, slots=True, kw_only=True)
class RestOptions:
    """Where the rows stand in an answer, and how a window is asked for."""

    url: str
    rows: tuple[str, ...]
    """Path of the list within the document; empty where the document is the list."""
    is_whole: bool
    """Whether the list comes in one piece, so that it can be asked for only if it is another."""
    zone: ZoneInfo
    parameters: Mapping[str, str] = field(default_factory=dict)
    since: str = ""
    """Parameter that asks for what changed since an instant; empty where the service has none."""
    until: str = ""
    form: str = "%Y-%m-%dT%H:%M:%SZ"
    """How these two are written; in UTC where the form ends in Z, else in the service's zone."""
    encoding: str = "utf-8"
    success: Success = field(default_factory=Success)


class RestService:
    """One list of a REST service; see connectors.listing.Service."""

    def __init__(self, client: HttpClient, options: RestOptions, place: str) -> None:
        """Ask with `client` as `options` say."""
        self._client, self._options, self.place = client, options, place

    def fetch(self, parameters: Mapping[str, str], url: str, window: Window) -> Answer:
        """See Service."""
        if url:
            reply = self._client.ask("GET", self._client.joined(url))
        else:
            asked = {**self._options.parameters, **self._bounds(window), **parameters}
            reply = self._client.ask("GET", self._options.url, params=asked, headers=self._condition(window))
        if reply.status == _NOT_MODIFIED:
            return Answer(date=reply.date, is_same=True)
        return self._answer(reply)

    def close(self) -> None:
        """See Service."""
        self._client.close()

    def _bounds(self, window: Window) -> Mapping[str, str]:
        options = self._options
        bounds = {options.since: window.since, options.until: window.bound}
        return {
            name: written_instant(instant, options.form, options.zone)
            for name, instant in bounds.items()
            if name and instant is not None
        }

    def _condition(self, window: Window) -> Mapping[str, str]:
        """Ask a list that comes whole only if it is another than last time."""
        if not self._options.is_whole or not window.validator:
            return {}
        kind, _, value = window.validator.partition(" ")
        return {{"etag": "If-None-Match", "date": "If-Modified-Since"}[kind]: value}

    def _answer(self, reply: Reply) -> Answer:
        document = self._document(reply)
        if not isinstance(document, _Unread):
            self._options.success.check(document.value, self.place)
            rows = value_at(document.value, self._options.rows)
            if rows is not None:
                listed = rows if isinstance(rows, list) else [rows]
                link, validator = reply.headers.get("link", ""), _validator(reply)
                return Answer(rows=listed, document=document.value, link=link, date=reply.date, validator=validator)
            problem = f"the answer has no {'/'.join(self._options.rows) or 'rows'}"
            document = _unread(reply, "no-rows", problem, "name the list's path under rows")
        return Answer(date=reply.date, refusal=document.record)

    def _document(self, reply: Reply) -> _Read | _Unread:
        """Decode an answer by the declared encoding, with which its header must agree."""
        declared = self._options.encoding
        try:
            named = canonical(reply.charset) if reply.charset else declared
            if named != declared:
                problem = f"the service says {reply.charset}, its connection {declared}"
                return _unread(reply, "encoding-conflict", problem, "declare what it really writes")
            return _Read(orjson.loads(reply.body.decode(declared)))
        except UnicodeDecodeError as wrong:
            return _unread(reply, "bad-encoding", f"byte {wrong.start} is not {declared}", "declare its encoding")
        except orjson.JSONDecodeError:
            problem = f"the answer is no JSON but {described(reply)}"
            return _unread(reply, "no-json", problem, "a login page or an error page may come with status 200")
        except Misconfigured:
            return _unread(reply, "encoding-conflict", f"charset {reply.charset} is unknown", "ask the service")


@dataclass(frozen=True, slots=True)
class _Read:
    """A document that could be read."""

    value: Any


@dataclass(frozen=True, slots=True)
class _Unread:
    """An answer that could not, kept."""

    record: Record


def _unread(reply: Reply, code: str, problem: str, hint: str) -> _Unread:
    return _Unread(refused(reply.body, reply.place, code, problem, hint=hint))


def described(reply: Reply) -> str:
    """Say what an answer is that is not what was wanted: nothing, a web page, or what its header calls it."""
    if not reply.body.strip():
        return "empty"
    return "a web page" if b"<html" in reply.body[:1000].lower() else reply.media_type or "something else"


def _validator(reply: Reply) -> str:
    if reply.headers.get("etag"):
        return f"etag {reply.headers['etag']}"
    return f"date {reply.headers['last-modified']}" if reply.headers.get("last-modified") else ""


def open_rest(declaration: Declaration, environment: Mapping[str, str], clock: Clock | None) -> ListSource:
    """Open what `declaration` says; raise Misconfigured with every fault. Nothing is connected yet."""
    place = declaration.connection
    connect = Options(declaration.connect, file=place, environment=environment)
    http = http_options(connect, place=place)
    zone = ZoneInfo(str(declaration.read.get("timezone") or "Asia/Shanghai"))
    parameters, asked = connect.section("parameters"), connect.section("since")
    paging, window = paging_of(connect, place=place), window_options(connect, zone=zone, place=place)
    options = RestOptions(
        url=http.url,
        rows=path_in(connect.text("rows", "")),
        is_whole=paging.by == "none",
        zone=zone,
        parameters={name: parameters.text(name) for name in parameters.names()},
        since=asked.text("parameter", ""),
        until=asked.text("until", ""),
        form=asked.text("format", "%Y-%m-%dT%H:%M:%SZ"),
        encoding=encoding_of(declaration),
        success=success_of(connect),
    )
    asked.no_more()
    days = _days(connect, http)
    connect.no_more(also=READERS)
    connect.done()
    window = replace(window, form=options.form if options.until else "")
    client, at = HttpClient(http), clock or SystemClock()
    statement = None if days is None else RestStatement(client, days, place)
    return ListSource(RestService(client, options, place), paging, window, at, statement=statement)


def _days(connect: Options, http: HttpOptions) -> DaysOptions | None:
    """Read `manifest: {url, rows, every, days}`."""
    section = connect.section("manifest")
    if not section.names():
        return None
    url, rows, asking = section.text("url"), path_in(section.text("rows", "")), asking_of(section)
    section.no_more()
    return DaysOptions(url=urljoin(http.url, url), rows=rows, asking=asking)
