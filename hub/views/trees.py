"""Rebuilds a document from the paths that are allowed: nothing is ever stripped, so nothing can be forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Leaf: TypeAlias = "Callable[[str], str] | None"
"""What is done to a text before it is shown; None: nothing."""

Tree: TypeAlias = "Mapping[str, Tree | Leaf]"


def tree_of(paths: Iterable[tuple[str, Leaf]]) -> Tree:
    """Return the tree of dotted paths; of a path named twice the last leaf holds."""
    root: dict[str, Any] = {}
    for path, leaf in paths:
        *way, last = path.split(".")
        place = root
        for name in way:
            place = place.setdefault(name, {})
        place[last] = leaf
    return root


def kept(value: Mapping[str, Any], tree: Tree) -> dict[str, Any]:
    """Return of an object what the tree names; an object of which nothing is left is left out."""
    found = {}
    for name, each in value.items():
        below = tree.get(name, tree.get("*", _NOTHING))
        if below is not _NOTHING and (one := _kept(each, below)) is not _NOTHING:
            found[name] = one
    return found


_NOTHING: Any = object()


def _kept(value: Any, tree: Any) -> Any:  # noqa: ANN401 - whatever a document holds
    if isinstance(tree, Mapping):
        if isinstance(value, Mapping):
            return kept(value, tree) or (_NOTHING if value else {})
        if isinstance(value, Sequence) and not isinstance(value, str) and "[]" in tree:
            return [one for each in value if (one := _kept(each, tree["[]"])) is not _NOTHING]
        return _NOTHING
    if isinstance(value, Mapping | list):
        return _NOTHING
    return tree(value) if tree is not None and isinstance(value, str) else value
