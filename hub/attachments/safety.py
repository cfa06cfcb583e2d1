"""Decides whether a fetched file may be kept: it is what its department said, and nothing that does harm.

No virus scanner is replaced by this: known malware is recognised by the industry's test file alone (EICAR, 2006), which
shows that what would be found is blocked; `[attachments] scanner` names the real one.
"""

from __future__ import annotations

import re
import zipfile
from typing import IO, TYPE_CHECKING, Final, NamedTuple

from hub.attachments.kinds import ACTIVE_NAMES, HEAD_BYTES, KINDS, is_active, is_kept, looks_like

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.model.attachments import Attachment

EICAR: Final = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The test file on which every scanner agrees, in two halves, so that no scanner takes this module for it."""

MEMBERS: Final = 1000
"""Members of an archive that is looked through."""

UNPACKED_BYTES: Final = 200 << 20
"""Bytes that an archive may unpack to."""

EXPANDED: Final = 100
"""How many times as large as itself an archive may unpack to; office documents stay below 30."""

_MACROS: Final = ("vbaproject.bin", "vbadata.xml", "xl/macrosheets/", "activex/")
"""Members of office documents that run."""

_COMPOUND_MACROS: Final = re.compile(b"|".join(re.escape(name.encode("utf-16-le")) for name in ("_VBA_PROJECT", "VBA")))
"""Names of storages in the older office documents that hold macros ([MS-OVBA] 2.2.1); 16-bit text."""

_CHUNK: Final = 1 << 16


class Objection(NamedTuple):
    """Why a file is refused: a stable code, and words for people."""

    code: str
    said: str


def refused_unseen(attachment: Attachment, largest_bytes: int) -> Objection | None:
    """Object to what a file is said to be, before anything is fetched."""
    if not is_kept(attachment.media_type):
        return Objection("attachment.kind", f"files of the type {attachment.media_type} are not kept")
    if ACTIVE_NAMES.search(attachment.name):
        return Objection("attachment.active", "its name ends as that of a program or script")
    if attachment.size_bytes > largest_bytes:
        return Objection("attachment.size", f"it has {attachment.size_bytes:,} bytes, {largest_bytes:,} are the most")
    return None


def refused(path: Path, media_type: str) -> Objection | None:
    """Object to a file as it came."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        if is_active(head):
            return Objection("attachment.active", "it is a program, a script or a page")
        if not looks_like(media_type, head):
            return Objection("attachment.type", f"it does not begin as {media_type} does")
        file.seek(0)
        if holds(file, EICAR):
            return Objection("attachment.malware", "it holds the malware test file (EICAR)")
        file.seek(0)
        if KINDS[media_type].is_archive:
            return _refused_archive(file, media_type)
        if media_type.startswith(("application/ms", "application/vnd.ms")) and _has_macros(file):
            return Objection("attachment.macro", "it holds macros")
    return None


def holds(file: IO[bytes], mark: bytes) -> bool:
    """Tell whether bytes occur in a file, which is read once and never whole."""
    tail = b""
    for chunk in _chunks(file):
        if mark in tail + chunk:
            return True
        tail = (tail + chunk)[-len(mark) + 1 :]
    return False


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk


def _has_macros(file: IO[bytes]) -> bool:
    tail = b""
    for chunk in _chunks(file):
        if _COMPOUND_MACROS.search(tail + chunk):
            return True
        tail = chunk[-32:]
    return False


def _refused_archive(file: IO[bytes], media_type: str) -> Objection | None:
    """Object to what an archive holds; its directory is judged before anything is unpacked."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            objection = _refused_listing(members, media_type) or _refused_size(members, _size(file))
            return objection or _refused_members(archive, members)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError) as broken:
        return Objection("attachment.archive", f"it cannot be unpacked: {type(broken).__name__}")
    except Exception as broken:  # noqa: BLE001 - zlib, bz2 and lzma each have an error of their own
        return Objection("attachment.archive", f"it cannot be unpacked: {type(broken).__name__}")


def _refused_listing(members: list[zipfile.ZipInfo], media_type: str) -> Objection | None:
    names = [member.filename for member in members]
    wanted = KINDS[media_type].inside
    if wanted and wanted not in names:
        return Objection("attachment.type", f"it lacks {wanted}, which {media_type} has")
    for name in names:
        parts = name.replace("\\", "/").split("/")
        if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]:
            return Objection("attachment.archive", "a member's name leads out of the archive")
        if any(mark in name.lower() for mark in _MACROS):
            return Objection("attachment.macro", "it holds macros")
        if ACTIVE_NAMES.search(name) and not (wanted and name.endswith((".html", ".htm", ".svg"))):
            return Objection("attachment.active", "it holds a program or script")
    if any(member.flag_bits & 1 for member in members):
        return Objection("attachment.archive", "it is locked by a password, so that nobody can look into it")
    return None


def _refused_size(members: list[zipfile.ZipInfo], packed_bytes: int) -> Objection | None:
    unpacked = sum(member.file_size for member in members)
    if len(members) > MEMBERS or unpacked > min(UNPACKED_BYTES, max(packed_bytes, _CHUNK) * EXPANDED):
        said = f"it would unpack to {len(members):,} files and {unpacked:,} bytes"
        return Objection("attachment.bomb", said)
    return None


def _refused_members(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> Objection | None:
    """Look into every member, no further than its directory entry says that it goes."""
    for member in members:
        if member.is_dir():
            continue
        with archive.open(member) as file:
            head = file.read(HEAD_BYTES)
            if head.startswith((b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")) or head[257:262] == b"ustar":
                return Objection("attachment.archive", "it holds an archive in the archive")
            if is_active(head) and not head.lstrip().startswith(b"<?xml"):
                return Objection("attachment.active", "it holds a program or script")
        with archive.open(member) as file:
            if holds(file, EICAR):
                return Objection("attachment.malware", "it holds the malware test file (EICAR)")
    return None


def _size(file: IO[bytes]) -> int:
    return file.seek(0, 2)
