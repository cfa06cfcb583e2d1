"""Tells whether two names that acts were done by are one person's: whatever keys they hold, however it is written."""

from __future__ import annotations

import unicodedata
from typing import Final

_UNSEEN: Final = "\u115f\u1160"
"""Letters that show nothing (Hangul fillers)."""


def same_person(one: str, other: str) -> bool:
    """Tell whether two names are one person's: `李四 (a1b2c3)` is 李四, and so is 李 四 with what nobody sees in it."""
    return _person(one) == _person(other)


def is_name(by: str) -> bool:
    """Tell whether a name holds anything that could be seen: letters or figures."""
    return bool(_letters(unicodedata.normalize("NFKC", by)))


def _person(by: str) -> str:
    """Return the letters and figures of a name, without what stands in brackets behind it: a key, an office."""
    plain = unicodedata.normalize("NFKC", by).casefold()
    name = plain.partition("(")[0]
    return _letters(name) or _letters(plain) or plain


def _letters(text: str) -> str:
    return "".join(each for each in text if each.isalnum() and each not in _UNSEEN)
