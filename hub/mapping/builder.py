"""Builds the one function of a mapping: what is yielded at all, then the case, then each event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.mapping.document import EMPTY, Node
from hub.mapping.emit import Emitter
from hub.mapping.expressions import check_lets, term_of
from hub.mapping.faults import meant
from hub.mapping.paths import path_of
from hub.mapping.program import Block, Scope
from hub.mapping.targets import case_fields, department_field, event_fields
from hub.model.codes import code_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.mapping.program import Program
    from hub.mapping.sections import Head

_CASE_KEYS: Final = frozenset({"key", "numbering"})
_EVENT_KEYS: Final = frozenset({"type", "when", "each", "key", "occurrence", "version", "on_change"})
_WRITTEN: Final = frozenset({"case_no", "family", "disclosure", "source_case_no"})
"""Case fields with a default or a second use, emitted on their own."""


class Builder:
    """Writes the text of `map_record(tree)` from a checked file."""

    def __init__(self, program: Program, head: Head, root: Node) -> None:
        """Build the mapping in `root`; faults go to the program's collection."""
        self._program, self._head, self._root = program, head, root
        self._emit = Emitter(program)
        self._events = root.entries.get("events", EMPTY).items
        self._names = [self._named(event) for event in self._events]

    def build(self) -> Sequence[tuple[str, str]]:
        """Return the lines of the function, each with the target path it is charged to."""
        top = Block()
        body = top.under("def map_record(tree):")
        body.line("out = []")
        body.line("r0 = as_record(tree)", "record")
        outer = Scope(self._program, variable="r0", prefix=(), head=body.block(), parent=None)
        record, inner = self._record(outer, body.under("for r0 in (r0,):"))
        guards = self._guards(inner, record)
        record.head = inner.block()
        self._case(inner, record)
        for index, event in enumerate(self._events):
            self._event(inner, record, event, index, guards)
        check_lets(self._program, self._head.each)
        body.line("return out")
        return list(top.flat())

    def _record(self, outer: Scope, block: Block) -> tuple[Scope, Block]:
        """Open the scope that cases and lets belong to: the whole tree, or each record within it."""
        record, inner = outer, block
        if self._head.each:
            record, inner = outer.child(block, self._head.each, "each")
        else:
            record.head = inner.block()
        record.is_record = True
        return record, inner

    # what is yielded --------------------------------------------------------------------------------------------------

    def _guards(self, block: Block, record: Scope) -> Mapping[int, str]:
        guards: dict[int, str] = {}
        yields = []
        for index, event in enumerate(self._events):
            if "each" in event.entries:
                yields.append(f"children({record.variable}, {self._program.path(path_of(event.entries['each']))})")
            elif "when" in event.entries:
                term = term_of(event.entries["when"], record, f"{self._names[index]}/when")
                guards[index] = self._program.fresh("w")
                block.line(f"{guards[index]} = {term.code}", f"{self._names[index]}/when")
                yields.append(guards[index])
            else:
                yields.append("True")
        if yields and "True" not in yields:
            block.line(f"if not ({' or '.join(yields)}): continue", "events")
        return guards

    # the case ---------------------------------------------------------------------------------------------------------

    def _case(self, block: Block, scope: Scope) -> None:
        section, known = self._root.entries.get("case", EMPTY), case_fields()
        self._emit.unknown(section, known, _CASE_KEYS, "case")
        number, source = section.entries.get("case_no"), section.entries.get("source_case_no")
        key = section.entries.get("key", source)
        if key is None:
            self._missing(section, "case/key", "the fields that identify a case; source_case_no where there are none")
        self._key(block, scope, key or EMPTY, "case/key", "k")
        numbering = self._program.constant(self._numbering(section))
        block.line(f"case = {{'case_id': make_case_id({numbering}, *k)}}", "case/key")
        self._required(block, scope, "case_no", number or source, "write case_no or source_case_no")
        if source is not None:
            self._emit.fields(block, scope, "case", {"source_case_no": source}, known, "case")
        self._department(block, scope)
        self._defaults(block, scope, section)
        others = {name: node for name, node in section.entries.items() if name not in _WRITTEN | {"region_code"}}
        self._emit.fields(block, scope, "case", others, known, "case")

    def _numbering(self, section: Node) -> str:
        default = self._root.entries.get("connection", EMPTY)
        return section.entries.get("numbering", default).text

    def _defaults(self, block: Block, scope: Scope, section: Node) -> None:
        region = section.entries.get("region_code")
        self._required(block, scope, "region_code", region, "where the case is: a constant is \"'321200'\"")
        if "family" in section.entries:
            self._required(block, scope, "family", section.entries["family"], "")
        else:
            block.line("case['family'] = 'application'")
        block.line("case['disclosure'] = {'class': 'intranet'}")
        if "disclosure" in section.entries:
            place, target = ("case", "disclosure"), case_fields()["disclosure"]
            self._emit.field(block, scope, place, target, section.entries["disclosure"], "case/disclosure")

    def _required(self, block: Block, scope: Scope, name: str, node: Node | None, hint: str) -> None:
        if node is None:
            self._missing(self._root.entries.get("case", EMPTY), f"case/{name}", hint)
            return
        code, _ = self._emit.value(scope, case_fields()[name], node, f"case/{name}")
        block.line(f"case[{name!r}] = must({code})", f"case/{name}")

    def _missing(self, node: Node, path: str, hint: str) -> None:
        self._program.faults.add(node, "missing-target", f"{path} is missing", target=path, hint=hint)

    def _department(self, block: Block, scope: Scope) -> None:
        node, target = self._root.entries.get("department", EMPTY), department_field()
        if isinstance(node.value, str):
            block.line(f"case['department_id'] = {node.value!r}")
        elif "of" in node.entries:
            code, _ = self._emit.value(scope, target, node.entries["of"], "department")
            table = self._program.codes.get(node.entries.get("codes", EMPTY).text)
            line = f"case['department_id'] = must(f_code({self._program.constant(table)}, {code}))"
            block.line(line, "department")
        elif "from" in node.entries:
            code, _ = self._emit.value(scope, target, node.entries["from"], "department")
            allowed = self._program.constant(self._head.departments)
            block.line(f"case['department_id'] = allowed({allowed}, must({code}))", "department")

    def _key(self, block: Block, scope: Scope, node: Node, path: str, variable: str) -> None:
        parts = [self._emit.text(scope, part, path) for part in (node.items or (node,))]
        block.line(f"{variable} = ({', '.join(parts)},)", path)
        block.line(f"{variable}s = key_of({variable})", path)

    # the events -------------------------------------------------------------------------------------------------------

    def _named(self, event: Node) -> str:
        node = event.entries.get("type", EMPTY)
        types = code_list("event_types").rows
        if isinstance(node.value, str) and node.value not in types:
            problem = f"there is no event type {node.value!r}"
            self._program.faults.add(node, "unknown-type", problem, hint=meant(node.value, types), target="events/type")
        return node.text

    def _event(self, inner: Block, record: Scope, event: Node, index: int, guards: Mapping[int, str]) -> None:
        name = self._names[index]
        self._emit.unknown(event, event_fields(), _EVENT_KEYS, name)
        scope, block = record, inner
        if "each" in event.entries:
            inner.line(f"seen{index} = {{}}")
            scope, block = record.child(inner, path_of(event.entries["each"]), f"{name}/each")
            if "when" in event.entries:
                term = term_of(event.entries["when"], scope, f"{name}/when")
                block.line(f"if not {term.code}: continue", f"{name}/when")
            scope.head = block.block()
        elif index in guards:
            block = inner.under(f"if {guards[index]}:")
        self._identity(block, scope, event, index)
        self._content(block, scope, event, name)

    def _identity(self, block: Block, scope: Scope, event: Node, index: int) -> None:
        name, entries = self._names[index], event.entries
        key = "ks"
        if "key" in entries:
            self._key(block, scope, entries["key"], f"{name}/key", "e")
            key = "es"
        self._occurrence(block, scope, event, index)
        change = "revise" if entries.get("on_change", EMPTY).text == "revise" else "conflict"
        version = self._version(scope, event, name, change)
        block.line(
            f"d = {{'type': {name!r}, 'connection_id': CONNECTION, 'source_event_key': {key}, 'occurrence': o,"
            f" 'source_version': {version}, 'mapping_version': VERSION, 'on_change': {change!r}}}",
            f"{name}/version",
        )

    def _version(self, scope: Scope, event: Node, name: str, change: str) -> str:
        if "version" in event.entries:
            return f"(f_as_version({term_of(event.entries['version'], scope, f'{name}/version').code}) or 0)"
        if change == "revise":
            node, hint = event.entries["on_change"], "a version: that grows with every change, as the update time"
            self._program.faults.add(node, "no-version", "revise needs a version", hint=hint, target=name)
        return "0"

    def _occurrence(self, block: Block, scope: Scope, event: Node, index: int) -> None:
        name, path = self._names[index], f"{self._names[index]}/occurrence"
        repeats = code_list("event_types").rows.get(name, {}).get("repeats", False)
        node = event.entries.get("occurrence")
        if node is None:
            block.line("o = ''")
            if repeats:
                hint = "the field that tells its events apart; without one {composite: [fields]}"
                problem = f"{name} can repeat within a case"
                self._program.faults.add(event, "no-occurrence", problem, hint=hint, target=path)
        elif "composite" in node.entries:
            self._key(block, scope, node.entries["composite"], path, "c")
            walks = "each" in event.entries
            block.line(f"o = ordinal(seen{index}, cs)" if walks else "o = cs", path)
        else:
            text = self._emit.text(scope, node, path)
            block.line(f"o = must({text})" if repeats else f"o = {text} or ''", path)

    def _content(self, block: Block, scope: Scope, event: Node, name: str) -> None:
        known, originals = event_fields(), {}
        if "occurred_at" not in event.entries:
            problem = "an event says when it happened"
            path = f"{name}/occurred_at"
            self._program.faults.add(event, "missing-target", problem, target=path, hint="occurred_at: time(column)")
        for field, node in event.entries.items():
            if field not in known or field in _EVENT_KEYS:
                continue
            path = f"{name}/{field}"
            if known[field].kind != "instant":
                self._emit.field(block, scope, ("d", field), known[field], node, path)
                continue
            originals[field] = self._instant(block, scope, field, node, path)
        self._originals(block, {field: raw for field, raw in originals.items() if raw})
        block.line("d['case'] = case")
        block.line(
            f"out.append(MappedEvent(event_id=make_event_id(CONNECTION, d['source_event_key'], {name!r}, o), data=d))"
        )

    def _instant(self, block: Block, scope: Scope, field: str, node: Node, path: str) -> str:
        """Emit one time of the event; return the Python for what the source wrote, empty where that is not known."""
        code, term = self._emit.value(scope, event_fields()[field], node, path)
        if field == "occurred_at":
            block.line(f"d[{field!r}] = must({code})", path)
        else:
            block.line(f"t = {code}", path)
            block.line(f"if t is not None: d[{field!r}] = t")
        return term.raw or (term.code if term.kind == "any" else "")

    def _originals(self, block: Block, raws: Mapping[str, str]) -> None:
        if not raws:
            return
        block.line("n = {}")
        for field, raw in raws.items():
            block.line(f"t = f_original({raw})")
            block.line(f"if t is not None: n[{field!r}] = t")
        block.line("if n: d['original'] = n")
