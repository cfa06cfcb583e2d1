"""The values that pass between the steps of an event's way. Frozen; instants are aware UTC unless said otherwise."""

from __future__ import annotations

from hub.model.values.bus import EVERY_PARTITION, Delivery, Kind, Message
from hub.model.values.feed import FeedItem, Opening, Place
from hub.model.values.kept import (
    AlertRow,
    Arrival,
    Awaited,
    CaseRow,
    Changes,
    ClockRow,
    ComplaintRole,
    Entry,
    Head,
    ManifestRow,
    NotificationRow,
    Outcome,
    PaperRow,
    QuarantineRow,
    ReadReport,
    Trace,
    Watermark,
)
from hub.model.values.reading import Manifest, Portion, Record
from hub.model.values.registry import Connection

__all__ = [
    "EVERY_PARTITION",
    "AlertRow",
    "Arrival",
    "Awaited",
    "CaseRow",
    "Changes",
    "ClockRow",
    "ComplaintRole",
    "Connection",
    "Delivery",
    "Entry",
    "FeedItem",
    "Head",
    "Kind",
    "Manifest",
    "ManifestRow",
    "Message",
    "NotificationRow",
    "Opening",
    "Outcome",
    "PaperRow",
    "Place",
    "Portion",
    "QuarantineRow",
    "ReadReport",
    "Record",
    "Trace",
    "Watermark",
]
