"""Decides up to which instant the silence of a connection is evidence."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hub.model.values import Watermark


READ: Final = timedelta(hours=1)
"""Longest a read is taken to be coming in, where the allowed delay is not longer: any poll ends sooner, and one whose
reader died must not stop its clocks for long."""

BACKFILL: Final = timedelta(days=1)
"""The same of a declared backfill: years of a department's past, judged by half, would charge it with what it did."""


def horizon(watermark: Watermark | None, *, allowed_delay_s: int, now: datetime) -> datetime | None:
    """Return the instant before which everything due is judged; None while nothing may be judged.

    That is what the source has surely delivered up to, never beyond `now`; and at the latest `now` less the delay
    that the connection is allowed, so that a source which falls silent does not thereby stop its clocks. While a
    read is coming in the source is not silent: then its word alone counts, and during a backfill not even that. A read
    that never ends is given up after the allowed delay, or READ or BACKFILL if that is longer.
    """
    patience = timedelta(seconds=allowed_delay_s)
    if watermark is None:
        return now - patience
    delivered = min(now, watermark.delivered_to) if watermark.delivered_to else None
    if _is_recent(watermark.importing_since, now, max(patience, BACKFILL)):
        return None
    if _is_recent(watermark.reading_since, now, max(patience, READ)):
        return delivered
    return max(delivered, now - patience) if delivered else now - patience


def _is_recent(since: datetime | None, now: datetime, patience: timedelta) -> bool:
    return since is not None and now - since <= patience
