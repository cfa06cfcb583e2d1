"""Files for tests of attachments, and what says of them what a case says."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any, Final

from conformance.unsafe_files import HARMFUL, PDF, PNG, SOUND
from hub.model.attachments import Attachment

__all__ = ["HARMFUL", "NOW", "PDF", "PNG", "SOUND", "an_attachment"]

NOW: Final = datetime(2026, 3, 2, 1, tzinfo=UTC)


def an_attachment(content: bytes = PDF, **said: Any) -> Attachment:
    """Return a file as a case names it, due now."""
    base: dict[str, Any] = {
        "case_id": "0b5f4f2e-0000-5000-8000-000000000001",
        "sha256": hashlib.sha256(content).hexdigest(),
        "name": "现场照片.pdf",
        "media_type": "application/pdf",
        "size_bytes": len(content),
        "uri": "a.pdf",
        "connection_id": "taizhou.office.complaints",
        "next_at": NOW,
        "changed_at": NOW,
    }
    return Attachment(**base | said)
