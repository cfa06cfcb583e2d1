"""Keeps test sessions on disk: one record a session, a line added at a time and never changed."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO, Final

import orjson

from conformance.lines import line_of, value_of
from conformance.model import Footer, Header, Result, Waiver
from conformance.verdicts import Plan, in_force, summarise
from hub.errors import Fault, Misconfigured, in_words
from hub.files import make_folder_durably, sync_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, tzinfo
    from pathlib import Path

    from conformance.model import Summary
    from conformance.suite import Suite

LOG: Final = logging.getLogger(__name__)

RECORD: Final = "results.ndjson"
BUNDLE: Final = "bundle.zip"

_Shape = tuple[int, int, int]
"""When a file was changed last (ns), its bytes, and which file it is: a record grows, a bundle is replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session as its record tells it. `footer` is None unless the record's last line is one that fits."""

    folder: Path
    header: Header
    results: Sequence[Result]
    waivers: Sequence[Waiver]
    footer: Footer | None
    raw: bytes

    def result(self, test: str) -> Result | None:
        """Return the result in force of a test."""
        return in_force(self.results).get(test)

    def evidence(self) -> Sequence[str]:
        """Return the digest of every piece of evidence that the results in force rest on."""
        return sorted({item.sha256 for result in in_force(self.results).values() for item in result.evidence})

    def summary(self, suite: Suite, today: date) -> Summary:
        """Return what it came to, as of a day."""
        held = in_force(self.results)
        own = [suite.case(name, held.get(name)) for name in self.header.planned]
        tests = {case.id: (case.level, str(case.severity)) for case in own}
        omitted = [suite.case(each.test) for each in self.header.omitted if each.test in suite.tests]
        left_out = Counter[str](case.level for case in omitted if case.severity == "must")
        core = frozenset(case.id for case in own if case.core)
        plan = Plan(header=self.header, tests=tests, waivers=self.waivers, core=core, today=today, omitted=left_out)
        return summarise(plan, self.results, self.footer, bundle_sha256=_digest_of(self.folder / BUNDLE))


class Sessions:
    """All sessions below one folder. State is what was read and cannot have changed: headers, and whole records whose
    files are as they were.
    """

    def __init__(self, folder: Path, zone: tzinfo) -> None:
        """Keep them in `folder`, times written in `zone`."""
        self.folder, self._zone = folder, zone
        self._headers: Mapping[Path, Header] = {}
        self._held: dict[str, tuple[Path, _Shape, Session]] = {}

    def begin(self, header: Header) -> Session:
        """Begin a session."""
        place = self.folder / header.session
        make_folder_durably(self.folder)
        place.mkdir()
        self.add(header.session, header)
        sync_folder(place)
        sync_folder(self.folder)
        return self.get(header.session)

    def add(self, session: str, line: Header | Result | Waiver | Footer) -> None:
        """Add a line to a session's record, durably; a last line that was cut short is taken out first."""
        with (self.folder / session / RECORD).open("a+b") as record:
            fcntl.flock(record, fcntl.LOCK_EX)
            _mend(record)
            record.write(orjson.dumps(line_of(line, self._zone)) + b"\n")
            record.flush()
            os.fsync(record.fileno())

    def get(self, session: str) -> Session:
        """Read a session; Misconfigured where there is none of that name."""
        path = self.folder / session / RECORD
        try:
            raw = path.read_bytes()
        except (OSError, ValueError) as missing:
            hint = "sunlight conformance list"
            raise Misconfigured(
                Fault(code="session.unknown", problem="no such session", file=session, hint=hint)
            ) from missing
        return read_session(raw, path.parent)

    def all(self) -> Sequence[Session]:
        """Return every session that can be read, the oldest first; one that is damaged is said, and holds up none."""
        found = []
        for path in sorted(self.folder.glob(f"*/{RECORD}")):
            try:
                found.append(read_session(path.read_bytes(), path.parent))
            except Misconfigured as damaged:
                LOG.warning("session passed over", extra={"session": path.parent.name, "problem": str(damaged)})
        return sorted(found, key=lambda session: session.header.started_at)

    def last(self, connection: str) -> Session | None:
        """Return the last session of a connection that can be read."""
        return self._newest(connection, self._by_connection().get(connection, ()))

    def latest(self) -> Mapping[str, Session]:
        """Return the last session of each connection. A record is read whole only if it is one, and has changed."""
        found = {connection: self._newest(connection, paths) for connection, paths in self._by_connection().items()}
        return {connection: session for connection, session in found.items() if session is not None}

    def _by_connection(self) -> Mapping[str, Sequence[Path]]:
        """Return the records of each connection, the newest first, by their headers, which never change."""
        known = self._headers
        headers: dict[Path, Header] = {}
        for path in self.folder.glob(f"*/{RECORD}"):
            header = known.get(path) or _header_in(path)
            if header is not None:
                headers[path] = header
        self._headers = headers
        found: dict[str, list[Path]] = {}
        for path in sorted(headers, key=lambda each: (headers[each].started_at, each), reverse=True):
            found.setdefault(headers[path].connection, []).append(path)
        return found

    def _newest(self, connection: str, paths: Sequence[Path]) -> Session | None:
        for path in paths:
            shape, held = _shape_of(path), self._held.get(connection)
            if shape is not None and held is not None and held[:2] == (path, shape):
                return held[2]
            try:
                session = read_session(path.read_bytes(), path.parent)
            except (OSError, Misconfigured) as damaged:
                LOG.warning("session passed over", extra={"session": path.parent.name, "problem": str(damaged)})
                continue
            if shape is not None and shape == _shape_of(path):
                self._held[connection] = path, shape, session
            return session
        return None


def _shape_of(path: Path) -> _Shape | None:
    """Return by what it shows that a file is as it was; None where it is not there."""
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_mtime_ns, seen.st_size, seen.st_ino


def _digest_of(path: Path) -> str:
    """Return the digest of a bundle, empty where there is none."""
    shape = _shape_of(path)
    return _hashed(path, shape) if shape is not None else ""


@lru_cache(maxsize=1024)
def _hashed(path: Path, shape: _Shape) -> str:
    """Return the digest of a file that is as `shape` says: read once, however often its page is looked at."""
    del shape
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""


def _header_in(path: Path) -> Header | None:
    """Return the header of a record; None, and it is said, where its first line is none."""
    try:
        with path.open("rb") as record:
            header = value_of(orjson.loads(record.readline()))
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError, ValueError) as broken:
        LOG.warning("session passed over", extra={"session": path.parent.name, "problem": str(broken)})
        return None
    return header if isinstance(header, Header) else None


def _mend(record: BinaryIO) -> None:
    """Cut off what a crash left of a last line: what is added stands on a line of its own."""
    record.seek(0)
    held = record.read()
    whole = held.rfind(b"\n") + 1
    if whole < len(held):
        record.truncate(whole)
    record.seek(0, os.SEEK_END)


def _damaged(folder: Path, problem: str) -> Misconfigured:
    hint = "put the record back from a copy, or move the session's folder away"
    return Misconfigured(Fault(code="session.damaged", problem=problem, file=str(folder), hint=hint))


def read_session(raw: bytes, folder: Path) -> Session:
    """Read a session's record. A last line that was cut short is passed over: it never was."""
    whole = raw[: raw.rfind(b"\n") + 1]
    try:
        values = [value_of(orjson.loads(line)) for line in whole.splitlines()]
    except (AttributeError, KeyError, TypeError, ValueError) as broken:
        raise _damaged(folder, f"a line of the record cannot be read: {in_words(broken)}") from broken
    if not values or not isinstance(values[0], Header):
        raise _damaged(folder, "the record has no header")
    last = values[-1]
    before = whole[: whole.rstrip(b"\n").rfind(b"\n") + 1]
    is_whole = isinstance(last, Footer) and last.lines_sha256 == hashlib.sha256(before).hexdigest()
    return Session(
        folder=folder,
        header=values[0],
        results=[value for value in values if isinstance(value, Result)],
        waivers=[value for value in values if isinstance(value, Waiver)],
        footer=last if is_whole and isinstance(last, Footer) else None,
        raw=whole,
    )
