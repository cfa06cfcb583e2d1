"""Prints a certificate for people: PDF and HTML, in both languages, with its number and digest as a QR code.

The print proves nothing: it carries what is needed to find the signed file and to see that it is the same.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

import jinja2
import segno
from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, Image, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from conformance.certificate import signing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FONT: Final = "STSong-Light"
"""A font that PDF readers bring along (Adobe-GB1): nothing has to be shipped, and the file stays small."""

TEMPLATE: Final = Path(__file__).with_name("certificate.html")

LEVELS: Final[Mapping[str, str]] = {
    "C0": "C0 登记 Registered",
    "C1": "C1 连通 Connected",
    "C2": "C2 数据 Correct data",
    "C3": "C3 可靠 Reliable",
    "C4": "C4 双向 Two-way",
}


def qr_text(document: Mapping[str, Any]) -> str:
    """Return what the QR code says: the certificate's number, its digest, and where its status is."""
    return f"{document['id']} sha256:{signing.digest(document)} {document['status']['url']}"


def lines(document: Mapping[str, Any], department: str) -> list[tuple[str, str, str]]:
    """Return what is printed: a Chinese heading, an English one, and the text."""
    scope, bound, evidence = document["scope"], document["bindings"], document["evidence"]
    must = evidence["must"]
    counted = " · ".join(f"{name} {must[name]}" for name in ("pass", "warn", "attested", "omit"))
    played = f"；模拟 simulated: {', '.join(evidence['simulated'])}" if evidence["simulated"] else ""
    found = [
        ("部门", "department", f"{department} {document['subject']['department']}"),
        ("连接", "connection", f"{document['subject']['connection']} ({document['subject']['environment']})"),
        ("级别", "levels", "，".join(LEVELS[level] for level in scope["levels"])),
        ("流程", "flows", ", ".join(scope["flows"])),
        ("适用", "profiles", ", ".join(scope["profiles"])),
        ("豁免", "waivers", _listed(f"{each['test']} → {each['until']} ({each['by']})" for each in scope["waivers"])),
        ("不适用", "omitted", _listed(each["test"] for each in scope["omitted"])),
        (
            "条件",
            "conditions",
            _listed(" ".join(each.values()) for each in document["conditions"]),
        ),
        ("映射", "mapping", f"v{bound['mapping']['version']} {bound['mapping']['sha256'][:16]}…"),
        ("规范", "case schema", f"{bound['case_schema']['version']} {bound['case_schema']['sha256'][:16]}…"),
        ("连接器", "connector", f"{bound['connector']['kind']} {bound['connector']['version']}"),
        ("测试集", "suite", f"{bound['suite']['version']} {bound['suite']['sha256'][:16]}…"),
        ("证据", "evidence", f"{counted}{played}；最早 oldest {evidence['oldest']}"),
        ("有效期", "valid", f"{document['validity']['issued'][:10]} — {document['validity']['not_after'][:10]}"),
        ("核准", "approved by", "，".join(f"{each['by']} ({each['role']})" for each in document["approvals"])),
    ]
    return [each for each in found if each[2]]


def _listed(parts: Any) -> str:
    return "；".join(parts)


def as_html(document: Mapping[str, Any], department: str) -> str:
    """Return the certificate as one HTML page that asks nothing of other hosts."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    code = segno.make(qr_text(document), error="m").svg_data_uri(scale=3)
    return template.render(
        document=document, lines=lines(document, department), digest=signing.digest(document), code=code
    )


def as_pdf(document: Mapping[str, Any], department: str) -> bytes:
    """Return the certificate as a PDF of one A4 page."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    out = io.BytesIO()
    page = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=22 * mm, rightMargin=22 * mm, topMargin=20 * mm, bottomMargin=16 * mm,
        title=document["id"], author=document["issuer"]["org"],
    )  # fmt: skip
    page.build(_story(document, department))
    return out.getvalue()


def _story(document: Mapping[str, Any], department: str) -> list[Flowable]:
    def style(size: float, **more: Any) -> ParagraphStyle:
        return ParagraphStyle(f"s{size}{sorted(more)}", fontName=FONT, fontSize=size, leading=size * 1.4, **more)

    middle, small = style(11, alignment=TA_CENTER), style(7.5, textColor=colors.HexColor("#444444"))
    return [
        Paragraph("接入一致性证书", style(24, alignment=TA_CENTER)),
        Paragraph("Certificate of conformance", middle),
        Spacer(1, 3 * mm),
        Paragraph(f"编号 No. {document['id']}", middle),
        Spacer(1, 6 * mm),
        _table(lines(document, department), style(9.5), style(7.5, textColor=colors.HexColor("#555555"))),
        Spacer(1, 7 * mm),
        _foot(document, style(9), small),
    ]


def _table(rows: Sequence[tuple[str, str, str]], text: ParagraphStyle, heading: ParagraphStyle) -> Table:
    cells = [
        [Paragraph(f'<font size="9.5" color="black">{zh}</font> {en}', heading), Paragraph(escape(said), text)]
        for zh, en, said in rows
    ]
    table = Table(cells, colWidths=[40 * mm, 126 * mm])
    rule = ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.HexColor("#bbbbbb"))
    table.setStyle(TableStyle([rule, ("VALIGN", (0, 0), (-1, -1), "TOP"), ("BOTTOMPADDING", (0, 0), (-1, -1), 3)]))
    return table


def _foot(document: Mapping[str, Any], text: ParagraphStyle, small: ParagraphStyle) -> Table:
    code = io.BytesIO()
    segno.make(qr_text(document), error="m").save(code, kind="png", scale=6)
    code.seek(0)
    said = [
        Paragraph(f"签发机关 issued by {escape(document['issuer']['org'])}", text),
        Spacer(1, 2 * mm),
        Paragraph(f"SHA-256 {signing.digest(document)}", small),
        Paragraph(f"状态 status: {escape(document['status']['url'])}", small),
        Spacer(1, 2 * mm),
        Paragraph("本页为签名文件的打印件，以签名文件与状态清单为准；证书只说明所列范围，可随时暂停。", small),
        Paragraph("A rendering of the signed file, which is authoritative with its status list.", small),
    ]
    table = Table([[Image(code, 34 * mm, 34 * mm), said]], colWidths=[40 * mm, 126 * mm])
    table.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP")]))
    return table
