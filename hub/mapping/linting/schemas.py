"""Decides how JSON Schema and SQL name the paths of a record."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEPTH: Final = 12
"""Deepest path of a schema: one that holds itself goes no deeper."""

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
