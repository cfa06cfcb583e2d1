"""Names the program that reads a kind of source: its own connector with what that draws in, and no other."""

from __future__ import annotations

import ast
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import connectors
from hub.errors import Fault, Misconfigured

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(connectors.__file__).parent.parent
PACKAGE: Final = "connectors"


@lru_cache(maxsize=32)
def connector_sha256(kind: str) -> str:
    """Return the SHA-256 of the sources of a kind's connector; Misconfigured where there is no such kind.

    An edit of another kind's connector changes nothing of it, and owes nobody a run.
    """
    digest = hashlib.sha256()
    for file in connector_files(kind):
        digest.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def connector_files(kind: str, root: Path = ROOT) -> list[Path]:
    """Return the sources that a kind's connector is made of, in order: what opens it, and what that imports of ours.

    Modules that bear its name are its own (`database_…`). A package is drawn in whole where it chooses among its
    modules only as it runs, as folders do; the package of all connectors draws in what it needs whatever the kind.
    """
    first = f"{PACKAGE}.{kind}"
    if not _files(first, root):
        raise Misconfigured(Fault(code="connector.kind", problem=f"there is no connector of kind {kind!r}"))
    found: set[Path] = set()
    left = [PACKAGE, first, *(f"{PACKAGE}.{each.stem}" for each in (root / PACKAGE).glob(f"{kind}_*.py"))]
    while left:
        for file in _files(left.pop(), root):
            if file not in found:
                found.add(file)
                left += _imported(file, is_shared=file.parent.name == PACKAGE and file.name == "__init__.py")
    return sorted(found)


def _files(module: str, root: Path) -> list[Path]:
    """Return the source of a module; of a package that chooses as it runs all of its sources."""
    place = root.joinpath(*module.split("."))
    if place.with_suffix(".py").is_file():
        return [place.with_suffix(".py")]
    begins = place / "__init__.py"
    if not begins.is_file():
        return []
    chooses = module != PACKAGE and "import_module" in begins.read_text(encoding="utf-8")
    return sorted(place.rglob("*.py")) if chooses else [begins]


def _imported(file: Path, *, is_shared: bool) -> Iterator[str]:
    """Yield the modules of ours that a source imports as it runs; of a shared one only what it always imports."""
    for node in _running(ast.parse(file.read_bytes()), is_shared=is_shared):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if _is_ours(each.name))
        elif isinstance(node, ast.ImportFrom) and node.module and _is_ours(node.module):
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)


def _running(node: ast.AST, *, is_shared: bool) -> Iterator[ast.AST]:
    """Yield what of a source runs: not what is there for a type checker alone."""
    for child in ast.iter_child_nodes(node):
        is_for_types = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
        is_later = is_shared and isinstance(child, ast.FunctionDef | ast.ClassDef)
        if not (is_for_types or is_later):
            yield child
            yield from _running(child, is_shared=is_shared)


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == PACKAGE
