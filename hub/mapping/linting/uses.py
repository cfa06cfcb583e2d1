"""Finds every expression of a mapping file, with the field it goes to and the records it is worked out on."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hub.mapping.document import EMPTY
from hub.mapping.grammar import BadExpression, parse
from hub.mapping.outbound import is_outbound, target_of
from hub.mapping.paths import path_of
from hub.mapping.targets import case_fields, department_field, event_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hub.mapping.document import Node
    from hub.mapping.targets import Target

Path = tuple[str, ...]
Role = Literal["field", "let", "when", "key", "occurrence", "version"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One expression: where it stands, its tree, its target, and the prefix of the record it reads."""

    node: Node
    tree: ast.expr
    path: str
    """The target's path, as faults show it."""
    role: Role
    prefix: Path
    target: Target | None = None

    def place(self, tree: ast.AST) -> tuple[int, int]:
        """Return line and column of a part of the expression."""
        ahead = self.node.text.strip().encode()[: getattr(tree, "col_offset", 0)]
        return self.node.line, self.node.column + len(ahead.decode(errors="replace")) + self.node.quoted


def uses_of(root: Node, lets: Mapping[str, Path | None]) -> Iterator[Use]:
    """Yield every expression that parses; `lets` gives each let's prefix, None for the record's."""
    record = path_of(root.entries.get("each"))
    for name, node in root.entries.get("let", EMPTY).entries.items():
        yield from _use(node, f"let/{name}", "let", lets.get(name) or record)
    department = root.entries.get("department", EMPTY)
    for key in ("from", "of"):
        if key in department.entries:
            yield from _use(department.entries[key], "department", "field", record, department_field())
    case = root.entries.get("case", EMPTY)
    yield from _keys(case.entries.get("key", EMPTY), "case/key", record)
    yield from _fields(case, case_fields(), "case", record)
    for event in root.entries.get("events", EMPTY).items:
        yield from _event(event, record)
    if is_outbound(root):
        yield from _outbound(root)


def _outbound(root: Node) -> Iterator[Use]:
    yield from _use(root.entries.get("when", EMPTY), "when", "when", ())
    section = root.entries.get("write", EMPTY)
    yield from _fields(section, target_of(section, None).fields, "write", ())


def _event(event: Node, record: Path) -> Iterator[Use]:
    name = event.entries.get("type", EMPTY).text
    prefix = (*record, *path_of(event.entries.get("each")))
    for role in ("when", "version"):
        if role in event.entries:
            yield from _use(event.entries[role], f"{name}/{role}", "when" if role == "when" else "version", prefix)
    yield from _keys(event.entries.get("key", EMPTY), f"{name}/key", prefix)
    occurrence = event.entries.get("occurrence", EMPTY)
    for part in occurrence.entries.get("composite", occurrence).items or (occurrence,):
        yield from _use(part, f"{name}/occurrence", "occurrence", prefix)
    yield from _fields(event, event_fields(), name, prefix)


def _keys(node: Node, path: str, prefix: Path) -> Iterator[Use]:
    for part in node.items or (node,):
        yield from _use(part, path, "key", prefix)


def _fields(node: Node, known: Mapping[str, Target], path: str, prefix: Path) -> Iterator[Use]:
    for name, child in node.entries.items():
        if name in known:
            yield from _field(child, known[name], f"{path}/{name}", prefix)


def _field(node: Node, target: Target, path: str, prefix: Path) -> Iterator[Use]:
    if node.is_scalar:
        yield from _use(node, path, "field", prefix, target)
    elif target.kind == "map" and target.item is not None:
        yield from _fields(node, dict.fromkeys(node.entries, target.item), path, prefix)
    elif target.kind == "list" and target.item is not None:
        yield from _list(node, target.item, path, prefix)
    else:
        yield from _fields(node, target.fields, path, prefix)


def _list(node: Node, item: Target, path: str, prefix: Path) -> Iterator[Use]:
    inner = (*prefix, *path_of(node.entries.get("each")))
    for place, child in enumerate(node.items):
        yield from _field(child, item, f"{path}/{place}", inner)
    if not node.items:
        yield from _fields(node, item.fields, path, inner)


def _use(node: Node, path: str, role: Role, prefix: Path, target: Target | None = None) -> Iterator[Use]:
    if node is EMPTY or not node.is_scalar:
        return
    if node.value is None or isinstance(node.value, bool):
        tree: ast.expr = ast.Constant(node.value)
    else:
        try:
            tree = parse(node.text.strip())
        except BadExpression:
            return
    yield Use(node=node, tree=tree, path=path, role=role, prefix=prefix, target=target)
