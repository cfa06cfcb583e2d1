"""A printed certificate carries what the signed file says, and what is needed to find it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from pypdf import PdfReader

from conformance.certificate import signing
from conformance.certificate.printing import as_html, as_pdf, lines, qr_text
from tests.support.certificates import a_certificate

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = a_certificate()


def test_the_code_names_the_certificate_and_its_digest() -> None:
    assert qr_text(DOCUMENT).split()[:2] == [DOCUMENT["id"], f"sha256:{signing.digest(DOCUMENT)}"]


def test_the_pdf_is_one_page_with_number_scope_and_digest() -> None:
    pages = PdfReader(io.BytesIO(as_pdf(DOCUMENT, "泰州市住房和城乡建设局"))).pages
    assert len(pages) == 1
    text = pages[0].extract_text()
    for said in (DOCUMENT["id"], "接入一致性证书", "C3 可靠", "TRN-D03", "VOL-01", "张三", "2026-11-30"):
        assert said in text, said


def test_the_page_says_the_same_and_asks_nothing_of_other_hosts() -> None:
    page = as_html(DOCUMENT, "<b>局</b>")
    assert signing.digest(DOCUMENT) in page
    assert "<b>局</b>" not in page
    assert 'src="data:image/svg' in page
    assert "<script" not in page


@pytest.mark.parametrize("name", ["conditions", "waivers"])
def test_what_there_is_none_of_is_not_printed(name: str) -> None:
    assert name in {each[1] for each in lines(DOCUMENT, "x")}
    bare = {**DOCUMENT, "conditions": [], "scope": {**DOCUMENT["scope"], "waivers": []}}
    assert name not in {each[1] for each in lines(bare, "x")}


def test_it_can_be_written_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "c.pdf"
    path.write_bytes(as_pdf(DOCUMENT, "局"))
    assert path.stat().st_size > 1000
