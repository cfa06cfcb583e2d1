"""Decides what a mapping takes over from the base it `extends`: what it does not say itself.

Sections are merged key by key, the child's word standing; a key set to nothing is taken out, but for a code, which then
means nothing. Events are merged where type and occurrence agree; one with `drop: true` is taken out. Every other list
is the child's or the base's.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Final

from hub.mapping.document import Node, read_document
from hub.mapping.faults import Faults
from hub.resources import MAPPINGS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EXTENDS: Final = "extends"
BASE: Final = "base"
DROP: Final = "drop"

DEPTH: Final = 4
"""Bases behind one another: a family, its province, its city, its system."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9_-]*)*")
"""A name is a path below the mappings' folder without ending: nothing in it leads out."""

_STAND_INS: Final[Mapping[str, str]] = {
    "connection": "base",
    "department": "11321200014000028L",
    "kind": "files",
}
"""What a base leaves to its children, so that it can be checked and tried by itself."""

_REGION: Final = "'321200'"
"""The same for the region of a case, which many tables do not say."""


def read_mapping(path: Path, faults: Faults) -> Node:
    """Read a mapping file with all that it takes over from its bases."""
    return _with_bases(read_document(path, faults), path, faults, ())


def is_base(root: Node) -> bool:
    """Tell whether a file is there to be extended, and no mapping by itself."""
    return BASE in root.entries and root.entries[BASE].value is True


def standing_in(root: Node) -> Node:
    """Return a base as a mapping: without the word that it is one, and with stand-ins for what its children say."""
    said = {name: node for name, node in root.entries.items() if name != BASE}
    if "case" in said and "region_code" not in said["case"].entries:
        region = _written(said["case"], _REGION)
        said["case"] = dataclasses.replace(said["case"], value={**said["case"].entries, "region_code": region})
    lacking = {name: _written(root, text) for name, text in _STAND_INS.items() if name not in said}
    return dataclasses.replace(root, value={**lacking, **said})


def _written(place: Node, text: str) -> Node:
    return dataclasses.replace(place, value=text, text=text, quoted=True, keys={})


def _with_bases(root: Node, path: Path, faults: Faults, seen: tuple[Path, ...]) -> Node:
    named = root.entries.get(EXTENDS)
    if named is None:
        return root
    own = dataclasses.replace(root, value={name: node for name, node in root.entries.items() if name != EXTENDS})
    base = _base(named, path, faults, (*seen, path.resolve()))
    return own if base is None else _merged(base, own, "", faults)


def _base(named: Node, path: Path, faults: Faults, seen: tuple[Path, ...]) -> Node | None:
    """Read the base that `named` names, with its own bases; note a fault and return None where there is none."""
    found = _find(named.text, path)
    if found is None or found in seen or len(seen) > DEPTH:
        problem = "no such base" if found is None else "bases go round in a circle, or too deep"
        hint = "write e.g. bases/jiangsu-inf-apply: a file below mappings/, without .yaml"
        faults.add(named, "bad-base", f"{named.text[:80]!r}: {problem}", hint=hint)
        return None
    own = Faults(str(found))
    root = read_document(found, own)
    faults.found += own.found
    if not is_base(root):
        faults.add(named, "bad-base", f"{named.text!r} is not written to be extended", hint="it says base: true")
        return None
    said = {name: node for name, node in root.entries.items() if name != BASE}
    return _with_bases(dataclasses.replace(root, value=said), found, faults, seen)


def _find(name: str, path: Path) -> Path | None:
    """Return the file of a base: beside the mapping, beside its department's folder, or of those shipped."""
    if not _NAME.fullmatch(name):
        return None
    for folder in (path.parent, path.parent.parent, MAPPINGS):
        file = (folder / f"{name}.yaml").resolve()
        if file.is_file() and file.is_relative_to(folder.resolve()):
            return file
    return None


def _merged(base: Node, child: Node, place: str, faults: Faults) -> Node:
    """Merge two nodes that stand at the same `place` of their files."""
    if place == "/events" and base.items and child.items:
        return dataclasses.replace(child, value=_merged_events(base.items, child.items, faults))
    if not (isinstance(base.value, dict) and isinstance(child.value, dict)):
        return child
    is_table = place.startswith("/codes/")
    entries, keys = dict(base.entries), dict(base.keys)
    for name, node in child.entries.items():
        if node.value is None and node.is_scalar and not is_table:
            entries.pop(name, None)
            continue
        entries[name] = _merged(entries[name], node, f"{place}/{name}", faults) if name in entries else node
        keys[name] = child.keys.get(name, node)
    return dataclasses.replace(child, value=entries, keys=keys)


def _merged_events(base: tuple[Node, ...], child: tuple[Node, ...], faults: Faults) -> tuple[Node, ...]:
    """Merge each of the child's events into the one of the base that it names; what names none is added."""
    events: list[Node | None] = list(base)
    for node in child:
        like = [place for place, other in enumerate(base) if _event_key(other) == _event_key(node)]
        if len(like) > 1:
            hint = "write all events of that type in the child, and drop those of the base by another base"
            faults.add(node, "bad-merge", f"the base has {len(like)} events of this type and occurrence", hint=hint)
        elif DROP in node.entries:
            _drop(events, like, node, faults)
        elif like and events[like[0]] is base[like[0]]:
            events[like[0]] = _merged(base[like[0]], node, "/events/*", faults)
        else:
            events.append(node)
    return tuple(event for event in events if event is not None)


def _drop(events: list[Node | None], like: list[int], node: Node, faults: Faults) -> None:
    if not like or node.entries[DROP].value is not True:
        hint = "name type and occurrence as the base does, with drop: true"
        faults.add(node, "bad-merge", "this drops no event of the base", hint=hint)
        return
    events[like[0]] = None


def _event_key(node: Node) -> tuple[str, str]:
    """Name an event: its type, and what tells it apart from others of that type."""
    occurrence = node.entries.get("occurrence")
    kind = node.entries["type"].text if "type" in node.entries else ""
    return kind, repr(occurrence.plain()) if occurrence else ""
