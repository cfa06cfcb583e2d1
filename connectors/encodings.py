"""Decides what a declared encoding means: GB 2312 and GBK are read as GB 18030; nothing is guessed."""

from __future__ import annotations

import codecs
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
