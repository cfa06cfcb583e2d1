"""Decides up to which instant the silence of a connection is evidence (architecture.md, contract 6)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.model.values import Watermark


def horizon(watermark: Watermark | None, *, allowed_delay_s: int, now: datetime) -> datetime | None:
    """Return the instant before which everything due is judged; None while a declared backfill is still coming in.

    That is what the source has surely delivered up to, never beyond `now`; and at the latest `now` less the delay
    that the connection is allowed, so that a source which falls silent does not thereby stop its clocks.
    """
    if watermark is not None and watermark.importing:
        return None
    patience = now - timedelta(seconds=allowed_delay_s)
    if watermark is None or watermark.delivered_to is None:
        return patience
    return max(min(now, watermark.delivered_to), patience)
