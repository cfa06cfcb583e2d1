"""Decides what an expression may be written with: caps before it is parsed, a whitelist of syntax after."""

from __future__ import annotations

import ast
import math
import re
import unicodedata
import warnings
from typing import Final

SOURCE_CHARS: Final = 1000
"""Longest expression: three times the longest a person has been seen to write."""

TOKENS: Final = 250
"""Most tokens, counted before the parser sees them; every syntax node needs one."""

DEPTH: Final = 20
"""Deepest nesting, of brackets before parsing and of syntax after."""

_TOKEN: Final = re.compile(r"'[^']*'|\"[^\"]*\"|\w+|\S")
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories of controls, direction marks and half characters: what a reviewer cannot see."""

_OPEN: Final = "([{"
_CLOSE: Final = ")]}"

_ALLOWED: Final = (
    ast.Expression, ast.Name, ast.Load, ast.Constant, ast.Compare, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not,
    ast.USub, ast.IfExp, ast.BinOp, ast.Add, ast.Call, ast.keyword, ast.List, ast.Tuple, ast.Set,
    ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn, ast.Is, ast.IsNot,
)  # fmt: skip
"""All syntax there is. Lists, tuples and sets stand on the right of `in` alone; the translation holds that."""

_INSTEAD: Final = {
    "Attribute": "there are no attributes; alias a path under read.names",
    "Subscript": 'there are no subscripts; use left(), right(), extract() or field("name")',
    "Lambda": "there are no functions but those of the table",
    "NamedExpr": "name a value under let:",
    "JoinedStr": 'use + or concat("…", x)',
    "Dict": "write nested fields as YAML",
}
"""What to do instead of the refused syntax that people try first."""


class BadExpression(Exception):
    """An expression that is refused. `offset` counts characters from the expression's first."""

    def __init__(self, code: str, problem: str, hint: str, offset: int = 0) -> None:
        """Carry the stable code (without `map.`), the problem and the hint."""
        super().__init__(problem)
        self.code, self.problem, self.hint, self.offset = code, problem, hint, offset


def parse(source: str) -> ast.expr:
    """Parse one expression of the language; raise BadExpression for anything else."""
    _check_size(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source, mode="eval")
    except SyntaxError as bad:
        raise BadExpression("bad-expression", *_explain(source, bad)) from None
    except (ValueError, RecursionError, MemoryError) as bad:
        raise BadExpression("bad-expression", "this cannot be read", "write it simpler") from bad
    encoded = source.encode()
    _check_syntax(tree.body, encoded, depth=1)
    return tree.body


def _check_size(source: str) -> None:
    if len(source) > SOURCE_CHARS:
        raise BadExpression("too-long", f"over {SOURCE_CHARS} characters", "name its parts under let:")
    if any(unicodedata.category(char) in _INVISIBLE for char in source):
        raise BadExpression("bad-expression", "an expression is one line of visible text", "fold it with > in YAML")
    tokens = _TOKEN.findall(source)
    if len(tokens) > TOKENS:
        raise BadExpression("too-long", f"over {TOKENS} words and signs", "name its parts under let:")
    depth = deepest = 0
    for token in tokens:
        depth += (token in _OPEN) - (token in _CLOSE)
        deepest = max(deepest, depth)
    if deepest > DEPTH:
        raise BadExpression("too-deep", f"brackets nest over {DEPTH} deep", "name its parts under let:")


def _explain(source: str, bad: SyntaxError) -> tuple[str, str, int]:
    offset = max(0, (bad.offset or 1) - 1)
    if source.isdigit():
        return "a number cannot start with 0", f"a text is written \"'{source}'\"", 0
    return f"no expression: {bad.msg}", "see docs/mapping.md; a constant text has quotes inside the YAML's", offset


def _check_syntax(node: ast.AST, encoded: bytes, depth: int) -> None:
    offset = len(encoded[: getattr(node, "col_offset", 0)].decode(errors="replace"))
    if not isinstance(node, _ALLOWED):
        name = type(node).__name__
        hint = _INSTEAD.get(name, "see docs/mapping.md for what there is")
        raise BadExpression("forbidden-syntax", f"{name} is not part of the language", hint, offset)
    if depth > DEPTH:
        raise BadExpression("too-deep", f"the expression nests over {DEPTH} deep", "name its parts under let:", offset)
    _check_spelling(node, encoded, offset)
    for child in ast.iter_child_nodes(node):
        _check_syntax(child, encoded, depth + 1)


def _check_spelling(node: ast.AST, encoded: bytes, offset: int) -> None:
    if isinstance(node, ast.Name) and node.id.encode() != _segment(node, encoded):
        problem = f"the name is read as {node.id!r}, not as it is written (full-width or compatibility characters)"
        raise BadExpression("folded-name", problem, 'name the column in quotes: field("…")', offset)
    if isinstance(node, ast.Name) and node.id.startswith("__"):
        raise BadExpression("forbidden-name", f"{node.id!r} is no name here", 'use field("…")', offset)
    if isinstance(node, ast.keyword) and node.arg is None:
        raise BadExpression("forbidden-syntax", "** is not part of the language", "name each argument", offset)
    if isinstance(node, ast.keyword) and not _segment(node, encoded).startswith(str(node.arg).encode()):
        raise BadExpression("folded-name", f"the argument is read as {node.arg!r}", "write it in ASCII", offset)
    if isinstance(node, ast.Constant):
        _check_constant(node, encoded, offset)


def _check_constant(node: ast.Constant, encoded: bytes, offset: int) -> None:
    if not isinstance(node.value, (str, int, float, bool, type(None))):
        problem = f"a {type(node.value).__name__} constant is not part of the language"
        raise BadExpression("forbidden-syntax", problem, "use text, a number, True, False or None", offset)
    if isinstance(node.value, float) and not math.isfinite(node.value):
        raise BadExpression("bad-expression", "the number is too large", "write it out in text", offset)
    segment = _segment(node, encoded)
    if isinstance(node.value, str) and b"\\" in segment and segment[:1] not in b"rR":
        raise BadExpression("bad-expression", "a backslash in a plain text", "write r'…', so that it stays one", offset)


def _segment(node: ast.expr | ast.keyword, encoded: bytes) -> bytes:
    return encoded[node.col_offset : node.end_col_offset]
