"""Reads a YAML file into values that remember their line and column, refusing what could hide a meaning."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hub.mapping.faults import Faults

FILE_BYTES: Final = 1 << 20
"""Largest mapping file: ten times the widest seen, and small enough to read whole."""

_PREFIX: Final = "tag:yaml.org,2002:"
_TRUE: Final = frozenset({"true", "True", "TRUE"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Node:
    """One value of the file. `value` is text, bool, None, a number, a tuple of nodes or a dict of nodes by key."""

    line: int
    column: int
    value: Any
    text: str = ""
    """A scalar as it is written."""
    quoted: bool = False
    keys: Mapping[str, Node] = field(default_factory=dict)
    """A mapping's keys, for their positions."""
    file: str = ""
    """The file it stands in; empty for what stands in none."""

    @property
    def entries(self) -> Mapping[str, Node]:
        """Return the nodes of a mapping by key; empty for anything else."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> tuple[Node, ...]:
        """Return the nodes of a list; empty for anything else."""
        return self.value if isinstance(self.value, tuple) else ()

    @property
    def is_scalar(self) -> bool:
        """Tell whether this is one text, number, truth value or nothing."""
        return not isinstance(self.value, (dict, tuple))

    def plain(self) -> Any:  # noqa: ANN401 - any YAML value
        """Return the value without positions."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        return [node.plain() for node in self.value] if isinstance(self.value, tuple) else self.value

    def walk(self) -> Iterator[Node]:
        """Yield this node and all below it."""
        yield self
        for child in (*self.items, *self.entries.values()):
            yield from child.walk()


EMPTY: Final = Node(line=1, column=1, value={})
"""What stands for a file that could not be read at all."""


def read_document(path: Path, faults: Faults) -> Node:
    """Read `path`; note what is wrong with it as YAML and return what could be read."""
    try:
        raw = path.read_bytes()
    except OSError as unreadable:
        faults.add(EMPTY, "unreadable", f"the file cannot be read: {unreadable.strerror}", hint="check its path")
        return EMPTY
    if len(raw) > FILE_BYTES:
        faults.add(EMPTY, "too-large", f"the file has over {FILE_BYTES} bytes", hint="split it by connected system")
        return EMPTY
    return _compose(raw, faults)


def _compose(raw: bytes, faults: Faults) -> Node:
    try:
        root = YAML(typ="safe", pure=True).compose(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as undecodable:
        line = raw.count(b"\n", 0, undecodable.start) + 1
        faults.add_at(line, 0, "bad-yaml", "the file is not UTF-8", hint="save it as UTF-8")
        return EMPTY
    except MarkedYAMLError as bad:
        _note(bad, faults)
        return EMPTY
    except (YAMLError, RecursionError, ValueError) as bad:
        faults.add(EMPTY, "bad-yaml", f"no YAML: {type(bad).__name__}", hint="check indent, quotes and nesting")
        return EMPTY
    return EMPTY if root is None else _Reader(faults).node(root)


def _note(bad: MarkedYAMLError, faults: Faults) -> None:
    mark = bad.problem_mark or bad.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    hint = "check indent and quotes; within [ ] and { } quote an expression that holds a comma"
    faults.add_at(line, column, "bad-yaml", bad.problem or bad.context or "no YAML", hint=hint)


class _Reader:
    """Turns composed YAML nodes into ours; each at most once, so that no alias can multiply."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self._seen: set[int] = set()

    def node(self, composed: Any) -> Node:  # noqa: ANN401 - ruamel's nodes are untyped
        line, column = composed.start_mark.line + 1, composed.start_mark.column + 1
        if id(composed) in self._seen:
            self.faults.add_at(line, column, "alias", "YAML anchors are not read here", hint="write the value out")
            return Node(file=self.faults.file, line=line, column=column, value=None)
        self._seen.add(id(composed))
        if isinstance(composed, MappingNode):
            return self._mapping(composed, line, column)
        if isinstance(composed, SequenceNode):
            return Node(
                file=self.faults.file, line=line, column=column, value=tuple(self.node(item) for item in composed.value)
            )
        return self._scalar(composed, line, column)

    def _mapping(self, composed: Any, line: int, column: int) -> Node:  # noqa: ANN401
        entries: dict[str, Node] = {}
        keys: dict[str, Node] = {}
        for raw_key, raw_value in composed.value:
            key, value = self.node(raw_key), self.node(raw_value)
            if not isinstance(key.value, str):
                problem = f"key {key.text!r} is no text"
                self.faults.add(
                    key, "bad-key", problem, hint="quote it, so that leading zeros and words stay as written"
                )
            elif key.value in entries:
                self.faults.add(key, "duplicate-key", f"key {key.value!r} stands here twice", hint="keep one")
            else:
                entries[key.value], keys[key.value] = value, key
        return Node(file=self.faults.file, line=line, column=column, value=entries, keys=keys)

    def _scalar(self, composed: ScalarNode, line: int, column: int) -> Node:
        text, tag = str(composed.value), str(composed.tag)
        quoted = composed.style is not None
        value: Any = text
        if not quoted:
            value = _resolve(text, tag.removeprefix(_PREFIX))
        if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
            self.faults.add_at(line, column, "bad-yaml", "half a character (a lone surrogate)", hint="write it whole")
            text = value = "?"
        if not tag.startswith(_PREFIX):
            self.faults.add_at(line, column, "bad-yaml", f"tag {tag!r} is not read here", hint="leave it out")
        return Node(file=self.faults.file, line=line, column=column, value=value, text=text, quoted=quoted)


def _resolve(text: str, tag: str) -> Any:  # noqa: ANN401 - any YAML scalar
    """Resolve truth values, nothing and numbers; dates and all else stay the text they are."""
    if tag == "bool":
        return text in _TRUE
    if tag == "null":
        return None
    try:
        return {"int": int, "float": float}.get(tag, str)(text)
    except ValueError:
        return text
