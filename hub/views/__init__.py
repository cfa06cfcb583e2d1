"""What each view may see of a document: whitelists as data, and one pure function for each kind of reader."""

from __future__ import annotations

from hub.views.classes import CLASSES, class_of, is_report, is_shielded, may_see, open_views, withheld
from hub.views.fields import PUBLIC_CASE, PUBLIC_EVENT, VIEWS
from hub.views.receivers import for_centre, for_handler, is_report_of, may_reach
from hub.views.redaction import redacted

__all__ = [
    "CLASSES",
    "PUBLIC_CASE",
    "PUBLIC_EVENT",
    "VIEWS",
    "class_of",
    "for_centre",
    "for_handler",
    "is_report",
    "is_report_of",
    "is_shielded",
    "may_reach",
    "may_see",
    "open_views",
    "redacted",
    "withheld",
]
