"""Infers what an expression gives: its type, whether the source has a say in it, whether it never holds."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from hub.mapping.functions import FUNCTIONS
from hub.mapping.values import before, equal, member, up_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hub.mapping.linting.contracts import Column, Contract
    from hub.mapping.program import Program

Path = tuple[str, ...]
Type = Literal[
    "any", "none", "text", "instant", "day", "number", "integer", "money", "boolean", "person", "code", "nested"
]

_BY_FUNCTION: Final[Mapping[str, Type]] = {"date": "day", "code": "code"}
"""Functions that are known to give more than their kind says."""

_FIRST: Final = frozenset({"default", "blank"})
_TESTS: Final[Mapping[type[ast.cmpop], Callable[[object, object], bool]]] = {
    ast.Eq: equal,
    ast.NotEq: lambda left, right: not equal(left, right),
    ast.Lt: before,
    ast.LtE: up_to,
    ast.Gt: lambda left, right: before(right, left),
    ast.GtE: lambda left, right: up_to(right, left),
}


@dataclass(frozen=True, slots=True)
class Reference:
    """A name within an expression and the path of the source that it stands for."""

    tree: ast.expr
    path: Path


class Typing:
    """Answers about the expressions of one mapping, under its contract where there is one."""

    def __init__(self, program: Program, contract: Contract | None) -> None:
        """Resolve names as `program` does; take types of columns from `contract`."""
        self.program, self.contract = program, contract

    def path_of(self, tree: ast.expr, prefix: Path) -> Path | None:
        """Return the source's path where `tree` is a bare column, an alias, field() or parent(); else None."""
        if isinstance(tree, ast.Name) and tree.id not in self.program.lets:
            return self.program.names.get(tree.id, (*prefix, tree.id))
        if not (isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and len(tree.args) == 1):
            return None
        written = tree.args[0].value if isinstance(tree.args[0], ast.Constant) else None
        if tree.func.id == "field" and isinstance(written, str):
            return (*prefix, written)
        if tree.func.id == "parent" and isinstance(written, str):
            around = max((p for p in self.program.prefixes if len(p) < len(prefix)), key=len, default=())
            return (*around, written)
        return None

    def references(self, tree: ast.expr, prefix: Path) -> Iterator[Reference]:
        """Yield every path of the source that `tree` reads itself, not through a let."""
        functions = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        for node in ast.walk(tree):
            if isinstance(node, ast.expr) and id(node) not in functions:
                path = self.path_of(node, prefix)
                if path is not None:
                    yield Reference(node, path)

    def column(self, tree: ast.expr, prefix: Path) -> Column | None:
        """Return what the contract knows of the column that `tree` is."""
        path = self.path_of(tree, prefix)
        return None if path is None or self.contract is None else self.contract.column(path)

    def is_constant(self, tree: ast.expr, seen: frozenset[str] = frozenset()) -> bool:
        """Tell whether nothing of the source is read, lets included."""
        functions = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"field", "parent"}:
                return False
            if isinstance(node, ast.Name) and id(node) not in functions:
                let = self.program.lets.get(node.id)
                if let is None or node.id in seen or not self.is_constant(let.tree, seen | {node.id}):
                    return False
        return True

    def type(self, tree: ast.expr, prefix: Path, seen: frozenset[str] = frozenset()) -> Type:
        """Infer the type of an expression; `any` where nothing is known."""
        if isinstance(tree, ast.Constant):
            return _written(tree.value)
        if isinstance(tree, (ast.Compare, ast.UnaryOp)):
            return "number" if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub) else "boolean"
        if isinstance(tree, ast.BinOp):
            return "text"
        if isinstance(tree, ast.IfExp):
            return _common(self.type(each, prefix, seen) for each in (tree.body, tree.orelse))
        if isinstance(tree, ast.BoolOp):
            return _common(self.type(each, prefix, seen) for each in tree.values)
        return self._named(tree, prefix, seen)

    def _named(self, tree: ast.expr, prefix: Path, seen: frozenset[str]) -> Type:
        if isinstance(tree, ast.Name) and tree.id in self.program.lets:
            let = self.program.lets[tree.id]
            return "any" if tree.id in seen else self.type(let.tree, let.prefix or prefix, seen | {tree.id})
        column = self.column(tree, prefix)
        if column is not None:
            return column.type
        if not (isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name)):
            return "any"
        name = tree.func.id
        if name in _FIRST:
            given = tree.args if name == "default" else tree.args[:1]
            return _common(self.type(each, prefix, seen) for each in given)
        return _BY_FUNCTION.get(name) or (FUNCTIONS[name].result if name in FUNCTIONS else "any")

    def truth(self, tree: ast.expr, depth: int = 0) -> bool | None:
        """Tell whether a condition always or never holds; None where the record decides."""
        if isinstance(tree, ast.Constant):
            return bool(tree.value)
        if isinstance(tree, ast.Name) and tree.id in self.program.lets and depth < len(self.program.lets):
            return self.truth(self.program.lets[tree.id].tree, depth + 1)
        if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not):
            inner = self.truth(tree.operand, depth)
            return None if inner is None else not inner
        if isinstance(tree, ast.BoolOp):
            return self._joined(tree, depth)
        if isinstance(tree, ast.Compare) and len(tree.ops) == 1:
            return _compared(tree)
        return None

    def _joined(self, tree: ast.BoolOp, depth: int) -> bool | None:
        parts = [self.truth(each, depth) for each in tree.values]
        if isinstance(tree.op, ast.Or):
            return True if True in parts else False if set(parts) == {False} else None
        if False in parts or _contradict(tree.values):
            return False
        return True if set(parts) == {True} else None


def _written(value: object) -> Type:
    if value is None or value == "":
        return "none"
    return "boolean" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"


def _common(types: Iterator[Type]) -> Type:
    found = set(types) - {"none"}
    return found.pop() if len(found) == 1 else "instant" if found == {"instant", "day"} else "any"


def _compared(tree: ast.Compare) -> bool | None:
    left, operator, right = tree.left, tree.ops[0], tree.comparators[0]
    if isinstance(operator, (ast.In, ast.NotIn)):
        return _inside(left, right, wanted=isinstance(operator, ast.In))
    if isinstance(left, ast.Constant) and isinstance(right, ast.Constant) and type(operator) in _TESTS:
        return bool(_TESTS[type(operator)](left.value, right.value))
    if ast.dump(left) == ast.dump(right) and isinstance(operator, (ast.NotEq, ast.Lt, ast.Gt)):
        return False
    return None


def _inside(left: ast.expr, right: ast.expr, *, wanted: bool) -> bool | None:
    texts = _texts(right)
    if not texts:
        return not wanted
    if isinstance(left, ast.Constant):
        return member(left.value, texts) is wanted
    return None


def _texts(tree: ast.expr) -> frozenset[str]:
    parts = tree.elts if isinstance(tree, (ast.List, ast.Tuple, ast.Set)) else [tree]
    return frozenset(str(each.value) for each in parts if isinstance(each, ast.Constant) and each.value is not None)


def _contradict(parts: list[ast.expr]) -> bool:
    """Tell whether one expression is wanted to be two different constants, or present and absent at once."""
    wanted: dict[str, frozenset[str]] = {}
    present, absent = set(), set()
    for part in parts:
        if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.Not):
            absent.add(ast.dump(part.operand))
        present.add(ast.dump(part))
        if not (isinstance(part, ast.Compare) and len(part.ops) == 1):
            continue
        name, right = ast.dump(part.left), part.comparators[0]
        if isinstance(part.ops[0], ast.Is):
            absent.add(name)
        elif isinstance(part.ops[0], (ast.Eq, ast.In)) and _texts(right):
            wanted[name] = wanted.get(name, _texts(right)) & _texts(right)
            present.add(name)
    return bool(present & absent) or any(not texts for texts in wanted.values())
