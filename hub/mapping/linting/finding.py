"""Makes faults of what the typed check finds, in one form for all rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.errors import Fault
from hub.mapping.linting.rules import RULES

if TYPE_CHECKING:
    import ast

    from hub.mapping.document import Node
    from hub.mapping.linting.uses import Use


def at_use(
    use: Use, tree: ast.AST, rule: str, problem: str, *, hint: str = "", source: str = "", value: str = ""
) -> Fault:
    """Find fault with a part of an expression."""
    line, column = use.place(tree)
    return Fault(
        code=f"map.{rule}",
        severity=RULES[rule].severity,
        problem=problem,
        file=use.node.file,
        line=line,
        column=column,
        source_path=source or use.node.text[:80],
        target_path=use.path,
        hint=hint,
        value=value,
    )


def at_node(node: Node, rule: str, problem: str, *, hint: str = "", source: str = "", target: str = "") -> Fault:
    """Find fault with a value or key of the file."""
    return Fault(
        code=f"map.{rule}",
        severity=RULES[rule].severity,
        problem=problem,
        file=node.file,
        line=node.line,
        column=node.column,
        source_path=source,
        target_path=target,
        hint=hint,
    )
