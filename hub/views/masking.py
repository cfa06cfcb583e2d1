"""Masks in free text what names or reaches a person."""

from __future__ import annotations

import re
from typing import Final

_NUMBERS: Final = re.compile(r"(?<![0-9A-Za-z])(?:[1-9][0-9]{16}[0-9Xx]|1[3-9][0-9]{9})(?![0-9A-Za-z])")


def masked(text: str) -> str:
    """Return a text with a star for every character of a citizen's or a mobile number."""
    return _NUMBERS.sub(lambda found: "*" * len(found.group()), text)
