"""Loads a mapping file: checks all of it, compiles it to one function, names its meaning by a fingerprint."""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from hub.errors import Fault, Misconfigured, Refused, Rejection
from hub.mapping.builder import Builder
from hub.mapping.codes import looked_up
from hub.mapping.declaration import Declaration
from hub.mapping.document import EMPTY, Node, read_document
from hub.mapping.expressions import tree_of
from hub.mapping.faults import Faults
from hub.mapping.fingerprint import Fingerprint, fingerprint_of
from hub.mapping.functions import runtime as functions
from hub.mapping.inheritance import is_base, read_mapping, standing_in
from hub.mapping.linting.check import check
from hub.mapping.linting.contracts import Contract, UnreadableContract, read_contract
from hub.mapping.privacy import Persons
from hub.mapping.program import Let, Probe, Program
from hub.mapping.sections import DEFAULT_ZONE, Head, options_of, read_head, text_at, walked
from hub.mapping.tables import with_tables
from hub.mapping.times import Times
from hub.mapping.values import as_text, refuse
from hub.mapping.values import runtime as helpers
from hub.model import ids

if TYPE_CHECKING:
    import ast as syntax
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from hub.mapping.codes import CodeTable

TOKEN_KEY: Final = "SUNLIGHT_TOKEN_KEY"  # noqa: S105 - the name of the variable, not its value
"""Environment variable with the department's key for tokens of persons."""

_NO_KEY: Final = ("no-token-key", f"the environment has no {TOKEN_KEY}")

_KEY_BYTES: Final = 16
"""Shortest key of tokens: identity numbers can be listed, so whoever guesses the key knows them all."""

_UNREAD: Final = frozenset({"map.unreadable", "map.too-large", "map.bad-yaml"})
"""Faults of a file that could not be read at all."""

_LACKING: Final = 3
"""Columns named that a refused record lacks; more would bury the rest."""

EVENT: Final = -1
"""What an observed mapping tells in the place of a probe's number when an event is made; probes count from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedEvent:
    """One event of a record: its id and its `data` (schemas/case-event.v1), all but the provenance.

    Events of one record share their `case`; nobody alters it.
    """

    event_id: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A mapping whose expressions tell their values, what each probe watches, and the file it was read from."""

    mapping: CompiledMapping
    probes: Sequence[Probe]
    root: Node


class CompiledMapping:
    """A mapping that has been checked and compiled; maps records until the process ends."""

    def __init__(
        self,
        declaration: Declaration,
        fingerprint: str,
        lines: Sequence[tuple[str, str]],
        names: dict[str, Any],
        columns: frozenset[str],
        coded: Mapping[str, CodeTable],
    ) -> None:
        """Compile `lines`, each with its target path, over the values and functions in `names`.

        `columns` are those of the record that they read; `coded` those that are looked up, with their tables.
        """
        self.coded = coded
        self.declaration, self.fingerprint, self.columns = declaration, fingerprint, columns
        self.source = "\n".join(text for text, _ in lines)
        self.constants = {name: value for name, value in names.items() if name[0] == "K" and name[1:].isdigit()}
        self._paths = [path for _, path in lines]
        self._function = _compiled(self.source, names)

    def map_record(self, tree: Mapping[str, Any]) -> Sequence[MappedEvent]:
        """Map one record to its events, none if it says nothing; raise Refused, and nothing else, if it cannot be."""
        try:
            events: Sequence[MappedEvent] = self._function(tree)
        except Refused as refused:
            why = dataclasses.replace(refused.rejection, path=self._path_of(refused.__traceback__))
            raise Refused(self._with_columns_meant(why, tree) if why.code == "map.missing" else why) from None
        return events

    def _with_columns_meant(self, why: Rejection, tree: Mapping[str, Any]) -> Rejection:
        """Name the columns that the record lacks: where a value is absent, a name is often misspelt.

        Of the record's own names only a like one is told: under a file without a header row they are a person's data.
        """
        unread = [name for name in tree if name not in self.columns]
        lacking = [f"{name!r}{_like(name, unread)}" for name in sorted(self.columns - tree.keys())[:_LACKING]]
        said = f"; the record has no column {', no column '.join(lacking)}" if lacking else ""
        return dataclasses.replace(why, hint=why.hint + said)

    def _path_of(self, traceback: TracebackType | None) -> str:
        while traceback is not None:
            if traceback.tb_frame.f_code is self._function.__code__:
                return self._paths[traceback.tb_lineno - 1]
            traceback = traceback.tb_next
        return ""


def _like(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f": did you mean {near[0]!r}?" if near else ""


def load(path: Path, *, environment: Mapping[str, str], zone: str = DEFAULT_ZONE) -> CompiledMapping:
    """Load one mapping file; instants are written in `zone`, the hub's. Misconfigured carries every fault."""
    draft = _Draft(path, zone)
    draft.check_key(environment)
    if draft.is_base:
        draft.faults.add(
            draft.root, "is-base", "this is a base: others extend it", hint="write a mapping that extends it"
        )
    if draft.faults.found:
        raise Misconfigured(*draft.faults.found)
    return draft.compiled(environment)


def tried(path: Path, *, environment: Mapping[str, str]) -> CompiledMapping:
    """Load a mapping, or a base with stand-ins for what its children say, to try records on it."""
    draft = _Draft(path, DEFAULT_ZONE)
    draft.check_key(environment)
    if draft.faults.found:
        raise Misconfigured(*draft.faults.found)
    return draft.compiled(environment)


def observed(path: Path, *, environment: Mapping[str, str], tell: Callable[[int, Any], Any]) -> Observed:
    """Load a mapping that tells the value of every expression by its probe's number, and each event as EVENT."""
    draft = _Draft(path, DEFAULT_ZONE, probes=[])
    if draft.faults.found:
        raise Misconfigured(*draft.faults.found)

    def made(event_id: str, data: dict[str, Any]) -> MappedEvent:
        tell(EVENT, event_id)
        return MappedEvent(event_id=event_id, data=data)

    loaded = draft.compiled(environment, {"probe": tell, "MappedEvent": made})
    return Observed(mapping=loaded, probes=draft.probes, root=draft.root)


def altered(path: Path, root: Node, *, environment: Mapping[str, str], checked: bool = True) -> CompiledMapping:
    """Compile `root` in the place of what the file at `path` holds; Misconfigured where it cannot be loaded.

    Without `checked` types and contract are not looked at, which is most of the time it takes.
    """
    draft = _Draft(path, DEFAULT_ZONE, root=root, checked=checked)
    if draft.faults.found:
        raise Misconfigured(*draft.faults.found)
    return draft.compiled(environment)


def lint(path: Path) -> list[Fault]:
    """List every fault of a mapping file that stands in the file itself."""
    return _sorted(_Draft(path, DEFAULT_ZONE).faults.found)


def lint_all(path: Path, contract: Path | None = None) -> list[Fault]:
    """List errors and warnings, held against `contract` or the one that the file names; load() refuses the errors."""
    faults = _Draft(path, DEFAULT_ZONE, contract).faults
    return _sorted([*faults.found, *faults.warnings])


def fingerprint(path: Path, *, zone: str = DEFAULT_ZONE) -> Fingerprint:
    """Name the meaning of one mapping file, whole and by parts, under a hub's `zone`; no secret is needed."""
    return _Draft(path, zone).fingerprint()


def position(path: Path, steps: Sequence[str]) -> tuple[int, int]:
    """Return line and column of the key that `steps` lead to in a mapping file, or of the last one that is there."""
    node, found = read_document(path, Faults(str(path))), (0, 0)
    for step in steps:
        if step not in node.keys:
            break
        found = (node.keys[step].line, node.keys[step].column)
        node = node.entries[step]
    return found


def _sorted(faults: Sequence[Fault]) -> list[Fault]:
    return sorted(faults, key=lambda fault: (fault.file, fault.line, fault.column))


class _Draft:
    """One file on its way to a CompiledMapping: read, checked, written out as Python."""

    def __init__(
        self,
        path: Path,
        zone: str,
        contract: Path | None = None,
        *,
        root: Node | None = None,
        probes: list[Probe] | None = None,
        checked: bool = True,
    ) -> None:
        self.faults, self.probes = Faults(str(path)), [] if probes is None else probes
        read = root or read_mapping(path, self.faults)
        self.is_base, self._zone = is_base(read), zone
        self._root = with_tables(standing_in(read) if self.is_base else read, path, self.faults)
        self.root, self._observed = self._root, probes
        self._head: Head | None = None
        if not isinstance(self._root.value, dict):
            self.faults.add(self._root, "no-mapping", "this is no mapping file", hint="see docs/mapping.md")
        elif not any(fault.code in _UNREAD for fault in self.faults.found):
            self._head = read_head(self._root, self.faults)
            self._program = self._programmed(self._head)
            self._lines = Builder(self._program, self._head, self._root).build()
            for fault in check(self._root, self._program, self._contract(path, contract)) if checked else ():
                self.faults.note(fault)

    def _contract(self, path: Path, given: Path | None) -> Contract | None:
        """Read the contract given, or the one that the file names, beside the file."""
        node = self._root.entries.get("contract", EMPTY)
        file = given or (path.parent / node.text if node.text else None)
        if file is None:
            return None
        try:
            return read_contract(file)
        except UnreadableContract as bad:
            hint = "XSD, WSDL, JSON Schema, table metadata, or a sample: docs/mapping-lint.md"
            self.faults.add(node, "bad-contract", f"{file.name} cannot be read: {bad}", hint=hint)
            return None

    def check_key(self, environment: Mapping[str, str]) -> None:
        """Note a fault where persons are tokenised and no key is set, or one that could be guessed."""
        key = environment.get(TOKEN_KEY, "")
        if self._head is None or not self._program.persons or len(key.encode()) >= _KEY_BYTES:
            return
        code, lack = ("short-token-key", f"{TOKEN_KEY} is shorter than {_KEY_BYTES} bytes") if key else _NO_KEY
        problem = f"the mapping tokenises persons and {lack}"
        hint = "make the department's key once, and keep it: openssl rand -hex 32"
        self.faults.add(self._root.entries.get("case", EMPTY), code, problem, hint=hint)

    def compiled(self, environment: Mapping[str, str], more: Mapping[str, Any] | None = None) -> CompiledMapping:
        """Compile a draft without faults."""
        if self._head is None:
            raise Misconfigured(*self.faults.found)
        declaration = self._declaration(self._head)
        names = {**self._names(self._head, declaration, environment), **(more or {})}
        columns = frozenset(self._program.columns_read)
        coded = looked_up(self._program.expressions.values(), self._head.names, self._head.codes)
        return CompiledMapping(declaration, self.fingerprint().whole, self._lines, names, columns, coded)

    def fingerprint(self) -> Fingerprint:
        """Name the meaning of a draft without faults."""
        if self._head is None or self.faults.found:
            raise Misconfigured(*self.faults.found)
        return fingerprint_of(self._root, self._head, self._program.expressions, self._zone)

    def _programmed(self, head: Head) -> Program:
        program = Program(
            faults=self.faults,
            names={alias: tuple(path) for alias, path in head.names.items()},
            columns=head.columns,
            codes=head.codes,
            prefixes=frozenset(walked(self._root)),
            probes=self._observed,
        )
        for name, node in self._root.entries.get("let", EMPTY).entries.items():
            tree = tree_of(node, program, f"let/{name}")
            if not name.isidentifier():
                self.faults.add(node, "bad-name", f"{name!r} is no name", hint="letters, digits and _")
            if tree is not None:
                program.lets[name] = Let(node=node, tree=tree, prefix=None)
        _place_lets(program, head.each)
        return program

    def _declaration(self, head: Head) -> Declaration:
        root = self._root
        connection = text_at(root, "connection", "")
        return Declaration(
            connection=connection,
            version=int(text_at(root, "version", "1")),
            departments=head.departments,
            user=text_at(root, "user", connection),
            kind=text_at(root, "kind", ""),
            connect=options_of(root),
            read=head.read,
            timezone=head.zone.key,
            names=head.names,
            each=head.each,
            numbering=text_at(root.entries["case"], "numbering", connection),
            allowed_delay_s=head.allowed_delay_s,
            every_s=head.every_s,
            weak_types=_weak_types(root.entries["events"]),
        )

    def _names(self, head: Head, declaration: Declaration, environment: Mapping[str, str]) -> dict[str, Any]:
        times = Times(head.zone, ZoneInfo(self._zone))
        bound: dict[str, Callable[..., Any]] = {
            "time": times.time,
            "time_by": times.time_by,
            "date": times.date,
            "year": times.year,
            "original": times.original,
            "as_version": times.as_version,
            "person": Persons(environment.get(TOKEN_KEY, "").encode()).person,
            **_identifiers(declaration),
        }
        called = {f"f_{name}": function for name, function in {**functions(), **bound}.items()}
        own = {"CONNECTION": declaration.connection, "VERSION": declaration.version}
        return {**helpers(), **called, **self._program.constants, **_MAKERS, **own}


def _place_lets(program: Program, each: tuple[str, ...]) -> None:
    """Give every let that uses fields of child records the scope of those children."""
    for name, let in list(program.lets.items()):
        below = [path for path in _owners(program, let.tree, frozenset({name})) if len(path) > len(each)]
        if below:
            program.lets[name] = dataclasses.replace(let, prefix=max(below, key=len))


def _owners(program: Program, tree: syntax.expr, seen: frozenset[str]) -> list[tuple[str, ...]]:
    found = []
    for name in _names_in(tree):
        if name in program.names:
            found.append(program.owner(program.names[name]))
        elif name in program.lets and name not in seen:
            found += _owners(program, program.lets[name].tree, seen | {name})
    return found


def _names_in(tree: syntax.expr) -> set[str]:
    import ast  # noqa: PLC0415

    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _identifiers(declaration: Declaration) -> dict[str, Callable[..., Any]]:
    def case_id(*key: object) -> str | None:
        parts = [as_text(part) for part in key]
        texts = [part for part in parts if part is not None]
        return ids.case_id(declaration.numbering, *texts) if len(texts) == len(parts) else None

    def event_id(event_type: str, key: object, occurrence: object = None) -> str | None:
        text = as_text(key)
        found = as_text(occurrence) or ""
        return None if text is None else ids.event_id(declaration.connection, text, event_type, found)

    return {"case_id": case_id, "event_id": event_id}


def _allowed(departments: frozenset[str], department: str) -> str:
    if department not in departments:
        refuse("foreign-department", "this connection may not speak for that department", department,
                      "add it to department.allow, if it may")  # fmt: skip
    return department


_MAKERS: Final = {
    "allowed": _allowed,
    "make_case_id": ids.case_id,
    "make_event_id": ids.event_id,
    "MappedEvent": MappedEvent,
}
"""What compiled mappings call that is no part of the language."""


def _weak_types(events: Node) -> frozenset[str]:
    composite = [event for event in events.items if "composite" in event.entries.get("occurrence", EMPTY).entries]
    return frozenset(event.entries["type"].text for event in composite)


def _compiled(source: str, names: dict[str, Any]) -> Any:  # noqa: ANN401 - the generated function
    namespace: dict[str, Any] = {**names, "__builtins__": {}}
    exec(compile(source, "<mapping>", "exec"), namespace)  # noqa: S102 - written by the builder from whitelisted syntax
    return namespace["map_record"]
