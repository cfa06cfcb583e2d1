"""Reads files of a folder, of this machine or elsewhere, in order of name: each complete file once, gzipped or not."""

from __future__ import annotations

import fnmatch
import gzip
import io
import os
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple, cast

from connectors.codecs import CODECS, SUFFIXES, CodecOptions
from connectors.codecs.common import refused
from connectors.encodings import UTF_8
from connectors.folders import Folder, LocalFolder, Stamp, open_folder
from connectors.options import Options, encoding_of, namespaces_of
from hub.clock import SystemClock
from hub.errors import Fault, Misconfigured, Unavailable
from hub.mapping.paths import path_in
from hub.model.values import Portion, Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connectors.options import Declaration
    from hub.ports import Clock

PORTION_RECORDS: Final = 1000
"""Records published and confirmed together: enough to hide the broker's round trip, few enough to read twice."""

PORTION_BYTES: Final = 8 << 20
"""Bytes held at a time, whatever the records' size."""

UNFINISHED: Final = (".part", ".tmp", ".done", ".filepart")
"""Endings of files that are still being written, or that only say that another is complete."""

COMPLETE: Final = ("rename", "done-marker", "stable", "always")
"""How a file is known to be complete: it gets its name last; `<name>.done` stands beside it; it has not changed for a
while, which a stalled transfer may belie; or it always is."""

STABLE_S: Final = 60.0
"""Seconds of that while, where the mapping does not say."""

WATERMARKS: Final = ("none", "now", "mtime")
"""What a read says of the past: nothing; all until now is in the files; all until the last of them was written."""

_FORM: Final = ("format", "pattern", "delimiter", "columns", "record", "rows", "sheet")
"""Options that say what files look like, not where they stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOptions:
    """Where the files stand and how they are read. An empty `form` is told by the name's ending."""

    pattern: str = "*"
    form: str = ""
    encoding: str = UTF_8
    delimiter: str = ","
    columns: tuple[str, ...] = ()
    record: str = ""
    rows: tuple[str, ...] = ()
    sheet: str = ""
    namespaces: Mapping[str, str] = field(default_factory=dict)
    """The mapping's prefix by XML namespace."""
    complete: str = "rename"
    stable_s: float = STABLE_S
    """Seconds for which a file must not have changed to be held complete, where that is how it is known."""
    watermark: str = "none"
    rename_to: str = ""
    """Ending that a file gets once all of it is safe with the hub; empty: files stay as they are."""

    def codec_options(self, name: str) -> CodecOptions:
        """Return how the file of that name is to be decoded."""
        return CodecOptions(
            place=told(name),
            encoding=self.encoding,
            delimiter=self.delimiter,
            columns=self.columns,
            record=self.record,
            rows=self.rows,
            sheet=self.sheet,
            namespaces=self.namespaces,
        )


class _Taken(NamedTuple):
    """A file that was read to its end, as it was then."""

    name: str
    stamp: Stamp


class FilesSource:
    """A Source over a file or a folder. A file that changes after it was read is read again, from its beginning."""

    def __init__(self, folder: Folder, options: FileOptions, clock: Clock) -> None:
        """Read what stands in `folder` as `options` say; `clock` gives the watermark `now`."""
        self._folder, self._options, self._clock = folder, options, clock

    def read(self, checkpoint: Mapping[str, Any] | None) -> Iterator[Portion]:
        """Yield what stands in the files after `checkpoint`; see the port."""
        started_at = self._clock.now()
        progress = _Progress(checkpoint)
        names = self._names(started_at)
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
        watermark = self._watermark(names, started_at)
        yield Portion(records=records, checkpoint=progress.checkpoint(), watermark=watermark, final=True)

    def acknowledge(self, records: Sequence[Record]) -> None:
        """Rename every file of which the last record is among `records`, where the declaration asks for it."""
        for record in records:
            if self._options.rename_to and isinstance(record.handle, _Taken):
                self._rename(record.handle)

    def probe(self) -> Mapping[str, str]:
        """Look at the folder and the first file's format without consuming anything."""
        names = self._names(self._clock.now())
        found = {"path": self._folder.place, "files": str(len(names))}
        if names:
            found["first"] = told(names[0])
            found["format"] = self._form(names[0])
        return found

    def close(self) -> None:
        """Let go of the folder."""
        self._folder.close()

    def _new_records(self, name: str, progress: _Progress) -> Iterator[Record]:
        """Yield what is new of one file; the last record says which in its handle. Each moves `progress`."""
        stamp = self._stamp(name)
        skip = progress.begin(told(name), stamp)
        if skip is None:
            return
        waiting: Record | None = None
        for index, record in enumerate(self._decoded(name)):
            if index < skip:
                continue
            if waiting is not None:
                progress.advance()
                yield waiting
            waiting = record
        progress.finish()
        if waiting is not None:
            yield replace(waiting, handle=_Taken(name, stamp))

    def _decoded(self, name: str) -> Iterator[Record]:
        codec = CODECS[self._form(name)]
        try:
            with self._folder.open(name) as packed, _unpacked(packed) as stream:
                yield from codec(stream, self._options.codec_options(name))
        except (EOFError, gzip.BadGzipFile, zlib.error) as broken:
            hint = "deliver the whole file again, under a new name"
            yield refused(b"", told(name), "bad-gzip", f"the file is not whole: {broken}", hint=hint)
        except OSError as away:
            raise self._away(name, away) from away

    def _form(self, name: str) -> str:
        return self._options.form or form_of_name(name)

    def _names(self, now: datetime) -> Sequence[str]:
        """Return the complete files, in order of name."""
        found = self._folder.entries()
        return [name for name in sorted(found) if self._is_wanted(name, found, now)]

    def _is_wanted(self, name: str, found: Mapping[str, Stamp], now: datetime) -> bool:
        options = self._options
        if name.startswith(".") or name.endswith(UNFINISHED) or not fnmatch.fnmatchcase(name, options.pattern):
            return False
        if options.rename_to and name.endswith(options.rename_to):
            return False
        if options.complete == "stable":
            return now.timestamp() - found[name].mtime_ns / 1e9 >= options.stable_s
        return options.complete != "done-marker" or f"{name}.done" in found

    def _stamp(self, name: str) -> Stamp:
        try:
            return self._folder.stamp(name)
        except OSError as away:
            raise self._away(name, away) from away

    def _rename(self, taken: _Taken) -> None:
        """Mark a file as taken; one that is gone or renamed already needs no mark.

        What was put in its place meanwhile gets its name back: it is read at the next poll.
        """
        target = self._mark_of(taken.name)
        try:
            self._folder.rename(taken.name, target)
            if self._folder.stamp(target) != taken.stamp and taken.name not in self._folder.entries():
                self._folder.rename(target, taken.name)
        except FileNotFoundError:
            return
        except OSError as away:
            raise self._away(taken.name, away) from away

    def _mark_of(self, name: str) -> str:
        """Return the first name free for a file that was taken: none is ever written over."""
        there = self._folder.entries()
        names = (name + (f".{number}" if number else "") + self._options.rename_to for number in count())
        return next(target for target in names if target not in there)

    def _watermark(self, names: Sequence[str], started_at: datetime) -> datetime | None:
        if self._options.watermark == "now":
            return started_at
        if self._options.watermark == "mtime" and names:
            latest_ns = max(self._stamp(name).mtime_ns for name in names)
            return min(started_at, datetime.fromtimestamp(latest_ns / 1e9, UTC))
        return None

    def _away(self, name: str, away: OSError) -> Unavailable:
        place = told(f"{self._folder.place}: {name}")
        return Unavailable(str(away.strerror or away), place=place, hint="check that the folder is there and readable")


class _Progress:
    """Where reading stands: which files are done, by content stamp, and how many records of the present one are."""

    def __init__(self, checkpoint: Mapping[str, Any] | None) -> None:
        state = checkpoint or {}
        self._done = {name: Stamp(*stamp) for name, stamp in state.get("done", {}).items()}
        self._name: str | None = state.get("file")
        self._stamp = Stamp(*state["stamp"]) if "stamp" in state else None
        self._records: int = state.get("records", 0)

    def forget_all_but(self, present: Sequence[str]) -> None:
        """Forget files that are gone, so that a checkpoint grows no longer than the folder."""
        names = {told(name) for name in present}
        self._done = {name: stamp for name, stamp in self._done.items() if name in names}

    def begin(self, name: str, stamp: Stamp) -> int | None:
        """Turn to a file; return how many of its records are known, None if all are."""
        if self._done.get(name) == stamp:
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
        if self._name is not None and self._stamp is not None:
            self._done[self._name] = self._stamp
        self._name, self._stamp, self._records = None, None, 0

    def checkpoint(self) -> Mapping[str, Any]:
        """Return this as a JSON object."""
        state: dict[str, Any] = {"done": {name: [s.size_bytes, s.mtime_ns] for name, s in self._done.items()}}
        if self._name is not None and self._stamp is not None:
            state |= {"file": self._name, "stamp": [self._stamp.size_bytes, self._stamp.mtime_ns]}
            state["records"] = self._records
        return state


def told(name: str) -> str:
    """Return a file's name as text that any document can hold: bytes that are not UTF-8 are spelt out."""
    return os.fsencode(name).decode(errors="backslashreplace")


def form_of_name(name: str) -> str:
    """Return the format that a file's name tells; raise Misconfigured where it tells none."""
    ending = Path(name.removesuffix(".gz")).suffix.lower()
    if ending not in SUFFIXES:
        raise Misconfigured(_unknown_format(name))
    return SUFFIXES[ending]


def open_files(
    declaration: Declaration, environment: Mapping[str, str], clock: Clock | None, path: Path | None = None
) -> FilesSource:
    """Open what `declaration` says, or `path` in its stead; raise Misconfigured with every fault."""
    values = declaration.connect if path is None else _in_stead(declaration)
    connect = Options(values, file=declaration.connection, environment=environment)
    acknowledge = connect.section("acknowledge")
    folder: Folder = LocalFolder(path) if path else open_folder(connect, place=declaration.connection)
    options = FileOptions(
        pattern=connect.text("pattern", "*"),
        form=connect.choice("format", (*CODECS, ""), ""),
        encoding=encoding_of(declaration),
        delimiter=_delimiter(connect),
        columns=connect.texts("columns"),
        record=connect.text("record", ""),
        rows=path_in(connect.text("rows", "")),
        sheet=connect.text("sheet", ""),
        namespaces=namespaces_of(declaration),
        complete=connect.choice("complete", COMPLETE, "rename"),
        stable_s=connect.seconds("stable", STABLE_S),
        watermark=connect.choice("watermark", WATERMARKS, "none"),
        rename_to=acknowledge.text("rename", ""),
    )
    acknowledge.no_more()
    connect.no_more(also=("every",))
    connect.done()
    return FilesSource(folder, options, clock or SystemClock())


def _in_stead(declaration: Declaration) -> Mapping[str, Any]:
    """Return what still holds when somebody hands over a file by hand: its form; it stays where it is."""
    if declaration.kind != "files":
        return {}
    return {key: value for key, value in declaration.connect.items() if key in _FORM}


def _delimiter(connect: Options) -> str:
    delimiter = connect.text("delimiter", ",")
    if len(delimiter) != 1 or delimiter in '"\r\n':
        connect.fault("delimiter", f"{delimiter!r} cannot be one", "write one character, e.g. ';' or \"\\t\"")
        return ","
    return delimiter


@contextmanager
def _unpacked(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """Unpack gzip, which is known by its first two bytes whatever the file is called."""
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", stream))
    if buffered.peek(2)[:2] != b"\x1f\x8b":
        yield buffered
        return
    with gzip.open(buffered) as unpacked:
        yield cast("IO[bytes]", unpacked)


def _unknown_format(name: str) -> Fault:
    return Fault(
        code="source.format",
        problem="the name does not say which format this is",
        file=told(name),
        target_path="connect.format",
        hint=f"declare format: {', '.join(CODECS)}",
    )
