"""Writes a sheet as PDF; the same sheet gives the same bytes on a machine with the same faces."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import HRFlowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from hub.papers.fonts import face

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from reportlab.platypus.flowables import Flowable

    from hub.papers.sheet import Block

MARGIN: Final = 26 * mm
WIDTH: Final = A4[0] - 2 * MARGIN

_RED: Final = colors.HexColor("#C01010")
_LOOKS: Final[Mapping[str, tuple[float, Any, Any]]] = {
    "issuer": (19, TA_CENTER, _RED),
    "title": (16, TA_CENTER, colors.black),
    "number": (11, TA_CENTER, colors.black),
    "heading": (12, TA_LEFT, colors.black),
    "text": (11, TA_LEFT, colors.black),
    "right": (11, TA_RIGHT, colors.black),
    "cell": (8.5, TA_LEFT, colors.black),
}
"""Size in points, alignment and colour of each kind of text."""

_SHARES: Final[Mapping[int, Sequence[float]]] = {2: (0.3, 0.7), 4: (0.2, 0.26, 0.26, 0.28)}
"""Shares of the width that a table's columns have."""


def pdf_of(sheet: Sequence[Block], *, title: str, font: str = "") -> bytes:
    """Return the bytes of a PDF file, A4, set in a face with Chinese characters (`font`: a file of the operator's)."""
    written, name = io.BytesIO(), face(font)
    template = SimpleDocTemplate(
        written,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=title,
        author="Sunlight Hub",
        invariant=1,
    )
    flow = [part for block in sheet for part in _SETTERS.get(block.kind, _text)(block, name)]
    template.build(flow, onFirstPage=_numbered(name), onLaterPages=_numbered(name))
    return written.getvalue()


def _style(kind: str, font: str) -> ParagraphStyle:
    size, alignment, colour = _LOOKS[kind]
    return ParagraphStyle(
        kind,
        fontName=font,
        fontSize=size,
        leading=size * 1.5,
        alignment=alignment,
        textColor=colour,
        wordWrap="CJK",
        spaceAfter=4,
        keepWithNext=kind == "heading",
    )


def _text(block: Block, font: str) -> Iterator[Flowable]:
    yield Paragraph(escape(block.text), _style(block.kind, font))


def _table(block: Block, font: str) -> Iterator[Flowable]:
    style, is_headed = _style("cell", font), any(block.rows[0])
    rows = [[Paragraph(escape(text), style) for text in row] for row in (block.rows if is_headed else block.rows[1:])]
    shares = _SHARES.get(len(block.rows[0])) or [1 / len(block.rows[0])] * len(block.rows[0])
    lines: list[Any] = [("GRID", (0, 0), (-1, -1), 0.5, colors.grey), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    if is_headed:
        lines.append(("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke))
    widths = [share * WIDTH for share in shares]
    table = Table(rows, colWidths=widths, repeatRows=1 if is_headed else 0, splitInRow=1)  # a row may outgrow a page
    table.setStyle(TableStyle(lines))
    yield table
    yield Spacer(1, 3 * mm)


def _rule(_block: Block, _font: str) -> Iterator[Flowable]:
    yield Spacer(1, 4 * mm)
    yield HRFlowable(width="100%", color=colors.grey, dash=(3, 3))


_SETTERS: Final[Mapping[str, Callable[[Block, str], Iterator[Flowable]]]] = {"table": _table, "rule": _rule}


def _numbered(font: str) -> Callable[[Any, Any], None]:
    def number(canvas: Any, template: Any) -> None:  # noqa: ANN401 - reportlab's own
        canvas.setFont(font, 9)
        canvas.drawCentredString(A4[0] / 2, MARGIN / 2, f"— {template.page} —")

    return number
