"""Small XLSX workbooks for tests, written by hand: texts, numbers and dates."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
_STYLES = f'<styleSheet {_MAIN}><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>'


def an_xlsx(*rows: Sequence[Any], sheets: Sequence[str] = ("one",)) -> bytes:
    """Return a workbook whose every sheet holds `rows`."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", _TYPES)
        file.writestr("_rels/.rels", _links({"r1": ("officeDocument", "xl/workbook.xml")}))
        named = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(sheets, 1))
        file.writestr("xl/workbook.xml", f'<workbook {_MAIN} xmlns:r="{_REL}"><sheets>{named}</sheets></workbook>')
        links = {f"r{n}": ("worksheet", f"worksheets/s{n}.xml") for n in range(1, len(sheets) + 1)}
        file.writestr("xl/_rels/workbook.xml.rels", _links({**links, "st": ("styles", "styles.xml")}))
        file.writestr("xl/styles.xml", _STYLES)
        for n in range(1, len(sheets) + 1):
            body = "".join(f'<row r="{r}">{_cells(row, r)}</row>' for r, row in enumerate(rows, 1))
            file.writestr(f"xl/worksheets/s{n}.xml", f"<worksheet {_MAIN}><sheetData>{body}</sheetData></worksheet>")
    return packed.getvalue()


def _links(links: dict[str, tuple[str, str]]) -> str:
    listed = "".join(f'<Relationship Id="{i}" Type="{_REL}/{kind}" Target="{to}"/>' for i, (kind, to) in links.items())
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{listed}</Relationships>'
    )


def _cells(row: Sequence[Any], number: int) -> str:
    return "".join(_cell(value, f"{chr(65 + place)}{number}") for place, value in enumerate(row) if value is not None)


def _cell(value: Any, place: str) -> str:
    if isinstance(value, date):
        return f'<c r="{place}" s="1"><v>{(value - date(1899, 12, 30)).days}</v></c>'
    if isinstance(value, (int, float)):
        return f'<c r="{place}"><v>{value}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
