"""The house stands as drawn: imports point inward, nothing is built at import, no cycle."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("hub", "connectors", "gateway", "conformance")
ENTRY_POINTS = ("hub.wiring", "hub.cli")
"""What may know adapters and outer packages: the joiner and the command."""

PURE = (
    "hub.model",
    "hub.mapping",
    "hub.supervision",
    "hub.statistics",
    "hub.errors",
    "hub.ports",
    "hub.horizon",
    "hub.feed",
    "hub.views",
    "hub.reclassifying",
)
ADAPTERS = ("hub.bus", "hub.store")
IMPURE_MODULES = {"sqlalchemy", "pika", "psycopg", "httpx", "fastapi", "typer", "subprocess", "socket", "threading"}


def modules() -> dict[str, Path]:
    """Return every module of the product by dotted name."""
    found = {}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if "migrations" in path.parts:
                continue
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path) -> set[str]:
    """Return every module that a file imports, at any depth, TYPE_CHECKING blocks included."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def within(name: str, packages: tuple[str, ...]) -> bool:
    """Tell whether a dotted name is one of `packages` or inside one."""
    return any(name == package or name.startswith(package + ".") for package in packages)


@pytest.mark.parametrize("name", sorted(modules()))
def test_imports_point_inward(name: str) -> None:
    found = imports(modules()[name])
    if within(name, ENTRY_POINTS):
        return
    outer = tuple(package for package in PACKAGES if package != "hub")
    if within(name, ("hub",)):
        assert not {other for other in found if within(other, (*outer, *ENTRY_POINTS))}
    if not within(name, ("hub",)):
        assert not {other for other in found if within(other, ("hub.wiring",))}


@pytest.mark.parametrize("name", sorted(name for name in modules() if within(name, PURE)))
def test_the_pure_core_knows_no_world(name: str) -> None:
    found = imports(modules()[name])
    assert not {other for other in found if other.split(".")[0] in IMPURE_MODULES}
    assert not {other for other in found if within(other, ADAPTERS)}


@pytest.mark.parametrize("name", sorted(name for name in modules() if within(name, ("hub",))))
def test_only_wiring_the_command_and_adapters_know_adapters(name: str) -> None:
    if within(name, (*ENTRY_POINTS, *ADAPTERS)):
        return
    assert not {other for other in imports(modules()[name]) if within(other, ADAPTERS)}


def test_there_is_no_import_cycle() -> None:
    known = modules()
    graph = {name: {other for other in run_time_imports(path) if other in known} for name, path in known.items()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name not in done:
            for other in graph[name] - {name}:
                visit(other, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def run_time_imports(path: Path) -> set[str]:
    """Return what a file imports when it is itself imported: module level, outside TYPE_CHECKING."""
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names
