"""Papers are drawn from their content alone: the same bytes each time, everything readable in both kinds of file."""

from __future__ import annotations

import hashlib
import io
import time
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docx
import pypdf

from hub.drafting import files_of
from hub.model.values import PaperRow
from hub.papers import fonts
from hub.papers.pdf import pdf_of
from hub.papers.sheet import blocks

if TYPE_CHECKING:
    import pytest

CONTENT: dict[str, Any] = {
    "no": "泰监告〔2026〕7号",
    "instrument": "notice",
    "title": {"zh": "监察告知单", "en": "Notice of alert"},
    "issuer": "泰州市行政权力网上公开透明运行监督中心",
    "authority_basis": "本市办法",
    "issued_on": "2026-03-19",
    "by": "王五",
    "addressee": {"department_id": "11321200014000028L", "name": "泰州市住房和城乡建设局"},
    "alert": {
        "alert_id": "3f9a1c20",
        "supervision_no": "2026010000000000042",
        "rule_id": "R14",
        "level": "yellow",
        "about": "ZJ2026-00013",
        "name_zh": "承诺超时",
        "name_en": "promise broken",
    },
    "finding": {"zh": "超过承诺期限3个工作日。", "en": "3 working days over the promised limit & <late>."},
    "evidence": [{"field": "due_at", "value": "2026-03-16T24:00:00+08:00", "expected": "<= due", "event_id": "e-1"}],
    "basis": "《行政许可法》第四十二条",
    "note": "",
    "answer_by": "2026-03-25",
    "appeal_by": "2026-03-25",
}
SAID = (
    "泰监告〔2026〕7号",
    "泰州市住房和城乡建设局",
    "2026010000000000042",
    "超过承诺期限3个工作日。",
    "3 working days over the promised limit & <late>.",
    "《行政许可法》第四十二条",
    "2026年3月25日",
    "申诉",
    "回执",
)


def a_paper(**content: Any) -> PaperRow:
    return PaperRow(
        paper_id="p",
        instrument="notice",
        year=2026,
        number=7,
        alert_id="a",
        issued_at=datetime(2026, 3, 19, tzinfo=UTC),
        content=CONTENT | content,
    )


def read_docx(body: bytes) -> str:
    document = docx.Document(io.BytesIO(body))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def squeezed(text: str) -> str:
    """Return a text as it is read off a page: without the breaks of its lines, compatible forms made one."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def read_pdf(body: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(body)).pages)


def test_both_files_say_everything_that_the_content_says() -> None:
    files = files_of(a_paper())
    for text in (read_docx(files["docx"]), read_pdf(files["pdf"])):
        missing = [said for said in SAID if squeezed(said) not in squeezed(text)]
        assert not missing


def test_the_same_content_gives_the_same_bytes_whenever_it_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    first = {media: hashlib.sha256(body).hexdigest() for media, body in files_of(a_paper()).items()}
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 100_000)
    again = {media: hashlib.sha256(body).hexdigest() for media, body in files_of(a_paper()).items()}
    assert first == again
    other = {
        media: hashlib.sha256(body).hexdigest() for media, body in files_of(a_paper(no="泰监告〔2026〕8号")).items()
    }
    assert not set(first.values()) & set(other.values())


def test_what_no_file_can_hold_stops_no_paper() -> None:
    """A number is given before the files are drawn: one that could not be drawn would be a number without a paper."""
    odd = "".join(map(chr, (0, 11, 0x1F, 0xFFFE, 0xD800)))
    content = CONTENT | {"note": f"报送{odd}整改", "basis": odd, "addressee": CONTENT["addressee"] | {"name": odd}}
    content |= {"evidence": [{"field": odd, "value": f"前{odd}后", "event_id": "e-1"}]}
    files = files_of(a_paper(**content))
    for text in (read_docx(files["docx"]), read_pdf(files["pdf"])):
        assert "整改" in squeezed(text)
    assert "\ufffd整改" in read_docx(files["docx"])


def test_evidence_that_is_longer_than_a_page_is_drawn_whole() -> None:
    value = "".join(f"第{n}项" for n in range(1500))
    files = files_of(a_paper(evidence=[{"field": "title", "value": value, "expected": "—", "event_id": "e-1"}]))
    for text in (read_docx(files["docx"]), read_pdf(files["pdf"])):
        assert "第0项" in squeezed(text)
        assert "第1499项" in squeezed(text)


def test_an_order_says_its_matter_and_last_day_and_a_mere_reminder_asks_for_nothing() -> None:
    order = {"n": 2, "content": "三日内报送整改情况", "due_on": "2026-04-10"}
    text = "\n".join(block.text for block in blocks(CONTENT | {"order": order, "answer_by": "2026-04-10"}))
    assert "三日内报送整改情况" in text
    assert "2026年4月10日24时前" in text
    reminder = {name: value for name, value in CONTENT.items() if name not in ("answer_by", "appeal_by")}
    text = "\n".join(block.text for block in blocks(reminder))
    assert "无须反馈" in text
    assert "申诉期限已过" in text


def test_without_a_face_that_can_be_embedded_the_readers_own_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "FOLDERS", (Path("/nowhere"),))
    fonts.face.cache_clear()
    try:
        body = pdf_of(blocks(CONTENT), title="x")
    finally:
        fonts.face.cache_clear()
    assert b"STSong-Light" in body
    assert squeezed("泰州市住房和城乡建设局") in squeezed(read_pdf(body))


def test_a_face_that_cannot_be_embedded_is_passed_over(tmp_path: Path) -> None:
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"OTTO nothing")
    assert fonts.face(str(broken))
