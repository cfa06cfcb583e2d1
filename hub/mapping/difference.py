"""Tells what two mappings make of one record differently: which events appear, disappear, or say something else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from hub.mapping.examples import outcome_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hub.mapping.compiled import CompiledMapping

Kind = Literal["appears", "disappears", "changes", "refused", "no longer refused", "refused otherwise"]

VERSION: Final = "mapping_version"
"""Differs between any two versions of a mapping, and says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference. `event` is its type and occurrence; `path` the field, with what it was and what it is now."""

    kind: Kind
    event: str = ""
    path: str = ""
    before: str = ""
    after: str = ""


def changes(old: CompiledMapping, new: CompiledMapping, record: Any) -> list[Change]:  # noqa: ANN401 - any record
    """List what `new` makes of a record differently from `old`, in the order of the events."""
    before, after = outcome_of(old, record), outcome_of(new, record)
    if isinstance(before, dict) or isinstance(after, dict):
        return _refusals(before, after)
    return list(_of_events(_by_name(before), _by_name(after)))


def _refusals(before: Any, after: Any) -> list[Change]:  # noqa: ANN401 - events, or a refusal
    if before == after:
        return []
    was, now = (_said(each) for each in (before, after))
    kind: Kind = "refused" if isinstance(before, list) else "refused otherwise"
    return [Change(kind="no longer refused" if isinstance(after, list) else kind, before=was, after=now)]


def _said(outcome: Any) -> str:  # noqa: ANN401 - events, or a refusal
    return f"{outcome['code']} at {outcome['path']}" if isinstance(outcome, dict) else f"{len(outcome)} events"


def _by_name(events: list[dict[str, Any]]) -> dict[tuple[str, str, str], dict[str, Any]]:
    return {(event["type"], event["occurrence"], event["source_event_key"]): event for event in events}


def _of_events(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> Iterator[Change]:
    for name in [*before, *(each for each in after if each not in before)]:
        event = " ".join(part for part in name[:2] if part)
        if name not in after:
            yield Change(kind="disappears", event=event)
        elif name not in before:
            yield Change(kind="appears", event=event)
        else:
            for path, was, now in _fields(before[name], after[name], ""):
                yield Change(kind="changes", event=event, path=path, before=was, after=now)


def _fields(before: Any, after: Any, path: str) -> Iterator[tuple[str, str, str]]:  # noqa: ANN401 - any JSON value
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(each for each in after if each not in before)]:
            if name != VERSION:
                yield from _fields(before.get(name), after.get(name), f"{path}/{name}" if path else name)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (was, now) in enumerate(zip(before, after, strict=True)):
            yield from _fields(was, now, f"{path}/{index}")
    elif before != after:
        yield path, _shown(before), _shown(after)


def _shown(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return "" if value is None else str(value)
