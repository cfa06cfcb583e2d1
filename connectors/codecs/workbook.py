"""Reads a spreadsheet (XLSX, XLS, ODS): one record a row under the names of its first row, each cell as stored."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, datetime, time, timedelta
from typing import IO, TYPE_CHECKING, Any, Final

import orjson
from python_calamine import CalamineError, CalamineWorkbook

from connectors.codecs.common import refused
from hub.model.values import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connectors.codecs.common import CodecOptions

FILE_BYTES: Final = 64 << 20
"""Largest workbook: a spreadsheet's own limit of a million rows takes about as much. It is read whole."""

UNPACKED_BYTES: Final = 1 << 30
"""Bytes that a workbook may unpack to: XML packs twenty to one, a bomb a thousand to one."""

CELLS: Final = 20_000_000
"""Cells of the block that a sheet's used range spans: a million rows of twenty columns. Two cells at the far corners of
a sheet would take half a terabyte."""

SCANNED_BYTES: Final = 1 << 20
"""Bytes of a sheet looked through at a time."""

_SHEET: Final = re.compile(r"xl/worksheets/[^/]+\.xml")
_CELL: Final = re.compile(rb'<c\s[^>]*?\br="([A-Z]{1,3})(\d{1,7})"')
_CELL_BYTES: Final = 200

KEPT_BYTES: Final = 1 << 16
"""How much of a workbook that cannot be read is kept as evidence."""

_HINT: Final = "save it again as XLSX, without a password"


def read(stream: IO[bytes], options: CodecOptions) -> Iterator[Record]:
    """Yield one record a row of the sheet, none an empty one; a workbook that cannot be read is one refused record."""
    raw = stream.read(FILE_BYTES + 1)
    problem = _harm(raw)
    if problem:
        yield refused(raw[:KEPT_BYTES], options.place, "too-large", problem, hint="deliver it as CSV")
        return
    try:
        rows = _rows(raw, options.sheet)
    except (CalamineError, ValueError, OSError, zipfile.BadZipFile) as broken:
        said = f"no workbook that can be read: {type(broken).__name__}"
        yield refused(raw[:KEPT_BYTES], options.place, "bad-workbook", said, hint=_HINT)
        return
    names = [_name(cell) for cell in next(rows, [])]
    if not any(names) or len({name for name in names if name}) < sum(map(bool, names)):
        said = "the first row does not name each column, and each once"
        yield refused(raw[:KEPT_BYTES], options.place, "no-header", said, hint="write the columns' names into it")
        return
    for number, row in enumerate(rows, start=2):
        if any(cell not in ("", None) for cell in row):
            yield _record(names, row, f"{options.place}:{number}")


def _harm(raw: bytes) -> str:
    """Say why a workbook is too large to be opened; empty where it is not."""
    if len(raw) > FILE_BYTES:
        return f"the workbook has over {FILE_BYTES:,} bytes"
    if not zipfile.is_zipfile(io.BytesIO(raw)):
        return ""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            unpacked = sum(each.file_size for each in packed.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return ""
    if unpacked > UNPACKED_BYTES:
        return f"the workbook unpacks to {unpacked:,} bytes"
    rows, columns = _extent(raw)
    return f"a sheet reaches to row {rows:,} and column {columns:,}" if rows * columns > CELLS else ""


def _extent(raw: bytes) -> tuple[int, int]:
    """Return how far any sheet of an XLSX reaches: its reader makes a place for every cell up to there."""
    rows = columns = 0
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        for each in packed.infolist():
            if not _SHEET.fullmatch(each.filename):
                continue
            with packed.open(each) as sheet:
                kept = b""
                while part := sheet.read(SCANNED_BYTES):
                    for found in _CELL.finditer(kept + part):
                        rows, columns = max(rows, int(found[2])), max(columns, _column(found[1]))
                    kept = part[-_CELL_BYTES:]
    return rows, columns


def _column(letters: bytes) -> int:
    """Return the number of a column: A is 1, XFD 16,384."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _rows(raw: bytes, sheet: str) -> Iterator[Sequence[Any]]:
    """Return the rows of the named sheet, or of the first; raise ValueError where there is none of that name."""
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(raw))
    names = workbook.sheet_names
    if (sheet and sheet not in names) or not names:
        raise ValueError(f"there is no sheet {sheet!r}")
    return iter(workbook.get_sheet_by_name(sheet or names[0]).to_python(skip_empty_area=False))


def _name(cell: object) -> str:
    return " ".join(str(_plain(cell) or "").split())


def _record(names: Sequence[str], row: Sequence[Any], place: str) -> Record:
    cells = [*row, *[None] * (len(names) - len(row))]
    tree = {name: _plain(cell) for name, cell in zip(names, cells, strict=False) if name}
    raw = orjson.dumps(tree, option=orjson.OPT_SORT_KEYS)
    beyond = [cell for cell in row[len(names) :] if cell not in ("", None)]
    nameless = [cell for name, cell in zip(names, cells, strict=False) if not name and cell not in ("", None)]
    if beyond or nameless:
        problem = "the row has a value in a column without a name"
        return refused(raw, place, "more-fields", problem, hint="name the column, or empty the cell")
    return Record(place=place, raw=raw, tree=tree)


def _plain(cell: Any) -> Any:  # noqa: ANN401 - whatever a cell holds; one line a type
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() and abs(cell) < 1 << 53 else cell
    if isinstance(cell, (datetime, date, time)):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return cell if isinstance(cell, (int, str)) else str(cell)
