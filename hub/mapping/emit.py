"""Writes the Python that brings an expression's value into a field of the document, and checks that it fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.mapping.expressions import ABSENT, term_of
from hub.mapping.faults import meant
from hub.mapping.paths import path_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.mapping.document import Node
    from hub.mapping.functions import Kind
    from hub.mapping.program import Block, Program, Scope, Term
    from hub.mapping.targets import Target

_FITS: Final[Mapping[str, frozenset[Kind]]] = {
    "text": frozenset({"any", "none", "text", "instant", "money", "number", "integer", "boolean"}),
    "instant": frozenset({"any", "none", "text", "instant"}),
    "money": frozenset({"any", "none", "text", "number", "integer", "money"}),
    "integer": frozenset({"any", "none", "text", "number", "integer"}),
    "number": frozenset({"any", "none", "text", "number", "integer", "money"}),
    "boolean": frozenset({"any", "none", "text", "boolean"}),
    "object": frozenset({"person", "none"}),
}
"""What an expression may be known to give for a field of each kind."""

_ALREADY: Final[Mapping[str, frozenset[Kind]]] = {
    "text": frozenset({"text", "instant", "money"}),
    "instant": frozenset({"instant"}),
    "money": frozenset({"money"}),
    "integer": frozenset({"integer"}),
    "object": frozenset({"person"}),
}
"""What needs no conversion on its way into the field."""

_CONVERT: Final = {
    "text": "as_text({})",
    "instant": "f_time({})",
    "money": "f_money({})",
    "integer": "as_integer({})",
    "number": "as_number({})",
    "boolean": "as_boolean({})",
}


class Emitter:
    """Emits assignments to the fields of one document."""

    def __init__(self, program: Program) -> None:
        """Emit for `program`."""
        self._program = program

    def fields(
        self, block: Block, scope: Scope, into: str, section: Mapping[str, Node], known: Mapping[str, Target], path: str
    ) -> None:  # fmt: skip
        """Emit every field of a section, in the order it is written."""
        for name, node in section.items():
            if name in known:
                self.field(block, scope, (into, name), known[name], node, f"{path}/{name}")

    def unknown(self, node: Node, known: Mapping[str, object], also: frozenset[str], path: str) -> None:
        """Note every key of a section that is no field of the document."""
        for name in node.keys:
            if name not in known and name not in also:
                hint = meant(name, {*known, *also})
                problem = f"{name!r} is no field here"
                self._program.faults.add(node.keys[name], "unknown-target", problem, hint=hint, target=f"{path}/{name}")

    def field(self, block: Block, scope: Scope, place: tuple[str, str], target: Target, node: Node, path: str) -> None:
        """Emit `place[0][place[1]] = value`, left out where the value is absent."""
        if target.kind == "list":
            return self._list(block, scope, place, target, node, path)
        if target.kind == "map" or (target.kind == "object" and not node.is_scalar):
            return self._nested(block, scope, place, target, node, path)
        code, term = self.value(scope, target, node, path)
        if term.literal and code == term.code:
            return block.line(f"{place[0]}[{place[1]!r}] = {code}")
        if target.is_required:
            return block.line(f"{place[0]}[{place[1]!r}] = must({code})", path)
        block.line(f"t = {code}", path)
        return block.line(f"if t is not None: {place[0]}[{place[1]!r}] = t")

    def text(self, scope: Scope, node: Node, path: str) -> str:
        """Return the Python for one text that belongs to no field: a part of a key."""
        term = term_of(node, scope, path)
        return term.code if term.kind == "text" else f"as_text({term.code})"

    def value(self, scope: Scope, target: Target, node: Node, path: str) -> tuple[str, Term]:
        """Return the Python for a scalar field's value, converted, and the term it came from."""
        term = term_of(node, scope, path)
        self._check(term, target, node, path)
        if term is ABSENT or term.kind in _ALREADY.get(target.kind, ()):
            return term.code, term
        return _CONVERT.get(target.kind, "{}").format(term.code), term

    def _check(self, term: Term, target: Target, node: Node, path: str) -> None:
        faults = self._program.faults
        if term.kind not in _FITS[target.kind]:
            problem = f"a {term.kind} does not fit a field of {target.kind}"
            hint = "a person is person(name, id=…)" if target.kind == "object" else ""
            faults.add(node, "bad-type", problem, source=node.text[:80], target=path, hint=hint)
        elif term.kind == "person" and term.values is not None:
            for name in sorted(str(name) for name in term.values - set(target.fields)):
                faults.add(node, "bad-type", f"this field has no {name}", target=path, source=node.text[:80])
        elif term.column in target.words and self._program.columns is None:
            problem = f"{term.column!r} names a source column here, and is a word of this field"
            hint = f"""write "'{term.column}'" for the word, or field("{term.column}") for the column"""
            faults.add(node, "bare-word", problem, source=node.text, target=path, hint=hint)
        else:
            self._check_values(term, target, node, path)

    def _check_values(self, term: Term, target: Target, node: Node, path: str) -> None:
        for value in sorted((term.values or frozenset()) - {None}, key=str):
            reason = target.refuses(value)
            if reason:
                quoted = isinstance(value, (int, float)) and target.kind == "text"
                hint = f"""a text has quotes of its own: "'{value}'\"""" if quoted else meant(str(value), target.words)
                text = node.text[:80]
                self._program.faults.add(node, "bad-value", reason[:300], source=text, target=path, hint=hint)

    def _nested(
        self, block: Block, scope: Scope, place: tuple[str, str], target: Target, node: Node, path: str
    ) -> None:
        if node.is_scalar or node.items:
            self._program.faults.add(node, "bad-shape", "fields stand below this one", target=path)
            return
        inner = self.object(block, scope, target, node, path)
        block.line(f"if {inner}: {place[0]}[{place[1]!r}] = {inner}")

    def object(
        self, block: Block, scope: Scope, target: Target, node: Node, path: str, also: frozenset[str] = frozenset()
    ) -> str:
        """Emit a nested object and return the variable that holds it."""
        known = target.fields
        if target.kind == "map" and target.item is not None:
            known = dict.fromkeys(node.entries, target.item)
        self.unknown(node, known, also, path)
        for name in sorted(target.required - set(node.entries)):
            self._program.faults.add(node, "missing-target", f"{name!r} is missing", target=f"{path}/{name}")
        inner = self._program.fresh("o")
        block.line(f"{inner} = {{}}")
        self.fields(block, scope, inner, node.entries, known, path)
        return inner

    def _list(self, block: Block, scope: Scope, place: tuple[str, str], target: Target, node: Node, path: str) -> None:
        item = target.item
        if item is None or (not node.items and "each" not in node.entries):
            hint = "a YAML list, or {each: path, …} over child records"
            self._program.faults.add(node, "bad-shape", "a list is wanted here", target=path, hint=hint)
            return
        if list(node.entries) == ["each"]:
            self._program.faults.add(node, "bad-shape", "of what is walked nothing is written", target=path)
        held = self._program.fresh("l")
        block.line(f"{held} = []")
        if node.items:
            for index, child in enumerate(node.items):
                self._item(block, scope, held, item, child, f"{path}/{index}")
        else:
            inner, body = scope.child(block, path_of(node.entries["each"]), path)
            self._item(body, inner, held, item, node, path)
        block.line(f"if {held}: {place[0]}[{place[1]!r}] = {held}")

    def _item(self, block: Block, scope: Scope, held: str, item: Target, node: Node, path: str) -> None:
        if item.kind == "object":
            inner = self.object(block, scope, item, node, path, also=frozenset({"each"}))
            block.line(f"if {inner}: {held}.append({inner})")
            return
        code, _ = self.value(scope, item, node, path)
        block.line(f"t = {code}", path)
        block.line(f"if t is not None: {held}.append(t)")
