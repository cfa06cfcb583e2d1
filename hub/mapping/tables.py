"""Decides where a code table's entries come from: written inline, a file beside the mapping, or a shared list."""

from __future__ import annotations

import csv
import dataclasses
import io
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hub.mapping.codes import DEFAULT
from hub.mapping.document import FILE_BYTES, Node
from hub.model.codes import code_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.mapping.faults import Faults

SHARED: Final = "shared/"
"""What the name of a shared list begins with: the lists of schemas/codes, each code standing for itself."""

ROWS: Final = 20_000
"""Most rows of a table's file: several times the longest list of a department's matters."""

_HEADER: Final = ["code", "target"]


class _BadTable(Exception):
    """A table that cannot be had; the text says why."""


def with_tables(root: Node, path: Path, faults: Faults) -> Node:
    """Return the file at `path` with every table written out, so that all that follows knows inline tables alone."""
    section = root.entries.get("codes")
    if section is None or not any(_is_named(table) for table in section.entries.values()):
        return root
    homes = {name: Path(table.file or path).parent for name, table in section.entries.items()}
    tables = {name: _table(table, homes[name], faults) for name, table in section.entries.items()}
    return dataclasses.replace(root, value={**root.entries, "codes": dataclasses.replace(section, value=tables)})


def _is_named(table: Node) -> bool:
    return isinstance(table.value, str) or set(table.entries) == {"file"}


def _table(table: Node, folder: Path, faults: Faults) -> Node:
    if not _is_named(table):
        return table
    place = table.entries.get("file", table)
    entries: Mapping[str, str | None] = {DEFAULT: None}
    try:
        entries = _read(folder, place.text) if "file" in table.entries else _shared(table.text)
    except _BadTable as bad:
        hint = f"a CSV beside the mapping headed {','.join(_HEADER)}, or {SHARED}power-types"
        faults.add(place, "bad-table", f"the table {place.text!r} cannot be had: {bad}", source="codes", hint=hint)
    written = {code: _written(place, target) for code, target in entries.items()}
    keys = {code: _written(place, code) for code in entries}
    return dataclasses.replace(table, value=written, keys=keys)


def _written(place: Node, text: str | None) -> Node:
    return Node(line=place.line, column=place.column, value=text, text=text or "", quoted=True)


def _shared(name: str) -> Mapping[str, str | None]:
    plain = name.removeprefix(SHARED)
    if plain == name or not plain.replace("-", "").isalnum():
        raise _BadTable(f"a shared list is named {SHARED}…")
    try:
        return {code: code for code in code_list(plain.replace("-", "_")).rows}
    except KeyError:
        raise _BadTable("there is no such list in schemas/codes") from None


def _read(folder: Path, name: str) -> Mapping[str, str | None]:
    text = _text(folder, name)
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    entries: dict[str, str | None] = {}
    try:
        if next(rows, None) != _HEADER:
            raise _BadTable(f"its first row is not {','.join(_HEADER)}")
        for row in rows:
            _enter(entries, row, rows.line_num)
    except csv.Error as bad:
        raise _BadTable(f"line {rows.line_num}: {bad}") from bad
    if not entries:
        raise _BadTable("it has no row")
    return entries


def _enter(entries: dict[str, str | None], row: list[str], line: int) -> None:
    if len(row) != len(_HEADER) or not row[0]:
        raise _BadTable(f"line {line} is not a code and a target")
    if row[0] in entries:
        raise _BadTable(f"line {line} names the code {row[0]!r} again")
    if len(entries) >= ROWS:
        raise _BadTable(f"it has over {ROWS} rows")
    entries[row[0]] = row[1] or None


def _text(folder: Path, name: str) -> str:
    try:
        file, home = (folder / name).resolve(), folder.resolve()
        if not file.is_relative_to(home):
            raise _BadTable("it is not in the mapping's folder or below")
        if not file.is_file():
            raise _BadTable("there is no such file")
        if file.stat().st_size > FILE_BYTES:
            raise _BadTable(f"it has over {FILE_BYTES} bytes")
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as bad:
        raise _BadTable("it is not UTF-8") from bad
    except (OSError, ValueError, RuntimeError) as bad:
        raise _BadTable(f"it cannot be read: {type(bad).__name__}") from bad
