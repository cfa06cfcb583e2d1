"""Follows types through expressions into their fields: what is refused in every record, and what loses something."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from hub.errors import Refused
from hub.mapping.functions import FUNCTIONS
from hub.mapping.functions import runtime as functions
from hub.mapping.linting.finding import at_use
from hub.mapping.times import Times
from hub.mapping.values import outline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hub.errors import Fault
    from hub.mapping.linting.types import Type, Typing
    from hub.mapping.linting.uses import Use

_ALL: Final = frozenset({"person", "nested"})
_TIMES: Final = frozenset({"time", "date", "year"})
_NUMBERS: Final = frozenset({"number", "integer", "money"})
_NO_TIME: Final = _ALL | {"money", "boolean"}
_NO_NUMBER: Final = _ALL | {"instant", "day", "boolean"}

_SINKS: Final[Mapping[str, frozenset[str]]] = {
    "instant": _NO_TIME,
    "money": _NO_NUMBER,
    "integer": _NO_NUMBER | {"money"},
    "number": _NO_NUMBER,
    "boolean": _ALL | {"instant", "day", "money"},
    "text": frozenset({"nested"}),
}
"""Types that a field of each kind refuses in every record."""

_COUNTED: Final = frozenset({"number", "integer", "money"})
_IDENTIFYING: Final = frozenset({"case/source_case_no", "case/case_no"})
_DAY_CHARS: Final = 10
"""Length of YYYY-MM-DD: what is cut to it lost its time of day."""

_ANY_ZONE: Final = ZoneInfo("UTC")


def flow_faults(uses: Sequence[Use], typing: Typing) -> Iterator[Fault]:
    """Yield what is wrong or lost on the way of each expression into its target."""
    for use in uses:
        for node in ast.walk(use.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
                yield from _call(use, node, node.func.id, typing)
            elif isinstance(node, ast.Compare) and len(node.ops) == 1:
                yield from _comparison(use, node, typing)
        yield from _sink(use, typing)


def _call(use: Use, tree: ast.Call, name: str, typing: Typing) -> Iterator[Fault]:
    if not tree.args:
        return
    refused = _NO_TIME if name in _TIMES | {"format_time"} else _NO_NUMBER if name in _NUMBERS else _ALL
    argument = tree.args[-1] if name in {"code", "match", "extract", "replace"} else tree.args[0]
    given = typing.type(argument, use.prefix)
    if given in refused and name not in {"default", "blank", "present", "person"}:
        yield at_use(use, argument, "wrong-type", f"{name}() refuses a {given}", hint=_advice(given))
    elif name in _TIMES | _NUMBERS:
        yield from _tried(use, tree, name, typing)
    if name == "time":
        yield from _formats(use, tree)
    yield from _lossy(use, tree, name, given)


def _advice(given: Type) -> str:
    return "name the path of one value, or walk it with each:" if given == "nested" else "map another column"


def _tried(use: Use, tree: ast.Call, name: str, typing: Typing) -> Iterator[Fault]:
    """Try a function on a written argument, or on the values of the sample; it must take one of them."""
    argument, column = tree.args[0], typing.column(tree.args[0], use.prefix)
    values = column.seen if column is not None and not column.crowded else set()
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        values = {argument.value}
    if values and not any(_takes(name, tree, value) for value in values):
        shown, rest = outline(min(values)), f" and {len(values) - 1} others" if len(values) > 1 else ""
        problem = f"{name}() refuses every value there is: {shown!r}{rest}"
        yield at_use(use, argument, "wrong-type", problem, hint="give its format, or map another column", value=shown)


def _takes(name: str, tree: ast.Call, value: str) -> bool:
    times = Times(_ANY_ZONE, _ANY_ZONE)
    formats = [(str(each.value), True) for each in tree.args[1:] if isinstance(each, ast.Constant)]
    readers: dict[str, Callable[[object], object]] = {
        "time": (lambda given: times.time_by(given, tuple(formats))) if formats else times.time,
        "date": times.date,
        "year": times.year,
    }
    try:
        (readers.get(name) or functions()[name])(value)
    except Refused:
        return False
    except (ValueError, OverflowError, re.error):
        return True
    return True


def _formats(use: Use, tree: ast.Call) -> Iterator[Fault]:
    for each in tree.args[1:]:
        if not (isinstance(each, ast.Constant) and isinstance(each.value, str)):
            continue
        lacking = _lacking(set(re.findall("%(.)", each.value)))
        if lacking:
            hint = "as '%Y-%m-%d %H:%M:%S', or '%m/%d/%Y %I:%M:%S %p'"
            yield at_use(use, each, "incomplete-format", f"the format {each.value!r} {lacking}", hint=hint)


def _lacking(directives: set[str]) -> str:
    if directives & set("cx"):
        return ""
    if not directives & set("YyG"):
        return "has no year"
    if not directives & set("mbBjUWV"):
        return "has no month (%m; %M is the minute)"
    if not directives & set("djaAwu"):
        return "has no day"
    if directives & set("MS") and not directives & set("HIX"):
        return "has minutes or seconds, and no hours"
    return "has hours of 12, and no %p" if "I" in directives and "p" not in directives else ""


def _lossy(use: Use, tree: ast.Call, name: str, given: Type) -> Iterator[Fault]:
    if name in {"left", "right"} and (use.role in {"key", "occurrence"} or use.path in _IDENTIFYING):
        yield at_use(use, tree, "lossy-text", f"{name}() cuts what tells cases or events apart", hint="map it whole")
    elif name == "integer" and given in {"number", "money"}:
        yield at_use(use, tree, "lossy-number", "a decimal is refused or made whole", hint="number() keeps decimals")
    elif name == "default" and use.role == "field" and _hides(tree):
        hint = "leave it absent, or say under codes: what an absent one means"
        yield at_use(use, tree.args[-1], "hidden-unknown", "a constant stands in for what is absent", hint=hint)


def _hides(tree: ast.Call) -> bool:
    return isinstance(tree.args[-1], ast.Constant) and tree.args[-1].value not in {None, ""}


def _comparison(use: Use, tree: ast.Compare, typing: Typing) -> Iterator[Fault]:
    if isinstance(tree.ops[0], (ast.Is, ast.IsNot, ast.In, ast.NotIn)):
        return
    left, right = (typing.type(side, use.prefix) for side in (tree.left, tree.comparators[0]))
    if _unlike(left, right) or _unlike(right, left):
        hint = "bring both to one type: number(x), time(x), text(x)"
        yield at_use(use, tree, "unlike-types", f"a {left} is compared with a {right}, as text", hint=hint)


def _unlike(left: Type, right: Type) -> bool:
    if left in {"instant", "day"}:
        return right in _COUNTED | {"boolean"}
    if left == "boolean":
        return right in _COUNTED | {"text", "code"}
    return left in {"number", "integer"} and right == "text"


def _sink(use: Use, typing: Typing) -> Iterator[Fault]:
    if use.target is None:
        return
    given, kind = typing.type(use.tree, use.prefix), use.target.kind
    if given in _SINKS.get(kind, ()) and typing.column(use.tree, use.prefix) is not None:
        problem = f"the field takes {kind}, and the source has {given}"
        yield at_use(use, use.tree, "wrong-type", problem, hint=_advice(given))
    elif kind == "instant" and _cuts_day(use.tree):
        hint = "time(x) keeps the time of day"
        yield at_use(use, use.tree, "lossy-time", "the time of day is cut off", hint=hint)
    elif kind == "text" and _is_number(use.tree):
        hint = "map the column itself: a number loses leading zeros"
        yield at_use(use, use.tree, "lossy-number", "a number is written as text", hint=hint)


def _cuts_day(tree: ast.expr) -> bool:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    names = {node.func.id for node in calls if isinstance(node.func, ast.Name)}
    cut = any(
        _cut_at(node) <= _DAY_CHARS for node in calls if isinstance(node.func, ast.Name) and node.func.id == "left"
    )
    return "date" in names or cut


def _cut_at(tree: ast.Call) -> int:
    count = tree.args[1].value if len(tree.args) > 1 and isinstance(tree.args[1], ast.Constant) else None
    return count if isinstance(count, int) else _DAY_CHARS + 1


def _is_number(tree: ast.expr) -> bool:
    return isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id in {"number", "integer"}
