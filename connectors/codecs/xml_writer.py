"""Writes a tree as XML, the way the XML codec reads it: `@name` an attribute, `#text` text, a list one element each."""

from __future__ import annotations

import re
from typing import Any, Final

from lxml import etree

from hub.errors import Refused, Rejection

_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document can hold (XML 1.0 §2.2)."""


def element_of(name: str, tree: Any, namespace: str) -> etree._Element:  # noqa: ANN401 - text, number, truth or a tree
    """Return an element called `name`, of `namespace` as all below it; raise Refused for what is no name or no text."""
    try:
        element = etree.Element(f"{{{namespace}}}{name}" if namespace else name)
        _fill(element, tree, namespace)
    except ValueError as bad:
        hint = "write names that XML allows, and drop_controls() where texts hold control characters"
        problem = f"no XML can hold it: {bad}"[:200]
        raise Refused(Rejection(stage="validate", code="deliver.no-xml", problem=problem, hint=hint)) from bad
    return element


def _fill(element: etree._Element, tree: Any, namespace: str) -> None:  # noqa: ANN401 - see element_of
    if not isinstance(tree, dict):
        element.text = _text(tree)
        return
    for name, value in tree.items():
        if name.startswith("@"):
            element.set(name[1:], _text(value))
        elif name == "#text":
            element.text = _text(value)
        else:
            for each in value if isinstance(value, list) else [value]:
                element.append(element_of(name, each, namespace))


def _text(value: object) -> str:
    text = "" if value is None else ("true" if value else "false") if isinstance(value, bool) else str(value)
    if _NO_XML.search(text):
        raise ValueError("a text holds a control character")
    return text
