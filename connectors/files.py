"""Reads files of a folder, of this machine or elsewhere, in order of name: each complete file once, packed or not."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final
from zipfile import BadZipFile

from connectors.codecs import CODECS
from connectors.codecs.common import refused
from connectors.file_completeness import (
    ENTERING,
    MANIFEST,
    MARKER,
    UNFINISHED,
    BadManifestError,
    Manifest,
    beside,
    difference,
    is_complete,
    is_still_short,
    manifest_of,
)
from connectors.file_manifest import FolderStatement
from connectors.file_options import ARCHIVE, FileOptions, file_options, in_stead
from connectors.file_outcome import REPORT, Outcome, Taken
from connectors.file_packing import BrokenPackError, Unpacked, unpacked
from connectors.folders import Folder, LocalFolder, Stamp, open_folder
from connectors.folders.port import told
from connectors.options import READERS, Options
from hub.clock import SystemClock
from hub.errors import Unavailable
from hub.model.values import Portion, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from connectors.manifests import Statement
    from connectors.options import Declaration
    from hub.ports import Clock

PORTION_RECORDS: Final = 1000
"""Records published and confirmed together: enough to hide the broker's round trip, few enough to read twice."""

PORTION_BYTES: Final = 8 << 20
"""Bytes held at a time, whatever the records' size."""

_STRAY: Final = "declare format, or by pattern (members in an archive) which files are records; then deliver it again"
_WHOLE: Final = "deliver the whole file again"


class FilesSource:
    """A Source over a file or a folder. A file that changes after it was read is read again, from its beginning."""

    def __init__(self, folder: Folder, options: FileOptions, clock: Clock) -> None:
        """Read what stands in `folder` as `options` say; `clock` gives the watermark `now`."""
        self._folder, self._options, self._clock = folder, options, clock
        self._outcome = Outcome(folder, options.outcome)
        self._waiting: Mapping[str, Stamp] = {}
        """Files of the last look that are there, and not complete yet."""

    def read(self, checkpoint: Mapping[str, Any] | None) -> Iterator[Portion]:
        """Yield what stands in the files after `checkpoint`; see the port."""
        started_at = self._clock.now()
        progress = _Progress(checkpoint, remembers=not self._options.outcome.takes_away)
        names = self._names(started_at, progress)
        if not names and progress.has_done:  # gone all at once: as likely as not the folder is not mounted
            yield Portion(records=[], checkpoint=progress.checkpoint(), final=True)
            return
        if checkpoint is None and names and not any(self._options.knows(name) for name in names):
            self._options.form_of(next(iter(names)))  # complains: it is the declaration that lacks something
        progress.forget_all_but(names)
        records: list[Record] = []
        held_bytes = 0
        for name in names:
            for record in self._new_records(name, progress):
                records.append(record)
                held_bytes += len(record.raw)
                if len(records) >= PORTION_RECORDS or held_bytes >= PORTION_BYTES:
                    yield Portion(records=records, checkpoint=progress.checkpoint())
                    records, held_bytes = [], 0
        yield Portion(
            records=records,
            checkpoint=progress.checkpoint(),
            watermark=self._watermark(names, started_at),
            emptied_at=self._before_waiting(started_at),
            final=True,
        )

    def acknowledge(self, records: Sequence[Record]) -> None:
        """Do with every file of which the last record is among `records` what the declaration asks for."""
        try:
            self._outcome.settle(records)
        except OSError as away:
            raise self._away(self._folder.place, away) from away

    def probe(self) -> Mapping[str, str]:
        """Look at the folder and the first file's format without consuming anything."""
        names = self._names(self._clock.now(), _Progress(None, remembers=True))
        found = {"path": self._folder.place, "files": str(len(names))}
        if names:
            first = next(iter(names))
            found["first"] = told(first)
            is_archive = first.lower().endswith(ARCHIVE) and not self._options.form
            known = self._options.form_of(first) if self._options.knows(first) else "not known by its name"
            found["format"] = "zip" if is_archive else known
        return found

    def close(self) -> None:
        """Let go of the folder."""
        self._folder.close()

    @property
    def statement(self) -> Statement | None:
        """Return where the folder says how many cases began on which day."""
        options = self._options
        return FolderStatement(self._folder, options.days, options.asking, self._clock) if options.days else None

    # --- one file ------------------------------------------------------------------------------------------------

    def _new_records(self, name: str, progress: _Progress) -> Iterator[Record]:
        """Yield what is new of one file, each with the file it is of in its handle. Each moves `progress`."""
        stamp = self._stamp(name)
        skip = progress.begin(told(name), stamp)
        if skip is None:
            return
        taken = Taken(name, stamp, beside(name, self._options.complete), last=False)
        waiting: Record | None = None
        for index, record in enumerate(self._checked(taken)):
            if index < skip:
                continue
            if waiting is not None:
                progress.advance()
                yield waiting
            waiting = replace(record, handle=taken)
        progress.finish()
        if waiting is not None:
            yield replace(waiting, handle=taken._replace(last=True))
        else:
            self._outcome.nothing_in(taken._replace(last=True))

    def _checked(self, taken: Taken) -> Iterator[Record]:
        """Yield the records of a file that is what it must be; of any other one that is refused, or none."""
        name = taken.name
        try:
            if self._outcome.was_taken_before(name):
                if not self._outcome.is_the_same(name):
                    problem = "a file of this name was taken before, and held something else"
                    yield refused(
                        evidence(name), told(name), "name-again", problem, hint="deliver it under a name of its own"
                    )
                return
            manifest = self._manifest(name)
            wrong = difference(self._folder, name, manifest, taken.stamp)
            if wrong:
                yield refused(
                    evidence(name), told(name), "manifest", f"{wrong}, so no record of it was read", hint=_WHOLE
                )
                return
        except BadManifestError as bad:
            yield refused(
                evidence(name), told(name), "manifest", f"{bad}, so no record of the file was read", hint=_WHOLE
            )
            return
        except OSError as away:
            raise self._away(name, away) from away
        yield from self._counted(name, manifest)

    def _counted(self, name: str, manifest: Manifest) -> Iterator[Record]:
        """Yield a file's records; say at its end if they are not as many as its manifest says."""
        count = 0
        for record in self._decoded(name):
            count += 1
            yield record
        if manifest.rows is not None and manifest.rows != count:
            problem = f"the file has {count:,} records, its manifest says {manifest.rows:,}"
            yield refused(evidence(name), told(name), "manifest", problem, hint=_WHOLE)

    def _manifest(self, name: str) -> Manifest:
        return manifest_of(self._folder, name) if self._options.complete == "manifest" else Manifest()

    def _decoded(self, name: str) -> Iterator[Record]:
        options, archives = self._options, self._options.may_be_archive(name)
        try:
            with (
                self._folder.open(name) as packed,
                unpacked(packed, archives=archives, members=options.members) as parts,
            ):
                for part in parts:
                    yield from self._records_of(name, part)
        except (EOFError, gzip.BadGzipFile, zlib.error) as broken:
            problem = f"the file is not whole: {broken}"
            yield refused(evidence(name), told(name), "bad-gzip", problem, hint=f"{_WHOLE}, under a new name")
        except BrokenPackError as broken:
            yield refused(evidence(name), told(name), "bad-pack", f"{broken}", hint=f"{_WHOLE}, packed anew")
        except OSError as away:
            raise self._away(name, away) from away

    def _records_of(self, name: str, part: Unpacked) -> Iterator[Record]:
        """Yield the records of a file, or of one member of an archive, whose neighbours do not suffer by it."""
        place = told(f"{name}/{part.member}" if part.member else name)
        if not self._options.knows(part.member or name):
            yield refused(
                place.encode(), place, "unknown-format", "the name does not say which format this is", hint=_STRAY
            )
            return
        if part.problem:
            yield refused(place.encode(), place, "bad-pack", part.problem, hint=f"{_WHOLE}, packed anew")
            return
        try:
            codec = CODECS[self._options.form_of(part.member or name)]
            yield from codec(part.stream, self._options.codec_options(place))
        except (zlib.error, EOFError, BrokenPackError, BadZipFile) as broken:
            if not part.member:
                raise
            yield refused(
                place.encode(), place, "bad-pack", f"the member is broken: {broken}", hint=f"{_WHOLE}, packed anew"
            )

    # --- the folder ----------------------------------------------------------------------------------------------

    def _names(self, now: datetime, progress: _Progress) -> Mapping[str, Stamp]:
        """Return the complete files as they are now, in order of name."""
        found = self._folder.entries()
        self._waiting = {name: stamp for name, stamp in found.items() if self._is_waiting(name, found, now)}
        wanted = {name: found[name] for name in sorted(found) if self._is_wanted(name, found, now)}
        if self._options.complete != "manifest":
            return wanted
        return {
            name: stamp
            for name, stamp in wanted.items()
            if progress.is_done(told(name), stamp) or not self._is_short(name, found)
        }

    def _is_waiting(self, name: str, found: Mapping[str, Stamp], now: datetime) -> bool:
        """Tell whether a file is there that will be read once it is complete."""
        whole = next((name.removesuffix(end) for end in ENTERING if name.endswith(end)), name)
        if name.startswith(".") or not fnmatchcase(whole, self._options.pattern) or name.endswith((MARKER, REPORT)):
            return False
        if self._options.days and fnmatchcase(whole, self._options.days):
            return False
        return name != whole or (not name.endswith(MANIFEST) and self._is_ours(name)
                                 and not self._is_wanted(name, found, now))  # fmt: skip

    def _is_ours(self, name: str) -> bool:
        ending = self._options.outcome.rename_to
        return not (ending and name.endswith(ending))

    def _is_wanted(self, name: str, found: Mapping[str, Stamp], now: datetime) -> bool:
        options = self._options
        if name.startswith(".") or name.endswith((*UNFINISHED, REPORT)) or not fnmatchcase(name, options.pattern):
            return False
        if options.outcome.rename_to and name.endswith(options.outcome.rename_to):
            return False
        if options.days and fnmatchcase(name, options.days):
            return False
        return is_complete(name, found, complete=options.complete, stable_s=options.stable_s, now=now)

    def _is_short(self, name: str, found: Mapping[str, Stamp]) -> bool:
        try:
            return is_still_short(manifest_of(self._folder, name), found[name])
        except BadManifestError:
            return False
        except OSError as away:
            raise self._away(name + MANIFEST, away) from away

    def _stamp(self, name: str) -> Stamp:
        try:
            return self._folder.stamp(name)
        except OSError as away:
            raise self._away(name, away) from away

    def _watermark(self, names: Mapping[str, Stamp], started_at: datetime) -> datetime | None:
        """Return up to when all is in the files, by what they were when the read began: some are put away meanwhile."""
        latest_ns = max((stamp.mtime_ns for stamp in names.values()), default=None)
        found = {"now": started_at, "mtime": None if latest_ns is None else _instant(latest_ns)}.get(
            self._options.watermark
        )
        return None if found is None else self._before_waiting(min(found, started_at))

    def _before_waiting(self, instant: datetime) -> datetime:
        """Return an instant, or the time of the oldest file that is there and not complete, if that is earlier."""
        return min([instant, *(_instant(stamp.mtime_ns) for stamp in self._waiting.values())])

    def _away(self, name: str, away: OSError) -> Unavailable:
        place = told(f"{self._folder.place}: {name}")
        return Unavailable(str(away.strerror or away), place=place, hint="check that the folder is there and readable")


def _instant(ns: int) -> datetime:
    return datetime.fromtimestamp(ns / 1e9, UTC)


class _Progress:
    """Where reading stands: which files are done, by content stamp, and how many records of the present one are."""

    def __init__(self, checkpoint: Mapping[str, Any] | None, *, remembers: bool) -> None:
        """`remembers`: files stay where they are, so that those behind must be known again."""
        state = checkpoint or {}
        self._remembers = remembers
        self._done = {name: Stamp(*stamp) for name, stamp in state.get("done", {}).items()}
        self._name: str | None = state.get("file")
        self._stamp = Stamp(*state["stamp"]) if "stamp" in state else None
        self._records: int = state.get("records", 0)

    @property
    def has_done(self) -> bool:
        """Tell whether any file is behind."""
        return bool(self._done)

    def forget_all_but(self, present: Iterable[str]) -> None:
        """Forget files that are gone, so that a checkpoint grows no longer than the folder."""
        names = {told(name) for name in present}
        self._done = {name: stamp for name, stamp in self._done.items() if name in names}

    def is_done(self, name: str, stamp: Stamp) -> bool:
        """Tell whether a file is behind, as it is now."""
        return self._done.get(name) == stamp

    def begin(self, name: str, stamp: Stamp) -> int | None:
        """Turn to a file; return how many of its records are known, None if all are."""
        if self.is_done(name, stamp):
            return None
        if (self._name, self._stamp) != (name, stamp):
            self._records = 0
        self._name, self._stamp = name, stamp
        return self._records

    def advance(self) -> None:
        """Count one more record of the present file."""
        self._records += 1

    def finish(self) -> None:
        """Put the present file behind."""
        if self._name is not None and self._stamp is not None and self._remembers:
            self._done[self._name] = self._stamp
        self._name, self._stamp, self._records = None, None, 0

    def checkpoint(self) -> Mapping[str, Any]:
        """Return this as a JSON object."""
        state: dict[str, Any] = {"done": {name: [s.size_bytes, s.mtime_ns] for name, s in self._done.items()}}
        if self._name is not None and self._stamp is not None:
            state |= {"file": self._name, "stamp": [self._stamp.size_bytes, self._stamp.mtime_ns]}
            state["records"] = self._records
        return state


def evidence(name: str) -> bytes:
    """Return what is kept of a file that was not read: its name, which tells it from others that suffer alike."""
    return told(name).encode()


def open_files(
    declaration: Declaration, environment: Mapping[str, str], clock: Clock | None, path: Path | None = None
) -> FilesSource:
    """Open what `declaration` says, or `path` in its stead; raise Misconfigured with every fault."""
    values = declaration.connect if path is None else in_stead(declaration)
    connect = Options(values, file=declaration.connection, environment=environment)
    folder: Folder = LocalFolder(path) if path else open_folder(connect, place=declaration.connection)
    options = file_options(connect, declaration)
    connect.no_more(also=READERS)
    connect.done()
    return FilesSource(folder, options, clock or SystemClock())
