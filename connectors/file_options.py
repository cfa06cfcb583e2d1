"""Reads what a mapping declares of files: where they are, how they look, when they are whole, what becomes of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from connectors.codecs import CODECS, SUFFIXES, CodecOptions
from connectors.encodings import UTF_8
from connectors.file_completeness import COMPLETE
from connectors.file_outcome import OutcomeOptions
from connectors.manifests import Asking, asking_of
from connectors.options import encoding_of, namespaces_of
from hub.errors import Fault, Misconfigured
from hub.mapping.paths import path_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.options import Declaration, Options

STABLE_S: Final = 60.0
"""Seconds for which a file must not have changed, where the mapping does not say."""

WATERMARKS: Final = ("none", "now", "mtime")
"""What a read says of the past: nothing; all until now is in the files; all until the last of them was written."""

ARCHIVE: Final = ".zip"

FORM: Final = ("format", "pattern", "members", "delimiter", "columns", "widths", "record", "rows", "sheet")
"""Options that say what files look like, not where they stand."""

_FOLDER: Final = re.compile(r"[^/\\.][^/\\]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOptions:
    """Where the files stand and how they are read. An empty `form` is told by the name's ending."""

    pattern: str = "*"
    members: str = "*"
    """Which members of an archive are read."""
    form: str = ""
    encoding: str = UTF_8
    delimiter: str = ","
    columns: tuple[str, ...] = ()
    widths: Mapping[str, int] = field(default_factory=dict)
    record: str = ""
    rows: tuple[str, ...] = ()
    sheet: str = ""
    namespaces: Mapping[str, str] = field(default_factory=dict)
    """The mapping's prefix by XML namespace."""
    complete: str = "rename"
    stable_s: float = STABLE_S
    watermark: str = "none"
    outcome: OutcomeOptions = field(default_factory=OutcomeOptions)
    days: str = ""
    """Pattern of the files in which the department says how many cases each day had; empty where it does not."""
    asking: Asking = field(default_factory=Asking)

    def codec_options(self, place: str) -> CodecOptions:
        """Return how the file that people know as `place` is to be decoded."""
        return CodecOptions(
            place=place,
            encoding=self.encoding,
            delimiter=self.delimiter,
            columns=self.columns,
            widths=self.widths,
            record=self.record,
            rows=self.rows,
            sheet=self.sheet,
            namespaces=self.namespaces,
        )

    def form_of(self, name: str) -> str:
        """Return the format of the file of that name."""
        return self.form or form_of_name(name)

    def knows(self, name: str) -> bool:
        """Tell whether the format of the file of that name is known."""
        return bool(self.form) or name.lower().endswith(ARCHIVE) or _ending(name) in SUFFIXES

    def may_be_archive(self, name: str) -> bool:
        """Tell whether a zip of that name is an archive of files, and not a workbook."""
        return name.lower().endswith(ARCHIVE) or not self.knows(name) or self.form_of(name) != "xlsx"


def file_options(connect: Options, declaration: Declaration) -> FileOptions:
    """Read the options of `kind: files` but for where the files are."""
    form = connect.choice("format", (*CODECS, ""), "")
    widths = _widths(connect)
    if form == "fixed" and not widths:
        connect.fault("widths", "is missing", "write widths: {AJBH: 20, SLSJ: 14}, in bytes")
    days = connect.section("manifest")
    pattern_of_days, asking = (days.text("files") if days.names() else ""), asking_of(days)
    days.no_more()
    return FileOptions(
        days=pattern_of_days,
        asking=asking,
        pattern=connect.text("pattern", "*"),
        members=connect.text("members", "*"),
        form=form,
        encoding=encoding_of(declaration),
        delimiter=_delimiter(connect),
        columns=connect.texts("columns"),
        widths=widths,
        record=connect.text("record", ""),
        rows=path_in(connect.text("rows", "")),
        sheet=connect.text("sheet", ""),
        namespaces=namespaces_of(declaration),
        complete=connect.choice("complete", COMPLETE, "rename"),
        stable_s=connect.seconds("stable", STABLE_S),
        watermark=connect.choice("watermark", WATERMARKS, "none"),
        outcome=_outcome(connect),
    )


def _widths(connect: Options) -> Mapping[str, int]:
    section = connect.section("widths")
    return {name: section.count(name, 1) for name in section.names()}


def _outcome(connect: Options) -> OutcomeOptions:
    section = connect.section("acknowledge")
    done = section.text("done", "")
    failed = section.text("failed", "failed" if done else "")
    found = OutcomeOptions(rename_to=section.text("rename", ""), done=done, failed=failed)
    for key, name in (("done", done), ("failed", failed)):
        if name and not _FOLDER.fullmatch(name):
            section.fault(
                key, f"{name!r} is no name of a folder", "write one name, of a folder below that of the files"
            )
    if failed and not done:
        section.fault("done", "is missing", "write done: FOLDER too, for files of which nothing was refused")
    if done and found.rename_to:
        section.fault("rename", "and done exclude each other", "write one of them")
    section.no_more()
    return found


def in_stead(declaration: Declaration) -> Mapping[str, Any]:
    """Return what still holds when somebody hands over a file by hand: its form; it stays where it is."""
    if declaration.kind != "files":
        return {}
    return {key: value for key, value in declaration.connect.items() if key in FORM}


def form_of_name(name: str) -> str:
    """Return the format that a file's name tells; raise Misconfigured where it tells none."""
    ending = _ending(name)
    if ending not in SUFFIXES:
        raise Misconfigured(_unknown_format(name))
    return SUFFIXES[ending]


def _ending(name: str) -> str:
    return Path(name.removesuffix(".gz")).suffix.lower()


def _delimiter(connect: Options) -> str:
    delimiter = connect.text("delimiter", ",")
    if len(delimiter) != 1 or delimiter in '"\r\n':
        connect.fault("delimiter", f"{delimiter!r} cannot be one", "write one character, e.g. ';' or \"\\t\"")
        return ","
    return delimiter


def _unknown_format(name: str) -> Fault:
    return Fault(
        code="source.format",
        problem="the name does not say which format this is",
        file=name,
        target_path="connect.format",
        hint=f"declare format: {', '.join(CODECS)}",
    )
