"""Asks a receiver whether it has a document before it is sent: for those that take a second sending for another."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import orjson
from lxml import etree

from connectors.http.client import is_address
from connectors.http.paging import value_at
from connectors.soap_envelope import ENVELOPES, UnreadAnswer, headers_of, opened, written
from hub.errors import Fault, Misconfigured, Unavailable
from hub.mapping.paths import path_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.codecs.common import CodecOptions
    from connectors.http.client import HttpClient, Reply
    from connectors.options import Options

_PLACE: Final = re.compile(r"\{([^{}]+)\}")
_ABSENT: Final = frozenset({404, 410})
KEY: Final = "key"
"""What a question calls the key under which a document is sent; any other name is a place of the document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Where an answer says whether the document is there, and by which words; without a place any answer says so."""

    at: tuple[str, ...]
    words: tuple[str, ...]

    def of(self, tree: Any) -> bool:  # noqa: ANN401 - any tree
        """Tell whether an answer says that the document is there."""
        if not self.at:
            return True
        said = value_at(tree, self.at)
        word = str(said).lower() if isinstance(said, bool) else "" if said is None else str(said).strip()
        return word in self.words


@dataclass(frozen=True, slots=True, kw_only=True)
class RestQuestion:
    """Asks an address, into which the document's key and places are filled in. 404 and 410 say that it is not there."""

    url: str
    verdict: Verdict
    place: str

    def is_there(self, client: HttpClient, document: Mapping[str, Any], key: str) -> bool:
        """Tell whether the receiver has a document."""
        url = _PLACE.sub(lambda found: quote(_value(found[1], document, key, self.place), safe=""), self.url)
        reply = client.ask("GET", url, also=_ABSENT)
        return reply.status not in _ABSENT and self.verdict.of(_json(reply, self.verdict))


@dataclass(frozen=True, slots=True, kw_only=True)
class SoapQuestion:
    """Calls an operation with one element, which holds the document's key or one of its places."""

    options: Mapping[str, str]
    """url and version of the service; root, namespace and action of the operation; field and by of its element."""
    verdict: Verdict
    answer: CodecOptions

    def is_there(self, client: HttpClient, document: Mapping[str, Any], key: str) -> bool:
        """Tell whether the receiver has a document."""
        options, space = self.options, ENVELOPES[self.options["version"]]
        envelope = etree.Element(f"{{{space}}}Envelope", nsmap={"soap": space})
        root = etree.SubElement(etree.SubElement(envelope, f"{{{space}}}Body"), _name(options, "root"))
        field = etree.SubElement(root, _name(options, "field"))
        field.text = _value(options["by"], document, key, self.answer.place)
        headers = headers_of(options["version"], options["action"], self.answer.encoding)
        reply = client.ask("POST", options["url"], content=written(envelope, self.answer.encoding), headers=headers)
        try:
            return self.verdict.of(opened(reply, self.answer))
        except UnreadAnswer as unread:
            raise Unavailable(f"it does not say what is there: {unread}", place=reply.place) from unread


Question = RestQuestion | SoapQuestion


def rest_question(connect: Options, place: str) -> RestQuestion | None:
    """Read `exists: {url: …/{key}, at: data/found, is: ["1"]}`; None where there is none."""
    section = connect.section("exists")
    if not section.names():
        return None
    url = section.text("url")
    if url and not is_address(_PLACE.sub("x", url)):
        section.fault("url", "is no address of a web service", "write e.g. https://host/path/{key}")
    found = RestQuestion(url=url, verdict=_verdict(section), place=place)
    section.no_more()
    return found


def soap_question(connect: Options, url: str, version: str, answer: CodecOptions) -> SoapQuestion | None:
    """Read `exists: {root: QueryStatus, field: no, by: NO, at: found, is: ["1"]}`; None where there is none."""
    section = connect.section("exists")
    if not section.names():
        return None
    options = {"url": url, "version": version, "root": section.text("root"), "field": section.text("field"),
               "by": section.text("by", KEY), "namespace": section.text("namespace", ""),
               "action": section.text("action", "")}  # fmt: skip
    section.text("at")
    found = SoapQuestion(options=options, verdict=_verdict(section), answer=answer)
    section.no_more()
    return found


def _verdict(section: Options) -> Verdict:
    found = Verdict(at=path_in(section.text("at", "")), words=section.texts("is"))
    if found.at and not found.words:
        section.fault("is", "names no word", 'write is: ["1", "true"]')
    return found


def _value(name: str, document: Mapping[str, Any], key: str, place: str) -> str:
    value = key if name == KEY else document.get(name)
    if isinstance(value, (str, int, float)):
        return str(value)
    problem, hint = f"the document has no value at {name!r}", "ask by key, or by a place that every document has"
    raise Misconfigured(Fault(code="sink.exists", problem=problem, file=place, target_path="connect.exists", hint=hint))


def _name(options: Mapping[str, str], name: str) -> str:
    return f"{{{options['namespace']}}}{options[name]}" if options["namespace"] else options[name]


def _json(reply: Reply, verdict: Verdict) -> Any:  # noqa: ANN401 - any JSON
    if not verdict.at:
        return None
    try:
        return orjson.loads(reply.body)
    except orjson.JSONDecodeError as broken:
        raise Unavailable("it does not say in JSON what is there", place=reply.place) from broken
