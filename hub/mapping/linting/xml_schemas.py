"""Decides which paths the records of an XML Schema or WSDL have, across the files it takes parts of itself from.

Names are compared without their namespaces, as the records' own keys are.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hub.mapping.linting.schemas import Described

DEPTH: Final = 12
"""Deepest path of a schema: one that holds itself goes no deeper."""

FILES: Final = 100
"""Files that one schema may take parts of itself from."""

FILE_BYTES: Final = 16 << 20
"""Bytes read of each."""

PATHS: Final = 20_000
"""Paths listed: types that hold one another multiply."""

XS: Final = "{http://www.w3.org/2001/XMLSchema}"
WSDL: Final = "{http://schemas.xmlsoap.org/wsdl/}"
_LINKS: Final = (XS + "import", XS + "include", XS + "redefine", WSDL + "import")


class XmlSchemas:
    """One XML Schema or WSDL with all that it names and that lies in its folder or near it."""

    def __init__(self, raw: bytes, file: Path | None = None) -> None:
        """Read `raw`, and from beside `file` what it links to; nothing is fetched over a network."""
        self.is_complete = True
        self._roots = [parsed(raw)]
        if file is not None:
            self._read_links(file)
        elif next(self._roots[0].iter(*_LINKS), None) is not None:
            self.is_complete = False
        self._types = self._named("complexType", "simpleType")
        self._elements, self._groups = self._named("element"), self._named("group", "attributeGroup")

    def paths(self) -> Iterator[Described]:
        """Yield every path below the root elements, and below the parts of a WSDL's messages that name a type."""
        return itertools.islice(self._paths(), PATHS)

    def _paths(self) -> Iterator[Described]:
        for root in self._roots:
            for schema in root.iter(XS + "schema"):
                for element in schema.findall(XS + "element"):
                    yield from self._below(element, (), ())
            for part in root.iter(WSDL + "part"):
                if part.get("type"):
                    name = part.get("name", "")
                    yield (name,), self._type_name(part), self._words(part), False
                    yield from self._below(part, (name,), ())

    def _read_links(self, file: Path) -> None:
        seen, waiting = {file.resolve()}, [(self._roots[0], file)]
        while waiting:
            root, place = waiting.pop()
            for link in root.iter(*_LINKS):
                where = link.get("schemaLocation") or link.get("location")
                found = _beside(place, where) if where else None
                if found is None:
                    self.is_complete &= where is None and link.tag == XS + "import" and self._holds(link)
                elif found not in seen and len(seen) < FILES:
                    seen.add(found)
                    waiting.append((parsed(found.read_bytes()), found))
                    self._roots.append(waiting[-1][0])

    def _holds(self, link: etree._Element) -> bool:
        """Tell whether the namespace that is imported without a place is defined in one of the files that were read."""
        wanted = link.get("namespace")
        return any(
            schema.get("targetNamespace") == wanted for root in self._roots for schema in root.iter(XS + "schema")
        )

    def _named(self, *kinds: str) -> Mapping[str, etree._Element]:
        """Return the definitions at the top of every schema, by name."""
        tags = {XS + kind for kind in kinds}
        schemas = [schema for root in self._roots for schema in root.iter(XS + "schema")]
        return {each.get("name", ""): each for schema in schemas for each in schema if each.tag in tags}

    def _below(
        self, element: etree._Element, path: tuple[str, ...], types: tuple[etree._Element, ...]
    ) -> Iterator[Described]:
        kind = self._kind(element)
        if len(path) >= DEPTH or kind in types:
            return
        for child in self._children(kind, ()):
            meant = self._elements.get(_local(child.get("ref")), child) if child.get("ref") else child
            name = _local(child.get("name") or child.get("ref"))
            below = (*path, ("@" if child.tag == XS + "attribute" else "") + name)
            yield below, self._type_name(meant), self._words(meant), _is_required(child)
            yield from self._below(meant, below, (*types, kind))

    def _kind(self, element: etree._Element) -> etree._Element:
        named = self._types.get(_local(element.get("type")))
        return element if named is None else named

    def _children(self, kind: etree._Element, seen: tuple[etree._Element, ...]) -> Iterator[etree._Element]:
        """Yield the elements and attributes of a type, those of its base and of its groups included."""
        for each in kind.iter(XS + "element", XS + "attribute", XS + "extension", XS + "group", XS + "attributeGroup"):
            if each is kind or _owner(each, kind) is not kind:
                continue
            if each.tag in {XS + "element", XS + "attribute"}:
                yield each
                continue
            known = self._types if each.tag == XS + "extension" else self._groups
            taken = known.get(_local(each.get("base") or each.get("ref")))
            if taken is not None and taken not in seen:
                yield from self._children(taken, (*seen, taken))

    def _type_name(self, element: etree._Element) -> str:
        kind = self._kind(element)
        if kind.tag == XS + "complexType" or kind.find(XS + "complexType") is not None:
            return "object"
        restriction = next(kind.iter(XS + "restriction"), None)
        return element.get("type", "") if restriction is None else restriction.get("base", "")

    def _words(self, element: etree._Element) -> list[Any] | None:
        kind = self._kind(element)
        if kind.tag == XS + "complexType" or kind.find(XS + "complexType") is not None:
            return None
        return [each.get("value", "") for each in kind.iter(XS + "enumeration")] or None


def parsed(raw: bytes) -> etree._Element:
    """Parse XML; entities are not resolved and nothing is fetched. ValueError says what is wrong with it."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as bad:
        raise ValueError(str(bad)) from bad


def xml_tree(raw: bytes) -> dict[str, Any]:
    """Return an XML document as a tree: names without their namespace, repeated elements as a list."""
    return _tree(parsed(raw))


def _tree(element: etree._Element) -> dict[str, Any]:
    tree: dict[str, Any] = {f"@{etree.QName(name).localname}": value for name, value in element.attrib.items()}
    for child in element.iterchildren(etree.Element):
        tree.setdefault(etree.QName(child).localname, []).append(_tree(child) if len(child) else child.text)
    return tree


def _local(name: str | None) -> str:
    return (name or "").rpartition(":")[2]


def _beside(place: Path, where: str) -> Path | None:
    """Return the file that a link names, if it is one of this machine, near the schema, and not too large."""
    if "://" in where:
        return None
    home = place.resolve().parent.parent
    try:
        found = (place.parent / where).resolve()
        is_there = found.is_relative_to(home) and found.is_file() and found.stat().st_size <= FILE_BYTES
    except (OSError, ValueError):
        return None
    return found if is_there else None


def _is_required(child: etree._Element) -> bool:
    if child.tag == XS + "attribute":
        return child.get("use") == "required"
    if child.get("minOccurs") == "0":
        return False
    around = itertools.takewhile(lambda each: each.tag != XS + "complexType", child.iterancestors())
    return not any(each.tag == XS + "choice" or each.get("minOccurs") == "0" for each in around)


def _owner(child: etree._Element, top: etree._Element) -> etree._Element | None:
    parent = child.getparent()
    while parent is not None and parent is not top and parent.tag != XS + "element":
        parent = parent.getparent()
    return parent
