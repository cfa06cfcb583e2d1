"""Keeps test sessions on disk: one record a session, a line added at a time and never changed."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

import orjson

from conformance.lines import line_of, value_of
from conformance.model import Footer, Header, Result, Waiver
from conformance.verdicts import Plan, in_force, summarise
from hub.errors import Fault, Misconfigured, in_words
from hub.files import make_folder_durably, sync_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, tzinfo
    from pathlib import Path

    from conformance.model import Summary
    from conformance.suite import Suite

LOG: Final = logging.getLogger(__name__)

RECORD: Final = "results.ndjson"
BUNDLE: Final = "bundle.zip"


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
        bundle = self.folder / BUNDLE
        digest = hashlib.sha256(bundle.read_bytes()).hexdigest() if bundle.is_file() else ""
        return summarise(plan, self.results, self.footer, bundle_sha256=digest)


class Sessions:
    """All sessions below one folder."""

    def __init__(self, folder: Path, zone: tzinfo) -> None:
        """Keep them in `folder`, times written in `zone`."""
        self.folder, self._zone = folder, zone

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
        """Return the last session of a connection."""
        own = [session for session in self.all() if session.header.connection == connection]
        return own[-1] if own else None


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
