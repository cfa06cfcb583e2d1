"""Writes a report as a spreadsheet: a sheet a section, with its table and a chart that draws from it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from hub.reporting.tables import FORMATS, workbook

if TYPE_CHECKING:
    from hub.reporting.sheet import Chart, Grid, Report, Section

COLOURS: Final = ("#173F63", "#B4883A")
_TAB_CHARS: Final = 31
"""Characters of a sheet's name that spreadsheet programs allow."""


def as_book(report: Report) -> bytes:
    """Return the bytes of the workbook."""
    out = io.BytesIO()
    with workbook(out) as book:
        for section in report.sections:
            _add(book, report, section)
    return out.getvalue()


def _add(book: Any, report: Report, section: Section) -> None:  # noqa: ANN401 - xlsxwriter ships no types
    sheet = book.add_worksheet(section.name[:_TAB_CHARS])
    sheet.write(0, 0, f"{report.title} {report.subtitle}", book.add_format({"bold": True, "font_size": 14}))
    sheet.write(1, 0, section.heading, book.add_format({"bold": True, "font_size": 12}))
    row = 3
    for row, sentence in enumerate(section.sentences, 3):
        sheet.write_string(row, 0, sentence)
    first = row + 2 if section.sentences else 3
    if section.grid is not None:
        _write(book, sheet, section.grid, first)
    if section.chart is not None and section.grid is not None:
        _draw(book, sheet, section.chart, section.grid, first)
    sheet.set_column(0, 20, 14)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _write(book: Any, sheet: Any, grid: Grid, first: int) -> None:  # noqa: ANN401
    formats = {kind: book.add_format({"num_format": text}) for kind, text in FORMATS.items()}
    sheet.write_row(first, 0, grid.heads, book.add_format({"bold": True, "text_wrap": True, "bottom": 1}))
    for number, line in enumerate(grid.lines, first + 1):
        for place, (value, kind) in enumerate(zip(line, grid.kinds, strict=True)):
            if value is not None:
                sheet.write(number, place, value, formats.get(kind))


def _draw(book: Any, sheet: Any, chart: Chart, grid: Grid, first: int) -> None:  # noqa: ANN401
    drawn = book.add_chart({"type": "column"})
    last = first + len(chart.labels)
    for number, (name, _) in enumerate(chart.series):
        column = list(grid.heads).index(name)
        drawn.add_series(
            {
                "name": name,
                "categories": [sheet.name, first + 1, 0, last, 0],
                "values": [sheet.name, first + 1, column, last, column],
                "fill": {"color": COLOURS[number % len(COLOURS)]},
            }
        )
    drawn.set_title({"name": chart.title})
    if len(chart.series) == 1:
        drawn.set_legend({"none": True})
    drawn.set_size({"width": 820, "height": 360})
    sheet.insert_chart(first + len(grid.lines) + 2, 0, drawn)
