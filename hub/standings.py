"""Knows how connections are certified: read from the store, kept for a moment, told of every event on the feed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from hub.model.certified import mark

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from hub.model.certified import CertificateRow

KEEP_S: Final = 5.0
"""Seconds after which a changed certificate is seen on events."""


class Standings:
    """How every connection is certified. Belongs to one thread."""

    def __init__(self, latest: Callable[[], Mapping[str, CertificateRow]], monotonic: Callable[[], float]) -> None:
        """Ask `latest` when first asked, and again once that is too long ago."""
        self._latest, self._monotonic = latest, monotonic
        self._known: Mapping[str, CertificateRow] = {}
        self._read_at = float("-inf")

    def mark(self, connection_id: str, fingerprint: str, at: datetime) -> str:
        """Return the `conformance` of an event that a mapping of this fingerprint made, ledgered at an instant."""
        return mark(self._now().get(connection_id), fingerprint, at)

    def is_public_stopped(self, connection_id: str) -> bool:
        """Tell whether nothing more of a connection may be public."""
        row = self._now().get(connection_id)
        return row is not None and row.is_public_stopped

    def _now(self) -> Mapping[str, CertificateRow]:
        if self._monotonic() - self._read_at >= KEEP_S:
            self._known, self._read_at = self._latest(), self._monotonic()
        return self._known


def standings(latest: Callable[[], Mapping[str, CertificateRow]]) -> Standings:
    """Return the standings by the machine's clock."""
    return Standings(latest, time.monotonic)
