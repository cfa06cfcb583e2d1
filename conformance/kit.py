"""Packs what a session was held on into one file, and unpacks it: the bytes of the source, and what was claimed.

An isolated network runs the tests by itself and brings the file. Whoever receives it holds the tests again on those
bytes; the verdicts that came with them are shown beside its own and count for nothing.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import orjson

from conformance.sessions import Session, read_session
from hub.errors import Fault, Misconfigured

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CLAIMED: Final = "claimed.ndjson"
SOURCE: Final = "source"
MANIFEST: Final = "manifest.json"
MOST_BYTES: Final = 2 << 30
"""Bytes that a kit may hold when it is unpacked."""


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
            if sum(each.file_size for each in archive.infolist()) > MOST_BYTES:
                raise _unusable(f"it holds more than {MOST_BYTES:,} bytes")
            files = {name: archive.read(name) for name in archive.namelist()}
        manifest = orjson.loads(files.pop(MANIFEST))
        claimed = files[CLAIMED]
    except (zipfile.BadZipFile, KeyError, orjson.JSONDecodeError) as broken:
        raise _unusable(str(broken)) from broken
    if manifest != {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}:
        raise _unusable("its bytes are not those of its manifest")
    source = folder / SOURCE
    source.mkdir(parents=True)
    for name, data in files.items():
        path = PurePosixPath(name)
        if name == CLAIMED:
            continue
        if len(path.parts) != 2 or path.parts[0] != SOURCE or path.name in {"..", "."} or "\\" in name:  # noqa: PLR2004 - source/NAME
            raise _unusable(f"{name} has no place in a kit")
        (source / path.name).write_bytes(data)
    return Kit(claimed=read_session(claimed, folder), source=source)


def _unusable(problem: str) -> Misconfigured:
    hint = "have it made again: sunlight conformance kit CONNECTION --out FILE.zip"
    return Misconfigured(Fault(code="kit.unusable", problem=problem, hint=hint))
