"""Files that do harm and must be blocked, and sound ones beside them that must not be: the pack of test ATT-03."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any, Final

from hub.attachments.safety import EICAR

if TYPE_CHECKING:
    from collections.abc import Mapping

PNG: Final = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40
JPEG: Final = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x00" * 40
PDF: Final = b"%PDF-1.7\n" + "受理通知书".encode() * 20
DOCX_TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def a_zip(members: Mapping[str, bytes], **how: Any) -> bytes:
    """Return an archive; the same members make the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, **how) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


DOCX: Final = a_zip({"[Content_Types].xml": b"<?xml version='1.0'?>", "word/document.xml": b"<?xml?><w/>"})

HARMFUL: Final[Mapping[str, tuple[str, bytes, str]]] = {
    "a program as a picture": ("image/png", b"MZ\x90\x00" + b"\x00" * 60, "attachment.active"),
    "a script as text": ("text/plain", b"#!/bin/sh\nrm -rf /\n", "attachment.active"),
    "a page as text": ("text/plain", b"  <HTML><script>alert(1)</script>", "attachment.active"),
    "another type than declared": ("image/png", b"%PDF-1.4\nscan", "attachment.type"),
    "binary as text": ("text/plain", b"abc\x00def", "attachment.type"),
    "an archive as a document": (DOCX_TYPE, a_zip({"a.txt": b"a"}), "attachment.type"),
    "the malware test file": ("text/plain", EICAR, "attachment.malware"),
    "the malware test file in an archive": ("application/zip", a_zip({"a.txt": EICAR}), "attachment.malware"),
    "macros": (DOCX_TYPE, a_zip({"word/document.xml": b"x", "word/vbaProject.bin": b"x"}), "attachment.macro"),
    "macros of old": (
        "application/msword",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 500 + "_VBA_PROJECT".encode("utf-16-le"),
        "attachment.macro",
    ),
    "a bomb": ("application/zip", a_zip({"zeros": b"\x00" * (8 << 20)}), "attachment.bomb"),
    "too many members": (
        "application/zip",
        a_zip({str(number): b"" for number in range(1001)}),
        "attachment.bomb",
    ),
    "a way out": ("application/zip", a_zip({"../../etc/cron.d/x": b"x"}), "attachment.archive"),
    "a program in an archive": ("application/zip", a_zip({"readme.txt": b"\x7fELF"}), "attachment.active"),
    "a script in an archive": ("application/zip", a_zip({"run.bat": b"x"}), "attachment.active"),
    "an archive in an archive": ("application/zip", a_zip({"inner": a_zip({"a": b"a"})}), "attachment.archive"),
    "a broken archive": ("application/zip", b"PK\x03\x04" + b"\x00" * 40, "attachment.archive"),
}
"""What must be blocked: the type it calls itself, its content, the code of the refusal."""

SOUND: Final[Mapping[str, tuple[str, bytes]]] = {
    "现场照片.png": ("image/png", PNG),
    "受理通知书.pdf": ("application/pdf", PDF),
    "答复意见.docx": (DOCX_TYPE, DOCX),
    "版式文件.ofd": ("application/ofd", a_zip({"OFD.xml": b"<?xml?>", "Doc_0/Document.xml": b"<?xml?>"})),
    "说明.txt": ("text/plain", "现场照片说明，三张。".encode("gb18030")),
    "材料.zip": ("application/zip", a_zip({"照片/1.png": PNG, "说明.txt": b"x"})),
    "录音.amr": ("audio/amr", b"#!AMR\n" + b"\x3c" * 32),
    "空.txt": ("text/plain", b""),
}
"""What must be kept, by name; OFD is GB/T 33190."""
