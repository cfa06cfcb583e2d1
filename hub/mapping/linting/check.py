"""Runs every rule of the typed check over one mapping: its events, its names, its values, its source contract."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from hub.mapping.document import EMPTY
from hub.mapping.linting.finding import at_node, at_use
from hub.mapping.linting.flow import flow_faults
from hub.mapping.linting.sources import source_faults
from hub.mapping.linting.types import Typing
from hub.mapping.linting.uses import uses_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hub.errors import Fault
    from hub.mapping.document import Node
    from hub.mapping.linting.contracts import Contract
    from hub.mapping.linting.uses import Use
    from hub.mapping.program import Program

_FROM_THE_SOURCE: Final = frozenset({"case/key", "case/source_case_no", "case/case_no"})
"""Targets that would make all records the same case if they were constant; an event's time is another."""


def check(root: Node, program: Program, contract: Contract | None = None) -> Iterator[Fault]:
    """Yield every fault of the typed check; the file's name is left to the caller."""
    uses = list(uses_of(root, {name: let.prefix for name, let in program.lets.items()}))
    typing = Typing(program, contract)
    yield from _unreachable(uses, typing)
    yield from _duplicates(root)
    yield from _constants(uses, typing)
    yield from _unused(root, uses)
    yield from flow_faults(uses, typing)
    if contract is not None:
        yield from source_faults(root, uses, typing, contract)


def _unreachable(uses: Sequence[Use], typing: Typing) -> Iterator[Fault]:
    for use in uses:
        if use.role == "when" and typing.truth(use.tree) is False:
            yield at_use(
                use,
                use.tree,
                "unreachable-event",
                "this never holds",
                hint="mend the condition, or leave the event out",
            )


def _duplicates(root: Node) -> Iterator[Fault]:
    seen: dict[tuple[object, ...], Node] = {}
    always: dict[tuple[object, ...], Node] = {}
    for event in root.entries.get("events", EMPTY).items:
        name = event.entries.get("type", EMPTY)
        identity = (name.text, *(_spelt(event.entries.get(key, EMPTY)) for key in ("each", "key", "occurrence")))
        when = _spelt(event.entries.get("when", EMPTY))
        other = seen.get((*identity, when)) or always.get(identity)
        if other is not None:
            problem = f"{name.text} of line {other.line} comes of the same record, with the same identity"
            hint = "give each an occurrence, or a when: that excludes the other"
            yield at_node(name, "duplicate-event", problem, hint=hint, target=name.text)
        seen.setdefault((*identity, when), name)
        if "when" not in event.entries:
            always.setdefault(identity, name)


def _spelt(node: Node) -> str:
    """Spell an expression, a path or a list the same however it is laid out."""
    if node.items or node.entries:
        return repr(node.plain())
    try:
        return ast.unparse(ast.parse(node.text.strip(), mode="eval"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return node.text.strip()


def _constants(uses: Sequence[Use], typing: Typing) -> Iterator[Fault]:
    by_path: dict[str, list[Use]] = {}
    for use in uses:
        if use.path in _FROM_THE_SOURCE:
            by_path.setdefault(use.path, []).append(use)
        elif use.role == "field" and use.path.endswith("/occurred_at") and typing.is_constant(use.tree):
            yield _constant(use)
    for parts in by_path.values():
        if all(typing.is_constant(use.tree) for use in parts):
            yield _constant(parts[0])


def _constant(use: Use) -> Fault:
    hint = 'name the source\'s column; one that needs quotes is field("…")'
    return at_use(use, use.tree, "constant-source", "this is the same for every record", hint=hint)


def _unused(root: Node, uses: Sequence[Use]) -> Iterator[Fault]:
    names = {(use.path, node.id) for use in uses for node in ast.walk(use.tree) if isinstance(node, ast.Name)}
    codes = {_list_of(node) for use in uses for node in ast.walk(use.tree)}
    codes |= {root.entries.get(name, EMPTY).entries.get("codes", EMPTY).text for name in ("department", "reconcile")}
    sections = (
        ("let", root.entries.get("let", EMPTY)),
        ("alias", root.entries.get("read", EMPTY).entries.get("names", EMPTY)),
    )
    for what, section in sections:
        for name, key in section.keys.items():
            if not any(name == used and path != f"let/{name}" for path, used in names):
                yield at_node(key, "unused", f"the {what} {name!r} is used nowhere", hint="leave it out, or use it")
    for name, key in root.entries.get("codes", EMPTY).keys.items():
        if name not in codes:
            yield at_node(key, "unused", f"the list {name!r} is used nowhere", hint=f'code("{name}", column) uses it')


def _list_of(node: ast.AST) -> str:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "code" and node.args:
        first = node.args[0]
        return str(first.value) if isinstance(first, ast.Constant) else ""
    return ""
