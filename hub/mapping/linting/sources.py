"""Holds a mapping against its source contract: paths that are not there, codes without a target, values never sent."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from hub.mapping.codes import DEFAULT
from hub.mapping.document import EMPTY
from hub.mapping.faults import meant
from hub.mapping.linting.finding import at_node, at_use
from hub.mapping.paths import bare, path_of
from hub.mapping.values import outline

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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
    aliases, guards = set(typing.program.names), _guards(uses)
    for use in uses:
        for reference in typing.references(use.tree, use.prefix):
            known = typing.program.known(reference.path[:-1])
            is_told = known is not None and reference.path[-1] not in known
            if is_told or (isinstance(reference.tree, ast.Name) and reference.tree.id in aliases):
                continue
            problem, rule = _absence(reference.path, contract)
            if rule:
                shown = "/".join(reference.path)
                yield at_use(use, reference.tree, rule, problem, hint=_meant(reference.path, contract), source=shown)
        for node in ast.walk(use.tree):
            if isinstance(node, ast.Call):
                yield from _codes(use, node, typing, guards)
            elif isinstance(node, ast.Compare):
                yield from _never(use, node, typing)


def _absence(path: Path, contract: Contract) -> tuple[str, str]:
    """Return the problem and the rule; both empty where the path is there."""
    column, shown = contract.column(path), "/".join(path)
    if column is None:
        rule = "unknown-path" if contract.is_complete else "never-occurs"
        return f"the source has no {shown!r}", rule
    nested = any(len(other) > len(path) and other[: len(path)] == bare(path) for other in contract.columns)
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
        if not any(known[: len(path)] == bare(path) for known in contract.columns):
            rule, shown = "unknown-path" if contract.is_complete else "never-occurs", "/".join(path)
            hint = _meant(path, contract)
            yield at_node(node.entries["each"], rule, f"the source has no {shown!r}", hint=hint, source=shown)


def _guards(uses: Sequence[Use]) -> Mapping[str, Sequence[ast.expr]]:
    """Return the conditions by what stands under them: an event's type, or all that an outbound mapping writes."""
    guards: dict[str, list[ast.expr]] = {}
    for use in uses:
        if use.role == "when":
            guards.setdefault(use.path.rpartition("/")[0] or "write", []).append(use.tree)
    return guards


def _shut_out(tree: ast.expr, guards: Sequence[ast.expr]) -> frozenset[str]:
    """Return the values of an expression that no record has which passes every one of `guards`."""
    shut = [_refused_by(guard, ast.dump(tree)) for guard in guards]
    return frozenset.intersection(*shut) if shut else frozenset()


def _refused_by(guard: ast.expr, name: str) -> frozenset[str]:
    if isinstance(guard, ast.BoolOp) and isinstance(guard.op, ast.And):
        return frozenset().union(*(_refused_by(part, name) for part in guard.values))
    if not (isinstance(guard, ast.Compare) and isinstance(guard.ops[0], (ast.NotEq, ast.NotIn))):
        return frozenset()
    return _texts_of(guard.comparators[0]) if ast.dump(guard.left) == name else frozenset()


def _texts_of(tree: ast.expr) -> frozenset[str]:
    parts = tree.elts if isinstance(tree, (ast.List, ast.Tuple, ast.Set)) else [tree]
    return frozenset(str(each.value) for each in parts if isinstance(each, ast.Constant))


def _codes(use: Use, tree: ast.Call, typing: Typing, guards: Mapping[str, Sequence[ast.expr]]) -> Iterator[Fault]:
    is_code = isinstance(tree.func, ast.Name) and tree.func.id == "code" and len(tree.args) == 2  # noqa: PLR2004
    if not is_code or not isinstance(tree.args[0], ast.Constant):
        return
    table, column = typing.program.codes.get(str(tree.args[0].value)), typing.column(tree.args[1], use.prefix)
    if table is None or column is None or DEFAULT in table:
        return
    shut_out = _shut_out(tree.args[1], guards.get(use.path.partition("/")[0], ()))
    for value in sorted(_values(column) - set(table) - shut_out):
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
    texts = _texts_of(right)
    if texts and not texts & column.enumerated:
        hint = meant(min(texts), column.enumerated)
        yield at_use(use, right, "never-equal", "the source never sends this", hint=hint)
