"""Decides what a declared encoding means: GB 2312 and GBK are read as GB 18030; nothing is guessed."""

from __future__ import annotations

import codecs
import re
from typing import Final

from hub.errors import Fault, Misconfigured

UTF_8: Final = "utf-8"
BOM: Final = codecs.BOM_UTF8

_GB: Final = frozenset({"gb2312", "gbk", "gb18030", "cp936", "hz"})
_AS_GB18030: Final = "gb18030"
"""The superset: `gb2312` fails on 喆 and 囧, `gbk` on 䲡 and 𠮷."""

_UNSAFE: Final = ("utf-16", "utf-32", "utf-7", "utf_16", "utf_32", "utf_7")
"""Encodings in which a line feed or `<` may be half of another character: records cannot be cut out of their bytes."""


def canonical(name: str, *, place: str = "") -> str:
    """Return Python's name of the encoding that `name` declares; raise Misconfigured for one that cannot be read."""
    try:
        found = codecs.lookup(name.strip()).name
    except LookupError as unknown:
        raise Misconfigured(_fault(name, "is not a known encoding", place)) from unknown
    if found in _GB:
        return _AS_GB18030
    if found.startswith(_UNSAFE):
        raise Misconfigured(_fault(name, "cannot be cut into records", place))
    if not codecs.lookup(found)._is_text_encoding:  # noqa: SLF001 - `hex`, `rot13` are codecs too
        raise Misconfigured(_fault(name, "is no text encoding", place))
    return UTF_8 if found in ("utf-8-sig", "ascii") else found


def _fault(name: str, problem: str, place: str) -> Fault:
    return Fault(
        code="source.encoding",
        problem=f"{name!r} {problem}",
        file=place,
        target_path="read.encoding",
        hint="declare utf-8 or gb18030, or convert the files",
    )


_MOVED: Final = {
    "A6D9": 0xFE10, "A6DA": 0xFE12, "A6DB": 0xFE11, "A6DC": 0xFE13, "A6DD": 0xFE14, "A6DE": 0xFE15, "A6DF": 0xFE16,
    "A6EC": 0xFE17, "A6ED": 0xFE18, "A6F3": 0xFE19, "FE59": 0x9FB4, "FE61": 0x9FB5, "FE66": 0x9FB6, "FE67": 0x9FB7,
    "FE6D": 0x9FB8, "FE7E": 0x9FB9, "FE90": 0x9FBA, "FEA0": 0x9FBB, "FE51": 0x20087, "FE52": 0x20089, "FE53": 0x200CC,
    "FE6C": 0x215D7, "FE76": 0x2298F, "FE91": 0x241FE,
    "A8BC": 0x1E3F,
}  # fmt: skip
"""Two-byte forms of GB 18030 that Python leaves in private use (E78D to E864), as early editions did, though they
have places of their own since Unicode 4.1: vertical forms, 14 ideographs, and ḿ (GB 18030-2005 and -2022)."""

PINNED: Final = {bytes.fromhex(form): chr(point) for form, point in _MOVED.items()} | {
    bytes.fromhex("95329031"): "\U00020087",
}
"""What these forms mean here, whatever a library makes of them."""

_FROM_PRIVATE: Final = {ord(bytes.fromhex(form).decode(_AS_GB18030)): point for form, point in _MOVED.items()}
_PRIVATE: Final = re.compile(f"[{''.join(map(chr, _FROM_PRIVATE))}]")


def normalised(text: str) -> str:
    """Return a text with the characters that GB 18030 once left in private use at their own places in Unicode."""
    if text.isascii() or _PRIVATE.search(text) is None:
        return text
    return text.translate(_FROM_PRIVATE)
