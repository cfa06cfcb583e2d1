"""Sinks deliver what an outbound mapping wrote: by REST, SOAP, as files, as rows. A further kind is one line more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
from lxml import etree

from connectors.codecs.common import CodecOptions
from connectors.codecs.xml_writer import element_of
from connectors.folders import Folder, open_folder
from connectors.http.client import HttpClient, http_options
from connectors.options import Options, encoding_of
from connectors.sink_asking import rest_question, soap_question
from connectors.sink_table import open_table
from connectors.soap_envelope import ENVELOPES, FAULT_STATUSES, UnreadAnswer, headers_of, opened, written
from connectors.success import success_of
from hub.errors import Fault, Misconfigured, Refused, Rejection, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connectors.http.client import Reply
    from connectors.options import Declaration
    from connectors.sink_asking import RestQuestion, SoapQuestion
    from connectors.success import Success
    from hub.ports import Sink

REFUSED: Final = frozenset({400, 413, 422})
"""Statuses by which a receiver refuses one document, and not the connection."""

KNOWN: Final = 409
"""Status by which a receiver says that it has the document already."""

SAID_CHARS: Final = 200
"""Characters kept of an answer."""


THERE: Final = "it is there already"
"""What is told of a document that the receiver says it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestOptions:
    """How documents are sent to a REST service. `exists` asks first; then nothing is sent twice without asking."""

    url: str
    method: str
    encoding: str
    exists: RestQuestion | None
    success: Success


class RestSink:
    """Sends each document as JSON, with an Idempotency-Key; 409 means that the receiver has it."""

    def __init__(self, client: HttpClient, options: RestOptions) -> None:
        """Send with `client` as `options` say."""
        self._client, self._options = client, options

    def send(self, document: Mapping[str, Any], *, key: str) -> str:
        """See Sink."""
        options, client = self._options, self._client
        content = _encoded(orjson.dumps(document).decode(), options.encoding)
        if options.exists is not None and options.exists.is_there(client, document, key):
            return THERE
        kind = "application/json" + ("" if options.encoding == "utf-8" else f"; charset={options.encoding}")
        headers = {"Content-Type": kind, "Idempotency-Key": key}
        ask = client.ask if options.exists is None else client.tried
        reply = ask(options.method, options.url, content=content, headers=headers, also=REFUSED | {KNOWN})
        if reply.status in REFUSED:
            raise _refused(f"the receiver answers {reply.status}: {_said(reply)}")
        if options.success.at and reply.status != KNOWN:
            options.success.check(_tree_in(reply), reply.place)
        return f"{reply.status} {reply.headers.get('location') or _said(reply)}".strip()

    def close(self) -> None:
        """See Sink."""
        self._client.close()


class SoapSink:
    """Sends each document as the content of a SOAP body, or as one text in it."""

    def __init__(
        self, client: HttpClient, options: Mapping[str, str], answer: CodecOptions, exists: SoapQuestion | None
    ) -> None:
        """Send with `client` as `options` say: url, version, action, root, namespace, text; `exists` asks first."""
        self._client, self._options, self._answer, self._exists = client, options, answer, exists
        self._headers = headers_of(options["version"], options["action"], answer.encoding)

    def send(self, document: Mapping[str, Any], *, key: str) -> str:
        """See Sink; `key` has no place in SOAP: the document itself must bear its number."""
        options = self._options
        if self._exists is not None and self._exists.is_there(self._client, document, key):
            return THERE
        ask = self._client.ask if self._exists is None else self._client.tried
        space = ENVELOPES[options["version"]]
        envelope = etree.Element(f"{{{space}}}Envelope", nsmap={"soap": space})
        body = etree.SubElement(envelope, f"{{{space}}}Body")
        body.append(self._content(document))
        content, headers = written(envelope, self._answer.encoding), self._headers
        reply = ask("POST", options["url"], content=content, headers=headers, also=FAULT_STATUSES)
        try:
            opened(reply, self._answer)
        except UnreadAnswer as unread:
            if reply.status != 200:  # noqa: PLR2004 - HTTP's number
                raise Unavailable(f"the receiver answers {reply.status}: {unread}", place=reply.place) from unread
        except Misconfigured as fault:
            raise _refused(fault.faults[0].problem) from fault
        return f"{reply.status} {_said(reply)}".strip()

    def close(self) -> None:
        """See Sink."""
        self._client.close()

    def _content(self, document: Mapping[str, Any]) -> etree._Element:
        options = self._options
        if not options["text"]:
            return element_of(options["root"], document, options["namespace"])
        outer = etree.Element(_qualified(options["root"], options["namespace"]))
        inner = element_of(options["text"], document, "")
        holder = etree.SubElement(outer, options["parameter"])
        holder.text = etree.tostring(inner, encoding="unicode")
        return outer


class FilesSink:
    """Writes each document as a file of its own; it gets its name last, and one of that name is there already."""

    def __init__(self, folder: Folder, *, form: str, root: str, encoding: str, taken: str) -> None:
        """Write to `folder` in `form`: json or xml, whose root element is `root`; `taken` is where files are moved to.

        `taken` is a folder below it, empty where the receiver leaves them where they are.
        """
        self._folder, self._form, self._root, self._encoding = folder, form, root, encoding
        self._places = ("", f"{taken.strip('/')}/") if taken else ("",)

    def send(self, document: Mapping[str, Any], *, key: str) -> str:
        """See Sink."""
        content, name = self._content(document), f"{key}.{self._form}"
        if not any(self._has(f"{place}{name}") for place in self._places):
            self._write(name, content)
        return name

    def close(self) -> None:
        """See Sink."""
        self._folder.close()

    def _has(self, name: str) -> bool:
        try:
            self._folder.stamp(name)
        except FileNotFoundError:
            return False
        return True

    def _write(self, name: str, content: bytes) -> None:
        try:
            self._folder.write(name, content)
        except OSError as away:
            hint = "check that the folder is there, and its space and rights"
            raise Unavailable(str(away.strerror or away), place=self._folder.place, hint=hint) from away

    def _content(self, document: Mapping[str, Any]) -> bytes:
        if self._form == "json":
            return _encoded(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode(), self._encoding)
        return written(element_of(self._root, document, ""), self._encoding)


def _refused(problem: str) -> Refused:
    hint = "compare the outbound mapping with what the receiver takes"
    return Refused(Rejection(stage="validate", code="deliver.refused", problem=problem[:SAID_CHARS], hint=hint))


def _encoded(text: str, encoding: str) -> bytes:
    """Return a document in the receiver's encoding; Refused where that has no word for one of its characters."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as wrong:
        raise _refused(f"{encoding} does not have the character {text[wrong.start]!r}") from wrong


def _tree_in(reply: Reply) -> Any:  # noqa: ANN401 - any JSON
    try:
        return orjson.loads(reply.body)
    except orjson.JSONDecodeError as broken:
        problem = f"the receiver answers {reply.status}, but not in JSON how it went"
        raise Unavailable(problem, place=reply.place, hint="try again later, or ask whoever runs it") from broken


def _said(reply: Reply) -> str:
    return " ".join(reply.body[: 4 * SAID_CHARS].decode(errors="replace").split())[:SAID_CHARS]


def _qualified(name: str, namespace: str) -> str:
    return f"{{{namespace}}}{name}" if namespace else name


def open_sink(declaration: Declaration, environment: Mapping[str, str]) -> Sink:
    """Open the sink that an outbound mapping declares; raise Misconfigured with every fault of the declaration."""
    opener = SINKS.get(declaration.kind)
    if opener is None:
        fault = Fault(
            code="sink.kind", problem=f"nothing is sent by {declaration.kind!r}", file=declaration.connection,
            target_path="kind", hint=f"known: {', '.join(sorted(SINKS))}",
        )  # fmt: skip
        raise Misconfigured(fault)
    connect = Options(declaration.connect, file=declaration.connection, environment=environment)
    connect.choice("begin", ("now", "all"), "now")
    sink = opener(connect, declaration)
    connect.no_more(also=("every",))
    connect.done()
    return sink


def _rest(connect: Options, declaration: Declaration) -> Sink:
    http = http_options(connect, place=declaration.connection)
    method = connect.choice("method", ("POST", "PUT"), "POST")
    options = RestOptions(
        url=http.url, method=method, encoding=encoding_of(declaration),
        exists=rest_question(connect, declaration.connection), success=success_of(connect),
    )  # fmt: skip
    return RestSink(HttpClient(http), options)


def _soap(connect: Options, declaration: Declaration) -> Sink:
    http = http_options(connect, place=declaration.connection)
    options = {
        "url": http.url,
        "version": connect.choice("version", tuple(ENVELOPES), "1.1"),
        "action": connect.text("action", ""),
        "root": connect.text("root"),
        "namespace": connect.text("namespace", ""),
        "parameter": connect.text("parameter", "arg0"),
        "text": connect.text("text", ""),
    }
    answer = CodecOptions(place=declaration.connection, encoding=encoding_of(declaration))
    exists = soap_question(connect, http.url, options["version"], answer)
    return SoapSink(HttpClient(http), options, answer, exists)


def _files(connect: Options, declaration: Declaration) -> Sink:
    form = connect.choice("format", ("json", "xml"), "json")
    root = connect.text("root", "document")
    folder, taken = open_folder(connect, place=declaration.connection), connect.text("taken", "")
    return FilesSink(folder, form=form, root=root, encoding=encoding_of(declaration), taken=taken)


SINKS: Final[Mapping[str, Callable[[Options, Declaration], Sink]]] = {
    "rest": _rest, "soap": _soap, "files": _files, "database": open_table,
}  # fmt: skip
"""What opens each kind of sink."""
