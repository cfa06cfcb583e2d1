"""Decides whether a file is all there, by what its department declares: its name, a marker, a manifest, or patience."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connectors.folders import Folder, Stamp

COMPLETE: Final = ("rename", "done-marker", "manifest", "stable", "always")
"""How a file is known to be complete: it gets its name last; `<name>.done` stands beside it; `<name>.manifest` says
what it must hold; it has not changed for a while, which a stalled transfer may belie; or it always is."""

MARKER: Final = ".done"
MANIFEST: Final = ".manifest"

ENTERING: Final = (".part", ".tmp", ".filepart")
"""Endings of files that are still being written."""

UNFINISHED: Final = (*ENTERING, MARKER, MANIFEST)
"""Endings of files that are still being written, or that only say that another is complete."""

MANIFEST_BYTES: Final = 1 << 16
"""Largest manifest that is read."""

_CHUNK: Final = 1 << 20
_DIGEST_CHARS: Final = 64
_KEYS: Final = {"rows": int, "bytes": int, "sha256": str}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a file must hold: any of its rows, bytes, SHA-256."""

    rows: int | None = None
    size_bytes: int | None = None
    sha256: str | None = None


class BadManifestError(ValueError):
    """A manifest says nothing that can be held against a file; the message says why."""


def beside(name: str, complete: str) -> str | None:
    """Name the file that stands beside `name` and says that it is complete; None where none does."""
    ending = {"done-marker": MARKER, "manifest": MANIFEST}.get(complete)
    return name + ending if ending else None


def is_complete(name: str, there: Mapping[str, Stamp], *, complete: str, stable_s: float, now: datetime) -> bool:
    """Tell whether a file can be taken, as far as the names and stamps of its folder tell."""
    if complete == "stable":
        return now.timestamp() - there[name].mtime_ns / 1e9 >= stable_s
    marker = beside(name, complete)
    return marker is None or marker in there


def manifest_of(folder: Folder, name: str) -> Manifest:
    """Read `<name>.manifest`: a JSON object with any of rows, bytes, sha256; raise BadManifestError."""
    with folder.open(name + MANIFEST) as stream:
        raw = stream.read(MANIFEST_BYTES)
    try:
        said: Any = orjson.loads(raw)
    except orjson.JSONDecodeError as broken:
        raise BadManifestError("the manifest is no JSON") from broken
    if not isinstance(said, dict) or not said.keys() & _KEYS:
        raise BadManifestError(f"the manifest names none of {', '.join(_KEYS)}")
    wrong = [key for key, kind in _KEYS.items() if key in said and type(said[key]) is not kind]
    if wrong or len(said.get("sha256", "0" * _DIGEST_CHARS)) != _DIGEST_CHARS:
        raise BadManifestError("the manifest's rows and bytes must be whole numbers, sha256 64 hex digits")
    return Manifest(rows=said.get("rows"), size_bytes=said.get("bytes"), sha256=said.get("sha256"))


def digest_of(folder: Folder, name: str) -> str:
    """Return the SHA-256 of a file, as lower-case hex."""
    digest = hashlib.sha256()
    with folder.open(name) as stream:
        while part := stream.read(_CHUNK):
            digest.update(part)
    return digest.hexdigest()


def is_still_short(manifest: Manifest, stamp: Stamp) -> bool:
    """Tell whether bytes are still to come."""
    return manifest.size_bytes is not None and stamp.size_bytes < manifest.size_bytes


def difference(folder: Folder, name: str, manifest: Manifest, stamp: Stamp) -> str:
    """Say how a file differs from its manifest, but for its rows; empty where it does not."""
    if manifest.size_bytes is not None and stamp.size_bytes != manifest.size_bytes:
        return f"the file has {stamp.size_bytes:,} bytes, its manifest says {manifest.size_bytes:,}"
    if manifest.sha256 is not None and digest_of(folder, name) != manifest.sha256.lower():
        return "the file's SHA-256 is not that of its manifest"
    return ""
