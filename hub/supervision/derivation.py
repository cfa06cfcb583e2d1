"""Says in words how a clock came about: what starts it, by which tracks it is due, and what stops it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from hub.model.codes import code_list
from hub.supervision.deadline import spoken
from hub.supervision.instants import local

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.supervision.caselog import Fact
    from hub.supervision.clocks import Docket, Track
    from hub.supervision.spans import Span


def derivation(
    docket: Docket, span: Span, tracks: Sequence[Track], governing: Track, *, disagrees: bool
) -> tuple[str, ...]:
    """Say in sentences how a clock came about: where it starts, by which tracks it is due, which one governs."""
    said = [f"Starts with {_named(docket, span.start)}; that day is not counted."]
    if span.note:
        said.append(span.note)
    for track in tracks:
        said += [track.sentence, *track.outcome.notes]
    due = governing.outcome.due
    if len(tracks) > 1:
        said.append(f"{'They disagree' if disagrees else 'They agree'}; governed by {governing.basis}: {spoken(due)}.")
    if due.provisional:
        said.append("It reaches into a year whose working days are not announced: provisional, never judged missed.")
    if span.stop is not None:
        said.append(f"Stops with {_named(docket, span.stop)}.")
    return tuple(said)


def _named(docket: Docket, fact: Fact) -> str:
    wall = local(fact.occurred_at, docket.calendar.zone)
    when = wall.date().isoformat() if fact.date_only else wall.isoformat(" ", "seconds")[:19]
    return f"{fact.type} {_event_name(fact.type)} on {when}"


@lru_cache(maxsize=256)
def _event_name(event_type: str) -> str:
    """Name an event type in Chinese."""
    row = code_list("event_types").rows.get(event_type)
    return str(row["zh"]) if row is not None else event_type
