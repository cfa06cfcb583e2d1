"""Reads a department's catalogue file: what is wrong with it is said with line and column, all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.errors import Fault, Misconfigured
from hub.mapping.document import read_document
from hub.mapping.faults import Faults
from hub.model.shapes import shape

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hub.mapping.document import Node
    from hub.model.shapes import Problem


def load_catalogue(path: Path) -> Mapping[str, Any]:
    """Read one department.yaml (schemas/catalogue.v1), or report every fault in it."""
    faults = Faults(str(path))
    root = read_document(path, faults)
    if faults.found:
        raise Misconfigured(*faults.found)
    document = root.plain()
    problems = shape("catalogue.v1").problems(document)
    if problems:
        raise Misconfigured(*(_fault(path, root, problem) for problem in problems))
    return document  # type: ignore[no-any-return]


def matter_places(path: Path) -> Mapping[tuple[str, str, str], str]:
    """Return where each (department, matter code, version) of a file that was loaded stands: file, line and column."""
    root = read_document(path, Faults(str(path)))
    document, matters = root.plain(), root.entries.get("matters")
    name = document["department"]["department_id"]
    return {
        (name, row["matter_code"], row["version"]): f"{path}:{node.line}:{node.column}"
        for row, node in zip(document.get("matters", ()), matters.items if matters else (), strict=True)
    }


def _fault(path: Path, root: Node, problem: Problem) -> Fault:
    at = _at(root, problem.path)
    return Fault(
        code="catalogue.shape",
        problem=problem.quoting,
        file=str(path),
        line=at.line,
        column=at.column,
        target_path=problem.path.lstrip("/"),
        hint="see schemas/catalogue.v1.json",
    )


def _at(node: Node, pointer: str) -> Node:
    """Return the node at a JSON pointer, as far as there is one."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        child = node.entries.get(name) if node.entries else dict(enumerate(node.items)).get(int(name))
        if child is None:
            return node
        node = child
    return node
