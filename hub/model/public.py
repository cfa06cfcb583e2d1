"""What the public may see of a case and its events: a whitelist, so that what is new stays inside (default deny)."""

from __future__ import annotations

from typing import Final

PUBLIC_CASE: Final = (
    "case_id",
    "case_no",
    "family",
    "matter_code",
    "matter_name",
    "power_type",
    "region_code",
    "department_id",
    "case_type",
    "disclosure",
)
"""All that the public view says of a case: no title, applicant, agent or attribute."""

PUBLIC_EVENT: Final = ("type", "occurred_at", "stage_name", "promised_due_at", "statutory_due_at")
"""All that the public view says of an event besides its case."""
