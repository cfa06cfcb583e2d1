"""Holds a mapping against its source contract: paths that are not there, codes without a target, values never sent."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from hub.mapping.codes import DEFAULT
from hub.mapping.document import EMPTY
from hub.mapping.faults import meant
from hub.mapping.linting.finding import at_node, at_use
from hub.mapping.sections import path_of
from hub.mapping.values import outline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hub.errors import Fault
    from hub.mapping.document import Node
    from hub.mapping.linting.contracts import Column, Contract
    from hub.mapping.linting.types import Path, Typing
    from hub.mapping.linting.uses import Use

_HINT_CHARS: Final = 200
"""A table of two hundred columns is not listed whole."""


def source_faults(root: Node, uses: Sequence[Use], typing: Typing, contract: Contract) -> Iterator[Fault]:
    """Yield every way in which the mapping and its source contract disagree."""
    yield from _aliases(root, contract)
    yield from _walks(root, contract)
    aliases = set(typing.program.names)
    for use in uses:
        for reference in typing.references(use.tree, use.prefix):
            if isinstance(reference.tree, ast.Name) and reference.tree.id in aliases:
                continue
            problem, rule = _absence(reference.path, contract)
            if rule:
                shown = "/".join(reference.path)
                yield at_use(use, reference.tree, rule, problem, hint=_meant(reference.path, contract), source=shown)
        for node in ast.walk(use.tree):
            if isinstance(node, ast.Call):
                yield from _codes(use, node, typing)
            elif isinstance(node, ast.Compare):
                yield from _never(use, node, typing)


def _absence(path: Path, contract: Contract) -> tuple[str, str]:
    """Return the problem and the rule; both empty where the path is there."""
    column, shown = contract.column(path), "/".join(path)
    if column is None:
        rule = "unknown-path" if contract.is_complete else "never-occurs"
        return f"the source has no {shown!r}", rule
    nested = any(len(other) > len(path) and other[: len(path)] == path for other in contract.columns)
    if contract.is_sample and not column.seen and not nested:
        return f"{shown!r} is empty in every record of the sample", "never-occurs"
    return "", ""


def _meant(path: Path, contract: Contract) -> str:
    hint = meant("/".join(path), ("/".join(known) for known in contract.columns))
    return hint if len(hint) <= _HINT_CHARS else f"{hint[:_HINT_CHARS]}…"


def _aliases(root: Node, contract: Contract) -> Iterator[Fault]:
    for alias, node in root.entries.get("read", EMPTY).entries.get("names", EMPTY).entries.items():
        path = tuple(path_of(node))
        problem, rule = _absence(path, contract)
        if rule:
            hint = _meant(path, contract)
            yield at_node(node, rule, problem, hint=hint, source="/".join(path), target=f"read/names/{alias}")


def _walks(root: Node, contract: Contract) -> Iterator[Fault]:
    record = tuple(path_of(root.entries.get("each")))
    for node in (root, *root.entries.get("events", EMPTY).items):
        if "each" not in node.entries:
            continue
        path = record if node is root else (*record, *path_of(node.entries["each"]))
        if not any(known[: len(path)] == path for known in contract.columns):
            rule, shown = "unknown-path" if contract.is_complete else "never-occurs", "/".join(path)
            hint = _meant(path, contract)
            yield at_node(node.entries["each"], rule, f"the source has no {shown!r}", hint=hint, source=shown)


def _codes(use: Use, tree: ast.Call, typing: Typing) -> Iterator[Fault]:
    is_code = isinstance(tree.func, ast.Name) and tree.func.id == "code" and len(tree.args) == 2  # noqa: PLR2004
    if not is_code or not isinstance(tree.args[0], ast.Constant):
        return
    table, column = typing.program.codes.get(str(tree.args[0].value)), typing.column(tree.args[1], use.prefix)
    if table is None or column is None or DEFAULT in table:
        return
    for value in sorted(_values(column) - set(table)):
        problem = f"the source sends {outline(value)!r}, which the list {table.name!r} does not know"
        hint = f"add it to {table.name} under codes:, or {DEFAULT!r} for all others"
        yield at_use(use, tree, "code-without-target", problem, hint=hint, value=outline(value))


def _values(column: Column) -> frozenset[str]:
    if column.enumerated is not None:
        return column.enumerated
    return frozenset() if column.crowded else frozenset(column.seen)


def _never(use: Use, tree: ast.Compare, typing: Typing) -> Iterator[Fault]:
    column, right = typing.column(tree.left, use.prefix), tree.comparators[0]
    if column is None or column.enumerated is None or not isinstance(tree.ops[0], (ast.Eq, ast.In)):
        return
    wanted = right.elts if isinstance(right, (ast.List, ast.Tuple, ast.Set)) else [right]
    texts = {str(each.value) for each in wanted if isinstance(each, ast.Constant)}
    if texts and not texts & column.enumerated:
        hint = meant(min(texts), column.enumerated)
        yield at_use(use, right, "never-equal", "the source never sends this", hint=hint)
