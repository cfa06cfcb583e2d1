"""Loads mapping files: to run them, to try them, to watch them at work, to list their faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hub.mapping.compiled import CompiledMapping, MappedEvent, Written
from hub.mapping.document import Node, read_document
from hub.mapping.faults import Faults
from hub.mapping.preparing import Draft
from hub.mapping.sections import DEFAULT_ZONE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from hub.errors import Fault
    from hub.mapping.fingerprint import Fingerprint
    from hub.mapping.program import Probe

EVENT: Final = -1
"""What an observed mapping tells in the place of a probe's number when an event is made; probes count from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A mapping whose expressions tell their values, what each probe watches, and the file it was read from."""

    mapping: CompiledMapping
    probes: Sequence[Probe]
    root: Node


def load(path: Path, *, environment: Mapping[str, str], zone: str = DEFAULT_ZONE) -> CompiledMapping:
    """Load the mapping of a source; instants are written in `zone`, the hub's. Misconfigured carries every fault."""
    draft = Draft(path, zone)
    if draft.is_outbound:
        hint = "import and read with the mapping of a source"
        draft.faults.add(draft.root, "is-outbound", "this maps the hub's documents to a receiver", hint=hint)
    return _loaded(draft, environment)


def load_outbound(path: Path, *, environment: Mapping[str, str], zone: str = DEFAULT_ZONE) -> CompiledMapping:
    """Load the mapping of a receiver, to write() documents by. Misconfigured carries every fault."""
    draft = Draft(path, zone)
    if not draft.is_outbound:
        draft.faults.add(draft.root, "not-outbound", "this maps a source's records", hint="it says direction: out")
    return _loaded(draft, environment)


def _loaded(draft: Draft, environment: Mapping[str, str]) -> CompiledMapping:
    if draft.is_base:
        hint = "write a mapping that extends it"
        draft.faults.add(draft.root, "is-base", "this is a base: others extend it", hint=hint)
    draft.check_key(environment)
    return draft.compiled(environment)


def tried(path: Path, *, environment: Mapping[str, str]) -> CompiledMapping:
    """Load a mapping, or a base with stand-ins for what its children say, to try records on it."""
    draft = Draft(path, DEFAULT_ZONE)
    draft.check_key(environment)
    return draft.compiled(environment)


def observed(path: Path, *, environment: Mapping[str, str], tell: Callable[[int, Any], Any]) -> Observed:
    """Load a mapping that tells the value of every expression by its probe's number, and what comes of it as EVENT."""
    draft = Draft(path, DEFAULT_ZONE, probes=[])

    def made(event_id: str, data: dict[str, Any]) -> MappedEvent:
        tell(EVENT, event_id)
        return MappedEvent(event_id=event_id, data=data)

    def written(data: dict[str, Any]) -> Written:
        tell(EVENT, "")
        return Written(data=data)

    loaded = draft.compiled(environment, {"probe": tell, "MappedEvent": made, "Written": written})
    return Observed(mapping=loaded, probes=draft.probes, root=draft.root)


def altered(path: Path, root: Node, *, environment: Mapping[str, str], checked: bool = True) -> CompiledMapping:
    """Compile `root` in the place of what the file at `path` holds; Misconfigured where it cannot be loaded.

    Without `checked` types and contract are not looked at, which is most of the time it takes.
    """
    return Draft(path, DEFAULT_ZONE, root=root, checked=checked).compiled(environment)


def lint(path: Path) -> list[Fault]:
    """List every fault of a mapping file that stands in the file itself."""
    return _sorted(Draft(path, DEFAULT_ZONE).faults.found)


def lint_all(path: Path, contract: Path | None = None) -> list[Fault]:
    """List errors and warnings, held against `contract` or the one that the file names; load() refuses the errors."""
    faults = Draft(path, DEFAULT_ZONE, contract).faults
    return _sorted([*faults.found, *faults.warnings])


def fingerprint(path: Path, *, zone: str = DEFAULT_ZONE) -> Fingerprint:
    """Name the meaning of one mapping file, whole and by parts, under a hub's `zone`; no secret is needed."""
    return Draft(path, zone).fingerprint()


def position(path: Path, steps: Sequence[str]) -> tuple[int, int]:
    """Return line and column of the key that `steps` lead to in a mapping file, or of the last one that is there."""
    node, found = read_document(path, Faults(str(path))), (0, 0)
    for step in steps:
        if step not in node.keys:
            break
        found = (node.keys[step].line, node.keys[step].column)
        node = node.entries[step]
    return found


def _sorted(faults: Sequence[Fault]) -> list[Fault]:
    return sorted(faults, key=lambda fault: (fault.file, fault.line, fault.column))
