"""The monthly report, opened and read back in each of its forms and languages."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree, html
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from hub.model.values import Connection
from hub.reporting.book import as_book
from hub.reporting.html import as_html
from hub.reporting.monthly import Terms, monthly
from hub.reporting.pdf import as_pdf
from hub.statistics.alerting import AlertLine
from hub.statistics.figures import NAMES
from hub.statistics.naming import Naming
from hub.statistics.periods import parsed
from hub.statistics.told import Key, Line
from hub.supervision.instants import HUB_ZONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.reporting.sheet import Report
    from hub.statistics.asked import Asked

PLACES = {
    "region": ("321281", "321283"),
    "department": ("d1", "d2"),
    "power_type": ("01", "02"),
}
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"


class Made:
    """Figures made up: ten cases received in every month and at each place; one late."""

    def statistics(self, asked: Asked) -> Sequence[Line]:
        if asked.complaints and asked.by:
            return [self._line(Key(("d1",)), opened=3, closed=2, on_time=1, late=1)]
        if asked.period:
            months = [date(2025, 11, 1), date(2025, 12, 1), date(2026, 9, 1), date(2026, 10, 1)]
            return [self._line(Key((), month), opened=10 + month.month) for month in months]
        if asked.places:
            return [self._line(Key((place,)), opened=10) for place in PLACES[asked.places[0]]]
        before = asked.span.start < date(2026, 10, 1)
        return [self._line(Key(), opened=16 if before else 20, closed=10)]

    @staticmethod
    def _line(key: Key, **sums: int) -> Line:
        full = dict.fromkeys(NAMES, 0) | {"on_time": 9, "late": 1, "timed": 10, "used_days": 55, "promised_days": 100}
        return Line(key=key, sums=full | {"accepted": 9, "closed": 8} | sums, durations={5: 9, 12: 1}, open_before=30)

    def alert_statistics(self, asked: Asked, zone: object) -> Sequence[AlertLine]:
        del zone
        counts = {"raised": 4, "breaches": 4, "standing": 3, "revoked": 1, "cases": 4, "breached_cases": 4}
        if asked.by == ("rule", "level"):
            return [AlertLine(key=Key(("R14", "yellow")), **counts)]
        return [AlertLine(key=Key(), **counts)] if not asked.by else []

    def provisional(self, asked: Asked) -> int:
        del asked
        return 7

    def delivered(self) -> dict[str, datetime | None]:
        return {
            "whole": datetime(2026, 11, 5, tzinfo=UTC),
            "short": datetime(2026, 10, 20, 1, tzinfo=UTC),
            "never": None,
        }


def a_report(language: Any = "zh", region: str = "") -> Report:
    names = Naming(departments={"d1": "泰州市住房和城乡建设局", "d2": "<b>泰州市水利局</b>"}, matters={})
    offers = frozenset({"case.received", "case.accepted", "case.closed"})
    poor = Connection(connection_id="short", user="u", departments=frozenset({"d1"}), allowed_delay_s=0, offers=offers)
    terms = Terms(
        month=parsed("2026-10"), region=region, language=language, zone=HUB_ZONE, names=names, connections=[poor]
    )
    return monthly(Made(), terms)


def test_the_page_has_every_part_and_its_figures() -> None:
    page = html.fromstring(as_html(a_report()))
    headings = [each.text for each in page.iter("h2")]
    assert headings == [
        "一、概要", "二、十二个月走势", "三、各地区", "四、各部门对比",
        "五、各类权力", "六、预警与违规", "七、投诉办理", "八、口径与数据质量",
    ]  # fmt: skip
    text = page.text_content()
    assert "本月收件 20 件，受理 9 件，办结 10 件，月末在办 40 件。" in text
    assert "与上年同月相比（同比）：收件 +25.0%" in text
    assert "R14 承诺超时" in text
    assert len(page.findall(".//svg")) == 5
    assert page.findtext(".//h1") == "电子监察月报"


def test_the_page_says_what_to_be_wary_of() -> None:
    text = html.fromstring(as_html(a_report())).text_content()
    assert "7 件办理完成的办件到期日落在尚未公布放假安排的年份" in text
    assert "接入 short 的数据只送达至 2026-10-20" in text
    assert "接入 never 从未送达数据" in text
    assert "接入 whole" not in text
    assert "接入 short 未报送规则所需数据" in text


def test_the_page_needs_no_other_file_and_takes_no_name_for_markup() -> None:
    text = as_html(a_report())
    assert "<b>泰州市水利局" not in text
    assert "泰州市水利局" in html.fromstring(text).text_content()
    assert next(html.fromstring(text).iter("script", "link", "img"), None) is None


def test_english_says_the_same_in_english() -> None:
    page = html.fromstring(as_html(a_report("en", "321281")))
    assert page.findtext(".//p[@class='sub']") == "2026-10 · Xinghua City"
    assert "In this month 20 cases were received" in page.text_content()
    assert next(each.text for each in page.iter("h2")) == "1 Summary"


def test_the_pdf_can_be_read_in_chinese() -> None:
    reader = PdfReader(io.BytesIO(as_pdf(a_report())))
    text = "".join(page.extract_text() for page in reader.pages).replace("\n", "")
    assert "电子监察月报" in text
    assert "住房和城乡建设局" in text
    assert "八、口径与数据质量" in text
    assert reader.metadata is not None
    assert reader.metadata.title == "电子监察月报 2026-10 · 全市"


def test_the_spreadsheet_has_a_sheet_a_part_whose_charts_draw_from_its_cells() -> None:
    body = as_book(a_report())
    book = CalamineWorkbook.from_filelike(io.BytesIO(body))
    assert book.sheet_names[:4] == ["概要", "十二个月走势", "各地区", "各部门对比"]
    rows = book.get_sheet_by_name("各部门对比").to_python()
    head = next(number for number, row in enumerate(rows) if row[0] == "部门")
    assert rows[head + 1][:2] == ["泰州市住房和城乡建设局", 10.0]
    assert rows[head + 1][rows[head].index("按时率")] == 0.9
    files = zipfile.ZipFile(io.BytesIO(body))
    charts = [etree.fromstring(files.read(name)) for name in files.namelist() if name.startswith("xl/charts/chart")]
    assert len(charts) == 5
    formulas = [each.text for chart in charts for each in chart.iter(f"{CHART}f")]
    column = "ABCDEFGH"[rows[head].index("按时率")]
    assert f"各部门对比!${column}${head + 2}:${column}${head + 3}" in [str(each).replace("'", "") for each in formulas]


@pytest.mark.parametrize("write", [as_html, as_pdf, as_book])
def test_the_same_figures_give_the_same_bytes(write: Any) -> None:
    assert write(a_report()) == write(a_report())
