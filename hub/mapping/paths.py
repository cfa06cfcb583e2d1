"""Decides what a path of a mapping means: steps into a record's tree, some with a predicate, as XPath writes them.

`SL/SLSJ` goes into a tree; `SP[2]/SPSJ` takes the second of several (XPath counts from 1), `SP[HJMC='审核']/SPSJ` those
whose child, or attribute `@type`, has that value. Where a name holds a slash or such brackets, a list of steps takes
each as it is written.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from hub.mapping.document import EMPTY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.mapping.document import Node
    from hub.mapping.faults import Faults

Path = tuple[str, ...]
"""Steps from the root of a record's tree; one with a predicate is a Step."""

PATH_CHARS: Final = 500
"""Longest path: several times the deepest met."""

_STEPS: Final = re.compile(r"""(?:\[(?:'[^']*'|"[^"]*"|[^\]'"])*\]|[^/\[]|\[)+""")
_PREDICATE: Final = re.compile(
    r"""(?P<name>[^\[]+)\[\s*(?:(?P<place>[0-9]{1,4})|(?P<key>@?[^\s='"\[\]()<>]+)\s*=\s*(?:'(?P<a>[^']*)'|"(?P<b>[^"]*)"))\s*\]"""
)
_LIKE_XPATH: Final = re.compile(r"""\[[^\]]*[=()<>@'"][^\]]*\]?""")


class Step(str):
    """A step with a predicate. Reads as it is written; `name` is the step without it."""

    __slots__ = ("key", "name", "place", "text")

    name: str
    place: int
    """The one of several that is meant, from 1; 0 where they are told by a value."""
    key: str
    text: str

    @classmethod
    def of(cls, written: str) -> str:
        """Return `written` as a step: itself where it has no predicate."""
        found = _PREDICATE.fullmatch(written)
        if found is None or found["place"] == "0":
            return written
        step = cls(written)
        step.name, step.place = found["name"], int(found["place"] or 0)
        step.key, step.text = found["key"] or "", found["a"] or found["b"] or ""
        return step


def path_of(node: Node | None) -> Path:
    """Read a path: `a/b[1]/c`, or a list of steps, each as it is written; empty where there is none."""
    if node is None:
        return ()
    if node.items:
        return tuple(item.text for item in node.items if item.text)
    if not node.is_scalar or not node.text or len(node.text) > PATH_CHARS:
        return ()
    return tuple(map(Step.of, _STEPS.findall(node.text)))


def path_in(text: str) -> Path:
    """Read a path without predicates from plain text: `data/rows`; empty where there is none."""
    return tuple(step for step in text.split("/") if step)


def bare(path: Path) -> Path:
    """Return a path without its predicates: where its values stand."""
    return tuple(step.name if isinstance(step, Step) else step for step in path)


def spelt(path: Path) -> list[Any]:
    """Spell a path so that no two of other meaning are spelt alike, for the fingerprint."""
    return [["step", step.name, step.place, step.key, step.text] if isinstance(step, Step) else step for step in path]


def has_predicate(path: Path) -> bool:
    """Tell whether some step has one."""
    return any(isinstance(step, Step) for step in path)


def check_paths(root: Node, faults: Faults) -> None:
    """Note every path whose brackets look like XPath and are none of the predicates that are read."""
    for node in _written(root):
        steps = path_of(node) if node.is_scalar else ()
        if node.is_scalar and not steps:
            hint = f"name the steps to one value, in at most {PATH_CHARS} characters"
            faults.add(node, "bad-path", "this leads nowhere", hint=hint)
        for step in steps:
            if not isinstance(step, Step) and _LIKE_XPATH.search(step):
                hint = "[2], [name='value'] or [@attribute='value']; of a name with brackets write a list: [\"a[b]\"]"
                faults.add(node, "bad-path", f"{step[:80]!r} is no step of a path", hint=hint)


def _written(root: Node) -> Iterator[Node]:
    yield from root.entries.get("read", EMPTY).entries.get("names", EMPTY).entries.values()
    yield from (node.entries["each"] for node in root.walk() if "each" in node.entries)
