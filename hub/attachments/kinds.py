"""Knows files by their first bytes: which kinds may be kept, and what no file may be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD_BYTES: Final = 4096
"""Bytes of a file's beginning by which it is known; the farthest mark, of a tar archive, ends at 262."""

_OFFICE: Final = "application/vnd.openxmlformats-officedocument."


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file must begin with. `inside` names the member that tells one kind of zip archive from another."""

    marks: tuple[tuple[int, bytes], ...] = ()
    """Byte strings by offset, any one of which is enough; none: it is text."""
    inside: str = ""

    @property
    def is_archive(self) -> bool:
        """Tell whether its members are looked at."""
        return any(mark.startswith(b"PK") for _, mark in self.marks)


_ZIP: Final = ((0, b"PK\x03\x04"), (0, b"PK\x05\x06"))
_COMPOUND: Final = Kind(((0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),))
_TEXT: Final = Kind()

KINDS: Final[Mapping[str, Kind]] = {
    "application/pdf": Kind(((0, b"%PDF-"),)),
    "application/ofd": Kind(_ZIP, "OFD.xml"),
    f"{_OFFICE}wordprocessingml.document": Kind(_ZIP, "word/document.xml"),
    f"{_OFFICE}spreadsheetml.sheet": Kind(_ZIP, "xl/workbook.xml"),
    f"{_OFFICE}presentationml.presentation": Kind(_ZIP, "ppt/presentation.xml"),
    "application/msword": _COMPOUND,
    "application/vnd.ms-excel": _COMPOUND,
    "application/vnd.ms-powerpoint": _COMPOUND,
    "application/zip": Kind(_ZIP),
    "image/jpeg": Kind(((0, b"\xff\xd8\xff"),)),
    "image/png": Kind(((0, b"\x89PNG\r\n\x1a\n"),)),
    "image/gif": Kind(((0, b"GIF87a"), (0, b"GIF89a"))),
    "image/bmp": Kind(((0, b"BM"),)),
    "image/tiff": Kind(((0, b"II*\x00"), (0, b"MM\x00*"))),
    "image/webp": Kind(((8, b"WEBP"),)),
    "image/heic": Kind(((4, b"ftypheic"), (4, b"ftypheix"), (4, b"ftypmif1"))),
    "audio/mpeg": Kind(((0, b"ID3"), (0, b"\xff\xfb"), (0, b"\xff\xf3"), (0, b"\xff\xf2"))),
    "audio/wav": Kind(((8, b"WAVE"),)),
    "audio/amr": Kind(((0, b"#!AMR"),)),
    "audio/mp4": Kind(((4, b"ftyp"),)),
    "video/mp4": Kind(((4, b"ftyp"),)),
    "text/plain": _TEXT,
    "text/csv": _TEXT,
}
"""The kinds of files that are kept: what people photograph, scan, write and record. Whatever a browser or an office
program would run (HTML, SVG, scripts, documents with macros) is not among them. OFD is GB/T 33190."""

_PROGRAMS: Final = (
    b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe", b"L\x00\x00\x00\x01\x14\x02\x00", b"dex\n",
)  # fmt: skip
"""Beginnings of Windows, Linux, Java, Apple and Android programs, and of Windows shortcuts."""

_SCRIPT: Final = re.compile(
    rb"\A\s*(#!(?!AMR)|<\?php|<script|<html|<!doctype html|<svg|<\?xml|@echo off)", re.IGNORECASE
)
"""Beginnings of what an interpreter or a browser would run."""

ACTIVE_NAMES: Final = re.compile(
    r"\.(exe|dll|scr|com|pif|msi|msp|cpl|jar|apk|bat|cmd|ps1|psm1|vbs|vbe|js|jse|mjs|wsf|wsh|hta|lnk|url|reg|sh|py|pl|php"
    r"|html?|xhtml|svg|swf|docm|dotm|xlsm|xltm|xlam|pptm|potm|ppsm|iso|img|chm)\s*$",
    re.IGNORECASE,
)
"""Endings of names that a computer opens by running them."""


def is_kept(media_type: str) -> bool:
    """Tell whether files that call themselves so may be kept."""
    return media_type in KINDS


def is_active(head: bytes) -> bool:
    """Tell whether a file that begins so is a program or a script."""
    return head.startswith(_PROGRAMS) or _SCRIPT.match(head) is not None


def looks_like(media_type: str, head: bytes) -> bool:
    """Tell whether a file that begins so can be what it calls itself."""
    kind = KINDS[media_type]
    if not kind.marks:
        return b"\x00" not in head
    return any(head[offset : offset + len(mark)] == mark for offset, mark in kind.marks)
