"""Finds in the bytes of an exchange the place that a verdict is about, and shows what stands around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

AROUND: Final = 160
"""Characters that are shown on each side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """What stands before the place, at it, and after it; `offset_bytes` is where it begins.

    What is no text stands as ⟨hex⟩.
    """

    before: str
    marked: str
    after: str
    offset_bytes: int


def excerpt(data: bytes, needles: Iterable[str], encoding: str = "utf-8") -> Excerpt:
    """Return what stands around the first needle that occurs; without one, how the bytes begin."""
    for needle in needles:
        wanted = needle.strip().encode(encoding, "ignore")
        at = data.find(wanted) if wanted else -1
        if at >= 0:
            end = at + len(wanted)
            before, after = data[max(0, at - AROUND) : at], data[end : end + AROUND]
            return Excerpt(
                before=readable(before, encoding),
                marked=readable(wanted, encoding),
                after=readable(after, encoding),
                offset_bytes=at,
            )
    return Excerpt(before="", marked="", after=readable(data[: 2 * AROUND], encoding), offset_bytes=0)


def readable(data: bytes, encoding: str = "utf-8") -> str:
    """Return bytes as text in which whatever is no text of the encoding stands as ⟨hex⟩."""
    text, rest = "", data
    while rest:
        try:
            return text + rest.decode(encoding)
        except UnicodeDecodeError as wrong:
            broken = rest[wrong.start : wrong.end]
            text += rest[: wrong.start].decode(encoding) + f"⟨{broken.hex()}⟩"
            rest = rest[wrong.end :]
    return text


def needles(pointer: str, got: str) -> list[str]:
    """Return what to look for: what was found, then the last part of the pointer to it."""
    tail = pointer.replace("#", "/").rstrip("/").rpartition("/")[2]
    return [each for each in (got, got.strip("'\""), tail) if each]
