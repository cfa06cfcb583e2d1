"""The register of complaint centres 投诉中心: each stands in the document of the department that runs it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hub.catalogue import load_catalogue
from hub.errors import Fault, Misconfigured
from hub.mapping.document import EMPTY
from hub.mapping.faults import Faults, meant
from hub.mapping.grammar import BadExpression, parse
from hub.mapping.inheritance import read_mapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from hub.mapping.document import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """One complaint centre. `connection` is that by which it reports, `relay` that by which it is told; empty: none."""

    centre_id: str
    name: str
    region_code: str
    channels: Sequence[str]
    department_id: str
    connection: str = ""
    relay: str = ""


def run_by(documents: Iterable[Mapping[str, Any]], centre_id: str) -> str:
    """Return the department that runs a centre; empty where nobody knows it."""
    found = centres_in(documents).get(centre_id) if centre_id else None
    return found.department_id if found is not None else ""


def centres_in(documents: Iterable[Mapping[str, Any]]) -> Mapping[str, Centre]:
    """Return the centres of departments' documents (schemas/catalogue.v1) by id; of two of one id the first counts."""
    found: dict[str, Centre] = {}
    for document in documents:
        department = document["department"]
        for row in department.get("centres", ()):
            centre = Centre(**{**row, "channels": tuple(row["channels"])}, department_id=department["department_id"])
            found.setdefault(centre.centre_id, centre)
    return found


def centre_faults(path: Path) -> Sequence[Fault]:
    """List the complaint centres that a mapping file names and no department.yaml beside it does.

    What a source itself says is known when it says so; here stands what the file says.
    """
    root = read_mapping(path, Faults(str(path)))
    named = list(_named(root))
    if not named:
        return []
    known = sorted(centres_in(_documents(path.parent.parent)))
    return [
        Fault(
            code="map.unknown-centre", problem=f"there is no complaint centre {name!r}", file=str(path),
            line=node.line, column=node.column, target_path=target, hint=meant(name, known) or _HINT,
        )
        for name, node, target in named
        if name not in known
    ]  # fmt: skip


_HINT: Final = "declare it under department: centres: in the department.yaml of whoever runs it"


def _named(root: Node) -> Iterable[tuple[str, Node, str]]:
    """Yield every centre that a file names, with its place."""
    centre = root.entries.get("centre", EMPTY)
    yield from ((node.text, node, "centre") for node in (centre.items or (centre,)) if node.text)
    said = root.entries.get("case", EMPTY).entries.get("complaint", EMPTY).entries.get("centre_id", EMPTY)
    yield from ((text, said, "case/complaint/centre_id") for text in _texts(said.text))


def _texts(expression: str) -> Iterator[str]:
    """Yield the texts that an expression may come to by itself: a constant, or the constants it chooses among."""
    try:
        nodes = [parse(expression.strip())]
    except BadExpression:
        return
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.IfExp):
            nodes += [node.body, node.orelse]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _documents(folder: Path) -> Iterable[Mapping[str, Any]]:
    """Yield the documents of the departments in a folder; what is wrong with one is said where it is checked."""
    for path in sorted(folder.glob("*/department.yaml")):
        try:
            yield load_catalogue(path)
        except Misconfigured:
            continue
