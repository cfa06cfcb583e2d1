"""Builds the one function of an outbound mapping: a document of the hub, written in the form its receiver takes."""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from hub.mapping.declaration import CentreList
from hub.mapping.document import EMPTY, Node
from hub.mapping.emit import Emitter
from hub.mapping.expressions import check_lets, term_of
from hub.mapping.faults import meant
from hub.mapping.linting.contracts import Contract, declared
from hub.mapping.linting.schemas import json_schema_paths
from hub.mapping.paths import path_of
from hub.mapping.program import Block, Scope
from hub.mapping.sections import seconds_in
from hub.mapping.targets import Target
from hub.model.shapes import load_schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hub.mapping.codes import CodeTable
    from hub.mapping.linting.contracts import Column
    from hub.mapping.program import Program
    from hub.mapping.targets import TargetKind

Path = tuple[str, ...]

DOCUMENTS: Final[Mapping[str, str]] = {
    "alert": "alert.v1",
    "case-event": "case-event.v1",
    "complaint-order": "complaint-order.v1",
    "complaint-status": "complaint-status.v1",
}
"""The documents that can be sent out, by the word under of:, with the schema of each."""

ENVELOPE: Final[Mapping[str, str]] = {"document_id": "id", "document_type": "type", "document_time": "time"}
"""What an outbound mapping reads of a document's envelope, beside its `data`, and how the envelope calls it."""

_RECEIVERS: Final[Mapping[str, str]] = {"complaint-order": "department", "complaint-status": "centre"}
"""What says for whom documents are that are nobody's unless it is said."""

LISTED_DAYS: Final = 30
"""Complaints of how many days a centre's own list holds where a mapping does not say."""

_KINDS: Final[Mapping[str, TargetKind]] = {"integer": "integer", "boolean": "boolean", "number": "number"}
"""What is no text in the receiver's JSON; without a contract all is text."""


def is_outbound(root: Node) -> bool:
    """Tell whether a file maps the hub's documents to a receiver's form, not a source's records to events."""
    return root.entries.get("direction", EMPTY).text == "out"


def as_record(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a CloudEvents document as the record that outbound mappings read: its `data`, and of its envelope."""
    return {**document["data"], **{name: document.get(key) for name, key in ENVELOPE.items()}}


def document_contract(root: Node) -> Contract | None:
    """Return the paths of the documents that an outbound mapping reads; None where it does not say which."""
    kind = root.entries.get("of", EMPTY).text
    return _contract_of(kind) if kind in DOCUMENTS else None


@lru_cache(maxsize=len(DOCUMENTS))
def _contract_of(kind: str) -> Contract:
    schema = load_schema(DOCUMENTS[kind])
    paths = list(json_schema_paths(schema, schema["properties"]["data"]))
    return declared([*paths, *(((name,), "string", None, True) for name in ENVELOPE)])


def schema_of(root: Node) -> str:
    """Name the schema of the documents that an outbound mapping reads, for its fingerprint."""
    return str(load_schema(DOCUMENTS[root.entries["of"].text])["$id"])


def centres_of(root: Node) -> frozenset[str]:
    """Return the complaint centres that a mapping of statuses names."""
    node = root.entries.get("centre", EMPTY)
    return frozenset(each.text for each in (node.items or (node,)) if each.text)


def centre_list(root: Node, codes: Mapping[str, CodeTable]) -> CentreList | None:
    """Return how a mapping of statuses says that the centre's own list is read; None where it says nothing."""
    section = root.entries.get("reconcile")
    if section is None:
        return None
    said = section.plain()
    return CentreList(
        connection=f"{root.entries['connection'].text}.list",
        kind=said["kind"],
        connect=said["connect"],
        read={"encoding": said["encoding"]} if "encoding" in said else {},
        every_s=seconds_in(said.get("every", "1d")),
        days=said.get("days", LISTED_DAYS),
        no=path_of(section.entries["no"]),
        state=path_of(section.entries["state"]),
        words=codes.get(said["codes"]) if "codes" in said else None,
    )


class OutboundBuilder:
    """Writes the text of the function from a checked file with `direction: out`."""

    def __init__(self, program: Program, root: Node, receiver: Contract | None) -> None:
        """Build the mapping in `root` for a `receiver` of whom there may be a contract."""
        self._program, self._root, self._receiver = program, root, receiver
        self._emit = Emitter(program)

    def build(self) -> Sequence[tuple[str, str]]:
        """Return the lines of the function, each with the target path it is charged to."""
        self._check_receivers()
        top = Block()
        body = top.under("def map_record(tree):")
        body.line("r0 = as_record(tree)", "record")
        scope = Scope(self._program, variable="r0", prefix=(), head=body.block(), parent=None)
        scope.is_record = True
        if "when" in self._root.entries:
            term = term_of(self._root.entries["when"], scope, "when")
            body.line(f"if not {term.code}: return []", "when")
            scope.head = body.block()
        written = self._written(body, scope)
        check_lets(self._program, ())
        body.line(f"return [Written(data=must({written} or None))]", "write")
        return list(top.flat())

    def _check_receivers(self) -> None:
        """Note an order for no department, a status for no centre, and a centre that is told of anything else."""
        kind, entries = self._root.entries.get("of", EMPTY).text, self._root.entries
        wanted = _RECEIVERS.get(kind)
        if wanted is not None and wanted not in entries:
            problem, hint = f"{kind} says no {wanted}", "write whom its documents are for"
            self._fault(self._root, "missing-key", problem, hint, wanted)
        for name in ("centre", "echo", "reconcile"):
            if name in entries and kind != "complaint-status":
                self._fault(entries[name], "unknown-key", f"{name} is of complaint-status alone", "take it out", name)

        table = entries.get("reconcile", EMPTY).entries.get("codes")
        if table is not None and table.text not in self._program.codes:
            hint = meant(table.text, self._program.codes)
            self._fault(table, "unknown-codes", f"no list {table.text!r} under codes:", hint, "reconcile/codes")

    def _fault(self, node: Node, code: str, problem: str, hint: str, target: str) -> None:
        self._program.faults.add(node, code, problem, hint=hint, target=target)

    def _written(self, body: Block, scope: Scope) -> str:
        section = self._root.entries.get("write", EMPTY)
        for node, path in _places(section, ()):
            self._check_place(node, path)
        return self._emit.object(body, scope, target_of(section, self._receiver), section, "write")

    def _check_place(self, key: Node, path: Path) -> None:
        """Note a place that the receiver's contract does not have."""
        receiver = self._receiver
        if receiver is None or not receiver.is_complete or receiver.column(path) is not None:
            return
        shown, known = "/".join(path), ["/".join(each) for each in receiver.columns]
        problem = f"the receiver has no {shown!r}"
        target = f"write/{shown}"
        self._program.faults.add(key, "unknown-target", problem, hint=meant(shown, known)[:200], target=target)


def _places(node: Node, path: Path) -> Iterator[tuple[Node, Path]]:
    """Yield every place that is written, with the node of its key; the items of a list stand at the list's own."""
    for name, child in node.entries.items():
        if name != "each" or path == ():
            yield node.keys[name], (*path, name)
            yield from _places(child, (*path, name))
    for item in node.items:
        yield from _places(item, path)


def target_of(node: Node, receiver: Contract | None, path: Path = ()) -> Target:
    """Return what a place of the written tree takes: by the file's own form, and the receiver's contract if any."""
    if node.items:
        items = [target_of(item, receiver, path) for item in node.items]
        return Target(kind="list", schema={}, item=_one_of(items))
    if path and "each" in node.entries:
        inner = {name: child for name, child in node.entries.items() if name != "each"}
        item = target_of(dataclasses.replace(node, value=inner), receiver, path)
        return Target(kind="list", schema={}, item=item)
    if isinstance(node.value, dict):
        fields = {name: target_of(child, receiver, (*path, name)) for name, child in node.entries.items()}
        return Target(kind="object", schema={}, fields=fields, required=_required(receiver, path))
    return _scalar(receiver.column(path) if receiver else None)


def _one_of(items: Sequence[Target]) -> Target:
    """Return one target for all items of a list that is written out."""
    fields = {name: target for item in items for name, target in item.fields.items()}
    return dataclasses.replace(items[0], fields=fields)


def _scalar(column: Column | None) -> Target:
    kind = _KINDS.get(column.type, "text") if column else "text"
    words = {"enum": sorted(column.enumerated)} if column and column.enumerated and kind == "text" else {}
    return Target(kind=kind, schema=words, is_required=column is not None and column.is_required)


def _required(receiver: Contract | None, path: Path) -> frozenset[str]:
    columns = receiver.columns.items() if receiver else ()
    return frozenset(each[-1] for each, column in columns if each[:-1] == path and column.is_required)
