"""Writes a table of statistics as CSV, as a spreadsheet with a chart, and as plain data."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import xlsxwriter

from hub.reporting.sheet import spoken
from hub.statistics.answer import period_label
from hub.statistics.naming import COLUMNS, heading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.statistics.answer import Row, Table
    from hub.statistics.naming import Language

MADE_AT: Final = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""Creation time that every workbook states, so that the same figures give the same bytes."""

CHARTED: Final = 30
"""Most lines of a chart that can still be read."""

TOTAL: Final = ("合计", "total")
SUPPRESSED: Final = "*"
"""Stands where a small cell is hidden."""

FORMATS: Final = {"count": "#,##0", "rate": "0.0%", "days": "0.0"}


def plain(table: Table) -> dict[str, Any]:
    """Return a table as plain data."""
    asked = table.asked
    limits = {name: getattr(asked, name) for name in ("region", "department", "matter", "power_type", "family")}
    said = {
        "from": asked.span.start.isoformat(),
        "to": asked.span.last.isoformat(),
        "by": list(asked.by),
        "of": {name: value for name, value in limits.items() if value},
        "complaints": asked.complaints,
        "compare": table.compare or None,
        "suppressed_below": table.least or None,
    }
    keys = (*table.dimensions, *(f"{name}_name" for name in table.dimensions), *table.figures)
    more = ("before", "change", "difference", "suppressed")
    rows = [{name: row[name] for name in (*keys, *more) if name in row} for row in table.rows]
    total = {name: table.total[name] for name in (*table.figures, *more) if name in table.total}
    return {**said, "rows": rows, "total": total}


def cells(table: Table, language: Language = "zh") -> tuple[list[str], list[list[Any]]]:
    """Return headings and lines, the total last; names stand behind codes, None where there is nothing to say."""
    named = [name for name in table.dimensions if name != "period"]
    heads = [heading(name, language) for name in table.dimensions]
    heads += [f"{heading(name, language)}{('名称', ' name')[language == 'en']}" for name in named]
    changed = sorted(table.total.get("change", {})) if table.compare else []
    heads += [heading(name, language) for name in table.figures]
    heads += [f"{heading(name, language)} {_CHANGE[table.compare][language == 'en']}" for name in changed]
    lines = [
        [row[name] for name in table.dimensions]
        + [row[f"{name}_name"] for name in named]
        + _figures(table, row, changed)
        for row in table.rows
    ]
    blank = [""] * max(0, len(table.dimensions) + len(named) - 1)
    head = [TOTAL[language == "en"]] if table.dimensions else []
    return heads, [*lines, [*head, *blank, *_figures(table, table.total, changed)]]


_CHANGE: Final = {"year": ("同比", "year on year"), "month": ("环比", "month on month"), "": ("", "")}


def _figures(table: Table, row: Row, changed: Sequence[str]) -> list[Any]:
    hidden = row.get("suppressed", False)
    found = [SUPPRESSED if hidden else row[name] for name in table.figures]
    return found + [(row.get("change") or {}).get(name) for name in changed]


def figure(name: str, value: Any) -> str:  # noqa: ANN401 - a figure
    """Write one figure for people; nothing as a dash."""
    return spoken(value, COLUMNS[name][2])


def as_csv(table: Table, language: Language = "zh") -> str:
    """Return a table as CSV with a byte order mark, as spreadsheet programs expect of UTF-8."""
    heads, lines = cells(table, language)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(heads)
    writer.writerows([["" if value is None else _harmless(value) for value in line] for line in lines])
    return "\ufeff" + out.getvalue()


def _harmless(value: Any) -> Any:  # noqa: ANN401 - a cell
    """Keep a spreadsheet program from taking a name for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t") else value


def as_xlsx(table: Table, language: Language = "zh") -> bytes:
    """Return a table as a workbook: one sheet, with a chart where its lines can be charted."""
    out = io.BytesIO()
    with workbook(out) as book:
        add_sheet(book, table, heading_of(table, language), language)
    return out.getvalue()


def workbook(out: io.BytesIO) -> xlsxwriter.Workbook:
    """Open a workbook that is the same bytes for the same content."""
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": MADE_AT, "author": "Sunlight Hub"})
    return book


def heading_of(table: Table, language: Language = "zh") -> str:
    """Say in a line what a table shows."""
    by = ("、", ", ")[language == "en"].join(heading(name, language) for name in table.dimensions)
    title = ("统计", "Statistics")[language == "en"]
    return f"{title} {period_label(table.asked)}" + (f" · {by}" if by else "")


def add_sheet(
    book: Any,  # noqa: ANN401 - xlsxwriter ships no types
    table: Table,
    title: str,
    language: Language,
    *,
    name: str = "",
    chart: str = "",
) -> None:
    """Add a sheet with a title, a table and, if it can be read, a column chart of `chart` (received, if not said)."""
    sheet = book.add_worksheet(name or None)
    heads, lines = cells(table, language)
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    kinds = ["text"] * (len(heads) - len(table.figures)) + [COLUMNS[each][2] for each in table.figures]
    if table.compare:
        changed = len(table.total.get("change", {}))
        kinds = [
            *kinds[: len(kinds) - len(table.figures)][changed:],
            *kinds[-len(table.figures) :],
            *["rate"] * changed,
        ]
    formats = {kind: book.add_format({"num_format": text}) for kind, text in FORMATS.items()}
    sheet.write(0, 0, title, book.add_format({"bold": True, "font_size": 14}))
    sheet.write_row(2, 0, heads, bold)
    for number, line in enumerate(lines, 3):
        for place, value in enumerate(line):
            if value is not None:
                sheet.write(number, place, value, formats.get(kinds[place]))
    sheet.set_column(0, len(heads) - 1, 14)
    sheet.freeze_panes(3, len(table.dimensions))
    wanted = chart or "opened"
    if table.rows and len(table.rows) <= CHARTED and wanted in table.figures:
        _chart(book, sheet, table, heads, wanted, title)


def _chart(
    book: Any,  # noqa: ANN401 - xlsxwriter ships no types
    sheet: Any,  # noqa: ANN401
    table: Table,
    heads: Sequence[str],
    wanted: str,
    title: str,
) -> None:
    named = [name for name in table.dimensions if name != "period"]
    first = len(table.dimensions) if named else 0
    labels = (
        (3, first, 2 + len(table.rows), first + max(0, len(named) - 1)) if named else (3, 0, 2 + len(table.rows), 0)
    )
    column = len(table.dimensions) + len(named) + table.figures.index(wanted)
    chart = book.add_chart({"type": "column"})
    chart.add_series(
        {
            "name": heads[column],
            "categories": [sheet.name, *labels],
            "values": [sheet.name, 3, column, 2 + len(table.rows), column],
            "fill": {"color": "#B4232A"},
        }
    )
    chart.set_title({"name": title})
    chart.set_legend({"none": True})
    chart.set_size({"width": 760, "height": 340})
    sheet.insert_chart(4 + len(table.rows), 0, chart)
