"""What a mapping fills: the event types and fields by which it is known which rules can be judged at its connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.mapping.document import EMPTY
from hub.mapping.targets import case_fields, event_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hub.mapping.document import Node
    from hub.mapping.targets import Target


def offers_of(root: Node) -> frozenset[str]:
    """Return the event types, the event fields (`result.reason`) and the case fields (`case.materials`) it fills."""
    events = root.entries.get("events", EMPTY).items
    types = {event.entries.get("type", EMPTY).text for event in events}
    fields = {name for event in events for name in _filled(event, event_fields(), "")}
    return frozenset({*types, *fields, *_filled(root.entries.get("case", EMPTY), case_fields(), "case.")} - {""})


_PERSON: Final = "applicant"


def _filled(node: Node, known: Mapping[str, Target], prefix: str) -> Iterator[str]:
    for name, target in known.items():
        if name in node.entries:
            yield f"{prefix}{name}"
            child = node.entries[name]
            below = target.item.fields if target.item is not None else target.fields
            if child.entries:
                yield from _filled(child, below, f"{prefix}{name}.")
            elif name != _PERSON:
                yield from (f"{prefix}{name}.{field}" for field in below)
