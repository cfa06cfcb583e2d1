"""Decides whether a test applies to a connection: an expression over its declaration, in the mappings' syntax."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from hub.errors import Fault, Misconfigured
from hub.mapping.grammar import BadExpression, parse

if TYPE_CHECKING:
    from collections.abc import Mapping


def applies(expression: str, declared: Mapping[str, Any]) -> bool:
    """Tell whether `expression` holds of what a department declared. Misconfigured where it is none."""
    try:
        return bool(_value(parse(expression), declared))
    except BadExpression as bad:
        raise _unfit(expression, bad.problem) from bad


def _value(node: ast.expr, declared: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        if node.id not in declared:
            raise _unfit(node.id, "the declaration has no such field")
        return declared[node.id]
    if isinstance(node, ast.BoolOp):
        together = all if isinstance(node.op, ast.And) else any
        return together(bool(_value(part, declared)) for part in node.values)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return not _value(node.operand, declared)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return _compared(node.ops[0], _value(node.left, declared), _value(node.comparators[0], declared))
    raise _unfit(ast.unparse(node), "write and, or, not, ==, !=, in, not in")


def _compared(operator: ast.cmpop, left: Any, right: Any) -> bool:
    if isinstance(operator, ast.In):
        return left in right
    if isinstance(operator, ast.NotIn):
        return left not in right
    if isinstance(operator, (ast.Eq, ast.NotEq)):
        return bool((left == right) is isinstance(operator, ast.Eq))
    raise _unfit(ast.unparse(operator), "compare with ==, !=, in and not in")


def _unfit(expression: str, problem: str) -> Misconfigured:
    return Misconfigured(
        Fault(code="suite.applies", problem=f"{expression!r}: {problem}", hint="see conformance/suites")
    )
