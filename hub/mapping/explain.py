"""Says of every value that a mapping wrote by which rule, from which columns and through which steps it came."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hub.errors import Refused
from hub.mapping.compiled import Written
from hub.mapping.coverage import place_of
from hub.mapping.document import EMPTY, Node
from hub.mapping.mapping import EVENT, observed
from hub.mapping.paths import bare
from hub.mapping.privacy import mask_id, mask_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hub.mapping.compiled import MappedEvent
    from hub.mapping.mapping import Observed
    from hub.mapping.program import Probe

Keys = tuple[str | int, ...]
_Log = list[tuple[int, Any]]

_MASKING: Final = frozenset({"person", "mask_name", "mask_id", "mask_phone"})
_NOT_PERSONAL: Final = frozenset({"kind", "id_type"})
"""Arguments of person() that say nothing of whom."""

_ID_CHARS: Final = 8
"""From here on a value with digits is masked as a number, not as a name."""

_RULE_OF: Final[Mapping[str, Sequence[Keys]]] = {
    "event_id": [("type",)],
    "connection_id": [("..", "connection")],
    "source_event_key": [("key",), ("..", "case", "key"), ("..", "case", "source_case_no")],
    "source_version": [("version",), ()],
    "mapping_version": [("..", "version"), ()],
    "occurrence": [("occurrence",), ()],
    "on_change": [("on_change",), ()],
    "case/case_id": [("..", "case", "key"), ("..", "case", "source_case_no")],
    "case/case_no": [("..", "case", "case_no"), ("..", "case", "source_case_no")],
    "case/department_id": [("..", "department")],
}
"""Where the rule of a field stands that is not written under its own name: from the event, or `..` from the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One expression, or part of one, and the value it had; a person's is masked."""

    expression: str
    value: Any
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One value of an event: its place, the rule that gave it, the columns it came from, the steps between."""

    keys: Keys
    value: Any
    rule: str
    line: int
    sources: Sequence[str]
    steps: Sequence[Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a record was refused, and what would have to change."""

    code: str
    path: str
    problem: str
    value: str
    hint: str
    rule: str
    line: int
    sources: Sequence[str]
    steps: Sequence[Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All values of the events of one record, or its refusal."""

    events: Sequence[Sequence[Leaf]]
    refusal: Refusal | None = None


def explain(path: Path, record: Any, *, environment: Mapping[str, str]) -> Explanation:  # noqa: ANN401 - any record
    """Map one record on an observed build of the mapping at `path`, and trace every value back to its rule."""
    log: _Log = []

    def tell(number: int, value: object) -> object:
        log.append((number, value))
        return value

    built = observed(path, environment=environment, tell=tell)
    tracer = _Tracer(built)
    try:
        events = built.mapping.mapped(record)
    except Refused as refused:
        return Explanation(events=(), refusal=tracer.refusal(refused, log))
    parts = _parts(log)
    return Explanation(events=[tracer.event(event, parts[index]) for index, event in enumerate(events)])


def leaves_of(value: Any, keys: Keys = ()) -> Iterator[tuple[Keys, Any]]:  # noqa: ANN401 - any JSON
    """Yield every value below which nothing stands, by its path."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not items:
        yield keys, value
    for key, child in items:
        yield from leaves_of(child, (*keys, key))


def _parts(log: _Log) -> list[_Log]:
    """Return for each event all that was told up to its end: what is shared by the record comes first."""
    return [log[:end] for end, (number, _) in enumerate(log) if number == EVENT]


class _Tracer:
    """Traces values of one observed mapping."""

    def __init__(self, built: Observed) -> None:
        self._root, self._probes = built.root, built.probes
        self._lets = built.root.entries.get("let", EMPTY).entries
        self._personal = _personal_names(built.probes)
        self._names = {alias: "/".join(path) for alias, path in built.mapping.declaration.names.items()}

    def event(self, event: MappedEvent | Written, log: _Log) -> Sequence[Leaf]:
        if isinstance(event, Written):
            written = self._root.entries["write"]
            return [self._leaf(keys, value, self._deepest(written, keys), log) for keys, value in leaves_of(event.data)]
        entry = self._entry(event.data["type"], log)
        return [self._leaf(keys, value, self._rule(keys, entry), log) for keys, value in leaves_of(event.plain())]

    def refusal(self, refused: Refused, log: _Log) -> Refusal:
        why = refused.rejection
        first, *rest = why.path.split("/")
        types = {event.entries["type"].text for event in self._root.entries.get("events", EMPTY).items}
        node = self._below(self._entry(first, log) if first in types else self._root.entries.get(first), rest)
        rule = node or self._root
        return Refusal(
            code=why.code, path=why.path, problem=why.problem, value=why.value, hint=why.hint, rule=_text(rule),
            line=rule.line, sources=self._sources(rule), steps=self._steps(rule, log),
        )  # fmt: skip

    def _entry(self, name: str, log: _Log) -> Node:
        """Return the entry of the file that an event of type `name` came from: of several, the last one at work."""
        entries = [event for event in self._root.entries["events"].items if event.entries["type"].text == name]
        owned = {(node.line, node.column): entry for entry in entries for node in entry.entries["occurred_at"].walk()}
        for number, _ in reversed(log):
            if number != EVENT:
                node = self._probes[number].node
                if (node.line, node.column) in owned:
                    return owned[(node.line, node.column)]
        return entries[0]

    def _leaf(self, keys: Keys, value: object, node: Node, log: _Log) -> Leaf:
        return Leaf(
            keys=keys,
            value=value,
            rule=_text(node),
            line=node.line,
            sources=self._sources(node),
            steps=self._steps(node, log),
        )

    def _rule(self, keys: Keys, entry: Node) -> Node:
        name = "/".join(map(str, keys[:2])) if keys[0] == "case" else str(keys[0])
        for steps in _RULE_OF.get(name, ()):
            start = self._root if steps[:1] == ("..",) else entry
            node = self._below(start, [step for step in steps if step != ".."])
            if node is not None:
                return node
        if keys[0] == "original":
            keys = keys[1:]
        if keys[0] == "case":
            return self._deepest(self._root.entries["case"], keys[1:])
        return self._deepest(entry, keys)

    def _below(self, node: Node | None, steps: Sequence[str | int]) -> Node | None:
        for step in steps:
            node = None if node is None else node.entries.get(str(step))
        return node

    def _deepest(self, node: Node, keys: Keys) -> Node:
        """Follow `keys` as far as the file goes; the items of a list that is walked share one rule."""
        for key in keys:
            if isinstance(key, int):
                node = node.items[key] if key < len(node.items) else node
            elif key in node.entries:
                node = node.entries[key]
        return node

    def _sources(self, node: Node) -> Sequence[str]:
        return list(dict.fromkeys(self._columns(node, frozenset()))) if node.is_scalar else []

    def _columns(self, node: Node, seen: frozenset[str]) -> Iterator[str]:
        for tree in self._trees(node):
            for part in ast.walk(tree):
                if (
                    isinstance(part, ast.Call)
                    and isinstance(part.func, ast.Name)
                    and part.func.id in {"field", "parent"}
                ):
                    yield str(ast.literal_eval(part.args[0]))
                elif isinstance(part, ast.Name) and part.id in self._lets and part.id not in seen:
                    yield from self._columns(self._lets[part.id], seen | {part.id})
                elif isinstance(part, ast.Name) and part.id not in _called(tree) | set(self._lets):
                    yield self._names.get(part.id, part.id)

    def _trees(self, node: Node) -> Iterator[ast.expr]:
        places = {(child.line, child.column) for child in node.walk() if child.is_scalar}
        found = [probe for probe in self._probes if (probe.node.line, probe.node.column) in places]
        yield from (probe.tree for probe in found)

    def _steps(self, node: Node, log: _Log) -> Sequence[Step]:
        scalars = self._with_lets(node) if node.is_scalar else []
        places = {(child.line, child.column) for child in scalars}
        latest: dict[tuple[int, int, int, int], Step] = {}
        for number, value in log:
            if number == EVENT:
                continue
            probe = self._probes[number]
            if (probe.node.line, probe.node.column) in places:
                latest[place_of(probe.node, probe.tree)] = self._step(probe, value)
        return list(latest.values())

    def _with_lets(self, node: Node) -> list[Node]:
        """Return the scalars of a rule and of every let that it uses."""
        nodes = list(node.walk())
        for seen in nodes:
            used = {part.id for tree in self._trees(seen) for part in ast.walk(tree) if isinstance(part, ast.Name)}
            nodes += [self._lets[name] for name in sorted(used) if name in self._lets and self._lets[name] not in nodes]
        return nodes

    def _step(self, probe: Probe, value: object) -> Step:
        shown: object = value if value is None or isinstance(value, (bool, int, float, str, dict, list)) else str(value)
        if _is_personal(probe.tree, self._personal) or probe.target in {f"let/{name}" for name in self._personal}:
            shown = _masked(shown)
        return Step(expression=ast.unparse(probe.tree), value=shown, line=probe.node.line)


def _text(node: Node) -> str:
    return node.text if node.is_scalar else "(not written: the default)"


def _called(tree: ast.expr) -> set[str]:
    calls = (part.func for part in ast.walk(tree) if isinstance(part, ast.Call))
    return {function.id for function in calls if isinstance(function, ast.Name)}


def personal_columns(path: Path, environment: Mapping[str, str]) -> frozenset[str]:
    """Return every column of the source that some rule of the mapping at `path` masks, by its last step."""
    built = observed(path, environment=environment, tell=lambda _, value: value)
    names = _personal_names(built.probes)
    paths = built.mapping.declaration.names
    return frozenset(bare(tuple(paths[name]))[-1] if name in paths else name for name in names)


def _personal_names(probes: Sequence[Probe]) -> frozenset[str]:
    """Return every name, of a column, an alias or a let, that some rule masks; what a let is made of included."""
    trees = {probe.target: probe.tree for probe in probes if probe.target.startswith("let/")}
    found = {name for probe in probes for call in ast.walk(probe.tree) for name in _masked_by(call)}
    for _ in trees:
        found |= {name for let in set(found) if f"let/{let}" in trees for name in _named(trees[f"let/{let}"])}
    return frozenset(found)


def _masked_by(call: ast.AST) -> set[str]:
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id not in _MASKING:
        return set()
    given = [*call.args, *(word.value for word in call.keywords if word.arg not in _NOT_PERSONAL)]
    return {name for argument in given for name in _named(argument)}


def _named(tree: ast.expr) -> set[str]:
    """Return the names in an expression, those of columns in field() and parent() included."""
    names = {part.id for part in ast.walk(tree) if isinstance(part, ast.Name)} - _called(tree)
    texts = {
        str(part.args[0].value)
        for part in ast.walk(tree)
        if isinstance(part, ast.Call) and part.args and isinstance(part.args[0], ast.Constant)
        and isinstance(part.func, ast.Name) and part.func.id in {"field", "parent"}
    }  # fmt: skip
    return names | texts


def _is_personal(tree: ast.expr, names: frozenset[str]) -> bool:
    is_masked = isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id in _MASKING
    return not is_masked and bool(_named(tree) & names)


def _masked(value: object) -> object:
    if value is None or isinstance(value, bool):
        return value
    text = str(value)
    is_number = len(text) >= _ID_CHARS and any(char.isdigit() for char in text)
    return mask_id(text) if is_number else mask_name(text)
