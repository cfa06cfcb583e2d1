"""Writes a sheet as DOCX; the same sheet gives the same bytes."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Final

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from docx.document import Document as Doc

    from hub.papers.sheet import Block

FACE: Final = "仿宋"
"""The face of official documents (GB/T 9704-2012, 5.2.2); a machine without it shows another."""

ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)
"""When every part of the file was written, as far as the file says: the format's first moment."""

_RED: Final = RGBColor(0xC0, 0x10, 0x10)
_SIZES: Final[Mapping[str, float]] = {"issuer": 22, "title": 18, "number": 12, "heading": 13, "text": 12, "right": 12}
_CENTRED: Final = frozenset({"issuer", "title", "number"})


def docx_of(sheet: Sequence[Block], *, title: str, day: date) -> bytes:
    """Return the bytes of a DOCX file."""
    document = Document()
    _name(document, title, datetime.combine(day, time(), UTC))
    style = document.styles["Normal"]
    style.font.name = FACE
    style.element.rPr.rFonts.set(qn("w:eastAsia"), FACE)
    for block in sheet:
        _SETTERS.get(block.kind, _paragraph)(document, block)
    written = io.BytesIO()
    document.save(written)
    return _timeless(written.getvalue())


def _name(document: Doc, title: str, at: datetime) -> None:
    core = document.core_properties
    core.title, core.author, core.last_modified_by = title, "Sunlight Hub", "Sunlight Hub"
    core.created = core.modified = at.replace(tzinfo=None)
    core.comments, core.revision = "", 1


def _paragraph(document: Doc, block: Block) -> None:
    paragraph = document.add_paragraph()
    run = paragraph.add_run(block.text)
    run.font.size = Pt(_SIZES[block.kind])
    run.bold = block.kind in {"issuer", "title", "heading"}
    if block.kind == "issuer":
        run.font.color.rgb = _RED
    if block.kind in _CENTRED:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if block.kind == "right":
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    if block.kind == "heading":
        paragraph.paragraph_format.keep_with_next = True


def _table(document: Doc, block: Block) -> None:
    rows = block.rows if any(block.rows[0]) else block.rows[1:]
    table = document.add_table(rows=len(rows), cols=len(rows[0]), style="Table Grid")
    for row, cells in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
            for run in cell.paragraphs[0].runs:
                run.font.size = Pt(10)


def _rule(document: Doc, _block: Block) -> None:
    document.add_paragraph("— " * 30)


_SETTERS: Final[Mapping[str, Callable[[Doc, Block], None]]] = {"table": _table, "rule": _rule}


def _timeless(body: bytes) -> bytes:
    """Return the same archive with every part dated alike."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as given, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in given.namelist():
            part = zipfile.ZipInfo(name, ZIP_TIME)
            part.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(part, given.read(name))
    return out.getvalue()
