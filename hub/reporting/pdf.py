"""Writes a report as PDF, A4, with a face for Chinese embedded; the same report gives the same bytes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.shapes import Drawing, String
from reportlab.lib import colors
from reportlab.lib.enums import TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Paragraph, SimpleDocTemplate, Spacer, Table

from hub.papers.fonts import face
from hub.reporting.sheet import spoken
from hub.reporting.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.reporting.sheet import Chart, Grid, Report, Section

MARGIN: Final = 16 * mm
WIDTH: Final = A4[0] - 2 * MARGIN
HEIGHT: Final = 62 * mm
CELL: Final = 7.5
"""Points of a table's letters."""

CJK: Final = 0x2E80
"""First code point of Chinese characters and their punctuation."""

NAMED_SHARE: Final = 1.9
"""How many times as wide a column of names is as one of figures."""

SLOT: Final = 30 * mm
"""Most width of one label's columns: two of them are no bill-boards."""

COLOURS: Final = (colors.HexColor("#173f63"), colors.HexColor("#b4883a"))
_RULE: Final = colors.HexColor("#dde1e3")


def as_pdf(report: Report, font: str = "") -> bytes:
    """Return the bytes of the file; `font` is a TrueType file with Chinese characters, looked at before all others."""
    out, name = io.BytesIO(), face(font)
    template = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=MARGIN,
        title=f"{report.title} {report.subtitle}", author="Sunlight Hub", invariant=1,
    )  # fmt: skip
    flow: list[Any] = [_said(report.title, name, 18), _said(report.subtitle, name, 11)]
    for section in report.sections:
        flow += list(_section(section, name))

    def numbered(canvas: Any, document: Any) -> None:  # noqa: ANN401 - reportlab ships no types
        canvas.setFont(name, 8)
        text = f"{report.subtitle}   {say(report.language, 'page', n=document.page)}"
        canvas.drawRightString(A4[0] - MARGIN, MARGIN / 2, text)

    template.build(flow, onFirstPage=numbered, onLaterPages=numbered)
    return out.getvalue()


def _said(text: str, font: str, size: float, *, right: bool = False) -> Paragraph:
    """Set one text; Chinese breaks anywhere, other words stay whole."""
    wrap = "CJK" if any(ord(letter) >= CJK for letter in text) else None
    look: dict[str, Any] = {
        "fontName": font,
        "fontSize": size,
        "leading": size * 1.5,
        "wordWrap": wrap,
        "spaceAfter": 3,
    }
    return Paragraph(escape(text), ParagraphStyle("said", alignment=TA_RIGHT if right else TA_LEFT, **look))


def _section(section: Section, font: str) -> Iterator[Any]:
    yield CondPageBreak(45 * mm)
    yield Spacer(1, 4 * mm)
    yield _said(section.heading, font, 13)
    for sentence in section.sentences:
        yield _said(sentence, font, 9.5)
    if section.grid is not None:
        yield Spacer(1, 2 * mm)
        yield _table(section.grid, font)
    if section.chart is not None:
        yield Spacer(1, 3 * mm)
        yield _drawing(section.chart, font)


def _table(grid: Grid, font: str) -> Table:
    total, named = len(grid.lines), sum(kind == "text" for kind in grid.kinds)
    unit = WIDTH / (named * NAMED_SHARE + len(grid.kinds) - named)
    heads = zip(grid.heads, grid.kinds, strict=True)
    rows: list[list[Any]] = [[_said(head, font, CELL, right=kind != "text") for head, kind in heads]]
    for line in grid.lines:
        said = [(spoken(value, kind), kind) for value, kind in zip(line, grid.kinds, strict=True)]
        rows.append([_said(text, font, CELL) if kind == "text" else text for text, kind in said])
    look: list[Any] = [
        ("FONT", (0, 0), (-1, -1), font, CELL),
        ("ALIGN", (named, 1), (-1, -1), "RIGHT"),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, 0), 1, COLOURS[0]),
        ("LINEBELOW", (0, 1), (-1, total), 0.4, _RULE),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2),
    ]
    widths = [unit * (NAMED_SHARE if kind == "text" else 1) for kind in grid.kinds]
    return Table(rows, colWidths=widths, repeatRows=1, style=look)


def _drawing(chart: Chart, font: str) -> Drawing:
    drawing = Drawing(WIDTH, HEIGHT)
    bars: Any = VerticalBarChart()
    bars.x, bars.y, bars.height = 30, 42, HEIGHT - 62
    bars.width = min(WIDTH - 40, SLOT * len(chart.labels))
    bars.data = [[value or 0 for value in values] for _, values in chart.series]
    bars.categoryAxis.categoryNames = [label if len(label) <= 12 else label[:11] + "…" for label in chart.labels]  # noqa: PLR2004 - characters that fit
    bars.categoryAxis.labels.fontName = bars.valueAxis.labels.fontName = bars.barLabels.fontName = font
    bars.categoryAxis.labels.fontSize = bars.valueAxis.labels.fontSize = bars.barLabels.fontSize = 6.5
    bars.categoryAxis.labels.boxAnchor, bars.categoryAxis.labels.angle = "ne", 25
    bars.valueAxis.valueMin = 0
    if chart.kind == "rate":
        bars.valueAxis.valueMax, bars.valueAxis.valueStep = 1, 0.25
    bars.valueAxis.labelTextFormat = lambda value: spoken(value if chart.kind == "rate" else round(value), chart.kind)
    bars.barLabelFormat = lambda value: spoken(value if chart.kind == "rate" else round(value), chart.kind)
    bars.barLabels.nudge = 5
    for number, _ in enumerate(chart.series):
        bars.bars[number].fillColor, bars.bars[number].strokeColor = COLOURS[number % len(COLOURS)], None
    names = " / ".join(name for name, _ in chart.series)
    caption = chart.title if len(chart.series) == 1 else f"{chart.title} ({names})"
    drawing.add(bars)
    drawing.add(String(0, HEIGHT - 9, caption, fontName=font, fontSize=8.5))
    return drawing
