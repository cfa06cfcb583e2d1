"""Packs what a session was held on into one file, and unpacks it: the bytes of the source, and what was claimed.

An isolated network runs the tests by itself and brings the file. Whoever receives it holds the tests again on those
bytes; the verdicts that came with them are shown beside its own and count for nothing.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import orjson

from conformance.model import LEVELS
from conformance.sessions import Session, read_session
from hub.errors import Fault, Misconfigured, in_words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CLAIMED: Final = "claimed.ndjson"
SOURCE: Final = "source"
MANIFEST: Final = "manifest.json"
MOST_BYTES: Final = 2 << 30
"""Bytes that a kit may hold when it is unpacked."""
MOST_OWN_BYTES: Final = 64 << 20
"""Bytes that its record, or its manifest, may have."""
_PIECE_BYTES: Final = 1 << 20
_NAME: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,39}")
"""A session's name is part of case numbers, and names a folder."""

HELD_AGAIN: Final = "-kit"
"""What the names of sessions end in that were held again on the bytes of a kit: none is gone on with on a source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """A kit as it was unpacked: the session as it was claimed, and the folder of the source's bytes."""

    claimed: Session
    source: Path


def source_files(place: Path, pattern: str) -> Mapping[str, bytes]:
    """Return the files that a source holds, or the one export in its stead, by their names."""
    files = [place] if place.is_file() else sorted(each for each in place.glob(pattern) if each.is_file())
    if not files:
        hint = "give an export: --data FILE"
        raise Misconfigured(Fault(code="kit.empty", problem="the source has no file", file=str(place), hint=hint))
    return {file.name: file.read_bytes() for file in files}


def pack(session: Session, source: Mapping[str, bytes]) -> bytes:
    """Return the kit of a session. The same session and bytes give the same kit."""
    files = {CLAIMED: session.raw, **{f"{SOURCE}/{name}": data for name, data in source.items()}}
    manifest = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
    files[MANIFEST] = orjson.dumps(manifest, option=orjson.OPT_INDENT_2)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def unpack(raw: bytes, folder: Path) -> Kit:
    """Unpack a kit into a folder; Misconfigured where it is none, or where bytes are not those of its manifest."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            _check_names(archive)
            manifest, line = orjson.loads(archive.read(MANIFEST)), archive.read(CLAIMED)
            source = folder / SOURCE
            source.mkdir(parents=True)
            found = {CLAIMED: hashlib.sha256(line).hexdigest()}
            for each in archive.infolist():
                if each.filename not in (MANIFEST, CLAIMED):
                    found[each.filename] = _written(archive, each, source / PurePosixPath(each.filename).name)
    except (KeyError, ValueError, OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as broken:
        raise _unusable(f"it is no kit: {in_words(broken)}") from broken
    if manifest != found:
        raise _unusable("its bytes are not those of its manifest")
    claimed = read_session(line, folder)
    if not _NAME.fullmatch(claimed.header.session) or claimed.header.target not in LEVELS:
        raise _unusable("its session has no name, or aims at no level")
    return Kit(claimed=claimed, source=source)


def _check_names(archive: zipfile.ZipFile) -> None:
    """Refuse a kit that is too big, or in which a name occurs twice or has no place."""
    members = archive.infolist()
    if sum(each.file_size for each in members) > MOST_BYTES:
        raise _unusable(f"it holds more than {MOST_BYTES:,} bytes")
    if len({each.filename for each in members}) < len(members):
        raise _unusable("a name occurs in it twice")
    for each in members:
        path = PurePosixPath(each.filename)
        is_own = each.filename in (MANIFEST, CLAIMED)
        if is_own and each.file_size > MOST_OWN_BYTES:
            raise _unusable(f"{each.filename} has more than {MOST_OWN_BYTES:,} bytes")
        is_source = len(path.parts) == 2 and path.parts[0] == SOURCE  # noqa: PLR2004 - source/NAME
        if not is_own and (not is_source or path.name in {"..", "."} or "\\" in each.filename):
            raise _unusable(f"{each.filename} has no place in a kit")


def _written(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> str:
    """Write a member to a file a piece at a time; return the digest of its bytes."""
    digest = hashlib.sha256()
    with archive.open(member) as packed, target.open("xb") as out:
        while piece := packed.read(_PIECE_BYTES):
            digest.update(piece)
            out.write(piece)
    return digest.hexdigest()


def _unusable(problem: str) -> Misconfigured:
    hint = "have it made again: sunlight conformance kit CONNECTION --out FILE.zip"
    return Misconfigured(Fault(code="kit.unusable", problem=problem, hint=hint))
