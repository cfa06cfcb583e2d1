"""Decides which events, branches and codes of a mapping its examples have reached."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from hub.mapping.codes import DEFAULT
from hub.mapping.document import EMPTY, Node
from hub.mapping.examples import ENVIRONMENT, outcome_of
from hub.mapping.mapping import EVENT, observed
from hub.mapping.values import as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hub.mapping.examples import Example
    from hub.mapping.mapping import Observed
    from hub.mapping.program import Probe

THRESHOLD: Final = 100
"""Percent of the points that examples must reach: a rule that no example reaches is a rule nobody has seen work."""

PointKind = Literal["event", "branch", "code"]
_Place = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Something that examples reach or not: an event, one way of a branch, a code."""

    kind: PointKind
    label: str
    line: int
    is_reached: bool


def percent_of(points: Sequence[Point]) -> float:
    """Return how many percent of `points` are reached; 100 where there are none."""
    return 100 * sum(point.is_reached for point in points) / len(points) if points else 100.0


def coverage_of(path: Path, examples: Sequence[Example]) -> list[Point]:
    """Run `examples` on an observed build of the mapping at `path`; return every point, in the order of lines."""
    values: list[tuple[int, Any]] = []

    def tell(number: int, value: object) -> object:
        if number != EVENT:
            values.append((number, value))
        return value

    built = observed(path, environment=ENVIRONMENT, tell=tell)
    seen, mapped = _Seen(built.probes), _Seen(built.probes)
    for example in examples:
        values.clear()
        is_refused = isinstance(outcome_of(built.mapping, example.record), dict)
        for number, value in values:
            seen.note(number, value)
            if not is_refused:
                mapped.note(number, value)
    points = [*_events(built.root, mapped), *_branches(built, seen), *_codes(built, mapped)]
    return sorted(dict.fromkeys(points), key=lambda point: point.line)


class _Seen:
    """The values that each expression has had, by its place in the file."""

    def __init__(self, probes: Sequence[Probe]) -> None:
        self._places = [place_of(probe.node, probe.tree) for probe in probes]
        self._values: dict[_Place, list[Any]] = {}
        self.watched = frozenset(self._places)

    def note(self, number: int, value: object) -> None:
        self._values.setdefault(self._places[number], []).append(value)

    def at(self, node: Node, tree: ast.expr) -> list[Any]:
        return self._values.get(place_of(node, tree), [])

    def any_in(self, node: Node) -> bool:
        return any(
            place[:2] == (node.line, node.column) and any(value is not None for value in values)
            for place, values in self._values.items()
        )


def place_of(node: Node, tree: ast.expr) -> _Place:
    """Name an expression by where it stands: of the scalar line and column, within it start and end."""
    return node.line, node.column, tree.col_offset, tree.end_col_offset or 0


def _events(root: Node, mapped: _Seen) -> Iterator[Point]:
    for event in root.entries.get("events", EMPTY).items:
        label = event.entries["type"].text
        is_reached = mapped.any_in(event.entries["occurred_at"])
        yield Point(kind="event", label=label, line=event.line, is_reached=is_reached)
    written = root.entries.get("write")
    if written is not None:
        is_reached = any(mapped.any_in(node) for node in written.walk() if node.is_scalar)
        yield Point(kind="event", label="write", line=written.line, is_reached=is_reached)


def _branches(built: Observed, seen: _Seen) -> Iterator[Point]:
    for probe in built.probes:
        if probe.target.rpartition("/")[2] == "when" and isinstance(probe.tree, ast.expr) and _is_whole(probe):
            yield from _both(probe, probe.tree, seen, "when", present=False)
        for tree, word, present in _conditions(probe.tree):
            if place_of(probe.node, tree) in seen.watched:
                yield from _both(probe, tree, seen, word, present=present)


def _is_whole(probe: Probe) -> bool:
    text = probe.node.text.strip()
    return probe.tree.col_offset == 0 and probe.tree.end_col_offset == len(text.encode())


def _conditions(tree: ast.expr) -> Iterator[tuple[ast.expr, str, bool]]:
    if isinstance(tree, ast.IfExp):
        yield tree.test, "if", False
    elif isinstance(tree, ast.BoolOp):
        word = "and" if isinstance(tree.op, ast.And) else "or"
        yield from ((value, word, False) for value in tree.values)
    elif isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "default":
        yield from ((argument, "default", True) for argument in tree.args[:-1])


def _both(probe: Probe, tree: ast.expr, seen: _Seen, word: str, *, present: bool) -> Iterator[Point]:
    values = seen.at(probe.node, tree)
    ways = {(value is not None and value != "") if present else bool(value) for value in values}
    for way, said in ((True, "yes"), (False, "no")):
        label = f"{word} {ast.unparse(tree)}: {said}"
        yield Point(kind="branch", label=label, line=probe.node.line, is_reached=way in ways)


def _codes(built: Observed, mapped: _Seen) -> Iterator[Point]:
    looked_up = _looked_up(built, mapped)
    for name, table in built.root.entries.get("codes", EMPTY).entries.items():
        found = looked_up.get(name)
        for code, key in table.keys.items():
            is_default = code == DEFAULT
            is_reached = bool(found and (found - set(table.entries) if is_default else code in found))
            if found is not None and not is_shared(table):
                yield Point(kind="code", label=f"{name}: {code}", line=key.line, is_reached=is_reached)


def is_shared(table: Node) -> bool:
    """Tell whether a table is a shared list, each code standing for itself: nothing in it is this mapping's own."""
    places = {(key.line, key.column) for key in table.keys.values()}
    is_itself = all(code == node.value for code, node in table.entries.items())
    return is_itself and len(places) == 1 and len(table.entries) > 1


def _looked_up(built: Observed, mapped: _Seen) -> Mapping[str, set[str | None]]:
    found: dict[str, set[str | None]] = {}
    for probe in built.probes:
        tree = probe.tree
        if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "code":
            name = ast.literal_eval(tree.args[0])
            values = mapped.at(probe.node, tree.args[1])
            found.setdefault(name, set()).update(as_text(value) for value in values if value is not None)
    return found
