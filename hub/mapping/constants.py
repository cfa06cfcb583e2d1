"""Checks the arguments that must be written out — lists, patterns, formats, columns — before a mapping runs."""

from __future__ import annotations

import ast
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

import re2

from hub.mapping.codes import CodeTable
from hub.mapping.faults import meant
from hub.mapping.values import as_text
from hub.model.codes import code_list

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hub.mapping.functions import Constant
    from hub.mapping.program import Program, Term

_COUNT: Final = 1000
"""No field is cut beyond this many characters."""

_CLOCK_DIRECTIVES: Final = frozenset("HIMSpfXcTsR")
"""strptime directives that give a time of day; a format without one gives a day."""


WRITTEN: Final = frozenset("YymdHIMSfpzj")
"""Directives that write a time, the same in every locale."""

_FORMAT_CHARS: Final = 64
"""No known spelling of a time is longer."""


class Reader(Protocol):
    """The translation in whose expression the constants stand."""

    @property
    def program(self) -> Program:
        """Return what the mapping declares."""

    def fault(self, tree: ast.AST, code: str, problem: str, hint: str = "") -> Term:
        """Note a fault at `tree`."""


def constant_argument(reader: Reader, kind: Constant, trees: Sequence[ast.expr]) -> Any:  # noqa: ANN401 - per kind
    """Return the value that `trees` write out for an argument of this kind; after a fault, a harmless one."""
    return _KINDS[kind](reader, trees)


def _text(reader: Reader, tree: ast.expr, what: str) -> str | None:
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str) and tree.value:
        return tree.value
    reader.fault(tree, "not-constant", f"{what} is written out in quotes here", "nothing is computed at this place")
    return None


def _column(reader: Reader, trees: Sequence[ast.expr]) -> str:
    return _text(reader, trees[0], "the column's name") or "?"


def _count(reader: Reader, trees: Sequence[ast.expr]) -> int:
    value = trees[0].value if isinstance(trees[0], ast.Constant) else None
    if type(value) is int and 0 < value <= _COUNT:
        return value
    reader.fault(trees[0], "not-constant", f"a number from 1 to {_COUNT} is written out here")
    return 1


def _codes(reader: Reader, trees: Sequence[ast.expr]) -> CodeTable:
    name = _text(reader, trees[0], "the list's name")
    table = reader.program.codes.get(name or "")
    if table is None and name is not None:
        reader.fault(
            trees[0], "unknown-codes", f"there is no list {name!r} under codes:", meant(name, reader.program.codes)
        )
    return table or CodeTable("", {})


def _pattern(reader: Reader, trees: Sequence[ast.expr]) -> Any:  # noqa: ANN401 - RE2's pattern is untyped
    text = _text(reader, trees[0], "the regular expression") or "x"
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(text, options)
    except re2.error as bad:
        problem = bad.args[0].decode(errors="replace") if bad.args and isinstance(bad.args[0], bytes) else str(bad)
        reader.fault(trees[0], "bad-regex", f"RE2 refuses the pattern: {problem}", "no back-references, no look-around")
    except UnicodeEncodeError:
        reader.fault(trees[0], "bad-regex", "the pattern holds half a character")
    return re2.compile("x", options)


def _replacement(reader: Reader, trees: Sequence[ast.expr]) -> str:
    tree = trees[0]
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str) and "\\" not in tree.value:
        return tree.value
    reader.fault(tree, "not-constant", "the replacement is written out in quotes, without backslashes")
    return ""


def _values(reader: Reader, trees: Sequence[ast.expr]) -> frozenset[str]:
    texts = set()
    for tree in trees:
        text = as_text(tree.value) if isinstance(tree, ast.Constant) and _plain(tree.value) else None
        if text is None:
            reader.fault(tree, "not-constant", "a text or number is written out here", 'as in x in ["1", "2"]')
        else:
            texts.add(text)
    return frozenset(texts)


def _plain(value: object) -> bool:
    return isinstance(value, (str, float, bool)) or (isinstance(value, int) and abs(value) < 1 << 63)


def _formats(reader: Reader, trees: Sequence[ast.expr]) -> tuple[tuple[str, bool], ...]:
    formats = []
    for tree in trees:
        text = _text(reader, tree, "the format")
        if text is not None and _is_format(text):
            formats.append((text, bool(_CLOCK_DIRECTIVES & set(re.findall("%(.)", text)))))
        elif text is not None:
            reader.fault(tree, "bad-format", f"{text!r} is no time format", "as strptime: '%m/%d/%Y %I:%M:%S %p'")
    return tuple(formats)


def _is_format(text: str) -> bool:
    try:
        datetime.strptime("", text)  # noqa: DTZ007 - the format alone is tried
    except ValueError as bad:
        return "does not match" in str(bad)
    except (re.error, OverflowError):
        return False
    return False


def _time_to_write(reader: Reader, trees: Sequence[ast.expr]) -> tuple[str, bool]:
    """Return the format, and whether it writes a time of day, which a mere day does not have."""
    text = _text(reader, trees[0], "the format") or "%Y"
    directives = set(re.findall("%(.?)", text.replace("%%", "")))
    if not directives or directives - WRITTEN or len(text) > _FORMAT_CHARS:
        hint = "as '%Y-%m-%d %H:%M:%S', '%Y%m%d%H%M%S', '%Y年%m月%d日'"
        reader.fault(trees[0], "bad-format", f"{text[:_FORMAT_CHARS]!r} is no format to write a time in", hint)
        return "%Y", False
    return text, bool(_CLOCK_DIRECTIVES & directives)


def _event_type(reader: Reader, trees: Sequence[ast.expr]) -> str:
    name = _text(reader, trees[0], "the event type") or ""
    types = code_list("event_types").rows
    if name and name not in types:
        reader.fault(trees[0], "unknown-type", f"there is no event type {name!r}", meant(name, types))
    return name


_KINDS: Final[Mapping[Constant, Callable[[Reader, Sequence[ast.expr]], Any]]] = {
    "column": _column,
    "count": _count,
    "codes": _codes,
    "pattern": _pattern,
    "replacement": _replacement,
    "values": _values,
    "formats": _formats,
    "event type": _event_type,
    "time to write": _time_to_write,
}
