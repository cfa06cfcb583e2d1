"""Who may speak, and for whom."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One registered connection: who publishes for it, and for which departments it may speak."""

    connection_id: str
    user: str
    """The bus user that must have published its messages."""
    departments: frozenset[str]
    allowed_delay_s: int
    """How late its data may be before a passed deadline is judged without it."""
    fingerprint: str = ""
    """What its mapping means; empty where that is not known."""
    mapping_version: int = 0
    offers: frozenset[str] | None = None
    """Event types and fields that its mapping fills; None where that is not known."""
    every_s: float = 0.0
    """How often it is polled, and with that gives a sign of life; 0: it need not."""
