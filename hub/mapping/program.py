"""The text of the one function a mapping becomes: lines that know their target path, and the scopes that feed them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hub.mapping.before import BEFORE
from hub.mapping.paths import bare, has_predicate

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator, Mapping, Sequence

    from hub.mapping.codes import CodeTable
    from hub.mapping.document import Node
    from hub.mapping.faults import Faults
    from hub.mapping.functions import Kind

CONTROLS: Final[Mapping[str, str]] = {"drop": "without_controls", "refuse": "no_controls"}
"""By what `read: {controls: …}` says, the helper through which every value of the source goes."""

Path = tuple[str, ...]
"""Steps from the root of a record's tree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A translated expression: the Python that computes it and what is known of its result at load time."""

    code: str
    kind: Kind = "any"
    values: frozenset[object] | None = None
    """All values it can give, where that is known."""
    literal: bool = False
    """Whether it is a constant written out."""
    raw: str = ""
    """The Python that gives the source's own text of a time."""
    column: str = ""
    """The name, where the expression is nothing but a bare source column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Let:
    """One named expression, parsed, and the prefix of the scope that it belongs to (None: the record's)."""

    node: Node
    tree: ast.expr
    prefix: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One expression, or part of one, whose values an observed build tells."""

    node: Node
    tree: ast.expr
    target: str


class Block:
    """Lines and blocks of generated Python; an indented one stands under the line before it."""

    def __init__(self, *, indented: bool = False) -> None:
        """Start empty."""
        self._indented = indented
        self._parts: list[tuple[str, str] | Block] = []

    def line(self, text: str, path: str = "") -> None:
        """Add one line; `path` is the target a refusal in it is charged to."""
        self._parts.append((text, path))

    def block(self, *, indented: bool = False) -> Block:
        """Add a block here, to be filled later."""
        inner = Block(indented=indented)
        self._parts.append(inner)
        return inner

    def under(self, header: str, path: str = "") -> Block:
        """Add a header line and the indented block under it."""
        self.line(header, path)
        return self.block(indented=True)

    def flat(self, depth: int = 0) -> Iterator[tuple[str, str]]:
        """Yield every line, indented, with its target path."""
        depth += self._indented
        for part in self._parts:
            if isinstance(part, Block):
                yield from part.flat(depth)
            else:
                yield " " * depth + part[0], part[1]


@dataclass(slots=True, kw_only=True)
class Program:
    """What all scopes of one mapping share while it is compiled."""

    faults: Faults
    names: Mapping[str, Path]
    columns: frozenset[str] | None
    """The source's columns where the mapping lists them; None where it does not."""
    known_below: Mapping[Path, frozenset[str]]
    """The same for the records under each path, where a contract of the hub's own says so."""
    codes: Mapping[str, CodeTable]
    prefixes: frozenset[Path]
    """The absolute paths of everything that is walked with each:."""
    lets: dict[str, Let] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)
    columns_read: set[str] = field(default_factory=set)
    """Columns of the record itself that some expression reads."""
    expressions: dict[int, str] = field(default_factory=dict)
    """Every expression met, in one spelling, by the id of its node."""
    observed: frozenset[str] = frozenset()
    """Columns of which a record tells what the one of its key said before."""
    controls: str = ""
    """What becomes of control characters in the source's texts; empty: they are kept."""
    persons: bool = False
    """Whether a person's number is tokenised, so that a key is needed."""
    probes: list[Probe] | None = None
    """What an observed build watches; None in the build that maps the traffic."""
    _count: int = 0

    def fresh(self, stem: str) -> str:
        """Return a name nothing else has."""
        self._count += 1
        return f"{stem}{self._count}"

    def constant(self, value: object) -> str:
        """Keep a value that generated code refers to, and return its name."""
        name = self.fresh("K")
        self.constants[name] = value
        return name

    def path(self, path: Path) -> str:
        """Return the Python for a path: written out, or a constant where it has predicates."""
        return self.constant(path) if has_predicate(path) else repr(path)

    def probed(self, term: Term, probe: Probe) -> Term:
        """Have an observed build tell the values of `term`; constants are known anyway."""
        if self.probes is None or term.literal or term.code == "None":
            return term
        self.probes.append(probe)
        return dataclasses.replace(term, code=f"probe({len(self.probes) - 1}, {term.code})")

    def known(self, prefix: Path) -> frozenset[str] | None:
        """Return all columns of the records at `prefix`; None where any may come."""
        return self.known_below.get(prefix, self.columns)

    def owner(self, path: Path) -> Path:
        """Return the longest walked prefix that `path` lies under."""
        return max((p for p in self.prefixes if len(p) < len(path) and path[: len(p)] == p), key=len, default=())


class Scope:
    """One record or child record in generated code: its variable, and the columns and lets loaded from it so far."""

    def __init__(self, program: Program, *, variable: str, prefix: Path, head: Block, parent: Scope | None) -> None:
        """Stand for the record held by `variable`; what it loads goes to `head`."""
        self.program, self.variable, self.prefix, self.parent = program, variable, prefix, parent
        self.head = head
        self.is_record = False
        """Whether this is the record that cases and lets belong to."""
        self.lets: dict[str, Term | None] = {}
        self._columns: dict[Path, str] = {}

    def chain(self) -> Iterator[Scope]:
        """Yield this scope and those around it, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def at(self, prefix: Path) -> Scope | None:
        """Return the scope of this chain that stands at `prefix`."""
        return next((scope for scope in self.chain() if scope.prefix == prefix), None)

    def column(self, path: Path) -> str:
        """Return the variable holding the value at `path` below this scope's record, loaded once."""
        if path not in self._columns:
            variable = self._columns[path] = self.program.fresh("c")
            where = "/".join(path)
            if not self.prefix and path[0] != BEFORE:
                self.program.columns_read.add(bare(path)[0])
            if len(path) == 1 and not has_predicate(path):
                self.head.line(f"{variable} = {self.variable}.get({path[0]!r})", where)
                self.head.line(f"if {variable} == '': {variable} = None", where)
            else:
                self.head.line(f"{variable} = walk({self.variable}, {self.program.path(path)})", where)
            if self.program.controls in CONTROLS:
                self.head.line(f"{variable} = {CONTROLS[self.program.controls]}({variable})", where)
        return self._columns[path]

    def child(self, block: Block, path: Sequence[str], target: str) -> tuple[Scope, Block]:
        """Open a loop over the child records at `path`; return their scope and the loop's body."""
        each, variable = self.program.fresh("x"), self.program.fresh("r")
        body = block.under(f"for {each} in children({self.variable}, {self.program.path(tuple(path))}):", target)
        body.line(f"{variable} = as_record({each})", target)
        head = body.block()
        return Scope(self.program, variable=variable, prefix=(*self.prefix, *path), head=head, parent=self), body
