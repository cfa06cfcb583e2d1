"""Decides how XML Schema, WSDL, JSON Schema, SQL and XML name the paths of a record."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEPTH: Final = 12
"""Deepest path of a schema: one that holds itself goes no deeper."""

_XS: Final = "{http://www.w3.org/2001/XMLSchema}"
_TABLE: Final = re.compile(r"create\s+table\s+[^(]+\((.*?)\)\s*(?:;|$)", re.IGNORECASE | re.DOTALL)
_COLUMN: Final = re.compile(r"\s*[`\"\[]?([\w ]+?)[`\"\]]?\s+([A-Za-z]\w*)")
_REQUIRED: Final = re.compile(
    r"^(?!.*\b(?:default|identity|auto_increment|serial)\b).*\bnot\s+null\b", re.IGNORECASE | re.DOTALL
)
_CONSTRAINTS: Final = frozenset({"primary", "unique", "constraint", "foreign", "check", "key", "index"})

Described = tuple[tuple[str, ...], str, list[Any] | None, bool]
"""A path, its type's name, its values where they are listed, and whether it must be there."""


def json_schema_paths(schema: Mapping[str, Any], part: Mapping[str, Any]) -> Iterator[Described]:
    """Yield every path below `part` of a JSON Schema; local references are followed."""
    yield from _properties(part, schema, (), 0)


def _properties(
    node: Mapping[str, Any], root: Mapping[str, Any], path: tuple[str, ...], depth: int
) -> Iterator[Described]:
    node = _resolved(node, root)
    if depth > DEPTH:
        return
    if "items" in node:
        yield from _properties(node["items"], root, path, depth + 1)
    required = set(node.get("required", ()))
    for name, raw in node.get("properties", {}).items():
        child = _resolved(raw, root)
        kind = child.get("type", "")
        timed = {"date-time": "datetime", "date": "date"}.get(child.get("format", ""))
        yield (*path, name), timed or (kind if isinstance(kind, str) else ""), child.get("enum"), name in required
        yield from _properties(child, root, (*path, name), depth + 1)


def _resolved(node: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = node
    for _ in range(DEPTH):
        if not str(found.get("$ref", "")).startswith("#/"):
            break
        steps, found = found["$ref"][2:].split("/"), root
        for step in steps:
            found = found[step]
    return dict(found)


def ddl_columns(text: str) -> Iterator[tuple[str, str, bool]]:
    """Yield name, type and whether it must be written of every column of the CREATE TABLE statements in `text`."""
    bare = re.sub(r"--[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)
    for table in _TABLE.finditer(bare):
        for part in re.split(r",(?![^(]*\))", table[1]):
            found = _COLUMN.match(part)
            if found and found[1].split()[0].lower() not in _CONSTRAINTS:
                yield found[1], found[2], bool(_REQUIRED.search(part))


def _parsed(raw: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as bad:
        raise ValueError(str(bad)) from bad


def is_elsewhere(raw: bytes) -> bool:
    """Tell whether an XML Schema takes parts of itself from other files, which are not read."""
    return next(_parsed(raw).iter(_XS + "import", _XS + "include", _XS + "redefine"), None) is not None


def xml_schema_paths(raw: bytes) -> Iterator[Described]:
    """Yield every path below the root elements of an XML Schema, or of those that a WSDL holds."""
    root = _parsed(raw)
    types = {each.get("name", ""): each for kind in ("complexType", "simpleType") for each in root.iter(_XS + kind)}
    for schema in root.iter(_XS + "schema"):
        for element in schema.findall(_XS + "element"):
            yield from _elements(element, types, (), 0)


def _elements(
    element: etree._Element, types: Mapping[str, etree._Element], path: tuple[str, ...], depth: int
) -> Iterator[Described]:
    kind = types.get(element.get("type", "").rpartition(":")[2], element)
    if depth > DEPTH:
        return
    for child in kind.iter(_XS + "element", _XS + "attribute"):
        if child is element or _owner(child, kind) is not kind:
            continue
        name = (child.get("name") or child.get("ref") or "").rpartition(":")[2]
        below = (*path, ("@" if child.tag.endswith("attribute") else "") + name)
        yield below, _base(child, types), _enumerated(child, types), _is_required(child)
        yield from _elements(child, types, below, depth + 1)


def _is_required(child: etree._Element) -> bool:
    if child.tag == _XS + "attribute":
        return child.get("use") == "required"
    if child.get("minOccurs") == "0":
        return False
    around = itertools.takewhile(lambda each: each.tag != _XS + "complexType", child.iterancestors())
    return not any(each.tag == _XS + "choice" or each.get("minOccurs") == "0" for each in around)


def _owner(child: etree._Element, top: etree._Element) -> etree._Element | None:
    parent = child.getparent()
    while parent is not None and parent is not top and parent.tag != _XS + "element":
        parent = parent.getparent()
    return parent


def _base(element: etree._Element, types: Mapping[str, etree._Element]) -> str:
    named = types.get(element.get("type", "").rpartition(":")[2], element)
    if named.tag == _XS + "complexType" or named.find(_XS + "complexType") is not None:
        return "object"
    restriction = next(named.iter(_XS + "restriction"), None)
    return restriction.get("base", "") if restriction is not None else element.get("type", "")


def _enumerated(element: etree._Element, types: Mapping[str, etree._Element]) -> list[Any] | None:
    named = types.get(element.get("type", "").rpartition(":")[2], element)
    if named.tag == _XS + "complexType" or named.find(_XS + "complexType") is not None:
        return None
    return [each.get("value", "") for each in named.iter(_XS + "enumeration")] or None


def xml_tree(raw: bytes) -> dict[str, Any]:
    """Return an XML document as a tree: names without their namespace, repeated elements as a list."""
    return _tree(_parsed(raw))


def _tree(element: etree._Element) -> dict[str, Any]:
    tree: dict[str, Any] = {f"@{etree.QName(name).localname}": value for name, value in element.attrib.items()}
    for child in element.iterchildren(etree.Element):
        tree.setdefault(etree.QName(child).localname, []).append(_tree(child) if len(child) else child.text)
    return tree
