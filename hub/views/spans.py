"""What the detector hands on: a place in a text, of what kind, and what stays readable of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

KINDS: Final = (
    "citizen",
    "trader",
    "mobile",
    "landline",
    "email",
    "account",
    "card",
    "passport",
    "plate",
    "name",
    "address",
)
"""Kinds of personal data that are looked for: citizen numbers 公民身份号码, the code of a sole trader 个体工商户,
telephones, e-mail, names at messengers, bank cards, passports and permits, number plates, names, and addresses below
the town."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Characters `start` to `end` (exclusive) of a text, of which the first `shown` may stay readable."""

    kind: str
    start: int
    end: int
    shown: int = 0


_FOLDED: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xA0: 0x20}
"""Full-width letters, digits and signs as plain ones; length stays."""


def folded(text: str) -> str:
    """Return a text with full-width characters as plain ones, character for character."""
    return text.translate(_FOLDED)
