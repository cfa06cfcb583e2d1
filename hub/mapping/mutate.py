"""Decides which alterations of a mapping its examples would notice: each rule is taken out or changed in turn."""

from __future__ import annotations

import ast
import copy
import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hub.errors import Misconfigured
from hub.mapping.coverage import is_shared
from hub.mapping.document import EMPTY, Node
from hub.mapping.examples import ENVIRONMENT
from hub.mapping.faults import Faults
from hub.mapping.grammar import BadExpression, parse
from hub.mapping.inheritance import read_mapping
from hub.mapping.mapping import altered
from hub.mapping.tables import with_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hub.mapping.compiled import CompiledMapping
    from hub.mapping.examples import Example

_OTHER_ZONE: Final = "Pacific/Auckland"
"""A zone no source is in, and farther from China's than any offset a source might name by chance."""

_SWAPPED: Final[Mapping[str, str]] = {
    "trim": "text", "upper": "lower", "lower": "upper", "nfc": "text", "half_width": "text", "left": "right",
    "right": "left", "time": "date", "date": "time", "year": "date", "number": "text", "money": "text",
    "mask_name": "text", "mask_id": "text", "mask_phone": "text",
}  # fmt: skip
"""The function nearest in kind that does something else."""

_COMPARED: Final[Mapping[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip

_PLAIN: Final = frozenset({"type", "each", "on_change", "numbering"})
"""Entries of an event or a case that hold a word or a path, not an expression."""

Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One alteration: where in the file, what was done, and the file's content with it."""

    line: int
    what: str
    root: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """How many alterations were tried, and those that no example notices."""

    tried: int
    survivors: Sequence[Mutant]


def survey(path: Path, examples: Sequence[Example]) -> Survey:
    """Alter the mapping at `path` one rule at a time.

    Not counted are changes that cannot be loaded, and those that compile to the very same program.
    """
    faults, tried, survivors = Faults(str(path)), 0, []
    root = with_tables(read_mapping(path, faults), path, faults)
    sound = _compiled(path, root, checked=False)
    for mutant in mutants_of(root):
        mapping = _compiled(path, mutant.root, checked=False)
        if mapping is None or (sound is not None and _meaning(mapping) == _meaning(sound)):
            continue
        tried += 1
        is_noticed = any(example.falls_short(mapping) for example in examples)
        if not is_noticed and _compiled(path, mutant.root, checked=True) is not None:
            survivors.append(mutant)
    return Survey(tried=tried, survivors=survivors)


def _compiled(path: Path, root: Node, *, checked: bool) -> CompiledMapping | None:
    try:
        return altered(path, root, environment=ENVIRONMENT, checked=checked)
    except Misconfigured:
        return None


def _meaning(mapping: CompiledMapping) -> tuple[object, ...]:
    return mapping.source, mapping.constants, mapping.declaration.timezone


def mutants_of(root: Node) -> Iterator[Mutant]:
    """Yield every alteration of a mapping file, in its order."""
    yield from _zone(root)
    yield from _aliases(root)
    yield from _codes(root)
    for name in root.entries.get("let", EMPTY).entries:
        yield from _expression(root, ("let", name))
    yield from _department(root)
    for name in ("case", "write"):
        if name in root.entries:
            yield from _section(root, (name,))
    if "when" in root.entries:
        yield _without(root, ("when",), "drop when")
        yield from _expression(root, ("when",))
    for index, event in enumerate(root.entries.get("events", EMPTY).items):
        yield _without(root, ("events", index), f"drop the event {event.entries['type'].text}")
        yield from _section(root, ("events", index))


# what is altered outside expressions ----------------------------------------------------------------------------------


def _zone(root: Node) -> Iterator[Mutant]:
    if "timezone" in root.entries.get("read", EMPTY).entries:
        yield _changed(root, ("read", "timezone"), _OTHER_ZONE, f"read times as of {_OTHER_ZONE}")


def _aliases(root: Node) -> Iterator[Mutant]:
    names = root.entries.get("read", EMPTY).entries.get("names", EMPTY)
    for alias, node in names.entries.items():
        if node.is_scalar:
            yield _changed(root, ("read", "names", alias), f"{node.text}~", f"read {alias} from nowhere")


def _codes(root: Node) -> Iterator[Mutant]:
    for name, table in root.entries.get("codes", EMPTY).entries.items():
        if is_shared(table):
            continue
        words = [node.text for node in table.entries.values()]
        for code, node in table.entries.items():
            steps = ("codes", name, code)
            yield _without(root, steps, f"drop the code {code} of {name}")
            other = next((word for word in words if word != node.text), None)
            if other is not None:
                yield _changed(root, steps, other, f"{name}: {code} becomes {other}")


def _department(root: Node) -> Iterator[Mutant]:
    department = root.entries.get("department", EMPTY)
    for name in ("from", "of"):
        if name in department.entries:
            yield from _expression(root, ("department", name))
    allowed = department.entries.get("allow", EMPTY).items
    for index, item in enumerate(allowed):
        yield _without(root, ("department", "allow", index), f"no longer speak for {item.text}")


def _section(root: Node, steps: Steps) -> Iterator[Mutant]:
    """Alter every field at `steps`, and all below it."""
    node = _at(root, steps)
    for name, child in node.entries.items():
        if name == "type" and steps[0] == "events" and len(steps) == 2:  # noqa: PLR2004 - the event's own
            continue
        below: Steps = (*steps, name)
        yield _without(root, below, f"drop {_said(root, below)}")
        if name not in _PLAIN:
            yield from _below(root, below, child)


def _below(root: Node, steps: Steps, node: Node) -> Iterator[Mutant]:
    if node.entries:
        yield from _section(root, steps)
    elif node.items:
        for index, item in enumerate(node.items):
            yield _without(root, (*steps, index), f"drop item {index + 1} of {_said(root, steps)}")
            yield from _below(root, (*steps, index), item)
    else:
        yield from _expression(root, steps)


# what is altered within an expression ---------------------------------------------------------------------------------


def _expression(root: Node, steps: Steps) -> Iterator[Mutant]:
    node = _at(root, steps)
    if not isinstance(node.value, str):
        return
    try:
        tree = parse(node.text.strip())
    except BadExpression:
        return
    if steps[-1] == "when":
        negated = ast.unparse(ast.UnaryOp(op=ast.Not(), operand=tree))
        yield _changed(root, steps, negated, f"negate {_said(root, steps)}")
    for text in dict.fromkeys(_variants(tree)):
        yield _changed(root, steps, text, f"{_said(root, steps)}: {text} for {node.text.strip()}")


def _variants(tree: ast.expr) -> Iterator[str]:
    """Yield the expression with one of its parts altered, for each part and each way to alter it."""
    for place, part in enumerate(ast.walk(tree)):
        if not isinstance(part, ast.expr):
            continue
        for other in _others(part):
            yield ast.unparse(_replaced(tree, place, other))


def _replaced(tree: ast.expr, place: int, other: ast.expr) -> ast.expr:
    if place == 0:
        return other
    whole = copy.deepcopy(tree)
    target = list(ast.walk(whole))[place]
    for parent in ast.walk(whole):
        for name, value in ast.iter_fields(parent):
            if value is target:
                setattr(parent, name, other)
            elif isinstance(value, list):
                value[:] = [other if item is target else item for item in value]
    return whole


def _others(part: ast.expr) -> Iterator[ast.expr]:
    match part:
        case ast.Constant():
            yield from (ast.Constant(value) for value in _other_constants(part.value))
        case ast.Compare():
            yield ast.Compare(part.left, [_COMPARED[type(part.ops[0])]()], part.comparators)
        case ast.BoolOp():
            yield ast.BoolOp(ast.Or() if isinstance(part.op, ast.And) else ast.And(), part.values)
            yield from part.values
        case ast.IfExp():
            yield ast.IfExp(part.test, part.orelse, part.body)
            yield from (part.body, part.orelse)
        case ast.UnaryOp():
            yield part.operand
        case ast.BinOp():
            yield from (part.left, part.right)
        case ast.Call():
            yield from _other_calls(part, ast.unparse(part.func))


def _other_constants(value: Any) -> Iterator[Any]:  # noqa: ANN401 - any constant
    """Yield constants that differ; of digits first the neighbour, which may load where a sign more would not."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, (int, float)):
        yield value + 1
    elif isinstance(value, str):
        if value.isascii() and value.isdigit():
            yield value[:-1] + str((int(value[-1]) + 1) % 10)
        yield f"{value}~"


def _other_calls(part: ast.Call, name: str) -> Iterator[ast.expr]:
    if name in _SWAPPED:
        yield ast.Call(ast.Name(_SWAPPED[name]), part.args, part.keywords)
    if name == "event_id":
        yield ast.Call(part.func, [ast.Constant("case.received"), *part.args[1:]], [])
    elif name in {"default", "concat"}:
        yield from (_call_of(part, index) for index in range(len(part.args)))
    elif name in {"blank", "match", "one_of", "extract", "replace", "code"}:
        subject = part.args[0] if name in {"blank", "one_of"} else part.args[-1]
        yield ast.Call(ast.Name("text"), [subject], []) if name not in {"match", "one_of"} else _present(subject)
    for keyword in part.keywords:
        yield ast.Call(part.func, part.args, [other for other in part.keywords if other is not keyword])


def _call_of(part: ast.Call, left_out: int) -> ast.expr:
    """Return the call without one of its arguments; the other argument itself where there are but two."""
    args = [argument for index, argument in enumerate(part.args) if index != left_out]
    return args[0] if len(args) == 1 else ast.Call(part.func, args, [])


def _present(subject: ast.expr) -> ast.expr:
    return ast.Call(ast.Name("present"), [subject], [])


# altering a tree of nodes ---------------------------------------------------------------------------------------------


def _at(root: Node, steps: Steps) -> Node:
    for step in steps:
        root = root.items[step] if isinstance(step, int) else root.entries[step]
    return root


def _said(root: Node, steps: Steps) -> str:
    """Name a place as refusals do: `case/channel`, `case.received/occurred_at`."""
    if steps[0] != "events":
        return "/".join(map(str, steps))
    return "/".join([_at(root, steps[:2]).entries["type"].text, *map(str, steps[2:])])


def _without(root: Node, steps: Steps, what: str) -> Mutant:
    parent = _at(root, steps[:-1])
    line = parent.keys[steps[-1]].line if isinstance(steps[-1], str) else _at(root, steps).line
    return Mutant(line=line, what=what, root=_edited(root, steps, None))


def _changed(root: Node, steps: Steps, text: str, what: str) -> Mutant:
    node = _at(root, steps)
    put = dataclasses.replace(node, value=text, text=text)
    return Mutant(line=node.line, what=what, root=_edited(root, steps, put))


def _edited(node: Node, steps: Steps, put: Node | None) -> Node:
    step, rest = steps[0], steps[1:]
    if isinstance(step, int):
        inner = _edited(node.items[step], rest, put) if rest else put
        items = [inner if index == step else item for index, item in enumerate(node.items)]
        return dataclasses.replace(node, value=tuple(item for item in items if item is not None))
    inner = _edited(node.entries[step], rest, put) if rest else put
    entries = {name: inner if name == step else child for name, child in node.entries.items()}
    kept = {name: child for name, child in entries.items() if child is not None}
    return dataclasses.replace(node, value=kept, keys={name: node.keys[name] for name in kept})
