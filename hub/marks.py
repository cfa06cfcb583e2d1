"""Decides when a watermark moves: once every event of the reads before it has reached the partition.

A broker may hand the events of a dead consumer back after the read-report that followed them. So a report says how
many events of its read each bucket was sent, and its watermark waits until the partition has seen its share.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hub.model.values import Awaited, Watermark

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


AWAITED_MOST: Final = 100
"""Reads that wait for events at a time; more are the sign of an event that was lost, not of a slow broker."""


def fresh(connection_id: str) -> Watermark:
    """Return the mark of a connection of which nothing is known."""
    return Watermark(connection_id=connection_id, delivered_to=None)


def begun(mark: Watermark, read_id: str, *, backfill: bool, now: datetime) -> Watermark:
    """Mark a read as coming in, from its first event on; hearing more of it changes nothing."""
    if mark.reading == read_id or (backfill and mark.importing == read_id):
        return mark
    mark = replace(mark, reading=read_id, reading_since=now)
    return replace(mark, importing=read_id, importing_since=now) if backfill else mark


def reported(mark: Watermark, awaited: Awaited) -> Watermark:
    """Remember the last report of a read until its events are here. Hearing of it twice changes nothing.

    What is awaited longest is given up when too many wait behind it: one lost message must not hold a mark for ever.
    """
    if any(each.read_id == awaited.read_id for each in mark.awaited):
        return mark
    return replace(mark, awaited=(*mark.awaited, awaited)[-AWAITED_MOST:])


def settled(mark: Watermark, arrived: Mapping[str, int]) -> Watermark:
    """Move the mark over every awaited read, in order, of which all events have `arrived` (events by read id)."""
    waiting = list(mark.awaited)
    while waiting and arrived.get(waiting[0].read_id, 0) >= waiting[0].events:
        done = waiting.pop(0)
        moments = [moment for moment in (mark.delivered_to, done.watermark) if moment is not None]
        mark = replace(_ended(mark, done.read_id), delivered_to=max(moments, default=None))
    return replace(mark, awaited=tuple(waiting))


def _ended(mark: Watermark, read_id: str) -> Watermark:
    if mark.reading == read_id:
        mark = replace(mark, reading="", reading_since=None)
    return replace(mark, importing="", importing_since=None) if mark.importing == read_id else mark
