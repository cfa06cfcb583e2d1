"""Reads the contract of a SOAP service with all that it takes parts from, and tells which of its names lead nowhere.

Libraries load a WSDL by compiling its schemas, and lawful ones are refused: schemas of one namespace in several files
that use each other, as in public standards. Whether a contract is whole is a question of names, and is asked as one.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urldefrag, urljoin, urlsplit

from lxml import etree

from hub.errors import in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

XSD: Final = "http://www.w3.org/2001/XMLSchema"
WSDL: Final = "http://schemas.xmlsoap.org/wsdl/"
XML: Final = "http://www.w3.org/XML/1998/namespace"
MOST: Final = 300
"""Documents that one contract may be made of."""

_ADDRESS: Final = re.compile(rb'(<(?:\w+:)?address[^>]*\blocation=")[^"]*(")')
_PARSER: Final = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)

Name = tuple[str, str, str]
"""What kind of thing is named, its namespace, its name."""

_TYPES: Final = {"simpleType": "type", "complexType": "type"}
_USES: Final = {
    "type": "type",
    "base": "type",
    "itemType": "type",
    "memberTypes": "type",
    "substitutionGroup": "element",
}
_SERVICE: Final = {("binding", "type"): "portType", ("port", "binding"): "binding", ("part", "element"): "element",
                   ("part", "type"): "type", ("input", "message"): "message", ("output", "message"): "message",
                   ("fault", "message"): "message"}  # fmt: skip


def contract_digest(contract: bytes) -> str:
    """Return the digest of a WSDL without the address of its port, which says where a service is and not what."""
    return hashlib.sha256(_ADDRESS.sub(rb"\1\2", contract)).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A WSDL and every document that it takes parts from, by its address, the WSDL first."""

    documents: Mapping[str, bytes]
    trees: Mapping[str, etree._Element]

    @property
    def digest(self) -> str:
        """Return the digest of all of it: of the WSDL alone where it takes parts from nothing."""
        first, *others = self.documents
        own = contract_digest(self.documents[first])
        if not others:
            return own
        lines = sorted(f"{urlsplit(at).path} {hashlib.sha256(self.documents[at]).hexdigest()}" for at in others)
        return hashlib.sha256("\n".join([own, *lines]).encode()).hexdigest()

    @property
    def operations(self) -> Sequence[str]:
        """Return the operations that some binding has."""
        found = (tree.iterfind(f".//{{{WSDL}}}binding/{{{WSDL}}}operation") for tree in self.trees.values())
        return sorted({str(each.get("name")) for some in found for each in some})

    def unresolved(self) -> Sequence[str]:
        """Return the names that are used and nowhere declared, each with its document."""
        declared = {name for tree in self.trees.values() for name in _declared(tree)}
        return sorted(
            {
                f"{{{space}}}{local} ({kind}) in {urlsplit(at).path}"
                for at, tree in self.trees.items()
                for kind, space, local in _used(tree)
                if (kind, space, local) not in declared and space not in {XSD, XML}
            }
        )


def read_contract(address: str, get: Callable[[str], bytes]) -> Contract:
    """Fetch a WSDL and what it takes parts from, all from one host; ValueError where something is not there."""
    documents: dict[str, bytes] = {}
    trees: dict[str, etree._Element] = {}
    waiting = [address]
    while waiting:
        at = waiting.pop(0)
        if at in documents:
            continue
        if urlsplit(at).netloc != urlsplit(address).netloc or len(documents) >= MOST:
            raise ValueError(f"it takes parts from elsewhere: {at}")
        documents[at] = get(at)
        try:
            trees[at] = etree.fromstring(documents[at], _PARSER)
        except etree.XMLSyntaxError as broken:
            raise ValueError(f"{urlsplit(at).path}: {in_words(broken)}") from broken
        waiting += [urldefrag(urljoin(at, place)).url for place in _places(trees[at])]
    return Contract(documents=documents, trees=trees)


def _places(tree: etree._Element) -> Iterator[str]:
    """Yield where a document takes parts from."""
    for name in ("import", "include", "redefine"):
        for element in tree.iter(f"{{{XSD}}}{name}", f"{{{WSDL}}}{name}"):
            place = element.get("schemaLocation") or element.get("location")
            if place:
                yield place


def _declared(tree: etree._Element) -> Iterator[Name]:
    """Yield what a document declares for all: children of schemas, and the parts of a WSDL."""
    for schema in tree.iter(f"{{{XSD}}}schema"):
        for child in schema.iterfind(f"{{{XSD}}}*"):
            kind = etree.QName(child).localname
            yield _TYPES.get(kind, kind), schema.get("targetNamespace", ""), child.get("name", "")
    if tree.tag == f"{{{WSDL}}}definitions":
        for child in tree.iterfind(f"{{{WSDL}}}*"):
            yield etree.QName(child).localname, tree.get("targetNamespace", ""), child.get("name", "")


def _used(tree: etree._Element) -> Iterator[Name]:
    """Yield every name that a document uses of another declaration."""
    for element in tree.iter(f"{{{XSD}}}*", f"{{{WSDL}}}*"):
        tag = etree.QName(element)
        for attribute, value in element.attrib.items():
            if tag.namespace == WSDL:
                kind = _SERVICE.get((tag.localname, str(attribute)))
            else:
                kind = tag.localname if attribute == "ref" else _USES.get(str(attribute))
            for text in str(value).split() if kind else ():
                yield (str(kind), *_named(element, text))


def _named(element: etree._Element, text: str) -> tuple[str, str]:
    """Return namespace and name of a qualified name; without a prefix it is of the default namespace, or of none."""
    prefix, colon, local = text.rpartition(":")
    if prefix == "xml":
        return XML, local
    return str(element.nsmap.get(prefix if colon else None) or ""), local
