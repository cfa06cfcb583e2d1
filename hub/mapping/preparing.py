"""Decides what becomes of one mapping file: read, checked by its direction, written out as Python, compiled."""

from __future__ import annotations

import ast
import dataclasses
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from hub.errors import Misconfigured
from hub.mapping.before import observe_of
from hub.mapping.builder import Builder
from hub.mapping.canonical import LINES, Canonical, is_canonical
from hub.mapping.codes import looked_up
from hub.mapping.compiled import CompiledMapping, MappedEvent, Written
from hub.mapping.declaration import Declaration
from hub.mapping.document import EMPTY, Node
from hub.mapping.expressions import tree_of
from hub.mapping.faults import Faults
from hub.mapping.fingerprint import Fingerprint, fingerprint_of
from hub.mapping.functions import runtime as functions
from hub.mapping.inheritance import is_base, read_mapping, standing_in
from hub.mapping.linting.check import check
from hub.mapping.linting.contracts import Contract, UnreadableContract, read_contract
from hub.mapping.offers import offers_of
from hub.mapping.outbound import OutboundBuilder, centre_list, centres_of, document_contract, is_outbound
from hub.mapping.privacy import Persons
from hub.mapping.program import Let, Probe, Program
from hub.mapping.sections import Head, options_of, read_head, text_at, walked
from hub.mapping.tables import with_tables
from hub.mapping.times import Times
from hub.mapping.values import as_text, refuse
from hub.mapping.values import runtime as helpers
from hub.model import ids

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

TOKEN_KEY: Final = "SUNLIGHT_TOKEN_KEY"  # noqa: S105 - the name of the variable, not its value
"""Environment variable with the department's key for tokens of persons."""

_NO_KEY: Final = ("no-token-key", f"the environment has no {TOKEN_KEY}")

_KEY_BYTES: Final = 16
"""Shortest key of tokens: identity numbers can be listed, so whoever guesses the key knows them all."""

_UNREAD: Final = frozenset({"map.unreadable", "map.too-large", "map.bad-yaml"})
"""Faults of a file that could not be read at all."""


class Draft:
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
        self.is_base, self.is_outbound, self._zone = is_base(read), is_outbound(read), zone
        self._root = with_tables(standing_in(read) if self.is_base else read, path, self.faults)
        self.root, self._observed = self._root, probes
        self._head: Head | None = None
        if not isinstance(self._root.value, dict):
            self.faults.add(self._root, "no-mapping", "this is no mapping file", hint="see docs/mapping.md")
        elif not any(fault.code in _UNREAD for fault in self.faults.found):
            self._head = read_head(self._root, self.faults)
            self._program = self._programmed(self._head)
            self._lines = self._built(self._head, self._contract(path, contract) if checked else None, checked=checked)

    def _built(self, head: Head, contract: Contract | None, *, checked: bool) -> Sequence[tuple[str, str]]:
        """Write the function by the file's direction: `contract` is the source's, or the receiver's."""
        if is_canonical(self._root):
            return LINES
        if self.is_outbound:
            lines, source = OutboundBuilder(self._program, self._root, contract).build(), document_contract(self._root)
        else:
            lines, source = Builder(self._program, head, self._root).build(), contract
        for fault in check(self._root, self._program, source) if checked else ():
            self.faults.note(fault)
        return lines

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
        if self._head is None or self.faults.found:
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
        documents = document_contract(self._root) if self.is_outbound else None
        program = Program(
            faults=self.faults,
            names={alias: tuple(path) for alias, path in head.names.items()},
            columns=head.columns,
            observed=frozenset(observe.columns) if (observe := observe_of(head.read)) else frozenset(),
            controls=str(head.read.get("controls", "")),
            known_below=documents.names_below() if documents else {},
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
            of=text_at(root, "of", ""),
            version=int(text_at(root, "version", "1")),
            departments=head.departments,
            user=text_at(root, "user", connection),
            kind=text_at(root, "kind", ""),
            connect=options_of(root),
            read=head.read,
            timezone=head.zone.key,
            names=head.names,
            each=head.each,
            numbering=text_at(root.entries.get("case", EMPTY), "numbering", connection),
            allowed_delay_s=head.allowed_delay_s,
            every_s=head.every_s,
            hours=head.hours,
            quiet_s=head.quiet_s,
            offers=None if is_canonical(root) else offers_of(root),
            weak_types=_weak_types(root.entries.get("events", EMPTY)),
            centres=centres_of(root),
            echo=root.entries.get("echo", EMPTY).value is True,
            reconcile=centre_list(root, head.codes),
        )

    def _names(self, head: Head, declaration: Declaration, environment: Mapping[str, str]) -> dict[str, Any]:
        times = Times(head.zone, ZoneInfo(self._zone))
        bound: dict[str, Callable[..., Any]] = {
            "time": times.time,
            "time_by": times.time_by,
            "date": times.date,
            "year": times.year,
            "format_time": times.format_time,
            "original": times.original,
            "as_version": times.as_version,
            "person": Persons(environment.get(TOKEN_KEY, "").encode()).person,
            **_identifiers(declaration),
        }
        canonical = Canonical(declaration).events
        called = {f"f_{name}": function for name, function in {**functions(), **bound}.items()}
        own = {"CONNECTION": declaration.connection, "VERSION": declaration.version}
        return {**helpers(), "canonical": canonical, **called, **self._program.constants, **_MAKERS, **own}


def _place_lets(program: Program, each: tuple[str, ...]) -> None:
    """Give every let that uses fields of child records the scope of those children."""
    for name, let in list(program.lets.items()):
        below = [path for path in _owners(program, let.tree, frozenset({name})) if len(path) > len(each)]
        if below:
            program.lets[name] = dataclasses.replace(let, prefix=max(below, key=len))


def _owners(program: Program, tree: ast.expr, seen: frozenset[str]) -> list[tuple[str, ...]]:
    found = []
    for name in _names_in(tree):
        if name in program.names:
            found.append(program.owner(program.names[name]))
        elif name in program.lets and name not in seen:
            found += _owners(program, program.lets[name].tree, seen | {name})
    return found


def _names_in(tree: ast.expr) -> set[str]:
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
    "Written": Written,
}
"""What compiled mappings call that is no part of the language."""


def _weak_types(events: Node) -> frozenset[str]:
    composite = [event for event in events.items if "composite" in event.entries.get("occurrence", EMPTY).entries]
    return frozenset(event.entries["type"].text for event in composite)
