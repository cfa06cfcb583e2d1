"""Reads a session's record for whoever certifies on it: one that was cut or altered is none, nor is its bundle."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from typing import TYPE_CHECKING, Final

import orjson

from conformance.sessions import BUNDLE, RECORD, read_session
from hub.errors import Fault, Misconfigured, in_words

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from conformance.model import EvidenceItem, Summary
    from conformance.sessions import Session
    from conformance.suite import Suite

MANIFEST: Final = "manifest.json"


def summary_in(folder: Path, suite: Suite, today: date) -> Summary:
    """Return what the session in a folder came to; Misconfigured where there is none, or its record is damaged."""
    try:
        raw = (folder / RECORD).read_bytes()
    except OSError as missing:
        raise _unfit(folder, "no such session", "name one of `sunlight conformance list`") from missing
    try:
        session = read_session(raw, folder)
    except (ValueError, KeyError, TypeError, AttributeError, Misconfigured) as broken:
        raise _unfit(folder, f"the record is damaged: {in_words(broken)}", "use it as the session wrote it") from broken
    gone = [name for name in session.header.planned if name not in suite.tests]
    if gone:
        problem = f"it is of another suite: {', '.join(gone)} is not tested any more"
        raise _unfit(folder, problem, "run the tests again: sunlight conformance run --new")
    if session.footer is not None and (problem := unfit_bundle(session)):
        raise _unfit(folder, problem, f"bundle it anew: sunlight conformance report {session.header.session}")
    return session.summary(suite, today)


def unfit_bundle(session: Session) -> str:
    """Say why the bundle beside a record is not the evidence of that record; nothing where it is, or where none is.

    A certificate names it by its digest: one that is left from before the record went on would be signed for another.
    """
    place = session.folder / BUNDLE
    if not place.is_file():
        return ""
    try:
        with zipfile.ZipFile(place) as archive:
            digests = {name: _digest(archive, name) for name in archive.namelist()}
            manifest = orjson.loads(archive.read(MANIFEST))
    except (OSError, KeyError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as broken:
        return f"its bundle cannot be read: {broken}"
    if manifest != {name: digest for name, digest in digests.items() if name != MANIFEST}:
        return "the files of its bundle are not those of the manifest"
    if digests.get(RECORD) != hashlib.sha256(session.raw).hexdigest():
        return "its bundle is of another record: the session went on, or the record was altered"
    held = (session.result(test) for test in session.header.planned)
    missing = sorted({item.sha256[:12] for each in held if each for item in each.evidence if _raw(item) not in digests})
    return f"its bundle lacks evidence: {', '.join(missing)}" if missing else ""


def _digest(archive: zipfile.ZipFile, name: str) -> str:
    with archive.open(name) as packed:
        return hashlib.file_digest(packed, "sha256").hexdigest()  # type: ignore[arg-type]  # it reads and is readable


def _raw(item: EvidenceItem) -> str:
    return f"raw/{item.sha256}"


def _unfit(folder: Path, problem: str, hint: str) -> Misconfigured:
    return Misconfigured(Fault(code="certify.session", problem=problem, file=str(folder), hint=hint))
