"""Writes SOAP envelopes, 1.1 and 1.2, and takes answers apart: a body, a fault, or none at all, each told apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from lxml import etree

from connectors.codecs.common import CodecOptions, refused
from connectors.codecs.xml import has_dtd, tree_of
from connectors.codecs.xml_common import encoding_of, parsed
from connectors.encodings import canonical
from connectors.rest import described
from hub.errors import Fault, Misconfigured, Refused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.http.client import Reply
    from hub.model.values import Record

ENVELOPES: Final[Mapping[str, str]] = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}
"""The namespace of each version (SOAP 1.1 §3; SOAP 1.2 part 1 §5.1)."""

FAULT_STATUSES: Final = frozenset({400, 500})
"""Statuses with which faults come (SOAP 1.1 §6.2; SOAP 1.2 part 2 §7.5)."""

_OURS: Final = frozenset({"Client", "Sender", "MustUnderstand", "VersionMismatch", "DataEncodingUnknown"})
"""Fault codes by which the service says that the message is wrong, which time does not mend (SOAP 1.1 §4.4.1)."""

_NAME: Final = re.compile(r"\{(\w+)\}")
_DECLARATION: Final = re.compile(r"\A\s*<\?xml[^>]*\?>")


class UnreadAnswer(Exception):
    """An answer that is no SOAP message that can be read; it is kept as a refused record."""

    def __init__(self, record: Record) -> None:
        super().__init__(record.refused.problem if record.refused else "")
        self.record = record


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A message as a mapping writes it: the body's content, or a whole envelope, with {names} to be filled in."""

    template: str
    version: str = "1.1"
    action: str = ""
    encoding: str = "utf-8"

    def names(self) -> frozenset[str]:
        """Return the names that are filled in."""
        return frozenset(_NAME.findall(self.template))

    def envelope(self, values: Mapping[str, str]) -> etree._Element:
        """Return the message with `values` filled in, escaped; a template that is no XML is Misconfigured."""
        text = _NAME.sub(lambda found: escape(values.get(found[1], "")), self.template)
        if not re.match(r"\s*(<\?xml[^>]*\?>\s*)?<(\w+:)?Envelope[\s>]", text):
            space = ENVELOPES[self.version]
            text = f'<soap:Envelope xmlns:soap="{space}"><soap:Body>{text}</soap:Body></soap:Envelope>'
        return parsed(_DECLARATION.sub("", text).encode())

    def headers(self) -> Mapping[str, str]:
        """Return what goes before the message."""
        return headers_of(self.version, self.action, self.encoding)


def headers_of(version: str, action: str, encoding: str) -> Mapping[str, str]:
    """Return what goes before a message: its type and what it asks for (SOAP 1.1 §6.1.1, RFC 3902)."""
    if version == "1.1":
        return {"Content-Type": f"text/xml; charset={encoding}", "SOAPAction": f'"{action}"'}
    said = f'; action="{action}"' if action else ""
    return {"Content-Type": f"application/soap+xml; charset={encoding}{said}"}


def written(envelope: etree._Element, encoding: str) -> bytes:
    """Write a message in its encoding, which its declaration names."""
    text = etree.tostring(envelope, encoding="unicode")
    return f'<?xml version="1.0" encoding="{encoding}"?>{text}'.encode(encoding, "xmlcharrefreplace")


def opened(reply: Reply, options: CodecOptions) -> Any:  # noqa: ANN401 - a tree
    """Return the tree of the first element in an answer's body, None where the body is empty.

    A fault is Misconfigured where the message is wrong and Unavailable where the service is; anything that is no SOAP
    message is UnreadAnswer.
    """
    root = _root(reply, options)
    space, _, name = str(root.tag).rpartition("}")
    if name != "Envelope" or space[1:] not in ENVELOPES.values():
        problem = f"the answer is no SOAP envelope: its root is <{name}> of {space[1:] or 'no namespace'}"
        raise _unread(reply, "no-soap", problem, "check the address; another service may answer there")
    body = root.find(f"{space}}}Body")
    if body is None:
        raise _unread(reply, "no-soap", "the envelope has no body", "ask whoever runs the service")
    content = next(body.iterchildren(etree.Element), None)
    if content is not None and content.tag == f"{space}}}Fault":
        raise _fault(content, options.place)
    return None if content is None else tree_of(content, options.namespaces)


def embedded(text: str, reply: Reply, namespaces: Mapping[str, str]) -> Any:  # noqa: ANN401 - a tree
    """Return the tree of a document that stands as text within an answer, whatever encoding it calls its own."""
    bare = _DECLARATION.sub("", text.lstrip("\ufeff")).strip()
    if not bare:
        return None
    try:
        raw = bare.encode()
        if has_dtd(raw):
            raise _unread(reply, "dtd", "the text brings definitions of its own (a DTD)", "ask for it without one")
        return tree_of(parsed(raw), namespaces)
    except (etree.XMLSyntaxError, UnicodeEncodeError) as broken:
        hint = "name the element that holds the document under embedded"
        raise _unread(reply, "bad-xml", "the text within the answer is no XML", hint) from broken


def _root(reply: Reply, options: CodecOptions) -> etree._Element:
    if not reply.body.strip():
        raise _unread(reply, "no-soap", "the answer is empty", "the operation may answer nothing: check its name")
    if reply.media_type.startswith("multipart/"):
        raise _unread(reply, "no-soap", "the answer comes in parts (MTOM)", "ask for a message without attachments")
    text = _text(reply, options)
    if has_dtd(text):
        raise _unread(reply, "dtd", "the answer brings definitions of its own (a DTD)", "ask for it without one")
    try:
        return parsed(_DECLARATION.sub("", text.decode()).encode())
    except etree.XMLSyntaxError as broken:
        problem = f"the answer is no XML but {described(reply)}"
        raise _unread(reply, "no-soap", problem, "a login page or an error page may come with status 200") from broken


def _text(reply: Reply, options: CodecOptions) -> bytes:
    """Return the answer as UTF-8: header, declaration and connection must agree on what it was."""
    declared = options.encoding
    try:
        encoding = encoding_of(reply.body, options)
        if reply.charset and canonical(reply.charset) != declared:
            problem = f"the service says {reply.charset}, its connection {declared}"
            raise _unread(reply, "encoding-conflict", problem, "declare what it really writes")
        return reply.body.decode("utf-8-sig" if encoding == "utf-8" else encoding).encode()
    except Refused as conflict:
        raise _unread(reply, "encoding-conflict", conflict.rejection.problem, conflict.rejection.hint) from conflict
    except Misconfigured as unknown:
        raise _unread(reply, "encoding-conflict", f"charset {reply.charset} is unknown", "ask the service") from unknown
    except UnicodeDecodeError as wrong:
        raise _unread(reply, "bad-encoding", f"byte {wrong.start} is not {declared}", "declare its encoding") from wrong


def _fault(fault: etree._Element, place: str) -> Misconfigured | Unavailable:
    """Say what a fault says, in either version (SOAP 1.1 §4.4, SOAP 1.2 part 1 §5.4)."""
    code, reason = (_first(fault, names) for names in (("faultcode", "Value"), ("faultstring", "Text")))
    problem = f"the service answers with a fault: {code}: {reason}"[:400]
    if code.rpartition(":")[2].partition(".")[0] in _OURS:
        hint = "compare request, operation and parameters with what the service expects"
        return Misconfigured(
            Fault(code="source.soap-fault", problem=problem, file=place, target_path="connect.request", hint=hint)
        )
    return Unavailable(problem, place=place, hint="try again later, or ask whoever runs the service")


def _first(fault: etree._Element, names: tuple[str, ...]) -> str:
    found = (each for each in fault.iter(etree.Element) if etree.QName(each).localname in names)
    return " ".join((next(found, fault).text or "").split())


def _unread(reply: Reply, code: str, problem: str, hint: str) -> UnreadAnswer:
    return UnreadAnswer(refused(reply.body, reply.place, code, problem, hint=hint))
